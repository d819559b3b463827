"""Names that people give to labels: read in base forms, and mapped to the labels of a vocabulary.

How a class finds its labels. Names are compared in base forms, without spaces and hyphens.

1. The whole name, where a label has it among its members: `Home Automation`.
2. Else its parts. ` + `, ` / `, `&`, commas and `and` list things of one rank, and each gives its labels: `Clothing +
   Fashion`. A slash or hyphen without spaces leads from the kind to the thing: `computer/networks`, `food-fruit`. Of
   such steps those count that the fewest classes share: fruit, since food says the same of food-sweet. Where no label
   has these, no broader step stands in for them.
3. Else nothing, and all its pairs are missed.

So a class may have several labels, and a label several classes. Classes with equal base forms are one: Map, maps.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import regex

from pipeline.text.lexicon import lemma
from pipeline.text.tokens import tokenize
from pipeline.text.unicode import fold_case, repair

_STEP = regex.compile(r"(?<=\S)/(?=\S)")
_LIST = regex.compile(r"\s*[+&,;|/:>()\[\]]\s*|[\s_]+(?:and|or)[\s_]+")

Lookup = Callable[[tuple[str, ...]], AbstractSet[int]]


@dataclass(frozen=True, slots=True)
class NamedClass:
    """One class that people name.

    Attributes:
        name: its most frequent spelling.
        words: all words of the name, folded, as written.
        steps: from the kind to the thing; each lists things of one rank, each in its words.
    """

    name: str
    words: tuple[str, ...]
    steps: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def thing(self) -> str:
        """The last step, in words: what a path of names leads to."""
        return " ".join(word for part in self.steps[-1] for word in part) if self.steps else ""


def name_classes(names: Sequence[tuple[str, int]], language: str) -> tuple[list[NamedClass], dict[str, int]]:
    """The classes behind the names of a truth, and the class of each name.

    Args:
        names: distinct names and the number of their pairs.
        language: primary subtag of the names' language.

    Returns:
        Classes in the order of their base forms; name -> place of its class. A name without any word is a class too.
    """
    by_base: dict[str, list[tuple[int, str]]] = {}
    for name, pairs in names:
        base = base_form(split_words(name, language), language) or name
        by_base.setdefault(base, []).append((-pairs, name))
    classes: list[NamedClass] = []
    place: dict[str, int] = {}
    for base in sorted(by_base):
        spellings = sorted(by_base[base])
        place.update((name, len(classes)) for _, name in spellings)
        chief = spellings[0][1]
        classes.append(NamedClass(chief, split_words(chief, language), _split_steps(chief, language)))
    return classes, place


def map_classes(classes: Sequence[NamedClass], lookup: Lookup) -> list[frozenset[int]]:
    """The labels of each class, by the rule at the top of this module; empty where there are none.

    Args:
        classes: the classes.
        lookup: the labels of some words, read together as one phrase.
    """
    wholes = [lookup(item.words) for item in classes]
    steps = [_hyphens_as_steps(item.steps, lookup) for item in classes]
    shared = Counter(step for item in steps for step in set(item))
    found = []
    for whole, own in zip(wholes, steps, strict=True):
        fewest = min((shared[step] for step in own), default=0)
        telling = [part for step in own if shared[step] == fewest for part in step]
        parts: frozenset[int] = frozenset().union(*map(lookup, telling))
        found.append(frozenset(whole) or parts)
    return found


def lookup_members(members: Iterable[tuple[int, str, str]], language: str) -> Lookup:
    """Finds labels by the base forms of their members, in the given language or an undetermined one.

    Args:
        members: label_id, phrase and language of each member.
        language: primary subtag of the truth's names.
    """
    labels: dict[str, set[int]] = {}
    for label_id, phrase, spoken in members:
        if spoken in (language, "und"):
            labels.setdefault(base_form(phrase.split(" "), spoken), set()).add(label_id)
    return lambda words: labels.get(base_form(words, language), set())


def lookup_learnt(names: Iterable[tuple[str, int]], lookup: Lookup, language: str) -> Lookup:
    """Finds the label that was taught under a name, and for other words what `lookup` finds.

    Args:
        names: name and label_id of what was taught.
        lookup: finds labels by their members.
        language: primary subtag of the names' language.
    """
    taught = {base_form(split_words(name, language), language): label for name, label in names}

    def find(words: tuple[str, ...]) -> AbstractSet[int]:
        label = taught.get(base_form(words, language))
        return lookup(words) if label is None else {label}

    return find


def split_words(name: str, language: str) -> tuple[str, ...]:
    """The words of a name, normalized as texts are, signs left out."""
    return tuple(word for word in tokenize(fold_case(repair(name)[0], language)) if word not in ("", "&"))


def base_form(words: Iterable[str], language: str) -> str:
    """Base forms of the words, written without spaces and hyphens."""
    return "".join(lemma(word, language) for word in words).replace("-", "")


def _split_steps(name: str, language: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    listed = [[split_words(part, language) for part in _LIST.split(step)] for step in _STEP.split(name)]
    return tuple(tuple(part for part in parts if part) for parts in listed if any(parts))


def _hyphens_as_steps(
    steps: Sequence[tuple[tuple[str, ...], ...]], lookup: Lookup
) -> list[tuple[tuple[str, ...], ...]]:
    """Words with hyphens that no label knows are steps too; single letters among them name nothing."""
    found: list[tuple[tuple[str, ...], ...]] = []
    for step in steps:
        whole = tuple(part for part in step if lookup(part) or not any("-" in word for word in part))
        found += [whole] if whole else []
        broken = [word for part in step if part not in whole for word in part]
        found += [((piece,),) for word in broken for piece in word.split("-") if len(piece) > 1]
    return found
