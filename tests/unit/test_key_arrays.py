import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary.mining.key_arrays import KeySet, contains, list_by_text, total_by_key


def test_contains_finds_the_last_key_and_nothing_in_nothing() -> None:
    ordered = np.array([-5, 0, 9], dtype=np.int64)
    assert contains(ordered, np.array([9, 10, -6, -5])).tolist() == [True, False, False, True]
    assert contains(ordered[:0], np.array([1, 2])).tolist() == [False, False]


def test_totals_add_up_by_key() -> None:
    keys, totals, first = total_by_key(np.array([7, -1, 7]), np.array([2, 3, 5]))
    assert (keys.tolist(), totals.tolist(), first.tolist()) == ([-1, 7], [3, 7], [1, 0])
    empty = np.zeros(0, dtype=np.int64)
    assert [part.tolist() for part in total_by_key(empty, empty)] == [[], [], []]


def test_keys_are_listed_by_text_in_their_order_and_a_text_without_any_has_none() -> None:
    listed = list_by_text(np.array([2, 0, 2]), np.array([9, 7, -1]), 4)
    assert listed.to_pylist() == [[7], [], [9, -1], []]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_a_set_of_keys_holds_its_keys_alone(members: list[int], others: list[int]) -> None:
    keys = KeySet(np.array(sorted(set(members)), dtype=np.int64))
    asked = np.array(members + others, dtype=np.int64)
    assert keys.holds(asked).tolist() == [key in set(members) for key in asked.tolist()]
