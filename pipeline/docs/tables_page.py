"""The page of tables, out of the files that every table is checked against."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from pipeline.docs.markdown import code, plain, table
from pipeline.stages import GROWN_ROAD

_INTRODUCTION = """# Tables

What a run keeps under `RUN_ROOT/RUN_ID/tables`, and what it publishes under `RUN_ROOT/manifest/RUN_ID`. Each table is
checked against its schema (columns, types, nulls, keys, references) before anybody can see it. All of it is Parquet.
"""


def read_schemas() -> list[dict[str, Any]]:
    """All schemas of the package `schemas`, each as the JSON says, by table and version."""
    files = (item for item in resources.files("schemas").iterdir() if item.name.endswith(".json"))
    found = [json.loads(item.read_text(encoding="utf-8")) for item in files]
    return sorted(found, key=lambda schema: (schema["table"], schema["version"]))


def tables_page() -> str:
    """The page: an overview, in the order in which tables are made, then one section a table."""
    schemas = {schema["table"]: schema for schema in read_schemas()}  # the newest version of each
    made = {name: stage.name for stage in GROWN_ROAD for name in stage.writes}
    order = [*(name for name in made if name in schemas), *sorted(schemas.keys() - made.keys())]
    overview = table(
        ["table", "what a row is", "made by"],
        ([f"[{name}](#table-{name})", plain(schemas[name]["description"]), _maker(name, made)] for name in order),
    )
    return "\n".join([_INTRODUCTION, overview, *(_section(schemas[name], _maker(name, made)) for name in order)])


def type_name(kind: str | Mapping[str, Any]) -> str:
    """The type of a column as Spark's SQL writes it.

    Args:
        kind: as a schema in JSON has it: a name, or an object for arrays, maps and structures.

    Example:
        >>> type_name({"type": "array", "elementType": "long", "containsNull": False})
        'array<bigint>'
    """
    if isinstance(kind, str):
        return {"long": "bigint", "integer": "int"}.get(kind, kind)
    if kind["type"] == "array":
        return f"array<{type_name(kind['elementType'])}>"
    if kind["type"] == "map":
        return f"map<{type_name(kind['keyType'])}, {type_name(kind['valueType'])}>"
    fields = (f"{field['name']}: {type_name(field['type'])}" for field in kind["fields"])
    return f"struct<{', '.join(fields)}>"


def _section(schema: Mapping[str, Any], maker: str) -> str:
    facts = [f"Version {schema['version']}, made by {maker}."]
    if schema.get("key"):
        facts.append(f"No two rows have the same {_list(schema['key'])}.")
    facts += [_reference(reference) for reference in schema.get("references", ())]
    rows = (
        [code(field["name"]), code(type_name(field["type"])), _nulls(field), _meaning(field)]
        for field in schema["fields"]
    )
    return "\n".join(
        [
            f"(table-{schema['table']})=\n## {schema['table']}\n",
            f"{plain(schema['description'])}\n",
            f"{' '.join(facts)}\n",
            table(["column", "type", "may be null", "meaning"], rows),
        ]
    )


def _maker(name: str, made: Mapping[str, str]) -> str:
    return code(f"jobs/{made[name]}.py") if name in made else "every stage" if name == "rejects" else "the jobs"


def _list(columns: Sequence[str]) -> str:
    return ", ".join(map(code, columns))


def _reference(reference: Mapping[str, str]) -> str:
    """A column that has to be found in another table."""
    other = reference["table"]
    return f"Every {code(reference['column'])} is one of [{other}](#table-{other})."


def _nulls(field: Mapping[str, Any]) -> str:
    return "yes" if field["nullable"] else ""


def _meaning(field: Mapping[str, Any]) -> str:
    """The comment of a column, and those of the parts of a structure inside it."""
    own = plain(field.get("metadata", {}).get("comment", ""))
    kind = field["type"]
    while isinstance(kind, dict) and kind["type"] in ("array", "map"):
        kind = kind["elementType"] if kind["type"] == "array" else kind["valueType"]
    parts = kind["fields"] if isinstance(kind, dict) else ()
    inner = (f"{code(part['name'])}: {_meaning(part)}" for part in parts if part.get("metadata", {}).get("comment"))
    return " ".join([own, *inner]).strip()
