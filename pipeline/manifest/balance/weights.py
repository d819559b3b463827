"""Weights of labels in a loss: three ways to let rare labels count, all from the images of each label."""

import numpy as np

from pipeline.manifest.balance.caps import Counts, Floats, checked
from pipeline.runtime.errors import ConfigError


def effective_weights(counts: Counts, beta: float) -> Floats:
    """The inverse of the effective number of images of each label, (1 - beta) / (1 - beta ** count).

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
    counts = checked(counts)
    return _scaled(counts, (1.0 - beta) / (1.0 - np.power(beta, np.maximum(counts, 1).astype(np.float64))))


def sqrt_weights(counts: Counts) -> Floats:
    """The inverse square root of the images of each label.

    Args:
        counts: images of each label, shape (labels,), at least 0.

    Returns:
        Weights with mean 1 over the labels with images, 0 for labels without, shape (labels,).

    Raises:
        ConfigError: a count is negative.

    Source: the square root of Mahajan et al., Exploring the Limits of Weakly Supervised Pretraining, 2018, on the loss.
    """
    counts = checked(counts)
    return _scaled(counts, 1.0 / np.sqrt(np.maximum(counts, 1)))


def log_weights(counts: Counts, images: int, batch: int = 1) -> Floats:
    """The logarithm of the inverse frequency of each label, log((N + 1/B) / (count + 1/B)).

    To be scaled to a sum of 1 over the labels of each image, as the source does, which makes 1/k of them where all are
    alike.

    Args:
        counts: images of each label, shape (labels,), at least 0 and at most `images`.
        images: all images, N.
        batch: B; what is added to both is negligible beyond a handful of images.

    Returns:
        Weights of at least 0, shape (labels,); 0 for labels without images and for a label on all of them.

    Raises:
        ConfigError: a count is negative or above `images`, or `batch` is below 1.

    Source: Huang et al., Classification Done Right for Vision-Language Pre-Training (SuperClass), 2024.
    """
    counts = checked(counts)
    if batch < 1:
        raise ConfigError(f"batch must be at least 1, got {batch}.")
    if counts.size and counts.max() > images:
        raise ConfigError(f"a label has {counts.max()} images, but there are {images} in all.")
    return np.where(counts > 0, np.log((images + 1.0 / batch) / (counts + 1.0 / batch)), 0.0)


def _scaled(counts: Counts, weights: Floats) -> Floats:
    """Mean 1 over the labels with images, 0 for the others."""
    seen = counts > 0
    return np.where(seen, weights / weights[seen].mean(), 0.0) if seen.any() else np.zeros(counts.shape)
