"""From phrases to clusters, by method: mathematics on vectors and image sets, no Spark.

`anchored` is the default and the reason of this project: head phrases keep labels of their own, the tail is merged
upwards instead of dropped. The others are there to be compared with.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.phrases import Index

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Units:
    """What is clustered: groups of exactly equal phrases, by falling support.

    Attributes:
        support: images of each unit, int64 [n], descending.
        keys: hashes of its images where few, else None; n of them.
        vectors: unit vectors, float32 [n, d]; zero where unknown.
        known: whether there is a vector, bool [n].
        language: number of the language of each, int64 [n]; clusters never cross languages.
        pinned: whether it is a label whatever its support, bool [n].
        contrast: whether two units mean different things however near their vectors are.
    """

    support: Index
    keys: list[Index | None]
    vectors: Vectors
    known: npt.NDArray[np.bool_]
    language: Index
    pinned: npt.NDArray[np.bool_]
    contrast: Callable[[int, int], bool]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Where each unit went.

    Attributes:
        leader: index of the unit that names its cluster, int64 [n]; -1 = unassigned, too few images in all.
        similarity: cosine to the leader, float32 [n]; 1 for the leader itself, 0 where unassigned.
    """

    leader: Index
    similarity: npt.NDArray[np.float32]


def cluster(units: Units, config: ClusterConfig) -> Clusters:
    """Cluster the units by the configured method, one language at a time; the same input gives the same clusters."""
    result = Clusters(np.full(len(units.support), -1), np.zeros(len(units.support), dtype=np.float32))
    # A unit without a vector can be a label of its own, and nothing else.
    alone = np.flatnonzero(~units.known & _enough(units, config))
    _lead(result, alone)
    for language in np.unique(units.language[units.known]):
        chosen = np.flatnonzero(units.known & (units.language == language))
        METHODS[config.method](units, chosen, config, result)
    _lead(result, np.flatnonzero(units.pinned))  # where the method gave it to another, it leaves that one
    return result


