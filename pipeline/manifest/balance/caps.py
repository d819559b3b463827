"""How a long tail is balanced: caps, repeats and bands, all from one number a label (its images).

Nothing is deleted. The figures become columns, and who trains decides which of them to use.
"""

import numpy as np
import numpy.typing as npt

from pipeline.runtime.errors import ConfigError

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def keep_probability(counts: Counts, t: float) -> Floats:
    """Chance that one image of a label is drawn: min(1, t / count), so that no label gives many more than t.

    Args:
        counts: images of each label, shape (labels,), at least 0.
        t: images of a label that are kept, above 0; a fraction reaches budgets that no whole number does.

    Returns:
        Probabilities in (0, 1], shape (labels,); 1 for a label without images.

    Raises:
        ConfigError: t is not above 0, or a count is negative.

    Source: t / max(count, t), Xu et al., Demystifying CLIP Data, 2023.
    """
    require_cap("t", t)
    return t / np.maximum(checked(counts), t)


def repeat_factors(counts: Counts, r: float) -> Floats:
    """How often the images of a label are shown an epoch: max(1, sqrt(r / count)).

    Args:
        counts: images of each label, shape (labels,), at least 0.
        r: images below which a label repeats, above 0; up to 1 nothing does.

    Returns:
        Factors of at least 1, shape (labels,); 1 for a label without images, which has nothing to repeat. An image
        takes the largest factor of its labels.

    Raises:
        ConfigError: r is not above 0, or a count is negative.

    Source: Gupta et al., LVIS, 2019, after Mahajan et al., 2018; there with frequencies, here with numbers of images.
    """
    require_cap("r", r)
    counts = checked(counts)
    return np.where(counts > 0, np.maximum(1.0, np.sqrt(r / np.maximum(counts, 1))), 1.0)


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
    require_share("head_share", head_share)
    require_share("tail_share", tail_share)
    if head_share + tail_share > 1.0:
        raise ConfigError(f"head_share = {head_share} and tail_share = {tail_share} exceed 1 together.")
    counts = checked(counts)
    ranked = np.argsort(-counts, kind="stable")
    up_to = np.cumsum(counts[ranked])
    total = max(int(counts.sum()), 1)
    before = up_to - counts[ranked]
    found = np.full(counts.shape, "torso", dtype="<U5")
    found[ranked[(counts.sum() - before) / total <= tail_share]] = "tail"
    found[ranked[before / total < head_share]] = "head"
    found[counts == 0] = "tail"
    return found


def checked(counts: Counts) -> Counts:
    """The counts as int64.

    Raises:
        ConfigError: one is negative.
    """
    counts = np.asarray(counts, dtype=np.int64)
    if counts.size and counts.min() < 0:
        raise ConfigError(f"a label cannot have {counts.min()} images.")
    return counts


def require_cap(name: str, value: float) -> None:
    """Check a number of images that something is held against.

    Raises:
        ConfigError: it is not above 0, or no number.
    """
    if not 0.0 < value < np.inf:
        raise ConfigError(f"{name} must be above 0 images, got {value}.")


def require_share(name: str, value: float) -> None:
    """Check a share.

    Raises:
        ConfigError: it is outside [0, 1].
    """
    if not 0.0 <= value <= 1.0:
        raise ConfigError(f"{name} must be in [0, 1], got {value}.")
