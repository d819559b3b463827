import dataclasses

import numpy as np
import pytest

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.clustering.cluster import cluster
from pipeline.vocabulary.clustering.evidence import Evidence
from pipeline.vocabulary.clustering.units import Units
from pipeline.vocabulary.encoding.matrix import Rows

CONFIG = ClusterConfig(
    min_images=10,
    duplicate_similarity=0.92,
    attach_similarity=0.8,
    tail_similarity=0.75,
    evidence_weight=0.5,
    evidence_reach=0.15,
)
SAME, OTHER = (1.0, 0.0), (0.0, 1.0)


def turned(cosine: float) -> tuple[float, float]:
    """A direction with this cosine to (1, 0)."""
    return cosine, float(np.sqrt(1 - cosine * cosine))


def units_of(*rows: tuple[int, tuple[float, float], tuple[float, float], int], heads: dict[int, list[int]]) -> Units:
    """Units with (support, vector, context, images looked at)."""
    return Units(
        np.array([support for support, *_ in rows]),
        [np.arange(support) + 1_000 * i if support < 50 else None for i, (support, *_) in enumerate(rows)],
        Rows.of(np.array([vector for _, vector, _, _ in rows])),
        np.ones(len(rows), dtype=bool),
        np.zeros(len(rows), dtype=np.int64),
        np.zeros(len(rows), dtype=bool),
        lambda one, other: False,
        Rows.of(np.array([context for *_, context, _ in rows])),
        np.array([looked for *_, looked in rows]),
        lambda unit: heads.get(unit, []),
    )


def leader_of_tail(
    cosine: float, context: tuple[float, float], looked: int = 50, head: bool = False, weight: float = 0.5
) -> int:
    """Where a unit of 3 images goes beside a seed with context SAME; -1 = nowhere."""
    units = units_of(
        (100, (1.0, 0.0), SAME, 50), (3, turned(cosine), context, looked), heads={1: [0]} if head else {}
    )  # fmt: skip
    return int(cluster(units, dataclasses.replace(CONFIG, evidence_weight=weight)).leader[1])


def test_near_vectors_with_the_same_context_join_below_the_threshold() -> None:
    assert leader_of_tail(0.7, SAME) == 0
    assert leader_of_tail(0.7, SAME, weight=0.0) == -1


def test_near_vectors_with_disjoint_contexts_stay_apart_above_the_threshold() -> None:
    known = units_of(
        (200, (0.0, 1.0), SAME, 50),
        (100, (1.0, 0.0), SAME, 50),
        (3, turned(0.85), OTHER, 50),
        heads={},
    )
    # The two seeds agree in full, so that half of it is expected of neighbours.
    assert cluster(known, CONFIG).leader.tolist() == [0, 1, -1]
    assert cluster(known, dataclasses.replace(CONFIG, evidence_weight=0.0)).leader.tolist() == [0, 1, 1]


def test_contexts_shift_a_cosine_by_no_more_than_their_reach() -> None:
    assert leader_of_tail(0.6, SAME) == -1


def test_a_context_of_few_images_counts_less() -> None:
    assert leader_of_tail(0.71, SAME, looked=1) == 0  # 0.71 + 0.5 / 5
    assert leader_of_tail(0.69, SAME, looked=1) == -1
    assert leader_of_tail(0.66, turned(0.5), looked=50) == 0


def test_where_nothing_is_said_beside_a_phrase_its_vector_decides_alone() -> None:
    assert leader_of_tail(0.85, (0.0, 0.0), looked=0) == 0
    assert leader_of_tail(0.75, (0.0, 0.0), looked=0) == -1


def test_a_red_dress_is_a_dress_and_a_hot_dog_is_no_dog() -> None:
    seeds = ((200, (0.0, 1.0), SAME, 50), (100, (1.0, 0.0), SAME, 50))
    red_dress = units_of(*seeds, (3, turned(0.66), turned(0.6), 9), heads={2: [1]})
    hot_dog = units_of(*seeds, (3, turned(0.99), OTHER, 9), heads={2: [1]})
    assert cluster(red_dress, CONFIG).leader[2] == 1
    assert cluster(hot_dog, CONFIG).leader[2] == -1


def test_a_compound_far_from_its_head_is_not_folded_into_it() -> None:
    assert leader_of_tail(0.6, SAME, head=True) == -1


def test_a_compound_of_which_little_is_known_goes_where_its_vector_goes() -> None:
    assert leader_of_tail(0.9, OTHER, looked=1, head=True) == 0
    assert leader_of_tail(0.7, SAME, looked=0, head=True) == -1


def test_frequent_phrases_that_stand_together_stay_two_labels() -> None:
    salt_and_pepper = units_of((100, (1.0, 0.0), SAME, 50), (90, turned(0.85), SAME, 50), heads={})
    assert cluster(salt_and_pepper, CONFIG).leader.tolist() == [0, 1]


def test_what_is_expected_of_neighbours_is_half_of_what_they_have() -> None:
    units = units_of(*((10, SAME, turned(0.6) if i % 2 else SAME, 96) for i in range(4)), heads={})
    evidence = Evidence(units, np.array([[0, 1], [2, 3]]), CONFIG)
    shift = evidence.shift(np.array([0]), np.array([[1, 2]]))
    assert shift.tolist() == [[pytest.approx(0.5 * 0.96 * 0.3, abs=1e-4), pytest.approx(0.15)]]
