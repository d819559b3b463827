"""Rows of a matrix of which most are zero read as the whole matrix does."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary.encoding.matrix import Rows, place_rows

D = 3


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 5), st.randoms(use_true_random=False))
def test_placed_rows_are_those_of_the_whole_matrix(there: list[bool], size: int, draw: object) -> None:
    n, rows = len(there), np.flatnonzero(there)
    draw.shuffle(rows)  # type: ignore[attr-defined]
    whole = np.zeros((n, D), dtype=np.float32)
    whole[rows] = np.arange(1, 1 + D * len(rows)).reshape(-1, D)
    lists = pa.array(whole[rows].tolist(), pa.list_(pa.float32()))
    chunks = [lists.slice(begin, size) for begin in range(0, len(lists), size)]
    found = place_rows(n, rows, pa.chunked_array(chunks, lists.type))
    width = D if len(rows) else 0
    assert len(found) == n
    assert found.width == width
    assert found.matrix.dtype == np.float32
    assert found.there.tolist() == there
    for chosen in (slice(None), np.arange(n)[::-1], np.array(there, dtype=bool), np.zeros((2, n), dtype=np.int64)):
        if n:
            assert np.array_equal(found[chosen], whole[chosen][..., :width])
    assert all(np.array_equal(found[i], whole[i][:width]) for i in range(n))


def test_chosen_rows_share_their_memory() -> None:
    rows = Rows.of(np.eye(4))
    some = rows.choose(np.array([2, 2, 0]))
    assert some.matrix is rows.matrix
    assert some[:].tolist() == [[0, 0, 1, 0], [0, 0, 1, 0], [1, 0, 0, 0]]
    assert some.choose(np.array([2]))[0].tolist() == [1, 0, 0, 0]
