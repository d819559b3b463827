"""Water-filling: how many images of each label an epoch should hold, evenly at every level of the hierarchy.

A total is poured over containers of given sizes: all get the same level, except those that are full before. Among
labels side by side this is the cap (`balance.keep_probability`): the level is t. Over a hierarchy the total is first
poured over the broadest labels, each as large as all that is below it, then what each got over its own images and its
children: a topic of a thousand rare labels does not crowd out a topic of ten.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.manifest.balance.caps import Counts, Floats, checked
from pipeline.runtime.errors import ConfigError

Places = npt.NDArray[np.int64]


def hierarchy_targets(counts: Counts, parents: Sequence[int | None], total: float) -> Floats:
    """Pour a total over the labels from the top of their hierarchy down.

    Args:
        counts: images of each label, shape (labels,), at least 0.
        parents: the place of each label's parent, or None.
        total: pairs of image and label that are wanted, at least 0.

    Returns:
        Images that each label gets, at most its count, shape (labels,). They sum to the total, or to all there are.

    Raises:
        ConfigError: a parent is no label, parents form a circle, or a number is negative.

    Source: at each level the capped sampling of Vo et al., Automatic Data Curation for Self-Supervised Learning, 2024.
    """
    if total < 0:
        raise ConfigError(f"cannot pour {total}.")
    counts = checked(counts)
    parent = np.array([-1 if place is None else place for place in parents], dtype=np.int64)
    depth = _depths(parent)
    below = counts.copy()  # images of a label and of all below it
    for level in range(int(depth.max(initial=0)), 0, -1):
        here = np.flatnonzero(depth == level)
        np.add.at(below, parent[here], below[here])
    poured = np.zeros(len(counts))  # into a label and all below it
    own = np.zeros(len(counts))
    pouring = np.array([float(total)])
    vessels = np.array([-1])  # the top, then the labels of one level after the other
    for level in range(int(depth.max(initial=-1)) + 1):
        here = np.flatnonzero(depth == level)
        kept = np.flatnonzero(vessels >= 0)  # a vessel holds its own images beside its children
        into = np.concatenate([np.searchsorted(vessels, parent[here]), kept])
        got = _fill(np.concatenate([below[here], counts[vessels[kept]]]).astype(np.float64), into, pouring)
        poured[here], own[vessels[kept]] = got[: len(here)], got[len(here) :]
        vessels, pouring = here, poured[here]
    own[vessels[vessels >= 0]] = pouring[vessels >= 0]
    return own


def whole(targets: Floats, seed: int) -> Counts:
    """Targets in whole images: rounded down, and what is left over drawn among those that lost a fraction.

    Args:
        targets: of each label, shape (labels,), at least 0.
        seed: of the draw; labels are known by their place.

    Returns:
        Whole numbers with the sum of the targets, itself rounded, shape (labels,).
    """
    floor = np.floor(targets + 1e-9)  # sums of fractions miss whole numbers by less
    left = round(float(targets.sum() - floor.sum()))
    lost = np.flatnonzero(targets - floor > 1e-9)
    drawn = np.random.default_rng(seed).permutation(len(targets))
    floor[lost[np.argsort(drawn[lost], kind="stable")][:left]] += 1
    return floor.astype(np.int64)


def _fill(sizes: Floats, group: Places, totals: Floats) -> Floats:
    """Water-filling of several groups at once: sizes and group of each container, total of each group."""
    order = np.lexsort((sizes, group))
    size, of = sizes[order], group[order]
    start = np.searchsorted(of, np.arange(len(totals) + 1))
    sums = np.concatenate([[0.0], np.cumsum(size)])
    # The level, if all smaller containers of the group are full: as long as it is above a container, that one is too.
    left = start[of + 1] - np.arange(len(of))
    level = (totals[of] - (sums[:-1] - sums[start[of]])) / left
    reached = np.full(len(totals), -np.inf)
    np.maximum.at(reached, of[size > level], level[size > level])
    filled = np.empty(len(sizes))
    filled[order] = np.where(size > level, np.maximum(reached[of], 0.0), size)
    return filled


def _depths(parent: Places) -> Places:
    """Steps from each label to the top of its tree."""
    if parent.size and parent.max() >= len(parent):
        raise ConfigError(f"the parent {parent.max()} is no label: there are {len(parent)}.")
    depth = np.zeros(len(parent), dtype=np.int64)
    above = parent.copy()
    while (above >= 0).any():
        depth[above >= 0] += 1
        if depth.max() > len(parent):
            raise ConfigError("the labels' parents form a circle.")
        above = np.where(above >= 0, parent[np.maximum(above, 0)], -1)
    return depth
