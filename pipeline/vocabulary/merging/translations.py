"""Phrases of other languages that mean the same as one of the pivot language, by their vectors and their images.

In a multilingual space a translation is seldom as near as an inflection is, but it is near both ways: of all phrases of
its language it is the nearest to its counterpart, and the counterpart the nearest to it (as in mining of parallel
sentences, Artetxe and Schwenk 2019). What stands on the same images is nearer than vectors alone tell: 'dog' and 'Hund'
share theirs, whatever a model makes of single words. All languages are compared with one pivot, so that work grows with
phrases and not with pairs of languages, and no chain of pairs can lead away from a meaning.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from pipeline.vocabulary.encoding.neighbours import nearest
from pipeline.vocabulary.merging.canonical import HOW, Merged
from pipeline.vocabulary.merging.phrases import Index, Phrases

_BRIDGE = "en"  # multilingual encoders are taught by translations from English, and are best from and to it
_NOT_RARE = 3  # times as many phrases that another language may have at most
_NEAREST = 10  # phrases of the other language that are looked at for each, beside those with a common image
_OVERLAP_WEIGHT = 0.5  # cosine that wholly common images are worth
_UNSURE = 1  # image by which the union of images is enlarged: two phrases on one common image share half
_CERTAIN = 0.1  # above the threshold so much, and with common images, a phrase joins its nearest also one-way
_COMMON = 0.15  # overlap from which images count as common then
_CROWDED = 256  # phrases of the pivot on one image, past which it makes no candidates: their product has no bound
_BLOCK = 1_024  # phrases at a time
_PAIRS = 1 << 16  # pairs at a time whose vectors are multiplied

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Carried:
    """Which images carry each phrase.

    Attributes:
        incidence: 1 where a phrase stands on an image, sparse [phrases, images]; empty rows where not known.
        images: of each phrase, int64 [phrases].
    """

    incidence: sparse.csr_matrix
    images: Index


def pivot_language(phrases: Phrases, joined: Sequence[str]) -> str | None:
    """The joined language with most phrases that have a vector, or English where it is not rare; None = none."""
    known = itertools.compress(phrases.language, phrases.known.tolist())
    counts = Counter(language for language in known if language in joined or "*" in joined)
    largest = min(counts, key=lambda language: (-counts[language], language), default=None)
    if largest is not None and counts[_BRIDGE] * _NOT_RARE >= counts[largest]:
        return _BRIDGE
    return largest


def find_translations(phrases: Phrases, first: Index, joined: Sequence[str], similarity: float) -> Index:
    """Pairs of phrases that translate each other.

    The score of a pair is its cosine and half of the share of images that both have in common. A pair is one where each
    is the best of the other and the score is `similarity`; or where the pivot's phrase is the best for the other alone,
    by 0.1 more and with images in common: several words of a language may have one counterpart.

    Args:
        phrases: ranked phrases.
        first: index of the phrase that leads each one's group of exact merges, int64 [n]; leaders are paired, with the
            images of their groups.
        joined: languages that the encoder puts into one space; `("*",)` for all.
        similarity: score that a pair needs.

    Returns:
        (leader, its counterpart in the pivot language), by index; int64 [pairs, 2], one row a leader at most.
    """
    pivot = pivot_language(phrases, joined)
    if pivot is None:
        return np.zeros((0, 2), dtype=np.int64)
    known = np.flatnonzero((first == np.arange(len(phrases))) & phrases.known)
    language = np.array([phrases.language[i] for i in known])
    base = known[language == pivot]
    others = [name for name in np.unique(language) if name != pivot and (name in joined or "*" in joined)]
    if not others or not len(base):
        return np.zeros((0, 2), dtype=np.int64)
    carried = carry(phrases, first)
    return np.concatenate([_pair(phrases, known[language == name], base, carried, similarity) for name in others])


def carry(phrases: Phrases, first: Index) -> Carried:
    """The images of each group of exact merges, in the row of its leader, where all its phrases are rare."""
    groups: dict[int, list[int]] = defaultdict(list)
    for i, leader in enumerate(first.tolist()):
        groups[leader].append(i)
    images = np.zeros(len(phrases), dtype=np.int64)
    rows: list[Index] = [np.zeros(0, dtype=np.int64)]
    keys: list[Index] = [np.zeros(0, dtype=np.int64)]
    for leader, members in groups.items():
        images[leader], union = phrases.union(members)
        if union is not None:
            rows.append(np.full(len(union), leader))
            keys.append(union)
    row = np.concatenate(rows)
    different, column = np.unique(np.concatenate(keys), return_inverse=True)
    ones = np.ones(len(row), dtype=np.float32)
    return Carried(sparse.csr_matrix((ones, (row, column)), shape=(len(phrases), len(different))), images)


def join_translations(phrases: Phrases, merged: Merged, joined: Sequence[str], similarity: float) -> Merged:
    """Join whole groups of exact merges to the group that their leader translates; the pivot's phrase leads.

    Args:
        phrases: ranked phrases.
        merged: their exact merges.
        joined: languages that may share a label; none = nothing is joined.
        similarity: as for `find_translations`.
    """
    pairs = find_translations(phrases, merged.first, joined, similarity)
    target = np.arange(len(phrases))
    target[pairs[:, 0]] = pairs[:, 1]
    how = merged.how.copy()
    how[pairs[:, 0]] = HOW.index("translation")
    return Merged(target[merged.first], how)


def _pair(phrases: Phrases, rows: Index, base: Index, carried: Carried, similarity: float) -> Index:
    """Pairs of phrases `rows` of one language with phrases `base` of the pivot, by index."""
    k = min(_NEAREST, len(base), len(rows))
    there = nearest(phrases.vectors[rows], phrases.vectors[base], k)[1]
    back = nearest(phrases.vectors[base], phrases.vectors[rows], k)[1]
    ones = np.concatenate([np.repeat(np.arange(len(rows)), k), back.ravel()])
    others = np.concatenate([there.ravel(), np.repeat(np.arange(len(base)), k)])
    found = (ones >= 0) & (others >= 0)  # cells that are looked into may hold fewer than k
    looked = sparse.csr_matrix(
        (np.ones(found.sum(), dtype=np.float32), (ones[found], others[found])), shape=(len(rows), len(base))
    )
    of_base = carried.incidence[base].T.tocsr()
    calm = np.flatnonzero(np.diff(of_base.indptr) <= _CROWDED)
    of_base, of_rows = of_base[calm], carried.incidence[rows][:, calm]
    best, score, overlap = np.zeros(len(rows), dtype=np.int64), np.full(len(rows), -np.inf), np.zeros(len(rows))
    taken, taker = np.full(len(base), -np.inf), np.full(len(base), -1)
    for start in range(0, len(rows), _BLOCK):
        some = slice(start, start + _BLOCK)
        pairs = (looked[some] + of_rows[some] @ of_base).tocoo()
        one, other = pairs.row.astype(np.int64) + start, pairs.col.astype(np.int64)
        scores, overlaps = _score(phrases, rows[one], base[other], carried)
        order = np.lexsort((other, -scores, one))
        own, place = np.unique(one[order], return_index=True)
        chosen = order[place]
        best[own], score[own], overlap[own] = other[chosen], scores[chosen], overlaps[chosen]
        order = np.lexsort((one, -scores, other))
        wanted, place = np.unique(other[order], return_index=True)
        offer = scores[order][place]
        better = offer > taken[wanted]  # of equal ones the more frequent phrase, which came before
        taken[wanted[better]], taker[wanted[better]] = offer[better], one[order][place][better]
    mutual = taker[best] == np.arange(len(rows))
    certain = (score >= similarity + _CERTAIN) & (overlap >= _COMMON)
    kept = (mutual & (score >= similarity)) | certain
    return np.stack([rows[kept], base[best[kept]]], axis=1)


def _score(phrases: Phrases, ones: Index, others: Index, carried: Carried) -> tuple[Scores, Scores]:
    """Score of each pair, and the share of images in common: of their union and one more; float64 [pairs] both."""
    scores, overlaps = np.zeros(len(ones)), np.zeros(len(ones))
    for start in range(0, len(ones), _PAIRS):
        some = slice(start, start + _PAIRS)
        one, other = ones[some], others[some]
        both = np.asarray(carried.incidence[one].multiply(carried.incidence[other]).sum(axis=1)).ravel()
        overlaps[some] = both / (carried.images[one] + carried.images[other] - both + _UNSURE)
        cosine = np.einsum("pd,pd->p", phrases.vectors[one], phrases.vectors[other])
        scores[some] = np.round(cosine + _OVERLAP_WEIGHT * overlaps[some], 5)
    return scores, overlaps
