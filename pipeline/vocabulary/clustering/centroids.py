"""Clustering around centroids: spherical k-means, plain and in two levels."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.clustering.units import Clusters, Units, settle
from pipeline.vocabulary.encoding.fixed_shapes import Vectors
from pipeline.vocabulary.encoding.neighbours import nearest
from pipeline.vocabulary.merging.phrases import Index

Weights = npt.NDArray[np.float32]

_DRAWN = 8  # rounds of drawing what to start from
_RESAMPLED = 10  # rounds of resampling
_REFINED = 2  # iterations of k-means a round, from the centroids of the round before


def kmeans(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Spherical k-means, weighted by the square root of support so that the head does not eat the centroids."""
    vectors, weights = units.vectors[chosen], _weights(units, chosen)
    k = _labels(units, chosen, config)
    centroids = fit(vectors, weights, draw(vectors, weights, k, config.seed), config.iterations)
    settle(units, chosen, assign(vectors, centroids), config, result)


def hierarchical(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Two levels of k-means with resampling, so that dense topics do not take most of the labels.

    The idea is of Vo et al. 2024, Automatic Data Curation for Self-Supervised Learning (arXiv 2405.15613). The first
    level makes sqrt(n k) small clusters of the units, the second makes k labels of their centroids. On each level ten
    times over the points nearest to each centroid, half as many as a cluster has on average, are taken as the sample
    that the centroids are fitted on next: every region counts alike, whatever its density.
    """
    vectors, weights = units.vectors[chosen], _weights(units, chosen)
    k = _labels(units, chosen, config)
    first = draw(vectors, weights, int(np.sqrt(len(chosen) * k)), config.seed)
    small = resample(vectors, weights, first, config.iterations)
    even = np.ones(len(small), dtype=np.float32)
    large = resample(small, even, draw(small, even, k, config.seed), config.iterations)
    settle(units, chosen, assign(small, large)[assign(vectors, small)], config, result)


def resample(vectors: Vectors, weights: Weights, centroids: Vectors, iterations: int) -> Vectors:
    """Centroids fitted on all points, then ten times over on the points nearest to each; float32 [k, d]."""
    centroids = fit(vectors, weights, centroids, iterations)
    close = max(1, round(len(vectors) / len(centroids) / 2))
    for _ in range(_RESAMPLED):
        similarity, group = _nearest_centroid(vectors, centroids)
        order = np.lexsort((-similarity, group))
        starts = np.searchsorted(group[order], group[order])  # of each point's cluster in that order
        sample = np.sort(order[np.arange(len(order)) - starts < close])
        centroids = fit(vectors[sample], weights[sample], centroids, _REFINED)
    return centroids


def fit(vectors: Vectors, weights: Weights, centroids: Vectors, iterations: int) -> Vectors:
    """Lloyd's iterations on the sphere, until nothing moves or for so many rounds.

    Args:
        vectors: unit vectors, float32 [n, d].
        weights: of each in the mean of its cluster, positive, float32 [n].
        centroids: to start from, unit vectors, float32 [k, d].
        iterations: most rounds.

    Returns:
        unit vectors, float32 [k, d]. A centroid that no point is nearest to takes the worst placed point.
    """
    k = len(centroids)
    before = np.full(len(vectors), -1)
    for _ in range(iterations):
        similarity, group = _nearest_centroid(vectors, centroids)
        empty = np.setdiff1d(np.arange(k), group)
        if not len(empty) and np.array_equal(group, before):
            break
        worst = np.argsort(similarity, kind="stable")[: len(empty)]
        before = group.copy()
        group[worst] = empty[: len(worst)]
        centroids = _means(vectors, weights, group, centroids)
    return centroids


def assign(vectors: Vectors, centroids: Vectors) -> Index:
    """The nearest centroid of each vector, int64 [n]."""
    return _nearest_centroid(vectors, centroids)[1]


def _nearest_centroid(vectors: Vectors, centroids: Vectors) -> tuple[npt.NDArray[np.float32], Index]:
    # Two, so that of equally near ones the lower index wins, whatever the last bits of a sum say.
    similarity, near = nearest(vectors, centroids, 2)
    return similarity[:, 0], np.maximum(near[:, 0], 0)


def _means(vectors: Vectors, weights: Weights, group: Index, before: Vectors) -> Vectors:
    """Weighted means of the groups as unit vectors; the centroid before where a group is empty or cancels out."""
    k = len(before)
    incidence = sparse.csr_matrix((weights, (group, np.arange(len(group)))), shape=(k, len(group)))
    sums = np.asarray(incidence @ vectors, dtype=np.float32)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(norms > 1e-6, sums / np.maximum(norms, 1e-6), before).astype(np.float32)


def _weights(units: Units, chosen: Index) -> Weights:
    return np.sqrt(np.maximum(units.support[chosen], 1)).astype(np.float32)


def _labels(units: Units, chosen: Index, config: ClusterConfig) -> int:
    """Labels wanted: as configured, else as many as there are units that could be labels alone."""
    seeds = int((units.support[chosen] >= config.min_images).sum())
    return min(config.clusters or max(seeds, 1), len(chosen))


def draw(vectors: Vectors, weights: Weights, k: int, seed: int) -> Vectors:
    """Rows to start from: a few at random, then in rounds more of those that lie far from all drawn before.

    k-means++ (Arthur and Vassilvitskii 2007) in rounds of many, as in k-means|| (Bahmani et al. 2012), with exactly k
    rows in the end.

    Args:
        vectors: unit vectors, float32 [n, d].
        weights: a row is drawn in proportion to its weight and its distance, float32 [n].
        k: rows wanted, at most n.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    chosen, previous = np.zeros(0, dtype=np.int64), 0
    chance = weights.astype(np.float64)
    similarity = np.full(len(vectors), -1.0, dtype=np.float32)
    for size in _round_sizes(k):
        if len(chosen):
            latest = vectors[chosen[-previous:]]
            similarity = np.maximum(similarity, nearest(vectors, latest, 1)[0][:, 0])
            chance = weights.astype(np.float64) * np.maximum(1.0 - similarity.astype(np.float64), 1e-9)
            chance[chosen] = 0.0
        found = random.choice(len(vectors), size, replace=False, p=chance / chance.sum())
        chosen, previous = np.concatenate([chosen, found]), size
    return vectors[np.sort(chosen)]


def _round_sizes(k: int) -> list[int]:
    return [len(part) for part in np.array_split(np.arange(k), min(k, _DRAWN))]
