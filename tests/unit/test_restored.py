"""Dataclasses out of the plain values that they were written as."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.runtime.restored import restore


@dataclass(frozen=True)
class Inner:
    share: float
    names: tuple[str, ...]


@dataclass(frozen=True)
class Outer:
    count: int
    inner: Inner | None
    sizes: Mapping[int, Inner]
    rest: Any


INNER = Inner(0.5, ("a", "b"))
OUTER = Outer(3, INNER, {10: INNER}, {"x": [1]})


def plain(**changed: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(dataclasses.asdict(OUTER))), **changed}


def test_what_went_through_json_comes_back() -> None:
    assert restore(Outer, plain()) == OUTER
    assert restore(Outer, plain(inner=None)) == dataclasses.replace(OUTER, inner=None)


def test_a_whole_number_is_a_float_where_one_is_meant_and_unknown_keys_are_passed_over() -> None:
    found = restore(Outer, plain(inner={"share": 1, "names": [], "later": 5}))
    assert found.inner == Inner(1.0, ())
    assert found.inner is not None
    assert isinstance(found.inner.share, float)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"count": 3.5}, "count is a float, and no int"),
        ({"count": True}, "count is a bool, and no int"),
        ({"inner": {"share": "x", "names": []}}, "inner.share is a str, and no float"),
        ({"inner": {"share": True, "names": []}}, "inner.share is a bool, and no float"),
        ({"inner": {"share": 1}}, "no inner.names"),
        ({"inner": {"share": 1, "names": ["a", 2]}}, "inner.names.1 is a int, and no str"),
        ({"inner": 5}, "inner is a int, and no Inner"),
        ({"inner": {"share": 1, "names": "ab"}}, "inner.names is a str, and no tuple"),
        ({"sizes": {"ten": {"share": 1, "names": []}}}, "sizes.ten is no int"),
        ({"sizes": []}, "sizes is a list, and no Mapping"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        restore(Outer, plain(**changed))


def test_what_is_no_mapping_at_all_is_told() -> None:
    with pytest.raises(ValueError, match="it is a list, and no Outer"):
        restore(Outer, [])
