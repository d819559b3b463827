"""What `schemas/` says of a table, without Spark: its newest version as the JSON file has it, and as Arrow has it."""

import functools
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import pyarrow as pa

from pipeline.runtime.errors import SchemaError

_KINDS: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}


@functools.cache
def newest_schema(name: str) -> Mapping[str, Any]:
    """The newest version of a table's schema: table, version, description, key, references and fields.

    Raises:
        SchemaError: there is no such table.
    """
    found = [item for item in resources.files("schemas").iterdir() if item.name.startswith(f"{name}.v")]
    if not found:
        raise SchemaError(f"no table {name!r}: schemas/{name}.v1.json does not exist.")
    raws: list[Mapping[str, Any]] = [json.loads(item.read_text(encoding="utf-8")) for item in found]
    return max(raws, key=lambda raw: int(raw["version"]))


@functools.cache
def arrow_schema(name: str) -> pa.Schema:
    """The newest version of a table's schema as Arrow has it.

    Raises:
        SchemaError: there is no such table.
    """
    return pa.schema([(field["name"], _kind(field["type"])) for field in newest_schema(name)["fields"]])


def _kind(told: Any) -> pa.DataType:
    """An Arrow type from the JSON of Spark's."""
    if isinstance(told, str):
        return _KINDS[told]
    if told["type"] == "array":
        return pa.list_(_kind(told["elementType"]))
    if told["type"] == "map":
        return pa.map_(_kind(told["keyType"]), _kind(told["valueType"]))
    return pa.struct([(field["name"], _kind(field["type"])) for field in told["fields"]])
