"""The default way to cluster: head phrases keep labels of their own, the tail is merged upwards instead of dropped."""

import numpy as np
import numpy.typing as npt

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.clustering.evidence import Evidence
from pipeline.vocabulary.clustering.units import Clusters, Units, enough, lead, settle
from pipeline.vocabulary.encoding.neighbours import nearest
from pipeline.vocabulary.merging.phrases import Index

Scores = npt.NDArray[np.float32]


def anchored(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Seeds, then the tail to its nearest seed, then the rest of the tail among itself.

    1. Seeds are the units with enough images that are no near-duplicate of a larger seed; a near-duplicate joins it.
    2. A rarer unit joins the nearest seed above `attach_similarity`, or the head word of its name that it is a kind of.
    3. What is left gathers around its most frequent units above `tail_similarity`; such a cluster is a label if the
       union of its images is large enough.

    Similarity is the cosine of the vectors, shifted by what else is said of the images of both (see `Evidence`): near
    vectors with disjoint contexts stay apart. Units in contrast are never joined: models put 'arrow left' next to
    'arrow right'.
    """
    frequent = chosen[enough(units, config)[chosen]]
    rare = chosen[~enough(units, config)[chosen]]
    vectors = units.vectors[frequent]
    similarity, near = nearest(vectors, vectors, config.neighbours)
    closest = near[:, 1:2] if near.shape[1] > 1 else near[:, :0]
    pairs = np.stack([np.repeat(frequent, closest.shape[1]), frequent[closest.ravel()]], axis=1)
    evidence = Evidence(units, pairs, config)
    seeds = _seeds(units, frequent, similarity, near, evidence, config, result)
    rare = _attach(units, rare, seeds, evidence, config, result)
    _gather(units, rare, evidence, config, result)


def _seeds(
    units: Units,
    frequent: Index,
    similarity: Scores,
    near: Index,
    evidence: Evidence,
    config: ClusterConfig,
    result: Clusters,
) -> Index:
    """Choose the seeds among the frequent units, largest first, and give each near-duplicate to its nearest seed."""
    # Context can only keep frequent phrases apart: what often stands together is not the same.
    score = similarity + np.minimum(evidence.shift(frequent, frequent[near]), 0.0)
    is_seed = np.zeros(len(frequent), dtype=bool)
    for i in range(len(frequent)):
        close = (score[i] >= config.duplicate_similarity) & (near[i] < i)
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


def _attach(
    units: Units, rare: Index, seeds: Index, evidence: Evidence, config: ClusterConfig, result: Clusters
) -> Index:
    """Give rare units to seeds; what is left."""
    if not len(seeds) or not len(rare):
        return rare
    similarity, near = nearest(units.vectors[rare], units.vectors[seeds], config.neighbours)
    score = similarity + evidence.shift(rare, seeds[near])
    for i, unit in enumerate(rare.tolist()):
        heads = units.heads(unit)
        order = np.argsort(-score[i], kind="stable")  # nearest first where equal
        for place in order[score[i][order] >= config.attach_similarity].tolist():
            seed = int(seeds[near[i, place]])
            if not units.contrast(unit, seed) and not (seed in heads and evidence.allows(unit, seed) is False):
                result.leader[unit], result.similarity[unit] = seed, similarity[i, place]
                break
        else:
            _fold(units, unit, heads, evidence, config, result)
    return rare[result.leader[rare] < 0]


def _fold(
    units: Units, unit: int, heads: list[int], evidence: Evidence, config: ClusterConfig, result: Clusters
) -> None:
    """Give a compound to the seed that it is a kind of, where contexts say so and its vector is not too far."""
    for head in heads:
        cosine = float(units.vectors[unit] @ units.vectors[head])
        near_enough = cosine >= config.attach_similarity - config.evidence_reach
        if result.leader[head] == head and near_enough and evidence.allows(unit, head):
            result.leader[unit], result.similarity[unit] = head, round(cosine, 5)
            return


def _gather(units: Units, rare: Index, evidence: Evidence, config: ClusterConfig, result: Clusters) -> None:
    """Let rare units gather around the most frequent of them; keep what is large enough together."""
    if not len(rare):
        return
    vectors = units.vectors[rare]
    similarity, near = nearest(vectors, vectors, config.neighbours)
    score = similarity + evidence.shift(rare, rare[near])
    star = np.full(len(rare), -1)
    for i in range(len(rare)):
        if star[i] >= 0:
            continue
        free = near[i][(score[i] >= config.tail_similarity) & (star[near[i]] < 0)]
        star[[j for j in free.tolist() if not units.contrast(int(rare[i]), int(rare[j]))]] = i
        star[i] = i
    settle(units, rare, star, config, result)
