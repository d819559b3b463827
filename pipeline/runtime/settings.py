"""Typed settings out of TOML: frozen dataclasses whose fields carry their reason and their limits.

A field made by `setting` says why its default is what it is, and what values are possible. `build` turns a parsed TOML
table into such a dataclass, and names file, key, value and what is allowed where it cannot. `render` is its inverse:
TOML with every reason as a comment.
"""

import dataclasses
import difflib
import json
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pipeline.runtime.errors import ConfigError

T = TypeVar("T")
_NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def setting(
    default: Any,
    why: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] | None = None,
) -> Any:
    """A dataclass field with its default, the reason for it and what is allowed (limits are inclusive)."""
    rules = {"why": why, "low": low, "high": high, "choices": choices}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=rules)
    return dataclasses.field(default=default, metadata=rules)


def build(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """Make a `cls` from a TOML table.

    Args:
        cls: a dataclass whose fields are scalars, tuples of strings, or mappings from string to string.
        table: the parsed TOML.
        where: file and section, for messages, such as `run.toml [mine]`.

    Raises:
        ConfigError: a key is unknown, a required one is missing, or a value is of the wrong type or out of bounds.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    for key in table:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise ConfigError(f"{where}: unknown setting {key!r}. {hint}Allowed: {', '.join(fields)}.")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in table:
            raise ConfigError(f"{where}: {name} is missing. {field.metadata.get('why', '')}")
    values = {key: _checked(value, hints[key], fields[key], f"{where}: {key}") for key, value in table.items()}
    try:
        return cls(**values)
    except ConfigError as error:  # a rule between several settings, raised at construction
        raise ConfigError(f"{where}: {error}") from None


def render(config: Any) -> str:
    """The settings as lines of TOML, each after its reason; a setting that is None is shown as a comment."""
    lines: list[str] = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        lines.append(f"# {field.metadata['why']}")
        lines.append(f"# {field.name} =" if value is None else f"{field.name} = {_toml(value)}")
    return "\n".join(lines)


def _checked(value: Any, hint: Any, field: "dataclasses.Field[Any]", where: str) -> Any:
    """The value in the type of its field, within its limits."""
    options = [option for option in typing.get_args(hint) if option is not type(None)]
    if isinstance(hint, types.UnionType):
        hint = options[0]
    low, high, choices = (field.metadata.get(rule) for rule in ("low", "high", "choices"))
    origin = typing.get_origin(hint)
    if origin is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{where} = {value!r} must be a list of strings.")
        if choices is not None and (strange := [item for item in value if item not in choices]):
            raise ConfigError(f"{where} = {value!r}: {strange[0]!r} is none of {', '.join(choices)}.")
        return tuple(value)
    if origin is not None:  # a mapping from string to string
        if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
            raise ConfigError(f"{where} = {value!r} must be a table of strings.")
        return dict(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise ConfigError(f"{where} = {value!r} must be {_NAMES[hint]}.")
    if choices is not None and value not in choices:
        raise ConfigError(f"{where} = {value!r} must be one of {', '.join(choices)}.")
    outside = (low is not None and not value >= low) or (high is not None and not value <= high)
    if outside:  # written so that NaN is outside too
        bounds = f"at least {low}" if high is None else f"at most {high}" if low is None else f"in [{low}, {high}]"
        raise ConfigError(f"{where} = {value!r} must be {bounds}.")
    return value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
