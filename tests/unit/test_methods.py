import dataclasses
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.runtime.config import ClusterConfig
from pipeline.runtime.errors import CapacityError
from pipeline.vocabulary.clustering import centroids
from pipeline.vocabulary.clustering.cluster import METHODS, cluster
from pipeline.vocabulary.clustering.linkage import neighbour_graph
from pipeline.vocabulary.clustering.memory import Load
from pipeline.vocabulary.clustering.units import Clusters, Units
from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.labels import build_vocabulary
from pipeline.vocabulary.merging.phrases import rank_phrases

CONFIG = ClusterConfig(min_images=10, duplicate_similarity=0.92, attach_similarity=0.80, tail_similarity=0.75)
CENTRES = np.eye(6)


def around(groups: Sequence[int], support: Sequence[int], spread: float = 0.1, seed: int = 0) -> Units:
    """Units near the axis that their group names; by falling support, images disjoint."""
    draw = np.random.default_rng(seed)
    vectors = CENTRES[list(groups)] + spread * draw.normal(size=(len(groups), 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = [np.arange(count) + 1_000 * i for i, count in enumerate(support)]
    none = np.zeros(len(groups), dtype=bool)
    return Units(
        np.array(support),
        list(keys),
        Rows.of(vectors),
        ~none,
        np.zeros(len(groups), dtype=np.int64),
        none,
        lambda one, other: False,
    )


def by(method: str, units: Units, **changes: int) -> Clusters:
    return cluster(units, dataclasses.replace(CONFIG, method=method, **changes))


def alike(found: Clusters, groups: Sequence[int]) -> bool:
    """Whether two units share a leader just where they share a group."""
    of, leader = np.array(groups), found.leader
    return bool(np.array_equal(of[:, None] == of, leader[:, None] == leader))


@pytest.mark.parametrize("method", ["kmeans", "hierarchical", "agglomerative", "hdbscan"])
def test_what_lies_together_is_one_label(method: str) -> None:
    groups = [0, 1, 2] * 8
    found = by(method, around(groups, range(40, 16, -1)), clusters=3, neighbours=5)
    assert alike(found, groups), found.leader
    assert np.array_equal(found.leader[found.leader], found.leader)


def test_linkage_keeps_apart_what_is_less_alike_than_the_cut() -> None:
    units = around([0, 0, 1, 1], [40, 30, 20, 15], spread=0.05)
    assert by("agglomerative", units).leader.tolist() == [0, 0, 2, 2]


def test_noise_is_unassigned_with_a_reason_of_its_own() -> None:
    units = around([0, 0, 0, 0, 1, 1, 1, 1, 5], [90, 80, 70, 60, 50, 40, 30, 20, 15], spread=0.02)
    found = by("hdbscan", units)
    assert found.leader[8] == -1
    assert found.reasons == {8: "noise"}
    assert alike(Clusters(found.leader[:8], found.similarity[:8]), [0, 0, 0, 0, 1, 1, 1, 1])


def test_a_pinned_unit_is_no_noise() -> None:
    units = around([0, 0, 0, 0, 1, 1, 1, 1, 5], [90, 80, 70, 60, 50, 40, 30, 20, 15], spread=0.02)
    found = by("hdbscan", dataclasses.replace(units, pinned=np.arange(9) == 8))
    assert found.leader[8] == 8
    assert found.reasons == {}


def test_a_cluster_with_too_few_images_is_no_noise() -> None:
    found = by("hdbscan", around([0, 0, 0, 0, 1, 1, 1, 1], [90, 80, 70, 60, 2, 2, 2, 2], spread=0.02))
    assert found.leader.tolist() == [found.leader[0]] * 4 + [-1] * 4
    assert found.reasons == {}


def test_resampling_leaves_a_dense_region_fewer_labels() -> None:
    groups = [0] * 400 + [1, 2, 3, 4, 5] * 6
    dense = {"kmeans": 0, "hierarchical": 0}
    for seed in range(4):
        units = around(groups, range(1_000, 1_000 - len(groups), -1), spread=0.25, seed=seed)
        for method in dense:
            dense[method] += len(np.unique(by(method, units, clusters=12, seed=seed).leader[:400]))
    assert dense["hierarchical"] < dense["kmeans"]


def test_no_centroid_stays_without_a_point() -> None:
    vectors = np.repeat(np.eye(4, dtype=np.float32), 5, axis=0)
    start = np.repeat(np.eye(4, dtype=np.float32)[:1], 4, axis=0)  # all in one place
    fitted = centroids.fit(vectors, np.ones(20, dtype=np.float32), start, 10)
    assert len(np.unique(centroids.assign(vectors, fitted))) == 4


def test_a_heavy_unit_draws_its_centroid() -> None:
    vectors = np.array([[1, 0], [0, 1]], dtype=np.float32)
    fitted = centroids.fit(vectors, np.array([3, 1], dtype=np.float32), vectors[:1], 3)
    assert fitted[0] == pytest.approx(np.array([3, 1]) / np.sqrt(10))


def test_equal_vectors_have_edges_between_them() -> None:
    graph = neighbour_graph(np.repeat(np.eye(2, dtype=np.float32), 3, axis=0), 2)
    assert (np.diff(graph.indptr) >= 2).all()
    assert (graph.diagonal() == 0).all()
    assert (graph != graph.T).nnz == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 50), st.sampled_from(sorted(METHODS)))
