"""Deciles, calibration error, area under the curve and isotonic calibration of judged pairs."""

import itertools
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review.calibration import Bin, Judged, calibration_error, deciles, judge_confidence

ROWS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 1), st.integers(0, 1), st.integers(1, 5)), min_size=1, max_size=40
)


def judged(rows: list[tuple[float, int, int, int]]) -> Judged:
    """Rows of confidence, half, right, count."""
    confidence, half, right, count = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Judged(np.array(confidence, float), *(np.array(part, np.int64) for part in (half, right, count)))


def test_no_pair_has_no_calibration() -> None:
    assert judge_confidence(judged([])) is None
    assert judge_confidence(judged([(0.5, 0, 1, 0)])) is None


def test_ten_distinct_confidences_are_ten_deciles() -> None:
    found = judge_confidence(judged([(n / 10, n % 2, int(n >= 5), 1) for n in range(10)]))
    assert found is not None
    assert [(item.decile, item.pairs, item.confidence) for item in found.raw.bins] == [
        (n + 1, 1, n / 10) for n in range(10)
    ]
    assert [item.precision for item in found.raw.bins] == [0] * 5 + [1] * 5
    assert (found.pairs, found.right, found.auc) == (10, 5, 1.0)


def test_equal_confidences_share_the_bin_of_their_middle_pair() -> None:
    # Of 20 pairs the ties take the places 2 to 15, whose middle lies in the fifth bin.
    confidence, count = np.array([0.1, 0.5, 0.9]), np.array([2, 14, 4])
    assert deciles(confidence, count).tolist() == [0, 4, 9]
    # Rows of one confidence, told apart by what is right, go together too.
    assert deciles(np.array([0.1, 0.5, 0.5, 0.9]), np.array([2, 10, 4, 4])).tolist() == [0, 4, 4, 9]


def test_one_confidence_for_all_is_one_bin() -> None:
    found = judge_confidence(judged([(0.8, 0, 1, 3), (0.8, 0, 0, 1)]))
    assert found is not None
    assert [(item.pairs, item.confidence, item.precision) for item in found.raw.bins] == [(4, 0.8, 0.75)]
    assert found.raw.ece == pytest.approx(0.05)
    assert found.auc == 0.5


def test_the_error_weighs_bins_by_their_pairs() -> None:
    assert calibration_error([Bin(1, 1, 0.5, 1.0), Bin(10, 3, 0.9, 0.7)]) == pytest.approx(0.25 * 0.5 + 0.75 * 0.2)
    assert calibration_error([]) == 0


def test_true_confidence_has_no_error() -> None:
    found = judge_confidence(judged([(0.25, 0, 1, 1), (0.25, 1, 0, 3), (0.75, 0, 1, 3), (0.75, 1, 0, 1)]))
    assert found is not None
    assert found.raw.ece == 0


def test_pairs_that_are_all_right_cannot_be_ranked() -> None:
    found = judge_confidence(judged([(0.2, 0, 1, 1), (0.9, 1, 1, 1)]))
    assert found is not None
    assert found.auc is None


def test_a_half_without_pairs_cannot_calibrate() -> None:
    for half in (0, 1):
        found = judge_confidence(judged([(0.2, half, 0, 1), (0.9, half, 1, 1)]))
        assert found is not None
        assert found.calibrated is None


def test_boastful_confidence_becomes_true_on_the_other_half() -> None:
    # Says c, is right in c / 2 of the cases, in both halves alike.
    rows = [(c / 100, half, right, n) for c in range(10, 100) for half in (0, 1) for right, n in ((1, c), (0, 200 - c))]
    found = judge_confidence(judged(rows))
    assert found is not None
    assert found.calibrated is not None
    assert found.calibrated.before.ece == pytest.approx(found.raw.ece) == pytest.approx(0.2725, abs=0.01)
    assert found.calibrated.after.ece == pytest.approx(0, abs=1e-9)
    assert found.calibrated.fitted == found.calibrated.measured == found.pairs // 2
    assert [item.pairs for item in found.calibrated.after.bins] == [item.pairs for item in found.calibrated.before.bins]


