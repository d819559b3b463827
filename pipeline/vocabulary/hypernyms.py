"""Broader terms of English names out of WordNet: which senses a name has, how common each is, what is above it."""

import functools
from collections.abc import Container, Iterator
from typing import Any

from pipeline.text.wordnet import times_seen, wordnet

LEVELS = 6  # above a sense; further up are terms that say little
SHALLOWEST = 3  # steps from the top: entity, object and the like are kinds of everything
BELIEVED = 0.25  # strength below which a broader term is a guess
# Lexicographer files of things; a name on images means its thing ('bear'), however often texts have it as a verb.
_THINGS = frozenset(f"noun.{file}" for file in ("animal", "artifact", "body", "food", "object", "plant", "substance"))

# What an English name is a kind of stands before the first of these: a 'point of interest' is a point.
_LINKS = frozenset(
    ["of", "in", "on", "at", "with", "for", "by", "from", "to", "and", "or", "&", "near", "under", "over", "behind"]
)

Words = tuple[str, ...]


def core(words: Words) -> Words:
    """The part of an English name that ends in its head: all up to the first linking word."""
    return words[: next((place for place, word in enumerate(words) if place and word in _LINKS), len(words))]


def broader_terms(words: Words, known: Container[Words]) -> list[tuple[Words, float]]:
    """Known terms above a name, the nearest of each of its senses, with how far each can be believed, in (0, 1].

    A name that WordNet has as a whole is looked up as that, any other by its head word. The strength is the share that
    the sense has of the uses of the name, times that of the broader sense in its own word, times 0.9 a level. Uses are
    those of WordNet's tagged texts, and one more a sense. Where the sense is no thing, uses as a verb or an adjective
    count too, so that what is mostly no noun ('push') is a kind of nothing.

    Args:
        words: base forms of an English name.
        known: what to look for.

    Returns:
        Nothing where WordNet is not installed or does not know the name.
    """
    for looked in (words, core(words)[-1:]):
        if found := _senses("_".join(looked)):
            break
    terms: dict[Words, float] = {}
    for sense, share in found:
        for level, names in _above(sense) if share >= BELIEVED else ():
            near = [(term, share * part * 0.9 ** (level - 1)) for term, part in names if term in known]
            near = [pair for pair in near if pair[1] >= BELIEVED and pair[0] not in (words, looked)]
            for term, strength in near:
                terms[term] = max(terms.get(term, 0.0), strength)
            if near:
                break
    return sorted(terms.items())


def is_kind_of(words: Words, head: Words) -> bool | None:
    """Whether WordNet has the head's word above or among the senses of the whole name; None where it has no such name.

    Args:
        words: base forms of an English name.
        head: its last words.
    """
    senses = _senses("_".join(words))
    if not senses:
        return None
    return any(
        head in [term for term, _ in _names(sense)] or any(head in [term for term, _ in names] for _, names in levels)
        for sense, levels in ((sense, _above(sense)) for sense, _ in senses)
    )


def names_a_kind(word: str) -> bool:
    """Whether an English word is a noun as a rule: 'left bold' is no 'bold'. So is what WordNet does not know."""
    reader = wordnet()
    senses = [] if reader is None else reader.synsets(word)
    uses = [(synset.pos() == "n", 1 + _seen(synset, word)) for synset in senses]
    thing = any(synset.lexname() in _THINGS for synset in senses[:1])
    return thing or 2 * sum(count for noun, count in uses if noun) >= sum(count for _, count in uses)


@functools.lru_cache(maxsize=200_000)
def _senses(name: str) -> tuple[tuple[Any, float], ...]:
    """Noun senses of a name with their shares of its uses: as a noun for things, of all for the rest."""
    reader = wordnet()
    if reader is None or not name.replace("_", "").replace("-", "").replace("'", "").isalnum():
        return ()
    senses = [(synset, 1 + _seen(synset, name)) for synset in reader.synsets(name)]
    every = sum(count for _, count in senses)
    nouns = [(synset, count) for synset, count in senses if synset.pos() == "n"]
    total = sum(count for _, count in nouns)
    return tuple((synset, count / (total if synset.lexname() in _THINGS else every)) for synset, count in nouns)


def _seen(synset: Any, name: str) -> int:
    return sum(times_seen().get(lemma.key(), 0) for lemma in synset.lemmas() if lemma.name().lower() == name)


@functools.lru_cache(maxsize=200_000)
def _names(synset: Any) -> tuple[tuple[Words, float], ...]:
    """The words of a sense, each with the share that the sense has of its uses."""
    names = {lemma.name().lower() for lemma in synset.lemmas()}
    shares = {name: dict(_senses(name)).get(synset, 0.0) for name in sorted(names)}
    return tuple((tuple(name.split("_")), share) for name, share in shares.items())


def _above(synset: Any) -> Iterator[tuple[int, tuple[tuple[Words, float], ...]]]:
    """The names above a sense, level by level: broader terms, and what an instance is one of (Paris, capital)."""
    level = {synset}
    for number in range(1, LEVELS + 1):
        level = {broad for narrow in level for broad in (*narrow.hypernyms(), *narrow.instance_hypernyms())}
        level = {broad for broad in level if broad.min_depth() >= SHALLOWEST}
        yield number, tuple(name for broad in sorted(level, key=_by_name) for name in _names(broad))


def _by_name(synset: Any) -> str:
    return str(synset.name())
