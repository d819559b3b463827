"""Which phrases are looked at twice, and which labels get pictures: the same ones every time, ties by key."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.review.report.collect_labels import choose_pictured
from pipeline.review.report.doubts import least_similar


def test_the_least_similar_come_first_and_equal_ones_by_id() -> None:
    own = np.array([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], dtype=np.float32)
    names = np.array([[1, 0], [1, 0], [0, 1], [1, 0]], dtype=np.float32)
    rows, cosines = least_similar(own, names, np.array([7, 9, 3, 1]), 3)
    assert rows.tolist() == [2, 1, 3]
    assert cosines.tolist() == [0.0, 0.0, 0.6]


def test_no_vectors_and_no_wish_give_nothing() -> None:
    none = np.zeros((0, 1), dtype=np.float32)
    assert least_similar(none, none, np.zeros(0, dtype=np.int64), 5)[0].tolist() == []
    one = np.ones((1, 1), dtype=np.float32)
    assert least_similar(one, one, np.array([1]), 0)[0].tolist() == []


def found(images: list[int], draw: list[int]) -> pa.Table:
    ids = pa.array(range(len(images)), pa.int32())
    return pa.table({"label_id": ids, "images": pa.array(images, pa.int64()), "draw": pa.array(draw, pa.int64())})


def test_half_of_the_pictured_are_the_largest_and_half_are_drawn() -> None:
    table = found([90, 80, 70, 60, 50, 40, 30], [0, 0, 5, 4, 4, 9, 1])
    assert choose_pictured(table, 4, []) == [0, 1, 6, 3]  # by draw: 6 first, of equal ones the lower id
    assert choose_pictured(table, 4, [0, 6]) == [1, 2, 3, 4]


@pytest.mark.parametrize("count", [0, 1, 3, 9])
def test_labels_without_images_have_no_pictures(count: int) -> None:
    chosen = choose_pictured(found([5, 4, 0, 0], [1, 2, 3, 4]), count, [])
    assert set(chosen) <= {0, 1}
    assert len(chosen) == min(count, 2)