def test_the_curve_is_learnt_from_the_first_half_alone() -> None:
    # In half 0 nothing is right, in half 1 everything: a curve that had seen half 1 would not say 0.
    found = judge_confidence(judged([(0.3, 0, 0, 5), (0.6, 0, 0, 5), (0.3, 1, 1, 5), (0.6, 1, 1, 5)]))
    assert found is not None
    assert found.calibrated is not None
    assert found.calibrated.after.ece == 1
    assert [item.confidence for item in found.calibrated.after.bins] == [0, 0]


def test_confidences_beyond_those_learnt_from_take_the_nearest_value() -> None:
    found = judge_confidence(judged([(0.4, 0, 0, 1), (0.6, 0, 1, 1), (0.1, 1, 0, 1), (0.9, 1, 1, 1)]))
    assert found is not None
    assert found.calibrated is not None
    assert [item.confidence for item in found.calibrated.after.bins] == [0, 1]


@given(ROWS)
def test_figures_are_those_of_single_pairs(rows: list[tuple[int, int, int, int]]) -> None:
    found = judge_confidence(judged([(c / 20, half, right, n) for c, half, right, n in rows]))
    assert found is not None
    pairs = sorted((c / 20, right) for c, _, right, n in rows for _ in range(n))
    # Naively: each pair's bin is that of the middle of its equals.
    places = [[i for i, other in enumerate(pairs) if other[0] == c] for c, _ in pairs]
    bins: dict[int, list[tuple[float, int]]] = {}
    for pair, equals in zip(pairs, places, strict=True):
        bins.setdefault(10 * (equals[0] + equals[-1] + 1) // (2 * len(pairs)), []).append(pair)
    assert [(item.decile, item.pairs) for item in found.raw.bins] == [(k + 1, len(v)) for k, v in sorted(bins.items())]
    gap = sum(abs(sum(right - c for c, right in inside)) for inside in bins.values())
    assert found.raw.ece == pytest.approx(gap / len(pairs))
    rights, wrongs = ([c for c, right in pairs if right == value] for value in (1, 0))
    if rights and wrongs:
        wins = sum((a > b) + (a == b) / 2 for a in rights for b in wrongs)
        assert found.auc == pytest.approx(wins / (len(rights) * len(wrongs)))
    else:
        assert found.auc is None


@given(ROWS, st.randoms(use_true_random=False))
def test_figures_depend_neither_on_order_nor_on_how_pairs_are_counted(
    rows: list[tuple[int, int, int, int]], random: Random
) -> None:
    whole = [(c / 20, half, right, n) for c, half, right, n in rows]
    split = [(*row[:3], 1) for row in whole for _ in range(row[3])]
    shuffled = list(whole)
    random.shuffle(shuffled)
    found = judge_confidence(judged(whole))
    assert judge_confidence(judged(shuffled)) == found
    once = judge_confidence(judged(split))
    assert found is not None
    assert once is not None
    assert (once.pairs, once.right) == (found.pairs, found.right)
    assert once.raw.ece == pytest.approx(found.raw.ece)
    assert (once.calibrated is None) == (found.calibrated is None)
    if once.calibrated and found.calibrated:
        assert once.calibrated.after.ece == pytest.approx(found.calibrated.after.ece)


@given(ROWS)
def test_the_curve_keeps_the_order_of_confidences(rows: list[tuple[int, int, int, int]]) -> None:
    found = judge_confidence(judged([(c / 20, half, right, n) for c, half, right, n in rows]))
    assert found is not None
    if found.calibrated:
        means = [item.confidence for item in found.calibrated.after.bins]
        assert all(low <= high + 1e-9 for low, high in itertools.pairwise(means))
        assert all(-1e-9 <= mean <= 1 + 1e-9 for mean in means)
