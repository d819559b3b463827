"""The default way to cluster: head phrases keep labels of their own, the tail is merged upwards instead of dropped."""

import numpy as np

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.neighbours import nearest
from pipeline.vocabulary.phrases import Index
from pipeline.vocabulary.units import Clusters, Units, enough, lead, settle


def anchored(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Seeds, then the tail to its nearest seed, then the rest of the tail among itself.

    1. Seeds are the units with enough images that are no near-duplicate of a larger seed; a near-duplicate joins it.
    2. A rarer unit joins the nearest seed above `attach_similarity`.
    3. What is left gathers around its most frequent units above `tail_similarity`; such a cluster is a label if the
       union of its images is large enough.

    Units in contrast are never joined: models put 'arrow left' next to 'arrow right'.
    """
    frequent = chosen[enough(units, config)[chosen]]
    rare = chosen[~enough(units, config)[chosen]]
    seeds = _seeds(units, frequent, config, result)
    if len(seeds) and len(rare):
        similarity, near = nearest(units.vectors[rare], units.vectors[seeds], config.neighbours)
        for i, unit in enumerate(rare.tolist()):
            close = near[i][similarity[i] >= config.attach_similarity]
            fit = next((int(seed) for seed in seeds[close] if not units.contrast(unit, int(seed))), -1)
            result.leader[unit] = fit
            result.similarity[unit] = similarity[i][near[i] == np.searchsorted(seeds, fit)][0] if fit >= 0 else 0.0
        rare = rare[result.leader[rare] < 0]
    _gather(units, rare, config, result)


def _seeds(units: Units, frequent: Index, config: ClusterConfig, result: Clusters) -> Index:
    """Choose the seeds among the frequent units, largest first, and give each near-duplicate to its nearest seed."""
    if not len(frequent):
        return frequent
    similarity, near = nearest(units.vectors[frequent], units.vectors[frequent], config.neighbours)
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
    lead(result, seeds)
    return seeds


def _gather(units: Units, rare: Index, config: ClusterConfig, result: Clusters) -> None:
    """Let rare units gather around the most frequent of them; keep what is large enough together."""
    if not len(rare):
        return
    similarity, near = nearest(units.vectors[rare], units.vectors[rare], config.neighbours)
    star = np.full(len(rare), -1)
    for i in range(len(rare)):
        if star[i] >= 0:
            continue
        free = near[i][(similarity[i] >= config.tail_similarity) & (star[near[i]] < 0)]
        star[[j for j in free.tolist() if not units.contrast(int(rare[i]), int(rare[j]))]] = i
        star[i] = i
    settle(units, rare, star, config, result)
