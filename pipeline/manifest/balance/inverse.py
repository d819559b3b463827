"""From what is wanted back to the cap t that gives it: a share of the tail, or a number of images."""

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.manifest.balance.caps import Counts, checked, require_cap, require_share
from pipeline.runtime.errors import ConfigError

STEPS = 1_000  # caps that are searched for are multiples of 1 / STEPS
_TRIED = 16  # caps looked at in one go: a pass over the manifest costs the same for one


def tail_share_of(counts: Counts, t: float) -> float:
    """Share of all image-label pairs in labels with fewer than t images.

    Args:
        counts: images of each label, shape (labels,), at least 0, not all 0.
        t: a number of images, above 0.

    Raises:
        ConfigError: t is not above 0, a count is negative, or no label has images.

    Source: the tail's share of matches in Xu et al., 2023.
    """
    require_cap("t", t)
    counts = _seen(counts)
    return float(counts[counts < t].sum() / counts.sum())


def cap_for_tail_share(counts: Counts, share: float) -> int:
    """The cap t that leaves `share` of all image-label pairs, or as much as whole labels allow, in labels below t.

    It is the largest count that occurs among the labels with images and whose tail holds at most `share`. So
    `cap_for_tail_share(counts, tail_share_of(counts, t)) == t` for every count t that occurs; any other t comes back
    as the next count above it, which has the very same tail, and a t above all counts as the largest. The inverse in
    MetaCLIP is no identity: for [1, 2, 3, 4, 10] it takes t = 4 to 0.3 and 0.3 to t = 3.

    Args:
        counts: images of each label, shape (labels,), at least 0, not all 0.
        share: in [0, 1]. 0 gives the smallest count, 1 the largest.

    Raises:
        ConfigError: the share is outside [0, 1], a count is negative, or no label has images.
    """
    require_share("tail_share", share)
    occurring, labels = np.unique(_seen(counts), return_counts=True)
    pairs = occurring * labels
    below = np.cumsum(pairs) - pairs
    # The same division as in tail_share_of: equal tails give equal floats, and rounding keeps their order.
    return int(occurring[below / pairs.sum() <= share][-1])


def smallest(expected: Callable[[Sequence[float]], Sequence[int]], wanted: int, most: float) -> float:
    """The smallest number, in steps of 1 / 1,000, with which at least so much is expected.

    So it is the inverse of what it searches in: `smallest(f, f([t])[0], most) == t` for every step t at which f rises,
    and the first step of its plateau for any other.

    Args:
        expected: what is expected with each of some numbers, in ascending order. It must not fall, and give equal
            integers for equal numbers: sums of doubles would depend on their order.
        wanted: what to reach, in the unit of `expected`.
        most: where the search ends, above 0.

    Raises:
        ConfigError: not even `most` reaches it.
    """
    low, high = 1, max(1, int(np.ceil(most * STEPS)))  # the answer, in steps, is in [low, high]
    if expected([high / STEPS])[0] < wanted:
        raise ConfigError("it cannot be reached.")
    while low < high:
        tried = np.unique(np.linspace(low, high - 1, _TRIED).astype(np.int64))
        reached = np.flatnonzero(np.asarray(expected((tried / STEPS).tolist())) >= wanted)
        first = int(reached[0]) if reached.size else len(tried)
        low = int(tried[first - 1]) + 1 if first else low
        high = int(tried[first]) if first < len(tried) else high
    return low / STEPS


def _seen(counts: Counts) -> Counts:
    """Counts of the labels with images."""
    counts = checked(counts)
    if not counts.any():
        raise ConfigError("no label has images, so that no share of them lies in the tail. Give a cap instead.")
    return counts[counts > 0]
