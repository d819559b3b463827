"""Phrases of other languages that mean the same as one of the pivot language: mutual nearest neighbours.

In a multilingual space a translation is seldom as near as an inflection is, but it is near both ways: of all phrases of
its language it is the nearest to its counterpart, and the counterpart the nearest to it (as in mining of parallel
sentences, Artetxe and Schwenk 2019). All languages are compared with one pivot, so that work grows with phrases and not
with pairs of languages, and no chain of pairs can lead away from a meaning.
"""

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipeline.vocabulary.encoding.neighbours import nearest
from pipeline.vocabulary.merging.canonical import HOW, Merged
from pipeline.vocabulary.merging.phrases import Index, Phrases

_BRIDGE = "en"  # multilingual encoders are taught by translations from English, and are best from and to it
_NOT_RARE = 3  # times as many phrases that another language may have at most


def pivot_language(phrases: Phrases, joined: Sequence[str]) -> str | None:
    """The joined language with most phrases that have a vector, or English where it is not rare; None = none."""
    known = itertools.compress(phrases.language, phrases.known.tolist())
    counts = Counter(language for language in known if language in joined or "*" in joined)
    largest = min(counts, key=lambda language: (-counts[language], language), default=None)
    if largest is not None and counts[_BRIDGE] * _NOT_RARE >= counts[largest]:
        return _BRIDGE
    return largest


def find_translations(phrases: Phrases, chosen: Index, joined: Sequence[str], similarity: float) -> Index:
    """Pairs of phrases that translate each other.

    Args:
        phrases: ranked phrases.
        chosen: those that may be paired, such as the leaders of exact merges; int64 [m].
        joined: languages that the encoder puts into one space; `("*",)` for all.
        similarity: cosine that a pair needs beside being each other's nearest.

    Returns:
        (phrase, its counterpart in the pivot language), by index; int64 [pairs, 2], one row a phrase at most.
    """
    pivot = pivot_language(phrases, joined)
    if pivot is None:
        return np.zeros((0, 2), dtype=np.int64)
    known = chosen[phrases.known[chosen]]
    language = np.array([phrases.language[i] for i in known])
    base = known[language == pivot]
    found = [np.zeros((0, 2), dtype=np.int64)]
    for other in np.unique(language):
        if other == pivot or not (other in joined or "*" in joined) or not len(base):
            continue
        rows = known[language == other]
        cosine, near = nearest(phrases.vectors[rows], phrases.vectors[base], 1)
        _, back = nearest(phrases.vectors[base], phrases.vectors[rows], 1)
        mutual = (back[near[:, 0], 0] == np.arange(len(rows))) & (cosine[:, 0] >= similarity)
        found.append(np.stack([rows[mutual], base[near[mutual, 0]]], axis=1))
    return np.concatenate(found)


def join_translations(phrases: Phrases, merged: Merged, joined: Sequence[str], similarity: float) -> Merged:
    """Join whole groups of exact merges to the group that their leader translates; the pivot's phrase leads.

    Args:
        phrases: ranked phrases.
        merged: their exact merges.
        joined: languages that may share a label; none = nothing is joined.
        similarity: as for `find_translations`.
    """
    leaders = np.flatnonzero(merged.first == np.arange(len(phrases)))
    first, how = merged.first.copy(), merged.how.copy()
    for one, other in find_translations(phrases, leaders, joined, similarity).tolist():
        first[merged.first == one] = other
        how[one] = HOW.index("translation")
    return Merged(first, how)
