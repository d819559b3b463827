"""The page of settings, out of the frozen dataclasses that every run is checked against."""

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any

from pipeline.docs.markdown import code, directive, plain
from pipeline.runtime.inputs import ImagesConfig, SourceConfig
from pipeline.runtime.load import SECTIONS
from pipeline.runtime.settings import render

_INTRODUCTION = """# Settings

A run is described by one TOML file: one or more `[[sources]]`, perhaps `[[images]]`, and a section for each stage. All
but the sources have defaults, so most files are short. Three ways to see and change them:

- `jobs/mine.py --config run.toml --print-config` prints all that hold for a run, each after its reason;
- {option}`--set SECTION.KEY=VALUE <mine.py --set>` goes before what the file says;
- `RUN_ROOT/RUN_ID/run.json` holds those of a finished run.

An unknown setting, a value of another type and one out of bounds are refused at once, by name.
"""
_TABLES: Mapping[str, type[Any]] = {"sources": SourceConfig, "images": ImagesConfig}
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def settings_page() -> str:
    """The page: sources and images first, then a section a stage, each setting under its full name."""
    parts = [_INTRODUCTION]
    parts += [_section(f"[[{name}]]", name, cls) for name, cls in _TABLES.items()]
    parts += [_section(f"[{name}]", name, cls) for name, cls in SECTIONS.items()]
    return "\n".join(parts)


def setting_names() -> list[str]:
    """`section.key` of every setting."""
    every = {**_TABLES, **SECTIONS}
    return [f"{section}.{field.name}" for section, cls in every.items() for field in dataclasses.fields(cls)]


def kind(hint: Any) -> str:
    """The type of a setting in words.

    Args:
        hint: the annotation of its field.

    Example:
        >>> kind(tuple[str, ...])
        'list of texts'
    """
    if isinstance(hint, UnionType):
        (hint,) = (option for option in typing.get_args(hint) if option is not NoneType)
    origin = typing.get_origin(hint)
    return "list of texts" if origin is tuple else "table of texts" if origin is not None else _WORDS[hint]


def bounds(low: float | None, high: float | None) -> str:
    """The limits of a number in words; both are inclusive.

    Example:
        >>> bounds(0, 1), bounds(2, None), bounds(None, None)
        ('from 0 to 1', 'at least 2', '')
    """
    if low is None or high is None:
        return f"at least {low:g}" if low is not None else f"at most {high:g}" if high is not None else ""
    return f"from {low:g} to {high:g}"


def _section(heading: str, name: str, cls: type[Any]) -> str:
    hints = typing.get_type_hints(cls)
    settings = (_setting(name, field, hints[field.name]) for field in dataclasses.fields(cls))
    said = plain(inspect.cleandoc(cls.__doc__ or ""))
    return "\n".join([f"(settings-{name})=\n## {plain(heading)}\n\n{said}\n", *settings])


def _setting(section: str, field: "dataclasses.Field[Any]", hint: Any) -> str:
    rules = field.metadata
    allowed = ", ".join(map(code, rules["choices"])) if rules["choices"] else bounds(rules["low"], rules["high"])
    return directive(
        "confval",
        f"{section}.{field.name}",
        plain(rules["why"]),
        type=", ".join(filter(None, [kind(hint), f"one of {allowed}" if rules["choices"] else allowed])),
        default=_default(field),
    )


def _default(field: "dataclasses.Field[Any]") -> str:
    """The default as TOML writes it."""
    made = field.default_factory
    value = field.default if made is dataclasses.MISSING else made()
    if value is None:
        return "none"
    if not value and isinstance(value, dict):
        return code("{}")
    one = dataclasses.make_dataclass("_One", [("value", object, dataclasses.field(metadata={"why": ""}))])
    return code(render(one(value)).partition("value = ")[2])
