"""Whether confidence is true: of all pairs with confidence .8, four of five should be right. No Spark.

Pairs come counted by confidence, so that nothing here grows with a collection.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
BINS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """Judged pairs, counted: equal lengths, in any order.

    Attributes:
        confidence: in [0, 1], float64 [n].
        half: which half of the images they are of, 0 or 1, int64 [n].
        right: 1 where the pairs are right, else 0, int64 [n].
        count: number of pairs, int64 [n].
    """

    confidence: Floats
    half: Counts
    right: Counts
    count: Counts


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of like confidence: which tenth, how many, their mean confidence and the share that is right."""

    decile: int
    pairs: int
    confidence: float
    precision: float


@dataclass(frozen=True, slots=True)
class Fit:
    """How well confidence fits precision: expected calibration error, and the bins that it is told from."""

    ece: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What confidence is worth after a curve learnt on half of the images, measured on the other half.

    Attributes:
        fitted: pairs that the curve was learnt from.
        measured: pairs of the other half.
        before: that half with confidence as it is.
        after: that half, in the same bins, with confidence as the curve has it.
    """

    fitted: int
    measured: int
    before: Fit
    after: Fit


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether the confidence of judged pairs is true.

    Attributes:
        pairs: judged pairs.
        right: those of them that are right.
        auc: chance that a right pair has more confidence than a wrong one, ties by half; None where all are alike.
        raw: all pairs with confidence as it is.
        calibrated: None where one half has no pair.
    """

    pairs: int
    right: int
    auc: float | None
    raw: Fit
    calibrated: Calibrated | None


def judge_confidence(pairs: Judged) -> Calibration | None:
    """Deciles, calibration error and ranking of judged pairs; None where there is no pair."""
    pairs = _by_confidence(pairs)
    if not pairs.count.sum():
        return None
    return Calibration(
        int(pairs.count.sum()),
        int(pairs.count @ pairs.right),
        _auc(pairs),
        _fit(pairs, pairs.confidence),
        _calibrate(_part(pairs, pairs.half == 0), _part(pairs, pairs.half == 1)),
    )


def deciles(confidence: Floats, count: Counts, bins: int = BINS) -> Counts:
    """The bin of each row: as many pairs a bin as ties allow.

    Pairs are ordered by confidence. Those of equal confidence are never parted: all go to the bin of the middle one of
    them. So bins may be uneven, and some empty.

    Args:
        confidence: ascending, float64 [n].
        count: number of pairs of each row, int64 [n].
        bins: number of bins.

    Returns:
        Place of the bin, 0 to bins - 1, ascending, int64 [n].
    """
    values, place = np.unique(confidence, return_inverse=True)
    own = np.zeros(len(values), dtype=np.int64)
    np.add.at(own, place, count)
    below = np.cumsum(own) - own
    middle = bins * (2 * below + own) // max(2 * int(own.sum()), 1)
    return np.asarray(np.minimum(middle, bins - 1)[place], dtype=np.int64)


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: sum over bins of (pairs of the bin / all pairs) |precision - mean confidence|.

    Source: Guo et al., On Calibration of Modern Neural Networks, 2017, there with bins of equal width. Bins of equal
    count, as in Nguyen and O'Connor, 2015, have no empty ones and few chance results.
    """
    total = sum(item.pairs for item in bins)
    return sum(item.pairs * abs(item.precision - item.confidence) for item in bins) / max(total, 1)


def _by_confidence(pairs: Judged) -> Judged:
    """In an order that depends on values alone, without rows that count nothing."""
    order = np.lexsort((pairs.count, pairs.right, pairs.half, pairs.confidence))
    return _part(pairs, order[pairs.count[order] > 0])


def _part(pairs: Judged, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Judged:
    return Judged(pairs.confidence[chosen], pairs.half[chosen], pairs.right[chosen], pairs.count[chosen])


def _fit(pairs: Judged, confidence: Floats) -> Fit:
    """Bins by the raw confidence, with the mean of another one in place of it."""
    place = deciles(pairs.confidence, pairs.count)
    found = []
    for number in np.unique(place):
        inside = place == number
        count, right = pairs.count[inside], pairs.right[inside]
        total = int(count.sum())
        mean = float(count @ confidence[inside]) / total
        found.append(Bin(int(number) + 1, total, mean, int(count @ right) / total))
    return Fit(calibration_error(found), tuple(found))


def _auc(pairs: Judged) -> float | None:
    from sklearn.metrics import roc_auc_score  # here: it takes a second, which no other job needs

    if len(np.unique(pairs.right)) < 2:
        return None
    return float(roc_auc_score(pairs.right, pairs.confidence, sample_weight=pairs.count))


def _calibrate(known: Judged, other: Judged) -> Calibrated | None:
    """An isotonic curve learnt on the first half, measured on the second.

    Source: Zadrozny and Elkan, Transforming Classifier Scores into Accurate Multiclass Probability Estimates, 2002.
    """
    from sklearn.isotonic import IsotonicRegression

    if not len(known.count) or not len(other.count):
        return None
    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    curve.fit(known.confidence, known.right, sample_weight=known.count)
    after = np.asarray(curve.predict(other.confidence), dtype=np.float64)
    return Calibrated(int(known.count.sum()), int(other.count.sum()), _fit(other, other.confidence), _fit(other, after))
