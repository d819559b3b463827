"""From phrases of an image to the probability of each class, learnt from few images.

Three kinds of evidence meet. *Examples*: kernel ridge regression (Saunders et al. 1998) on the similarity of images,
half of it by their weighed phrases, half by the place of their phrases among the encoder's vectors, so that a phrase
that no trusted image has says what its neighbours say; the weights of a phrase for a class are an implication where
they are high and a veto where they are low, shrunk towards none. *Names*: how near an image's phrases come to the name
of the class. *Texts*: whether the label was given without learning, and how often that was right, shrunk to the mean
over all classes (empirical Bayes). A logistic regression combines them into one probability. It is fitted on images
that the three did not learn from, by folds, and knows how many examples a class has: with none, names and texts count,
with many, examples do.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.labeling.trusted.features import Floats, Images

Flags = npt.NDArray[np.bool_]

RIDGE = 0.3  # of 1, the similarity of an image with itself; .1 and 1 are no better
PRIOR = 4.0  # images that the mean precision of texts is worth for one class
LEVELS = (0.5, 2.5, 9.5)  # examples of a class: none, one or two, up to nine, more
PENALTY = 0.1  # inverse strength of the logistic regression's ridge
PAIRS = 30_000  # pairs of image and class that are not true, of which so many are looked at to combine
_ROWS = 512  # images at a time


@dataclass(frozen=True, slots=True)
class Parts:
    """What some trusted images say of each class.

    Attributes:
        used: phrases with weights, int64 [k], ascending.
        words: weights of these phrases, float32 [k, classes].
        places: weights of the vectors' dimensions, float32 [d, classes].
        right: precision of what texts say, shrunk, float32 [classes].
        common: log of the share of images with the class, float32 [classes].
        level: place among `LEVELS`, int64 [classes].
    """

    used: npt.NDArray[np.int64]
    words: Floats
    places: Floats
    right: Floats
    common: Floats
    level: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Combiner:
    """The logistic regression: scale of each measure, weights and intercept; float64 [measures] both, and a number."""

    scale: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    intercept: float


def similarities(images: Images) -> Floats:
    """Half by words, half by places, float32 [images, images]."""
    found = (images.words @ images.words.T).toarray() + images.places @ images.places.T
    return np.asarray(0.5 * found, dtype=np.float32)


def learn_parts(images: Images, similarity: Floats, true: Floats, known: Flags) -> Parts:
    """What these images say of each class.

    Args:
        images: the trusted images, n of them.
        similarity: from `similarities`, float32 [n, n].
        true: 1 where an image has the class, float32 [n, classes].
        known: where that is known at all, bool [n, classes]; nothing is learnt from what is not.
    """
    from sklearn.kernel_ridge import KernelRidge  # here: it takes a second, which no other job needs

    seen = known.sum(axis=0)
    having = (true * known).sum(axis=0)
    share = having / np.maximum(seen, 1)
    beyond = np.where(known, true - share, 0.0)
    dual = KernelRidge(alpha=RIDGE, kernel="precomputed").fit(similarity, beyond).dual_coef_.astype(np.float32)
    used = np.unique(images.words.indices).astype(np.int64)
    said = images.said * known
    hits, times = (said * true).sum(axis=0), said.sum(axis=0)
    mean = hits.sum() / max(times.sum(), 1.0)
    return Parts(
        used,
        np.asarray(0.5 * (images.words[:, used].T @ dual), dtype=np.float32),
        0.5 * (images.places.T @ dual),
        ((hits + PRIOR * mean) / (times + PRIOR)).astype(np.float32),
        np.log((having + 0.5) / (seen + 1.0)).astype(np.float32),
        np.digitize(having, LEVELS),
    )


def measure(images: Images, parts: Parts, names: Floats) -> Floats:
    """The evidence for each pair of image and class, float32 [images, classes, measures].

    Args:
        images: any images.
        parts: what trusted images say.
        names: unit vectors of the classes' names, float32 [classes, d].
    """
    example = np.asarray(images.words[:, parts.used] @ parts.words) + images.places @ parts.places
    topic, near, said = images.places @ names.T, images.near, images.said
    right = said * parts.right
    common = np.broadcast_to(parts.common, said.shape)
    columns = [
        example,
        np.sqrt(np.maximum(example, 0.0)),
        topic,
        near,
        said,
        right,
        common,
        said * near,
        said * example,
    ]
    for level in range(len(LEVELS)):
        here = np.broadcast_to((parts.level == level).astype(np.float32), said.shape)
        columns += [here, here * topic, here * near, here * said, here * right]
    return np.stack(columns, axis=-1).astype(np.float32)


def fit_combiner(measures: Floats, true: Flags, weight: Floats) -> Combiner:
    """Fit the combination.

    Args:
        measures: float32 [pairs, measures], by parts that did not learn from these pairs.
        true: bool [pairs].
        weight: how many pairs each one stands for, float32 [pairs].
    """
    from sklearn.linear_model import LogisticRegression

    scale = measures.std(axis=0).astype(np.float64) + 1e-6
    if true.all() or not true.any():  # nothing to tell apart
        return Combiner(scale, np.zeros(len(scale)), 20.0 if true.any() else -20.0)
    fitted = LogisticRegression(C=PENALTY, max_iter=300).fit(measures / scale, true, sample_weight=weight)
    return Combiner(scale, fitted.coef_[0], float(fitted.intercept_[0]))


def probability(images: Images, parts: Parts, names: Floats, combiner: Combiner) -> Floats:
    """Of each pair of image and class that it is true, float32 [images, classes]."""
    found = np.empty(images.said.shape, dtype=np.float32)
    for begin in range(0, len(found), _ROWS):  # bounded: measures are many times the pairs
        rows = np.arange(begin, min(begin + _ROWS, len(found)))
        score = measure(images[rows], parts, names) @ (combiner.weights / combiner.scale) + combiner.intercept
        found[rows] = 1.0 / (1.0 + np.exp(-score))
    return np.round(found, 4)
