"""Exact merges: phrases that differ in inflection, spacing, linking word, order, spelling or by initials are one.

Strings decide here, and where they cannot, vectors and images do. Inflection needs no other evidence. Spacing does
where the joined form is a word of its own (comeback, come back). 'Dog house' is no 'house dog': two orders are merged
only where their vectors agree. Initials are what the data say of the same images.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.vocabulary.merging.initials import spell_out
from pipeline.vocabulary.merging.linking import Plain, may_mean_the_same, unlink
from pipeline.vocabulary.merging.phrases import Index, Phrases, lemmas
from pipeline.vocabulary.merging.spelling import correct
from pipeline.vocabulary.merging.words import is_word

# Strictest first; a later way joins only leaders of groups, so every phrase keeps the strictest reason.
HOW = (
    *("self", "inflection", "spacing", "linking", "order", "spelling", "initials", "synonym"),
    *("translation", "embedding"),
)


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


def merge(phrases: Phrases, order_similarity: float) -> Merged:
    """Group the phrases.

    Args:
        phrases: ranked phrases.
        order_similarity: cosine that two orders of the same words need, where both have vectors.
    """
    everything, bases = range(len(phrases)), phrases.bases
    plain = [unlink(words, language) for words, language in zip(bases, phrases.language, strict=True)]
    first = np.arange(len(phrases))
    how = np.zeros(len(phrases), dtype=np.int8)

    def alike(one: int, other: int) -> bool:
        return float(phrases.vectors[one] @ phrases.vectors[other]) >= order_similarity

    def told(one: int, other: int) -> bool:
        return bool(phrases.known[one] and phrases.known[other])

    def same_spacing(one: int, other: int) -> bool:
        apart, joined = sorted((_parts(bases[i]) for i in (one, other)), key=len, reverse=True)
        if apart == joined or (told(one, other) and alike(one, other)):
            return True
        if not told(one, other) and any("-" in phrases.phrase[i] for i in (one, other)):
            return True
        return not any(is_word(word, phrases.language[one]) for word in set(joined) - set(apart))

    def same_link(one: int, other: int) -> bool:
        if not may_mean_the_same(plain[one], plain[other]):
            return False
        return alike(one, other) if told(one, other) else True

    def same_order(one: int, other: int) -> bool:
        if plain[one] is not None or plain[other] is not None or not (told(one, other) and alike(one, other)):
            return False
        ours, theirs = sorted(phrases.phrase[one].split(" ")), sorted(phrases.phrase[other].split(" "))
        # What is done to how many makes a difference: 'holding hands' is no 'hand holding'.
        return ours == theirs or not any(word.endswith("ing") for word in ours)

    def join(way: str, key: Callable[[int], Hashable], agree: Callable[[int, int], bool]) -> None:
        _join(first, how, way, lambda i: (phrases.language[i], key(i)), agree, everything)

    join("inflection", lambda i: bases[i], lambda one, other: True)
    join("spacing", lambda i: "".join(bases[i]).replace("-", ""), same_spacing)
    join("linking", lambda i: (plain[i] or Plain(bases[i], "")).words, same_link)
    join("order", lambda i: tuple(sorted(bases[i])), same_order)
    _join_slips(phrases, first, how)
    _join_initials(phrases, first, how)
    _join_synonyms(phrases, first, how)
    return Merged(first, how)


def misspelt(phrases: Phrases) -> dict[int, str]:
    """Phrases with a misspelt word, by their index, each in its right spelling."""
    support: dict[str, dict[str, int]] = defaultdict(dict)
    for phrase, language, images in zip(phrases.phrase, phrases.language, phrases.images.tolist(), strict=True):
        words = support[language]
        for word in phrase.split(" "):
            words[word] = max(images, words.get(word, 0))  # at least so many; phrases come with most images first
    corrected = {language: correct(support[language], language) for language in sorted(support)}
    found = {}
    for i, (phrase, language) in enumerate(zip(phrases.phrase, phrases.language, strict=True)):
        right = " ".join(corrected[language].get(word, word) for word in phrase.split(" "))
        if right != phrase:
            found[i] = right
    return found


def _parts(words: tuple[str, ...]) -> list[str]:
    """Words, a hyphen read as a space."""
    return " ".join(words).replace("-", " ").split()


def _join(
    first: Index,
    how: npt.NDArray[np.int8],
    way: str,
    key: Callable[[int], Hashable],
    agree: Callable[[int, int], bool],
    order: Iterable[int],
) -> None:
    """Join leaders with equal keys to the first of them in the given order, in place."""
    leader_of: dict[Hashable, int] = {}
    moved: dict[int, int] = {}
    for i in order:
        if first[i] != i:
            continue
        leader = leader_of.setdefault(key(i), i)
        if leader != i and agree(leader, i):
            moved[i] = leader
            how[i] = HOW.index(way)
    if moved:
        first[:] = [moved.get(leader, leader) for leader in first.tolist()]


def _join_slips(phrases: Phrases, first: Index, how: npt.NDArray[np.int8]) -> None:
    """Join misspelt phrases to those that are right, however frequent, in place."""
    slips = misspelt(phrases)
    if not slips:
        return
    right = {i: lemmas(phrase, phrases.language[i]) for i, phrase in slips.items()}
    order = [*(i for i in range(len(phrases)) if i not in slips), *slips]
    _join(
        first,
        how,
        "spelling",
        lambda i: (phrases.language[i], right.get(i, phrases.bases[i])),
        lambda one, other: other in slips,
        order,
    )


def _join_initials(phrases: Phrases, first: Index, how: npt.NDArray[np.int8]) -> None:
    """Join groups led by initials and by what they stand for, the rarer to the more frequent, in place."""
    for short, long in spell_out(phrases).items():
        chief, other = sorted((int(first[short]), int(first[long])))
        if first[short] == short and chief != other:
            first[first == other] = chief
            how[other] = HOW.index("initials")


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
