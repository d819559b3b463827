"""Measures against values worked out by hand, and against scikit-learn and plain loops on random input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support, v_measure_score

from pipeline.review import measures

ITEMS = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4)), min_size=1, max_size=40)


def counts(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_micro_and_macro_by_hand() -> None:
    hits, said, true = counts(2, 0), counts(4, 0), counts(2, 2)
    assert measures.micro(hits, said, true) == measures.Scores(0.5, 0.5, 0.5)
    assert measures.macro(hits, said, true) == measures.Scores(0.25, 0.5, pytest.approx(1 / 3))


def test_nothing_said_is_zero_and_no_error() -> None:
    assert measures.micro(counts(0), counts(0), counts(3)) == measures.Scores(0, 0, 0)
    assert measures.macro(counts(), counts(), counts()) == measures.Scores(0, 0, 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_scores_are_those_of_scikit_learn(seed: int) -> None:
    draw = np.random.default_rng(seed)
    true, said = draw.random((30, 6)) < 0.3, draw.random((30, 6)) < 0.2
    sums = [part.sum(axis=0).astype(np.int64) for part in (true & said, said, true)]
    for average in ("micro", "macro"):
        expected = precision_recall_fscore_support(true, said, average=average, zero_division=0)[:3]
        found = getattr(measures, average)(*sums)
        assert (found.precision, found.recall, found.f1) == pytest.approx(expected)


def test_bands_hold_half_and_a_tenth_of_the_pairs_and_all_classes() -> None:
    true = counts(50, 42, 4, 4)
    found = measures.by_band(true // 2, true, true)
    assert {name: (band.classes, band.pairs) for name, band in found.items()} == {
        "all": (4, 100),
        "head": (1, 50),
        "torso": (1, 42),
        "tail": (2, 8),
    }
    assert found["tail"].micro.recall == 0.5
    assert {name: (band.right, band.said) for name, band in found.items()} == {
        "all": (50, 100),
        "head": (25, 50),
        "torso": (21, 42),
        "tail": (4, 8),
    }


def loop_b_cubed(gold: list[int], cluster: list[int]) -> tuple[float, float]:
    items = range(len(gold))
    precision = recall = 0.0
    for i in items:
        both = sum(gold[i] == gold[j] and cluster[i] == cluster[j] for j in items)
        precision += both / sum(cluster[i] == cluster[j] for j in items) / len(gold)
        recall += both / sum(gold[i] == gold[j] for j in items) / len(gold)
    return precision, recall


def test_b_cubed_by_hand() -> None:
    found = measures.b_cubed(counts(0, 0, 1), counts(7, 7, 7))
    assert found == measures.Scores(pytest.approx(5 / 9), 1.0, pytest.approx(10 / 14))


@settings(max_examples=60, deadline=None)
@given(ITEMS)
def test_grouping_is_that_of_a_plain_loop_and_of_scikit_learn(items: list[tuple[int, int]]) -> None:
    gold, cluster = [item[0] for item in items], [item[1] for item in items]
    alone = [place if place >= 0 else 100 + i for i, place in enumerate(cluster)]
    found = measures.grouping(counts(*gold), counts(*cluster))
    assert (found.b_cubed.precision, found.b_cubed.recall) == pytest.approx(loop_b_cubed(gold, alone))
    assert found.v_measure == pytest.approx(v_measure_score(gold, alone))
    assert found.placed == sum(place >= 0 for place in cluster)


def test_phrases_in_no_label_do_not_form_one() -> None:
    assert measures.grouping(counts(0, 1, 2), counts(-1, -1, -1)).b_cubed.precision == 1.0
    assert measures.grouping(counts(), counts()).items == 0


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_gini_is_half_the_mean_difference_by_the_mean(sizes: list[int]) -> None:
    values = counts(*sizes)
    mean = values.mean()
    expected = np.abs(values[:, None] - values[None, :]).mean() / (2 * mean) if mean else 0.0
    assert measures.gini(values) == pytest.approx(expected)


def test_labels_of_a_size_count_from_it() -> None:
    assert measures.at_least(counts(0, 1, 9, 10, 1000)) == {1: 4, 10: 2, 100: 1, 1000: 1}
