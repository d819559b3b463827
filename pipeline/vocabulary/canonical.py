"""Exact merges, before any vector: phrases that differ only in inflection, spacing or word order are one.

Strings decide here. Inflection and spacing need no other evidence; word order does, since 'dog house' is no 'house
dog': two orders of the same words are merged only where their vectors agree, or where there are none to ask.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.text.lexicon import lemma
from pipeline.vocabulary.phrases import Index, Phrases

HOW = ("self", "inflection", "spacing", "order", "synonym", "embedding")


@dataclass(frozen=True, slots=True)
class Merged:
    """Phrases in groups of equal meaning.

    Attributes:
        first: index of the phrase that leads each phrase's group, int64 [n]; itself where it leads. It is the most
            frequent one, or of synonyms by the user's dictionary the one that they are synonyms of.
        how: index into HOW of each phrase's way to its group's first, int8 [n].
    """

    first: Index
    how: npt.NDArray[np.int8]


def lemmas(phrase: str, language: str) -> tuple[str, ...]:
    """The words of a phrase, each in its base form."""
    return tuple(lemma(word, language) for word in phrase.split(" "))


def merge(phrases: Phrases, order_similarity: float) -> Merged:
    """Group the phrases.

    Args:
        phrases: ranked phrases.
        order_similarity: cosine that two orders of the same words need, where both have vectors.
    """
    bases: list[tuple[str, ...]] = [()] * len(phrases)
    for i in sorted(range(len(phrases)), key=phrases.language.__getitem__):  # a language's dictionary is loaded once
        bases[i] = lemmas(phrases.phrase[i], phrases.language[i])
    first = np.arange(len(phrases))
    how = np.zeros(len(phrases), dtype=np.int8)

    def alike(one: int, other: int) -> bool:
        if not (phrases.known[one] and phrases.known[other]):
            return True
        return float(phrases.vectors[one] @ phrases.vectors[other]) >= order_similarity

    def always(one: int, other: int) -> bool:
        return True

    # Strictest first; a later way joins only leaders of groups, so every phrase keeps the strictest reason.
    _join(first, how, "inflection", lambda i: (phrases.language[i], bases[i]), always)
    _join(first, how, "spacing", lambda i: (phrases.language[i], "".join(bases[i]).replace("-", "")), always)
    _join(first, how, "order", lambda i: (phrases.language[i], tuple(sorted(bases[i]))), alike)
    _join_synonyms(phrases, first, how)
    return Merged(first, how)


class Contrast:
    """Tells units that say different things of the same: 'arrow left' and 'arrow right', 'number 7' and 'number 8'.

    Two phrases that are the same but for one word each are in contrast unless these two words are near each other
    themselves. Words that are no phrases of their own tell nothing, except numbers, which always differ.

    Args:
        phrases: ranked phrases.
        firsts: the phrase that leads each unit, int64 [units].
        similarity: cosine from which two words mean the same.
    """

    def __init__(self, phrases: Phrases, firsts: Index, similarity: float) -> None:
        self._similarity = similarity
        self._words = [lemmas(phrases.phrase[i], phrases.language[i]) for i in firsts]
        self._language = [phrases.language[i] for i in firsts]
        self._vector = {
            (phrases.language[i], words[0]): phrases.vectors[i]
            for i, words in zip(firsts.tolist(), self._words, strict=True)
            if len(words) == 1 and phrases.known[i]
        }

    def __call__(self, one: int, other: int) -> bool:
        """Whether the two units are in contrast."""
        ours, theirs = self._words[one], self._words[other]
        if len(ours) != len(theirs) or len(ours) == 1:
            return False
        only_ours, only_theirs = set(ours) - set(theirs), set(theirs) - set(ours)
        if len(only_ours) != 1 or len(only_theirs) != 1:
            return False
        word, instead = only_ours.pop(), only_theirs.pop()
        if word.isdigit() and instead.isdigit():
            return True
        vector = self._vector.get((self._language[one], word))
        substitute = self._vector.get((self._language[other], instead))
        if vector is None or substitute is None:
            return False
        return float(vector @ substitute) < self._similarity


def _join(
    first: Index,
    how: npt.NDArray[np.int8],
    way: str,
    key: Callable[[int], Hashable],
    agree: Callable[[int, int], bool],
) -> None:
    """Join leaders with equal keys to the most frequent of them, in place."""
    leader_of: dict[Hashable, int] = {}
    moved: dict[int, int] = {}
    for i in np.flatnonzero(first == np.arange(len(first))).tolist():
        leader = leader_of.setdefault(key(i), i)
        if leader != i and agree(leader, i):
            moved[i] = leader
            how[i] = HOW.index(way)
    if moved:
        first[:] = [moved.get(leader, leader) for leader in first.tolist()]


def _join_synonyms(phrases: Phrases, first: Index, how: npt.NDArray[np.int8]) -> None:
    """Join whole groups to the group of the phrase that one of them is a synonym of, in place."""
    place = {int(phrase_id): i for i, phrase_id in enumerate(phrases.ids)}
    lead: dict[int, int] = {}  # where the main phrase is never said, its most frequent synonym leads
    moved: dict[int, int] = {}
    for i, target in enumerate(phrases.synonym_of):
        if target is not None:
            leader = int(first[i])
            chief = lead.setdefault(target, int(first[place[target]]) if target in place else leader)
            if leader != chief and leader not in lead.values():
                moved[leader] = chief
                how[leader] = HOW.index("synonym")
    if moved:
        first[:] = [moved.get(leader, leader) for leader in first.tolist()]
