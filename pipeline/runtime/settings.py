"""Typed settings out of TOML: frozen dataclasses whose fields carry their reason and their limits.

A field made by `setting` says why its default is what it is, and what values are possible. `build` turns a parsed TOML
table into such a dataclass, and names file, key, value and what is allowed where it cannot. `render` is its inverse:
TOML with every reason as a comment. Whatever a file holds, what comes out is a dataclass or a ConfigError.
"""

import dataclasses
import difflib
import math
import re
import reprlib
import tomllib
import types
import typing
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pipeline.runtime.errors import ConfigError

T = TypeVar("T")
_NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
_LARGEST = 2**63 - 1  # what a column of Spark and numpy can hold
_LONGEST_KEY = 80  # of an unknown setting, as it is shown and compared
_SHOWN_BITS = 128


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


def parse_toml(text: bytes | str, where: str) -> dict[str, Any]:
    """The tables and values of a TOML text, in UTF-8 with or without a byte order mark.

    Args:
        text: as it was read.
        where: its file, for messages.

    Raises:
        ConfigError: it is no UTF-8 or no TOML, is nested too deeply, or holds a number of thousands of digits.
    """
    try:
        return tomllib.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except RecursionError:
        raise ConfigError(f"{where}: no valid TOML: lists or tables are nested too deeply.") from None
    except ValueError as error:  # no TOML, no UTF-8, or more digits than Python reads
        raise ConfigError(f"{where}: no valid TOML: {error}") from None


def shown(value: Any) -> str:
    """A value as messages show it: on one line, short, whatever it holds."""
    return _SHORT.repr(value)


class _Short(reprlib.Repr):
    """`repr` without what is long, deep, or of more digits than Python writes."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxstring, self.maxother, self.maxlist, self.maxdict = 3, 120, 120, 12, 6

    def repr_int(self, x: int, level: int) -> str:
        return repr(x) if x.bit_length() <= _SHOWN_BITS else f"a number of {x.bit_length():,} bits"


_SHORT = _Short()


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
            name = str(key)[:_LONGEST_KEY]
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise ConfigError(f"{where}: unknown setting {name!r}. {hint}Allowed: {', '.join(fields)}.")
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
            raise ConfigError(f"{where} = {shown(value)} must be a list of strings.")
        if choices is not None and (strange := [item for item in value if item not in choices]):
            raise ConfigError(f"{where} = {shown(value)}: {shown(strange[0])} is none of {', '.join(choices)}.")
        for item in value:
            _check_text(item, where)
        return tuple(value)
    if origin is not None:
        return _checked_table(value, where)
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ConfigError(f"{where} = {shown(value)} must be a number of 64 bits at most.")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise ConfigError(f"{where} = {shown(value)} must be {_NAMES[hint]}.")
    if choices is not None and value not in choices:
        raise ConfigError(f"{where} = {shown(value)} must be one of {', '.join(choices)}.")
    if isinstance(value, str):
        _check_text(value, where)
        return value
    outside = (low is not None and not value >= low) or (high is not None and not value <= high)
    if outside:  # written so that NaN is outside too
        bounds = f"at least {low}" if high is None else f"at most {high}" if low is None else f"in [{low}, {high}]"
        raise ConfigError(f"{where} = {shown(value)} must be {bounds}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where} = {value!r} must be a finite number.")
    return value


def _checked_table(value: Any, where: str) -> dict[str, str]:
    """A mapping from string to string. Messages name the key alone: options hold passwords."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} must be a table of strings.")
    for key, item in value.items():
        if not isinstance(key, str) or not isinstance(item, str):
            raise ConfigError(f"{where}.{shown(key)} must be a string, and is of type {type(item).__name__}.")
        _check_text(key, where)
        _check_unicode(item, f"{where}.{shown(key)}")
    return dict(value)


def _check_text(text: str, where: str) -> None:
    """A value of an option may be NUL, which some formats take for "none"; no other text may hold it."""
    _check_unicode(text, where)
    if "\0" in text:
        raise ConfigError(f"{where} = {shown(text)} holds the character NUL, which no name and no path can hold.")


def _check_unicode(text: str, where: str) -> None:
    if re.search("[\ud800-\udfff]", text):
        raise ConfigError(f"{where} holds bytes that are no UTF-8. Write it in UTF-8.")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_quoted(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    """A TOML string on one line; what a console would obey or not show stands as its number."""
    return '"' + "".join(_escaped(mark) for mark in text) + '"'


def _escaped(mark: str) -> str:
    if mark in '"\\':
        return f"\\{mark}"
    if unicodedata.category(mark) not in ("Cc", "Cf", "Zl", "Zp"):
        return mark
    return f"\\u{ord(mark):04X}" if ord(mark) < 0x10000 else f"\\U{ord(mark):08X}"
