"""Places on the map: near meanings near each other, the same ones every time, on the square whatever the vectors."""

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.review.report.vocabulary_map import SIDE, place_labels


def groups(sizes: list[int], seed: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(len(sizes), 24))
    group = np.repeat(np.arange(len(sizes)), sizes)
    vectors = centres[group] + 0.15 * draw.normal(size=(len(group), 24))
    order = draw.permutation(len(group))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit[order], group[order]


@pytest.mark.parametrize("landmarks", [2_000, 60])
def test_labels_of_one_group_are_nearer_to_each_other_than_to_another_group(landmarks: int) -> None:
    vectors, group = groups([40, 40, 40])
    places = place_labels(vectors, landmarks)
    centres = np.stack([places[group == g].mean(axis=0) for g in range(3)])
    far = np.linalg.norm(places[:, None] - centres[None], axis=2)
    assert (far.argmin(axis=1) == group).mean() > 0.97


def test_places_are_on_the_square_and_use_it() -> None:
    vectors, _ = groups([30, 30])
    places = place_labels(vectors)
    assert places.shape == (60, 2)
    assert places.min() == 0
    assert places.max() == SIDE - 1


def test_equal_vectors_give_equal_places() -> None:
    vectors, _ = groups([30, 50])
    assert np.array_equal(place_labels(vectors, 40), place_labels(vectors.copy(), 40))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 8, 9, 12])
def test_few_labels_have_places_too(n: int) -> None:
    vectors, _ = groups([6, 6])
    places = place_labels(vectors[:n])
    assert places.shape == (n, 2)
    assert ((places >= 0) & (places < SIDE)).all()


@pytest.mark.parametrize("n", [1, 5, 40])
def test_equal_or_zero_vectors_have_places_too(n: int) -> None:
    for vectors in (
        np.full((n, 4), 0.5, dtype=np.float32),
        np.zeros((n, 4), dtype=np.float32),
        np.ones((n, 1), dtype=np.float32),
    ):
        places = place_labels(vectors, 16)
        assert ((places >= 0) & (places < SIDE)).all()


def test_vectors_of_one_or_two_dimensions_have_places_too() -> None:
    draw = np.random.default_rng(0)
    for d in (1, 2):
        vectors = draw.normal(size=(30, d)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        assert place_labels(vectors).shape == (30, 2)


def test_a_label_beyond_the_landmarks_lies_where_its_double_does() -> None:
    vectors, _ = groups([30, 30])
    places = place_labels(np.concatenate([vectors, vectors[:1]]), 60)
    others = np.linalg.norm(places[:60] - places[60], axis=1)
    assert others[0] < np.median(others) / 2