def test_every_unit_is_in_a_cluster_or_left_out_for_a_reason(seed: int, n: int, method: str) -> None:
    draw = np.random.default_rng(seed)
    units = around(draw.integers(0, 6, n).tolist(), sorted(draw.integers(1, 30, n).tolist(), reverse=True), 0.4, seed)
    found, again = by(method, units), by(method, units)
    assert np.array_equal(found.leader, again.leader)
    assert found.reasons == again.reasons
    lost = np.flatnonzero(found.leader < 0)
    assert set(found.reasons) <= set(lost.tolist())
    assert np.all(found.similarity[lost] == 0)
    if method not in ("hdbscan",):  # a unit with enough images is always in a label
        assert not (units.support[lost] >= CONFIG.min_images).any()


@pytest.mark.parametrize("method", sorted(METHODS))
def test_the_order_and_the_ids_of_the_rows_change_nothing(method: str) -> None:
    units = around([0, 1, 2, 3] * 10, [9] * 40, spread=0.3)  # all of equal support: their names alone rank them
    candidates = pa.table(
        {
            "phrase_id": pa.array(range(40), pa.int64()),
            "phrase": [f"{chr(97 + i % 26)}{chr(97 + i // 26)}word" for i in range(40)],
            "language": ["xx"] * 40,
            "images": pa.array([9] * 40, pa.int64()),
            "image_keys": [key.tolist() for key in units.keys if key is not None],
            "pinned": [False] * 40,
            "synonym_of": pa.array([None] * 40, pa.int64()),
        }
    )
    vectors = pa.array(units.vectors[:].tolist(), pa.list_(pa.float32()))
    embeddings = pa.table({"phrase_id": candidates["phrase_id"], "vector": vectors})
    config = dataclasses.replace(CONFIG, method=method, clusters=4)
    made = build_vocabulary(rank_phrases(candidates, embeddings), config)
    shuffled, ids = np.random.default_rng(1).permutation(40), pa.array(np.random.default_rng(2).permutation(40))
    renamed = [table.set_column(0, "phrase_id", ids) for table in (candidates, embeddings)]
    again = build_vocabulary(rank_phrases(renamed[0].take(shuffled), renamed[1].take(shuffled[::-1])), config)
    assert made[0].equals(again[0])
    assert made[1].drop(["phrase_id"]).equals(again[1].drop(["phrase_id"]))
    assert made[2].drop(["phrase_id"]).equals(again[2].drop(["phrase_id"]))
    assert made[0].num_rows > 0 or method == "none"


@pytest.mark.parametrize("method", sorted(METHODS))
def test_what_does_not_fit_is_refused_with_a_figure_and_a_way_out(method: str) -> None:
    with pytest.raises(CapacityError, match=rf"by {method} needs about [\d.]+ GB.*mine\.max_phrases"):
        Load(1_000_000, 1_000_000, 384, 20, 50, method).require(0.5)


def test_phrases_without_a_vector_need_less() -> None:
    some, every = (Load(600_000, encoded, 384, 20, 50).gigabytes for encoded in (100_000, 600_000))
    assert Load(100_000, 100_000, 384, 20, 50).gigabytes < some < every


def test_a_graph_needs_more_and_neighbours_lower_it() -> None:
    few, many = (Load(100_000, 100_000, 384, neighbours, 50, "agglomerative") for neighbours in (5, 20))
    assert Load(100_000, 100_000, 384, 20, 50, "anchored").gigabytes < many.gigabytes
    assert few.gigabytes < many.gigabytes
    with pytest.raises(CapacityError, match=r"Lower cluster\.neighbours"):
        many.require(0.5)
