"""Learning and its examination: what is learnt is used where it pays on images that it was not learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.labeling.trusted.features import Floats, Images
from pipeline.labeling.trusted.model import (
    LEVELS,
    PAIRS,
    Combiner,
    Flags,
    Parts,
    fit_combiner,
    learn_parts,
    measure,
    probability,
    similarities,
)

Index = npt.NDArray[np.int64]

FEW, MANY_FOLDS, FOLDS = 500, 10, 5  # images up to which there are more folds: each then loses fewer examples
ENOUGH = 10  # true pairs from which a level gets a threshold of its own
LUCK = 0.05  # share of resampled examinations in which learning may fail to pay
_DRAWS = 500
_ROWS = 512


@dataclass(frozen=True, slots=True)
class Taught:
    """What was learnt, and how well it did on images it had not seen.

    Attributes:
        parts: from all trusted images.
        combiner: likewise.
        thresholds: probability from which a class is given, by level of examples, float64 [levels + 1]; 2 = never.
        curve: probabilities as they come, and as often as they were right, float64 [2, k]; both rise.
        said: whether a class is given to a trusted image by folds that did not see it, bool [images, classes].
        with_it: F1 (or precision, where one is asked for) on trusted images, cross-validated.
        without: the same of what texts say alone.
        pays: whether it is better by more than luck.
    """

    parts: Parts
    combiner: Combiner
    thresholds: npt.NDArray[np.float64]
    curve: npt.NDArray[np.float64]
    said: Flags
    with_it: float
    without: float
    pays: bool


def teach(images: Images, names: Floats, true: Floats, known: Flags, min_precision: float = 0.0) -> Taught:
    """Learn from trusted images.

    Folds are drawn by the order of the images. The combination and the thresholds of a fold come from the other folds,
    so that the examination is of all that is used; it is resampled by folds (bootstrap).

    Args:
        images: trusted images, at least two of them.
        names: unit vectors of the classes' names, float32 [classes, d].
        true: 1 where an image has a class, float32 [images, classes].
        known: where that is known, bool [images, classes].
        min_precision: that the thresholds aim at; 0 = at the best F1.
    """
    folds = MANY_FOLDS if len(true) <= FEW else FOLDS
    fold = np.random.default_rng(0).permutation(len(true)) % folds
    similarity = similarities(images)
    learnt: list[Parts] = []
    for one in range(folds):
        rest = np.flatnonzero(fold != one)
        learnt.append(learn_parts(images[rest], similarity[np.ix_(rest, rest)], true[rest], known[rest]))
    sample = _draw_pairs(images, names, learnt, fold, true, known)
    combiner = sample.fit(range(folds))
    unseen = np.zeros(true.shape, dtype=np.float32)
    level = np.zeros(true.shape, dtype=np.int64)
    crossed = np.zeros(true.shape, dtype=bool)
    for one in range(folds):
        here = np.flatnonzero(fold == one)
        unseen[here] = probability(images[here], learnt[one], names, combiner)
        level[here] = learnt[one].level
    for one in range(folds):
        here, rest = np.flatnonzero(fold == one), np.flatnonzero(fold != one)
        others = sample.fit([other for other in range(folds) if other != one])
        chosen = choose_thresholds(unseen[rest], level[rest], true[rest] > 0, known[rest], min_precision)
        crossed[here] = probability(images[here], learnt[one], names, others) >= chosen[level[here]]
    crossed &= known
    before = (images.said > 0) & known
    truth = (true > 0) & known
    ours, theirs = (_count(said, truth, fold, folds) for said in (crossed, before))
    score = _precision if min_precision else _f1
    drawn = np.random.default_rng(0).integers(0, folds, (_DRAWS, folds))
    gains = [score(ours[some]) - score(theirs[some]) for some in drawn]
    return Taught(
        learn_parts(images, similarity, true, known),
        combiner,
        choose_thresholds(unseen, level, true > 0, known, min_precision),
        fit_curve(unseen[known], true[known]),
        crossed,
        score(ours),
        score(theirs),
        bool(np.quantile(gains, LUCK) > 0),
    )


def fit_curve(chance: Floats, true: Floats) -> npt.NDArray[np.float64]:
    """How often pairs are right that have a probability: a curve that rises, float64 [2, k].

    Source: Zadrozny and Elkan, Transforming classifier scores into accurate multiclass probability estimates, 2002.

    Args:
        chance: probabilities by folds that did not see the pair, float32 [pairs].
        true: 1 where the pair is true, float32 [pairs].
    """
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(out_of_bounds="clip").fit(chance, true)
    return np.stack([fitted.X_thresholds_, fitted.y_thresholds_]).astype(np.float64)


def choose_thresholds(
    chance: Floats, level: Index, true: Flags, known: Flags, min_precision: float
) -> npt.NDArray[np.float64]:
    """The probability from which each level of examples is given, float64 [levels + 1]; 2 where none is sure enough.

    Args:
        chance: probabilities, float32 [images, classes].
        level: of each pair, int64 [images, classes].
        true: bool [images, classes].
        known: bool [images, classes]; only these count.
        min_precision: the lowest threshold from which on pairs are right so often; 0 = the one of the best F1.
    """
    overall = _threshold(chance[known], true[known], min_precision)
    found = np.full(len(LEVELS) + 1, overall)
    for one in range(len(found)):
        here = known & (level == one)
        if true[here].sum() >= ENOUGH:
            found[one] = _threshold(chance[here], true[here], min_precision)
    return found


def _threshold(chance: Floats, true: Flags, min_precision: float) -> float:
    if not len(chance):
        return 2.0
    order = np.argsort(-chance, kind="stable")
    ranked, hits = chance[order], np.cumsum(true[order])
    said = np.arange(1, len(order) + 1)
    last = np.append(ranked[1:] != ranked[:-1], True)  # equal probabilities stand or fall together
    score = np.where(last, 2 * hits / (said + true.sum()), -1.0)
    if min_precision:
        good = last & (hits >= min_precision * said)
        return float(ranked[np.flatnonzero(good)[-1]]) if good.any() else 2.0
    return float(ranked[score.argmax()])


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of image and class, drawn, with their evidence by parts that did not learn from the image."""

    measures: Floats
    true: Flags
    weight: Floats
    fold: Index

    def fit(self, folds: Sequence[int]) -> Combiner:
        some = np.isin(self.fold, np.asarray(folds))
        return fit_combiner(self.measures[some], self.true[some], self.weight[some])


