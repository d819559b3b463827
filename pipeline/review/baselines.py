"""Simple ways to label the same texts, for comparison. Every match is a label: no confidence, no limit an image.

- `exact`: the names of the truth as they are, as words of a text (as MetaCLIP matches its metadata).
- `wordnet`: the first noun sense of each word's base form, in English and undetermined texts (as CatLIP does).
- `inflection`: every kept phrase, inflections merged, whatever its support; nothing is clustered.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.labeling import match
from pipeline.labeling.classes import Lookup, NamedClass, lookup_members
from pipeline.runtime.tasks import map_batches
from pipeline.text.lexicon import lemma
from pipeline.text.wordnet import wordnet
from pipeline.vocabulary.merging.phrases import lemmas
from pipeline.vocabulary.mining import ngrams

NAMES = ("exact", "wordnet", "inflection")
_SENSES = pa.schema([("text_id", pa.int64()), ("label_id", pa.int32())])
_SENSES_DDL = "text_id long, label_id int"


@dataclass(frozen=True, slots=True)
class Labelling:
    """What some way of labelling gives.

    Attributes:
        assignments: image_id, label_id; each pair once. And confidence, where labels have one.
        lookup: the labels of some words of a truth's name.
        members: phrase_id (int64), label_id (int32), phrase and language of each member; None where labels are no
            groups of phrases.
        labels: number of labels, also those without an image; None where only labels with an image are known.
    """

    assignments: DataFrame
    lookup: Lookup
    members: pa.Table | None
    labels: int | None


def exact(texts: DataFrame, mentions: DataFrame, classes: Sequence[NamedClass], language: str) -> Labelling:
    """Labels are the names and parts of names of the truth, unchanged, in texts of whatever language."""
    phrases = {item.words for item in classes} | {part for item in classes for step in item.steps for part in step}
    names = sorted(" ".join(words) for words in phrases if words)
    languages = sorted(row.language for row in texts.select("language").distinct().collect())
    # A phrase has one key a language.
    table = pa.table(
        {
            "phrase_id": pa.array(
                np.concatenate([ngrams.whole_keys(names, spoken) for spoken in languages]), pa.int64()
            ),
            "label_id": pa.array(np.tile(np.arange(len(names), dtype=np.int32), len(languages))),
        }
    )
    most = max((name.count(" ") + 1 for name in names), default=1)
    assignments = match_members(texts, mentions, table, most)
    # A whole name that no text says must not stand before parts that texts do say.
    said = sorted(row.label_id for row in assignments.select("label_id").distinct().collect())
    lookup = lookup_members(((i, names[i], language) for i in said), language)
    return Labelling(assignments, lookup, None, len(names))


def inflection(texts: DataFrame, mentions: DataFrame, kept: pa.Table, most: int, language: str) -> Labelling:
    """Labels are the kept phrases, `kept` (phrase_id, phrase, language), equal but for inflection merged."""
    bases = [
        (spoken, lemmas(phrase, spoken))
        for phrase, spoken in zip(kept["phrase"].to_pylist(), kept["language"].to_pylist(), strict=True)
    ]
    place = {base: i for i, base in enumerate(sorted(set(bases)))}
    members = kept.select(["phrase_id", "phrase", "language"]).append_column(
        "label_id", pa.array([place[base] for base in bases], pa.int32())
    )
    lookup = lookup_members(
        zip(*(members[name].to_pylist() for name in ("label_id", "phrase", "language")), strict=True), language
    )
    return Labelling(match_members(texts, mentions, members, most), lookup, members, len(place))


def first_senses(texts: DataFrame, mentions: DataFrame) -> Labelling:
    """Labels are the first noun senses of WordNet, by their places in its file."""
    spoken = texts.where(F.col("language").isin("en", "und")).select("text_id", "tokens")
    senses = map_batches(spoken, _sense_batches, _SENSES_DDL)
    assignments = senses.join(mentions.select("text_id", "image_id"), "text_id").select("image_id", "label_id")

    def lookup(words: tuple[str, ...]) -> frozenset[int]:
        base = "_".join(lemma(word, "en") for word in words)
        return frozenset(sense for sense in [_sense(base)] if sense is not None)

    return Labelling(assignments.distinct(), lookup, None, None)


def match_members(texts: DataFrame, mentions: DataFrame, members: pa.Table, most: int) -> DataFrame:
    """(image_id, label_id), each once: the labels whose members, phrase_id and label_id, stand in an image's texts.

    Args:
        texts: the table texts.
        mentions: the table mentions.
        members: phrase_id (int64), label_id (int32).
        most: words of the longest member.
    """
    spark = texts.sparkSession
    wanted = spark.sparkContext.broadcast(np.sort(members["phrase_id"].to_numpy()).tobytes())
    named = F.broadcast(spark.createDataFrame(members.select(["phrase_id", "label_id"])))
    said = match.match_texts(texts, wanted, most).join(mentions.select("text_id", "image_id"), "text_id")
    return said.where(~F.col("denied")).join(named, "phrase_id").select("image_id", "label_id").distinct()


def _sense_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows: list[tuple[int, int]] = []
        for text_id, tokens in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            found = {_sense(lemma(word, "en")) for word in tokens if word}
            rows += [(text_id, sense) for sense in sorted(item for item in found if item is not None)]
        columns = ([row[i] for row in rows] for i in range(2))
        yield pa.record_batch(
            [pa.array(column, field.type) for column, field in zip(columns, _SENSES, strict=True)], schema=_SENSES
        )


@functools.lru_cache(maxsize=200_000)
def _sense(base: str) -> int | None:
    """Place in WordNet's file of the first noun sense of a base form; None where it has none."""
    reader = wordnet()
    synsets = reader.synsets(base, "n") if reader is not None else []
    return int(synsets[0].offset()) if synsets else None
