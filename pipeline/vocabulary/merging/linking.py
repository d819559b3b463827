"""Words that only link: 'dresses for weddings' are wedding dresses, 'robe mariage' asks for a 'robe de mariage'."""

import functools
from types import MappingProxyType
from typing import Any, NamedTuple

from pipeline.text.stopwords import stop_words
from pipeline.text.wordnet import wordnet

# Where the kind of thing stands last, 'Y X' is X for Y or X of Y. `in`, `on` and their like tell a place; `with` tells
# what else is there: a man with a dog is no dog man.
_KIND_LAST = MappingProxyType({"en": frozenset(["for", "of"]), "de": frozenset(["für", "von", "aus"])})
# Where the kind stands first, a query leaves the word out. Not à, con, com, avec: tasse à thé is no tasse de thé.
_KIND_FIRST = MappingProxyType(
    {
        "fr": frozenset(["de", "du", "des", "d'", "pour"]),
        "es": frozenset(["de", "del", "para"]),
        "it": frozenset(["di", "del", "della", "dei", "delle", "dello", "degli", "per"]),
        "pt": frozenset(["de", "do", "da", "dos", "das", "para"]),
    }
)


_MEASURES = frozenset(["group.n.01", "container.n.01"])  # of WordNet


class Plain(NamedTuple):
    """A phrase without its linking word.

    Attributes:
        words: base forms in the order that a compound or a query has them.
        link: the word that was left out.
    """

    words: tuple[str, ...]
    link: str


def unlink(words: tuple[str, ...], language: str) -> Plain | None:
    """The phrase without the one word that links its two parts; None where there is none, or where it tells more.

    Args:
        words: of a phrase, in their base forms.
        language: primary subtag: en and de put the kind last, fr, es, it and pt first; no other has a pattern here.
    """
    last, first = _KIND_LAST.get(language, frozenset()), _KIND_FIRST.get(language, frozenset())
    places = [i for i, word in enumerate(words) if word in last or word in first]
    if len(places) != 1 or places[0] in (0, len(words) - 1):
        return None
    before, after = words[: places[0]], words[places[0] + 1 :]
    if any(word in stop_words(language) for word in (*before, *after)):
        return None  # 'cup of the king' speaks of one king
    if language == "en" and (before[-1].endswith("ing") or not (is_thing(before[-1]) and is_thing(after[-1]))):
        return None  # 'performing for people' is what somebody does; 'wall of green' goes on: green what?
    if words[places[0]] == "of" and is_measure(before[-1]):
        return None  # a cup of tea is no tea cup
    return Plain(after + before if last else before + after, words[places[0]])


@functools.lru_cache(maxsize=50_000)
def is_thing(word: str) -> bool:
    """Whether an English word is met as a noun, and not more often as an adjective; False without WordNet."""
    reader = wordnet()
    if reader is None:
        return False
    if not reader.synsets(word, "a"):
        return bool(reader.synsets(word, "n"))
    return _times_met(reader, word, "n") > _times_met(reader, word, "a")


@functools.lru_cache(maxsize=50_000)
def is_measure(word: str) -> bool:
    """Whether an English noun can say how much or how many there is: a cup, a glass, a pair; False without WordNet."""
    reader = wordnet()
    senses = reader.synsets(word, "n") if reader is not None else ()
    return any(
        sense.lexname() in ("noun.quantity", "noun.group")
        or any(kind.name() in _MEASURES for path in sense.hypernym_paths() for kind in path)
        for sense in senses
    )


def _times_met(reader: Any, word: str, part: str) -> int:
    senses = (sense for synset in reader.synsets(word, part) for sense in synset.lemmas())
    return sum(sense.count() for sense in senses if sense.name().lower() == word)


def may_mean_the_same(one: Plain | None, other: Plain | None) -> bool:
    """Whether two phrases of equal plain words can be one: with the same link, or one of them with none."""
    return one is None or other is None or one.link == other.link