def _draw_pairs(
    images: Images, names: Floats, learnt: Sequence[Parts], fold: Index, true: Floats, known: Flags
) -> _Pairs:
    """All known pairs that are true, and a fixed draw of the others, which then stand for as many as they are."""
    others = int((known & (true == 0)).sum())
    share = min(1.0, PAIRS / max(others, 1))
    kept = known & ((true > 0) | (np.random.default_rng(1).random(true.shape) < share))
    measures, truth, folds = [], [], []
    for begin in range(0, len(true), _ROWS):
        for one, parts in enumerate(learnt):
            here = np.flatnonzero(fold[begin : begin + _ROWS] == one) + begin
            if len(here):
                chosen = kept[here]
                measures.append(measure(images[here], parts, names)[chosen])
                truth.append(true[here][chosen] > 0)
                folds.append(np.full(int(chosen.sum()), one))
    right = np.concatenate(truth)
    return _Pairs(
        np.concatenate(measures),
        right,
        np.where(right, 1.0, 1.0 / share).astype(np.float32),
        np.concatenate(folds),
    )


def _count(said: Flags, true: Flags, fold: Index, folds: int) -> npt.NDArray[np.int64]:
    """Hits, pairs said and pairs true of each fold, int64 [folds, 3]."""
    columns = (said & true, said, true)
    return np.array([[int(column[fold == one].sum()) for column in columns] for one in range(folds)])


def _f1(counts: npt.NDArray[np.int64]) -> float:
    hits, said, true = counts.sum(axis=0)
    return float(2 * hits / max(said + true, 1))


def _precision(counts: npt.NDArray[np.int64]) -> float:
    hits, said, _ = counts.sum(axis=0)
    return float(hits / max(said, 1))
