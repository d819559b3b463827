"""Phrases of new texts that may have become frequent: looked for in the old texts, since rare ones were not counted."""

import functools
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.config import MineConfig
from pipeline.runtime.tasks import map_batches
from pipeline.vocabulary.mining import bundles, ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import KeySet

_KEYS = pa.schema([("phrase_id", pa.int64())])
_NAMED = pa.schema(
    [("phrase_id", pa.int64()), ("phrase", pa.string()), ("language", pa.string()), ("n_words", pa.int32())]
)
_FOUND = pa.schema([("text_id", pa.int64()), ("phrase_id", pa.int64())])


def all_keys(packed: DataFrame, most: int) -> DataFrame:
    """(phrase_id) of every phrase of up to `most` words in texts, each once; of what `bundles.pack` gives."""
    return map_batches(packed, functools.partial(_key_batches, most=most), "phrase_id long").distinct()


def find_keys(texts: DataFrame, wanted: "Broadcast[bytes]", most: int) -> DataFrame:
    """(text_id, phrase_id): which of the wanted phrases each text holds.

    Args:
        texts: the table texts.
        wanted: ascending phrase_ids, as bytes of int64.
        most: words of the longest phrase.
    """
    finder = functools.partial(_find_batches, wanted=wanted, most=most)
    return map_batches(texts.select("text_id", "text", "language"), finder, "text_id long, phrase_id long")


def name_keys(packed: DataFrame, wanted: "Broadcast[bytes]", most: int) -> DataFrame:
    """(phrase_id, phrase, language, n_words) of the wanted phrases that stand in texts, each once.

    Args:
        packed: what `bundles.pack` gives.
        wanted: ascending phrase_ids, as bytes of int64.
        most: words of the longest phrase.
    """
    namer = functools.partial(_name_batches, wanted=wanted, most=most)
    named = map_batches(packed, namer, "phrase_id long, phrase string, language string, n_words int")
    # Two phrases with one hash would differ in name; the smaller one wins, as where all is counted.
    return named.groupBy("phrase_id").agg(*(F.min(name).alias(name) for name in _NAMED.names[1:]))


def is_open(config: MineConfig) -> Column:
    """Whether more images may change what was decided of a candidate without a label: too few images or voices."""
    few = (F.col("reason") == "few_contributors") | F.col("reason").isNull()
    return few & (F.col("images") <= config.rare_images)


def count_images(pairs: DataFrame) -> DataFrame:
    """(phrase_id, images) of (phrase_id, image_id), which may stand there several times."""
    return pairs.distinct().groupBy("phrase_id").agg(F.count(F.lit(1)).alias("images"))


def parts_of(shaped: DataFrame) -> DataFrame:
    """(phrase_id) of what phrases are put together of, each once: both sides of every cut.

    Args:
        shaped: what `shape.add_shapes` gives.
    """
    return shaped.select(F.explode(F.flatten("parts")).alias("phrase_id")).distinct()


def _key_batches(batches: Iterator[pa.RecordBatch], most: int) -> Iterator[pa.RecordBatch]:
    for words, _, _ in bundles.unpack(batches):
        keys = [np.unique(gram.key) for gram in ngrams.grams(words, most)]
        yield pa.record_batch([pa.array(np.concatenate(keys) if keys else np.zeros(0, dtype=np.int64))], schema=_KEYS)


def _find_batches(batches: Iterator[pa.RecordBatch], wanted: "Broadcast[bytes]", most: int) -> Iterator[pa.RecordBatch]:
    keys = KeySet(np.frombuffer(wanted.value, dtype=np.int64))
    for batch in batches:
        words = word_arrays.read_words(batch.column("text"), batch.column("language"))
        ids = batch.column("text_id").to_numpy()
        twice = word_arrays.repeating(words)
        for gram in ngrams.grams(words, most):
            once = ngrams.first_in_text(gram, twice)
            once = once[keys.holds(gram.key[once])]
            columns = [pa.array(ids[gram.text[once]]), pa.array(gram.key[once])]
            yield pa.record_batch(columns, schema=_FOUND)


def _name_batches(batches: Iterator[pa.RecordBatch], wanted: "Broadcast[bytes]", most: int) -> Iterator[pa.RecordBatch]:
    keys = KeySet(np.frombuffer(wanted.value, dtype=np.int64))
    for words, _, _ in bundles.unpack(batches):
        for gram in ngrams.grams(words, most):
            found = np.flatnonzero(keys.holds(gram.key))
            found = found[np.unique(gram.key[found], return_index=True)[1]]
            names = ngrams.spell_all(words, gram, found)
            columns = [pa.array(gram.key[found]), *names, pa.array([gram.n] * len(found), pa.int32())]
            yield pa.record_batch(columns, schema=_NAMED)
