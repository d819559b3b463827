import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.manifest.carried import combine


def test_an_image_keeps_with_the_chance_that_any_of_its_labels_keeps_it() -> None:
    weights = (np.array([0.5, 0.2, 1.0]), np.array([1.0, 3.0, 2.0]))
    keep, repeat = combine(np.array([0, 1, 2, 1]), np.array([2, 1, 1]), weights)
    assert keep == pytest.approx([0.6, 1.0, 0.2])
    assert repeat.tolist() == [3.0, 2.0, 3.0]


def test_no_images_give_no_weights() -> None:
    keep, repeat = combine(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), (np.ones(2), np.ones(2)))
    assert (keep.tolist(), repeat.tolist()) == ([], [])


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=5), min_size=1, max_size=8))
def test_the_order_of_labels_changes_no_bit(images: list[list[float]]) -> None:
    shuffled = [sorted(labels, reverse=True) for labels in images]
    found = []
    for each in (images, shuffled):
        values = np.array([p for labels in each for p in labels])
        ids, lengths = np.arange(len(values)), np.array([len(labels) for labels in each])
        found.append(combine(ids, lengths, (values, values))[0].tolist())
    assert found[0] == found[1]
    assert found[0] == pytest.approx([1 - np.prod([1 - p for p in labels]) for labels in images])
