import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.clustering.cluster import METHODS, cluster
from pipeline.vocabulary.clustering.units import Clusters, Units
from pipeline.vocabulary.encoding.matrix import Rows

CONFIG = ClusterConfig(min_images=10, duplicate_similarity=0.92, attach_similarity=0.80, tail_similarity=0.75)


def units_of(*rows: tuple[int, tuple[float, float, float]], language: int = 0, shared: bool = False) -> Units:
    """Units with (support, direction); images are disjoint, or the same ones where shared."""
    vectors = np.array([direction for _, direction in rows], dtype=np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = [
        np.arange(support) + (0 if shared else 1000 * i) if support < 50 else None
        for i, (support, _) in enumerate(rows)
    ]
    return Units(
        np.array([support for support, _ in rows]),
        keys,
        Rows.of(vectors / np.maximum(norms, 1e-9)),
        norms[:, 0] > 0,
        np.full(len(rows), language),
        np.zeros(len(rows), dtype=bool),
        lambda one, other: False,
    )


def test_a_near_duplicate_of_a_larger_seed_joins_it() -> None:
    units = units_of((100, (1, 0, 0)), (40, (1, 0.1, 0)), (30, (0, 1, 0)))
    found = cluster(units, CONFIG)
    assert found.leader.tolist() == [0, 0, 2]
    assert found.similarity[1] == pytest.approx(1 / np.sqrt(1.01), abs=1e-4)


def test_a_near_duplicate_of_a_near_duplicate_does_not_chain() -> None:
    # b is close to a, c is close to b but not to a: c leads itself, since b is no seed.
    units = units_of((100, (1, 0, 0)), (90, (1, 0.35, 0)), (80, (1, 0.75, 0)))
    assert cluster(units, CONFIG).leader.tolist() == [0, 0, 2]


def test_a_rare_unit_joins_the_nearest_seed_and_only_above_the_threshold() -> None:
    units = units_of((100, (1, 0, 0)), (60, (0, 1, 0)), (3, (0.5, 1, 0)), (3, (0, 0, 1)))
    assert cluster(units, CONFIG).leader.tolist() == [0, 1, 1, -1]


def test_rare_units_become_a_label_when_the_union_of_their_images_is_large_enough() -> None:
    rare = [(6, (0, 0, 1)), (5, (0, 0.1, 1))]
    assert cluster(units_of((100, (1, 0, 0)), *rare), CONFIG).leader.tolist() == [0, 1, 1]


def test_rare_units_on_the_same_images_do_not_add_up() -> None:
    rare = [(6, (0, 0, 1)), (5, (0, 0.1, 1))]
    assert cluster(units_of((100, (1, 0, 0)), *rare, shared=True), CONFIG).leader.tolist() == [0, -1, -1]


def test_units_in_contrast_are_never_joined_however_near_they_are() -> None:
    rows = [(100, (1, 0, 0)), (40, (1, 0.1, 0)), (3, (1, 0.05, 0)), (6, (0, 0, 1)), (5, (0, 0.1, 1))]
    apart = [{0, 1}, {0, 2}, {3, 4}]
    units = dataclasses.replace(units_of(*rows), contrast=lambda one, other: {one, other} in apart)
    assert cluster(units, CONFIG).leader.tolist() == [0, 1, 1, -1, -1]


def test_clusters_never_cross_languages() -> None:
    units = units_of((100, (1, 0, 0)), (40, (1, 0, 0)))
    units = dataclasses.replace(units, language=np.array([0, 1]))
    assert cluster(units, CONFIG).leader.tolist() == [0, 1]


def test_a_unit_without_a_vector_is_its_own_label_or_unassigned() -> None:
    units = units_of((100, (1, 0, 0)), (40, (0, 0, 0)), (3, (0, 0, 0)))
    assert cluster(units, CONFIG).leader.tolist() == [0, 1, -1]


def test_none_keeps_every_frequent_unit_apart() -> None:
    units = units_of((100, (1, 0, 0)), (40, (1, 0, 0)), (3, (1, 0, 0)))
    config = dataclasses.replace(CONFIG, method="none")
    assert cluster(units, config).leader.tolist() == [0, 1, -1]


def test_kmeans_parts_what_points_apart_and_joins_what_points_together() -> None:
    units = units_of((100, (1, 0, 0)), (60, (0, 1, 0)), (5, (1, 0.1, 0)), (5, (0.1, 1, 0)))
    config = dataclasses.replace(CONFIG, method="kmeans", clusters=2)
    assert cluster(units, config).leader.tolist() == [0, 1, 0, 1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.sampled_from(sorted(METHODS)))
def test_every_cluster_is_led_by_itself_and_large_enough(seed: int, n: int, method: str) -> None:
    draw = np.random.default_rng(seed)
    support = np.sort(draw.integers(1, 30, n))[::-1]
    rows = [(int(s), tuple(draw.normal(size=3))) for s in support]
    units = units_of(*rows)
    found: Clusters = cluster(units, dataclasses.replace(CONFIG, method=method))
    for leader in set(found.leader.tolist()) - {-1}:
        members = np.flatnonzero(found.leader == leader)
        assert found.leader[leader] == leader
        assert found.similarity[leader] == 1.0
        assert len(np.unique(np.concatenate([units.keys[i] for i in members]))) >= CONFIG.min_images
    again = cluster(units, dataclasses.replace(CONFIG, method=method))
    assert np.array_equal(found.leader, again.leader)
    assert np.array_equal(found.similarity, again.similarity)


def test_a_pinned_unit_is_a_label_whatever_its_support_and_joins_none() -> None:
    units = dataclasses.replace(
        units_of((100, (1, 0, 0)), (2, (1, 0.01, 0)), (1, (0, 1, 0))), pinned=np.array([False, True, False])
    )
    for method in METHODS:
        assert cluster(units, dataclasses.replace(CONFIG, method=method)).leader[1] == 1, method
