"""How a long tail is balanced: caps, repeats, class weights and bands, all from one number a label (its images).

Nothing is deleted. The figures become columns, and who trains decides which of them to use.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.runtime.errors import ConfigError

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def keep_probability(counts: Counts, t: int) -> Floats:
    """Chance that one image of a label is drawn: min(1, t / count), so that no label gives many more than t.

    Args:
        counts: images of each label, shape (labels,), at least 0.
        t: images of a label that are kept for sure, at least 1.

    Returns:
        Probabilities in (0, 1], shape (labels,); 1 for a label without images.

    Raises:
        ConfigError: t is below 1, or a count is negative.

    Source: t / max(count, t), Xu et al., Demystifying CLIP Data, 2023.
    """
    _require_cap("t", t)
    return t / np.maximum(_checked(counts), t)


def image_keep_probability(p: Sequence[float] | Floats) -> float:
    """Chance that an image is kept where each of its labels draws on its own: 1 - prod(1 - p).

    Args:
        p: keep probabilities of the image's labels, each in [0, 1]; none gives 0.

    Returns:
        A probability in [0, 1]. It does not depend on the order of the labels.
    """
    return float(1.0 - np.prod(1.0 - np.sort(np.asarray(p, dtype=np.float64))))


def repeat_factors(counts: Counts, r: int) -> Floats:
    """How often the images of a label are shown an epoch: max(1, sqrt(r / count)).

    Args:
        counts: images of each label, shape (labels,), at least 0.
        r: images below which a label repeats, at least 1.

    Returns:
        Factors of at least 1, shape (labels,); 1 for a label without images, which has nothing to repeat. An image
        takes the largest factor of its labels.

    Raises:
        ConfigError: r is below 1, or a count is negative.

    Source: Gupta et al., LVIS, 2019, after Mahajan et al., 2018; there with frequencies, here with numbers of images.
    """
    _require_cap("r", r)
    counts = _checked(counts)
    return np.where(counts > 0, np.maximum(1.0, np.sqrt(r / np.maximum(counts, 1))), 1.0)


def class_weights(counts: Counts, beta: float) -> Floats:
    """Weight of each label in a loss: the inverse of its effective number of images, (1 - beta) / (1 - beta ** count).

    Args:
        counts: images of each label, shape (labels,), at least 0.
        beta: in [0, 1). 0 weighs all labels alike; towards 1 the weights become those of the inverse count.

    Returns:
        Weights with mean 1 over the labels with images, 0 for labels without, shape (labels,).

    Raises:
        ConfigError: beta is outside [0, 1), or a count is negative.

    Source: Cui et al., Class-Balanced Loss Based on Effective Number of Samples, 2019.
    """
    if not 0.0 <= beta < 1.0:
        raise ConfigError(f"beta must be in [0, 1), got {beta}.")
    counts = _checked(counts)
    seen = counts > 0
    weights = np.zeros(counts.shape, dtype=np.float64)
    weights[seen] = (1.0 - beta) / (1.0 - np.power(beta, counts[seen].astype(np.float64)))
    return weights / weights[seen].mean() if seen.any() else weights


def bands(counts: Counts, head_share: float, tail_share: float) -> npt.NDArray[np.str_]:
    """Head, torso and tail by share of all image-label pairs.

    Labels are ranked by falling count, then by label_id, their place in `counts`. The head is the shortest run from the
    front that holds at least `head_share` of all pairs, the tail the longest run from the end that holds at most
    `tail_share`; what lies between is the torso.

    Args:
        counts: images of each label, label_id = place, shape (labels,), at least 0.
        head_share: share of all pairs, in [0, 1].
        tail_share: share of all pairs, in [0, 1].

    Returns:
        "head", "torso" or "tail", shape (labels,); a label without images is tail.

    Raises:
        ConfigError: a share is outside [0, 1], the two exceed 1 together, or a count is negative.
    """
    _require_share("head_share", head_share)
    _require_share("tail_share", tail_share)
    if head_share + tail_share > 1.0:
        raise ConfigError(f"head_share = {head_share} and tail_share = {tail_share} exceed 1 together.")
    counts = _checked(counts)
    ranked = np.argsort(-counts, kind="stable")
    up_to = np.cumsum(counts[ranked])
    total = max(int(counts.sum()), 1)
    before = up_to - counts[ranked]
    found = np.full(counts.shape, "torso", dtype="<U5")
    found[ranked[(counts.sum() - before) / total <= tail_share]] = "tail"
    found[ranked[before / total < head_share]] = "head"
    found[counts == 0] = "tail"
    return found


def tail_share_of(counts: Counts, t: int) -> float:
    """Share of all image-label pairs in labels with fewer than t images.

    Args:
        counts: images of each label, shape (labels,), at least 0, not all 0.
        t: a number of images, at least 1.

    Raises:
        ConfigError: t is below 1, a count is negative, or no label has images.

    Source: the tail's share of matches in Xu et al., 2023.
    """
    _require_cap("t", t)
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
    _require_share("tail_share", share)
    occurring, labels = np.unique(_seen(counts), return_counts=True)
    pairs = occurring * labels
    below = np.cumsum(pairs) - pairs
    # The same division as in tail_share_of: equal tails give equal floats, and rounding keeps their order.
    return int(occurring[below / pairs.sum() <= share][-1])


def _checked(counts: Counts) -> Counts:
    counts = np.asarray(counts, dtype=np.int64)
    if counts.size and counts.min() < 0:
        raise ConfigError(f"a label cannot have {counts.min()} images.")
    return counts


def _seen(counts: Counts) -> Counts:
    """Counts of the labels with images."""
    counts = _checked(counts)
    if not counts.any():
        raise ConfigError("no label has images, so that no share of them lies in the tail. Give a cap instead.")
    return counts[counts > 0]


def _require_cap(name: str, value: int) -> None:
    if value < 1:
        raise ConfigError(f"{name} must be at least 1 image, got {value}.")


def _require_share(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ConfigError(f"{name} must be in [0, 1], got {value}.")
