"""How good labels and vocabularies are, from counts: precision and recall, B-cubed, V-measure, Gini. No Spark."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.manifest.balance.caps import bands

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
HEAD_SHARE, TAIL_SHARE = 0.5, 0.1  # of all true pairs: what the frequent and the rarest classes hold
SIZES = (1, 10, 100, 1000)  # images from which labels are counted


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and their harmonic mean, each in [0, 1]."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class BandScores:
    """Some classes of like frequency.

    Attributes:
        classes: how many.
        pairs: their true pairs.
        said: pairs of them that the labels say.
        right: those that are both.
        micro: scores over pairs.
        macro: scores over classes.
    """

    classes: int
    pairs: int
    said: int
    right: int
    micro: Scores
    macro: Scores


@dataclass(frozen=True, slots=True)
class Grouping:
    """How well clusters of items agree with their gold groups.

    Attributes:
        items: items with a gold group.
        placed: those of them that are in any cluster.
        b_cubed: Bagga and Baldwin 1998.
        homogeneity: Rosenberg and Hirschberg 2007, like the next two.
        completeness: the same with clusters and groups exchanged.
        v_measure: harmonic mean of both.
    """

    items: int
    placed: int
    b_cubed: Scores
    homogeneity: float
    completeness: float
    v_measure: float


def micro(hits: Counts, said: Counts, true: Counts) -> Scores:
    """Scores over all (image, class) pairs; 0 where nothing was said or nothing is true.

    Args:
        hits: pairs both said and true, of each class, int64 [classes].
        said: pairs said, int64 [classes].
        true: pairs true, int64 [classes].
    """
    precision, recall, f1 = _ratios(hits.sum(keepdims=True), said.sum(keepdims=True), true.sum(keepdims=True))
    return Scores(float(precision[0]), float(recall[0]), float(f1[0]))


def macro(hits: Counts, said: Counts, true: Counts) -> Scores:
    """Means over classes of their scores, arguments as in `micro`; a class of which nothing is said has 0."""
    if not len(true):
        return Scores(0.0, 0.0, 0.0)
    precision, recall, f1 = _ratios(hits, said, true)
    return Scores(float(precision.mean()), float(recall.mean()), float(f1.mean()))


def by_band(hits: Counts, said: Counts, true: Counts) -> dict[str, BandScores]:
    """`all`, `head`, `torso` and `tail` by frequency in truth; arguments as in `micro`.

    The head is the fewest classes with half of all pairs, the tail the rarest with at most a tenth.
    """
    band = bands(true, HEAD_SHARE, TAIL_SHARE)
    chosen = {"all": np.full(len(true), True)} | {name: band == name for name in ("head", "torso", "tail")}
    return {
        name: BandScores(
            int(rows.sum()),
            int(true[rows].sum()),
            int(said[rows].sum()),
            int(hits[rows].sum()),
            micro(hits[rows], said[rows], true[rows]),
            macro(hits[rows], said[rows], true[rows]),
        )
        for name, rows in chosen.items()
    }


def grouping(gold: Counts, cluster: Counts) -> Grouping:
    """Agreement of clusters with gold groups.

    Args:
        gold: group of each item, int64 [items].
        cluster: cluster of each item, int64 [items]; -1 = in none, which counts as a cluster of its own.
    """
    from sklearn.metrics import homogeneity_completeness_v_measure  # here: it takes a second, which no other job needs

    if not len(gold):
        return Grouping(0, 0, Scores(0.0, 0.0, 0.0), 0.0, 0.0, 0.0)
    alone = cluster < 0
    cluster = np.where(alone, cluster.max() + 1 + np.arange(len(cluster)), cluster)
    homogeneity, completeness, v_measure = homogeneity_completeness_v_measure(gold, cluster)
    return Grouping(
        len(gold),
        int((~alone).sum()),
        b_cubed(gold, cluster),
        float(homogeneity),
        float(completeness),
        float(v_measure),
    )


def b_cubed(gold: Counts, cluster: Counts) -> Scores:
    """Mean over items of how much of their cluster is of their group, and of their group in their cluster.

    Bagga and Baldwin 1998. Here by the cells of groups and clusters: an item of a cell of n has n / its cluster's size.

    Args:
        gold: group of each item, int64 [items], at least one.
        cluster: cluster of each item, int64 [items].
    """
    groups, group = np.unique(gold, return_inverse=True)
    _, place = np.unique(cluster, return_inverse=True)
    cells, n = np.unique(place.astype(np.int64) * len(groups) + group, return_counts=True)
    in_cluster, in_group = np.bincount(place), np.bincount(group)
    items = len(gold)
    precision = float((n * n / in_cluster[cells // len(groups)]).sum()) / items
    recall = float((n * n / in_group[cells % len(groups)]).sum()) / items
    return Scores(precision, recall, 2 * precision * recall / (precision + recall))


def gini(sizes: Counts) -> float:
    """Inequality of sizes: 0 where all are equal, towards 1 where one has everything; 0 for none.

    Args:
        sizes: images of each label, int64 [labels], at least 0.
    """
    total = int(sizes.sum())
    if not total:
        return 0.0
    ranked, n = np.sort(sizes), len(sizes)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ranked) / (n * total)


def at_least(sizes: Counts, limits: Sequence[int] = SIZES) -> dict[int, int]:
    """Limit -> labels with at least so many images; `sizes` as in `gini`."""
    return {limit: int((sizes >= limit).sum()) for limit in limits}


def _ratios(hits: Counts, said: Counts, true: Counts) -> tuple[Floats, Floats, Floats]:
    precision = hits / np.maximum(said, 1)
    recall = hits / np.maximum(true, 1)
    return precision, recall, 2 * hits / np.maximum(said + true, 1)
