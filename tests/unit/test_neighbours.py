import numpy as np
import pytest

from pipeline.vocabulary.encoding import neighbours
from pipeline.vocabulary.encoding.neighbours import nearest


def drawn(n: int, dimensions: int = 16, around: int = 40) -> np.ndarray:
    """Unit vectors in groups."""
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(around, dimensions))
    vectors = centres[draw.integers(0, around, n)] + 0.3 * draw.normal(size=(n, dimensions))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look into cells whatever the size."""
    monkeypatch.setattr(neighbours, "_MOST_PAIRS", 0)


def test_neighbours_are_those_of_a_full_sort() -> None:
    vectors = drawn(300)
    similarity, near = nearest(vectors[:50], vectors, 7)
    every = np.round(vectors[:50] @ vectors.T, 5)
    assert np.allclose(similarity, -np.sort(-every, axis=1)[:, :7], atol=2e-5)
    assert np.array_equal(near[:, 0], np.arange(50))


def test_of_equally_near_rows_the_lower_index_comes_first() -> None:
    base = np.array([[0, 1], [1, 0], [1, 0], [1, 0], [0.6, 0.8]], dtype=np.float32)
    assert nearest(base[1:2], base, 4)[1].tolist() == [[1, 2, 3, 4]]


def test_there_are_never_more_neighbours_than_rows() -> None:
    similarity, near = nearest(drawn(3), drawn(2), 20)
    assert similarity.shape == near.shape == (3, 2)


@pytest.mark.parametrize(("queries", "base"), [(0, 5), (5, 0), (0, 0)])
def test_nothing_has_no_neighbours(queries: int, base: int) -> None:
    assert nearest(drawn(queries), drawn(base), 3)[1].shape == (queries, min(3, base))


@pytest.mark.usefixtures("cells")
def test_cells_find_nearly_all_neighbours_and_their_exact_cosines() -> None:
    vectors = drawn(4_000)
    similarity, near = nearest(vectors, vectors, 5)
    every = vectors @ vectors.T
    exact = np.argsort(-every, axis=1, kind="stable")[:, :5]
    assert np.mean([len(np.intersect1d(one, other)) / 5 for one, other in zip(near, exact, strict=True)]) > 0.95
    assert np.allclose(similarity, np.take_along_axis(every, near, 1), atol=2e-5)
    assert np.all(np.diff(similarity, axis=1) <= 0)


@pytest.mark.usefixtures("cells")
def test_cells_give_the_same_twice() -> None:
    vectors = drawn(3_000)
    once, again = nearest(vectors, vectors, 5), nearest(vectors, vectors, 5)
    assert np.array_equal(once[0], again[0])
    assert np.array_equal(once[1], again[1])


def test_what_the_probed_cells_do_not_hold_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_MOST_PAIRS", 0)
    monkeypatch.setattr(neighbours, "_PROBED", 1)
    monkeypatch.setattr(neighbours, "_SAMPLE", 2)
    vectors = drawn(200)
    similarity, near = nearest(vectors, vectors, 100)
    assert (near < 0).any()
    assert np.all(similarity[near < 0] == -1.0)
    assert np.all(near[:, 0] >= 0)
