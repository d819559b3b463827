"""What clustering works on and what it gives, and what all its methods share."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.merging.phrases import Index


@dataclass(frozen=True, slots=True)
class Units:
    """What is clustered: groups of exactly equal phrases, by falling support.

    Attributes:
        support: images of each unit, int64 [n], descending.
        keys: hashes of its images where few, else None; n of them.
        vectors: unit vectors, n rows; zero where unknown.
        known: whether there is a vector, bool [n].
        language: number of the language group of each, int64 [n]; clusters never cross groups.
        pinned: whether it is a label whatever its support, bool [n].
        contrast: whether two units mean different things however near their vectors are.
        context: unit vectors of what is said of their images, n rows; zero where nothing, or where there is no vector
            to shift; None = not known.
        looked: images that the context was told from, int64 [n]; 0 where there is none.
        heads: of a unit, those that it ends with and is a kind of: 'table' of 'kitchen table'.
    """

    support: Index
    keys: list[Index | None]
    vectors: Rows
    known: npt.NDArray[np.bool_]
    language: Index
    pinned: npt.NDArray[np.bool_]
    contrast: Callable[[int, int], bool]
    context: Rows | None = None
    looked: Index | None = None
    heads: Callable[[int], list[int]] = field(default=lambda unit: [])


@dataclass(frozen=True, slots=True)
class Clusters:
    """Where each unit went.

    Attributes:
        leader: index of the unit that names its cluster, int64 [n]; -1 = unassigned, too few images in all.
        similarity: cosine to the leader, float32 [n]; 1 for the leader itself, 0 where unassigned.
        reasons: why units are unassigned where the method has a reason of its own, such as noise.
    """

    leader: Index
    similarity: npt.NDArray[np.float32]
    reasons: dict[int, str] = field(default_factory=dict)


def enough(units: Units, config: ClusterConfig) -> npt.NDArray[np.bool_]:
    """Whether a unit can be a label of its own, bool [n]."""
    return (units.support >= config.min_images) | units.pinned


def lead(result: Clusters, leaders: Index) -> None:
    """Let units lead clusters of their own, in place."""
    result.leader[leaders] = leaders
    result.similarity[leaders] = 1.0


def settle(units: Units, chosen: Index, group: Index, config: ClusterConfig, result: Clusters) -> None:
    """Make a label of each group with enough images in all, led by its most central and frequent unit."""
    order = np.argsort(group, kind="stable")
    bounds = np.flatnonzero(np.diff(group[order])) + 1
    for rows in np.split(order, bounds):
        members = chosen[rows]
        if union(units, members) < config.min_images:
            continue
        vectors = units.vectors[members]
        weight = np.sqrt(units.support[members])
        central = vectors @ (weight @ vectors)  # similarity to the weighted whole
        leader = int(np.argmax(np.round(central * weight, 5)))  # the first, so the most frequent, where equal
        result.leader[members] = members[leader]
        result.similarity[members] = vectors @ vectors[leader]
        result.similarity[members[leader]] = 1.0


def union(units: Units, members: Index) -> int:
    """Images of any of the members: exact where all are rare, else an upper bound."""
    keys = [units.keys[i] for i in members]
    rare = [key for key in keys if key is not None]
    if len(rare) < len(keys):
        return int(units.support[members].sum())
    return len(np.unique(np.concatenate(rare)))