def anchored(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Seeds, then the tail to its nearest seed, then the rest of the tail among itself.

    1. Seeds are the units with enough images that are no near-duplicate of a larger seed; a near-duplicate joins it.
    2. A rarer unit joins the nearest seed above `attach_similarity`.
    3. What is left gathers around its most frequent units above `tail_similarity`; such a cluster is a label if the
       union of its images is large enough.

    Units in contrast are never joined: models put 'arrow left' next to 'arrow right'.
    """
    frequent = chosen[_enough(units, config)[chosen]]
    rare = chosen[~_enough(units, config)[chosen]]
    seeds = _seeds(units, frequent, config, result)
    if len(seeds) and len(rare):
        similarity, near = _nearest(units.vectors[rare], units.vectors[seeds], config.neighbours)
        for i, unit in enumerate(rare.tolist()):
            close = near[i][similarity[i] >= config.attach_similarity]
            fit = next((int(seed) for seed in seeds[close] if not units.contrast(unit, int(seed))), -1)
            result.leader[unit] = fit
            result.similarity[unit] = similarity[i][near[i] == np.searchsorted(seeds, fit)][0] if fit >= 0 else 0.0
        rare = rare[result.leader[rare] < 0]
    _gather(units, rare, config, result)


def none(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Every unit with enough images is its own label; the rest is unassigned. What the others must beat."""
    _lead(result, chosen[_enough(units, config)[chosen]])


def kmeans(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Spherical k-means, weighted by the square root of support so that the head does not eat the centroids."""
    seeds = int((units.support[chosen] >= config.min_images).sum())
    k = min(config.clusters or max(seeds, 1), len(chosen))
    vectors = np.ascontiguousarray(units.vectors[chosen])
    _use_all_cores()
    trainer = faiss.Kmeans(
        vectors.shape[1],
        k,
        niter=config.iterations,
        spherical=True,
        seed=config.seed,
        min_points_per_centroid=1,
        max_points_per_centroid=max(256, -(-len(chosen) // k)),  # no subsampling: all phrases count
    )
    trainer.train(vectors, weights=np.sqrt(units.support[chosen]).astype(np.float32))
    _, centroid = trainer.index.search(vectors, 1)
    _settle(units, chosen, centroid[:, 0], config, result)


def _seeds(units: Units, frequent: Index, config: ClusterConfig, result: Clusters) -> Index:
    """Choose the seeds among the frequent units, largest first, and give each near-duplicate to its nearest seed."""
    if not len(frequent):
        return frequent
    similarity, near = _nearest(units.vectors[frequent], units.vectors[frequent], config.neighbours)
    is_seed = np.zeros(len(frequent), dtype=bool)
    for i in range(len(frequent)):
        close = (similarity[i] >= config.duplicate_similarity) & (near[i] < i)
        larger = [  # nearest first
            j for j in near[i][close].tolist() if is_seed[j] and not units.contrast(int(frequent[i]), int(frequent[j]))
        ]
        if larger and not units.pinned[frequent[i]]:
            result.leader[frequent[i]] = frequent[larger[0]]
            result.similarity[frequent[i]] = similarity[i][near[i] == larger[0]][0]
        else:
            is_seed[i] = True
    seeds = frequent[is_seed]
    _lead(result, seeds)
    return seeds


def _gather(units: Units, rare: Index, config: ClusterConfig, result: Clusters) -> None:
    """Let rare units gather around the most frequent of them; keep what is large enough together."""
    if not len(rare):
        return
    similarity, near = _nearest(units.vectors[rare], units.vectors[rare], config.neighbours)
    star = np.full(len(rare), -1)
    for i in range(len(rare)):
        if star[i] >= 0:
            continue
        free = near[i][(similarity[i] >= config.tail_similarity) & (star[near[i]] < 0)]
        star[[j for j in free.tolist() if not units.contrast(int(rare[i]), int(rare[j]))]] = i
        star[i] = i
    _settle(units, rare, star, config, result)


def _settle(units: Units, chosen: Index, group: Index, config: ClusterConfig, result: Clusters) -> None:
    """Make a label of each group with enough images in all, led by its most central and frequent unit."""
    order = np.argsort(group, kind="stable")
    bounds = np.flatnonzero(np.diff(group[order])) + 1
    for rows in np.split(order, bounds):
        members = chosen[rows]
        if _union(units, members) < config.min_images:
            continue
        vectors = units.vectors[members]
        weight = np.sqrt(units.support[members])
        central = vectors @ (weight @ vectors)  # similarity to the weighted whole
        leader = int(np.argmax(np.round(central * weight, 5)))  # the first, so the most frequent, where equal
        result.leader[members] = members[leader]
        result.similarity[members] = vectors @ vectors[leader]
        result.similarity[members[leader]] = 1.0


def _enough(units: Units, config: ClusterConfig) -> npt.NDArray[np.bool_]:
    """Whether a unit can be a label of its own, bool [n]."""
    return (units.support >= config.min_images) | units.pinned


def _union(units: Units, members: Index) -> int:
    keys = [units.keys[i] for i in members]
    rare = [key for key in keys if key is not None]
    if len(rare) < len(keys):
        return int(units.support[members].sum())
    return len(np.unique(np.concatenate(rare)))


def _lead(result: Clusters, leaders: Index) -> None:
    result.leader[leaders] = leaders
    result.similarity[leaders] = 1.0


def _nearest(queries: Vectors, base: Vectors, k: int) -> tuple[npt.NDArray[np.float32], Index]:
    """Cosines and indices of the k nearest rows of `base`, exact, nearest first; float32 and int64 [q, k]."""
    _use_all_cores()
    index = faiss.IndexFlatIP(base.shape[1])
    index.add(np.ascontiguousarray(base))
    similarity, near = index.search(np.ascontiguousarray(queries), min(k, len(base)))
    return np.round(similarity, 5), near


def _use_all_cores() -> None:
    # Queries are shared out over threads, each computed by one: the number of threads changes no result.
    faiss.omp_set_num_threads(os.cpu_count() or 1)


METHODS: Mapping[str, Callable[[Units, Index, ClusterConfig, Clusters], None]] = {
    "anchored": anchored,
    "kmeans": kmeans,
    "none": none,
}
