"""Trusted labels: read, named in base forms, and mapped to the labels of a vocabulary.

How a class finds its labels. Names are compared in base forms, without spaces and hyphens.

1. The whole name, where a label has it among its members: `Home Automation`.
2. Else its parts. ` + `, ` / `, `&`, commas and `and` list things of one rank, and each gives its labels: `Clothing +
   Fashion`. A slash or hyphen without spaces leads from the kind to the thing: `computer/networks`, `food-fruit`. Of
   such steps those count that the fewest classes share: fruit, since food says the same of food-sweet. Where no label
   has these, no broader step stands in for them.
3. Else nothing, and all its pairs are missed.

So a class may have several labels, and a label several classes. Apart from that, the last step of a name may be mapped
to the label with the member nearest to it. Classes with equal base forms are one: Map, maps.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import regex
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.runtime.errors import InputError
from pipeline.sources.readers import read_table, readable
from pipeline.text.lexicon import lemma
from pipeline.text.tokens import tokenize
from pipeline.text.unicode import fold_case, repair

COLUMNS = ("image_id", "label")
_SUFFIXES = {"csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "json", "orc": "orc"}
_STEP = regex.compile(r"(?<=\S)/(?=\S)")
_LIST = regex.compile(r"\s*[+&,;|/:>()\[\]]\s*|[\s_]+(?:and|or)[\s_]+")

Lookup = Callable[[tuple[str, ...]], AbstractSet[int]]


@dataclass(frozen=True, slots=True)
class TruthClass:
    """One class of the truth.

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


def read_truth(spark: SparkSession, path: str) -> DataFrame:
    """(image_id, label): the rows of a file or folder of trusted labels, as strings; several rows an image may be.

    Args:
        spark: the session.
        path: Parquet; CSV, TSV, JSON lines or ORC where the ending of the name says so.

    Raises:
        InputError: there is no such file, it is not readable, a column is missing, or no row holds both.
    """
    kind = _SUFFIXES.get(path.rstrip("/").rpartition(".")[2].lower(), "parquet")
    table = read_table(spark, "truth", path, kind, {})
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; it has {', '.join(table.columns)}. "
            f"The truth is one row per image and class, in the columns {' and '.join(COLUMNS)}."
        )
    rows = table.select(*(F.trim(F.col(name).cast("string")).alias(name) for name in COLUMNS))
    rows = rows.where("image_id != '' and label != ''").distinct()
    with readable(path):
        if not rows.head(1):
            raise InputError(f"{path}: no row holds an image_id and a label.")
    return rows


def name_classes(names: Sequence[tuple[str, int]], language: str) -> tuple[list[TruthClass], dict[str, int]]:
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
    classes: list[TruthClass] = []
    place: dict[str, int] = {}
    for base in sorted(by_base):
        spellings = sorted(by_base[base])
        place.update((name, len(classes)) for _, name in spellings)
        chief = spellings[0][1]
        classes.append(TruthClass(chief, split_words(chief, language), _split_steps(chief, language)))
    return classes, place


def map_classes(classes: Sequence[TruthClass], lookup: Lookup) -> list[frozenset[int]]:
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


def map_nearest(
    names: npt.NDArray[np.float32], members: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], least: float
) -> list[frozenset[int]]:
    """The label of the member nearest to each name; none where that is less similar than `least`.

    Args:
        names: unit vectors of the classes' names, float32 [classes, d].
        members: unit vectors of members, float32 [members, d].
        labels: label_id of each member, int64 [members], ascending: of equally near ones the first wins.
        least: cosine.
    """
    found: list[frozenset[int]] = []
    for begin in range(0, len(names), 256):  # bounded: never classes x members
        similarity = np.round(names[begin : begin + 256] @ members.T, 5)
        nearest = similarity.argmax(axis=1) if len(members) else np.zeros(len(similarity), dtype=np.int64)
        for row, place in enumerate(nearest.tolist()):
            near = len(members) > 0 and similarity[row, place] >= least
            found.append(frozenset({int(labels[place])}) if near else frozenset())
    return found


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
