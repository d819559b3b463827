"""Plain values, as JSON has them, back in the dataclasses that `dataclasses.asdict` took them from."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def restore(kind: type[T], value: Any) -> T:
    """A dataclass from its plain values; keys that it has no field for are passed over.

    Args:
        kind: a dataclass whose fields are int, float, str, other dataclasses, `tuple[X, ...]`, mappings by str or int,
            `Any`, or one of these or None.
        value: as JSON has it: lists for tuples, and texts for the keys of a mapping by int.

    Raises:
        ValueError: a field is not there or of another type; its place is named, as `ways.run.coverage.share`.
    """
    found: T = _restore(kind, value, "")
    return found


def _restore(kind: Any, value: Any, place: str) -> Any:
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (types.UnionType, typing.Union):
        known = [each for each in inside if each is not types.NoneType]
        return None if value is None else _restore(known[0], value, place)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        hints = typing.get_type_hints(kind)
        lacking = [_below(place, name) for name in hints if name not in value]
        if lacking:
            raise ValueError(f"no {', '.join(lacking)}")
        return kind(**{name: _restore(hint, value[name], _below(place, name)) for name, hint in hints.items()})
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_restore(inside[0], item, _below(place, str(i))) for i, item in enumerate(value))
    if origin is Mapping and isinstance(value, Mapping):
        return {
            _key(inside[0], name, place): _restore(inside[1], item, _below(place, name)) for name, item in value.items()
        }
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (int, str) and type(value) is kind:
        return value
    raise ValueError(f"{place or 'it'} is a {type(value).__name__}, and no {getattr(kind, '__name__', kind)}")


def _key(kind: Any, name: Any, place: str) -> Any:
    try:
        return kind(name)
    except ValueError:
        raise ValueError(f"{_below(place, name)} is no {kind.__name__}") from None


def _below(place: str, name: Any) -> str:
    return f"{place}.{name}" if place else str(name)
