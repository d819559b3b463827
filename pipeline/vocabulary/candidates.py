"""Mining: from distinct texts and mentions to candidate phrases with their support.

Two passes keep it bounded. The first counts hashes only, weighting each text by its images; a phrase whose total stays
below the threshold cannot have enough images and never becomes a string. The second finds the survivors in the texts
and counts their distinct images exactly.
"""

import functools
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.config import MineConfig
from pipeline.vocabulary import ngrams

_COUNTS = pa.schema([("phrase_id", pa.int64()), ("images", pa.int64())])
_FOUND = pa.schema([("text_id", pa.int64()), ("phrase_id", pa.int64()), ("whole", pa.bool_())])
_NAMES = pa.schema(
    [("phrase_id", pa.int64()), ("phrase", pa.string()), ("language", pa.string()), ("n_words", pa.int32())]
)
_FOUND_DDL = "text_id long, phrase_id long, whole boolean"
_NAMES_DDL = "phrase_id long, phrase string, language string, n_words int"


def bound_support(texts: DataFrame, mentions: DataFrame, config: MineConfig) -> DataFrame:
    """(phrase_id, images) of every n-gram: no fewer images than the phrase really has."""
    weights = mentions.groupBy("text_id").agg(F.count_distinct("image_id").alias("images"))
    weighed = texts.select("text_id", "tokens", "language").join(weights, "text_id").drop("text_id")
    partial = weighed.mapInArrow(
        functools.partial(_count_batches, most=config.max_words), "phrase_id long, images long"
    )
    return partial.groupBy("phrase_id").agg(F.sum("images").alias("images"))


def find_phrases(texts: DataFrame, survivors: "Broadcast[bytes]", config: MineConfig) -> DataFrame:
    """(text_id, phrase_id, whole): which surviving phrases each text holds, and whether it is nothing else."""
    finder = functools.partial(_find_batches, survivors=survivors, most=config.max_words)
    return texts.select("text_id", "tokens", "language").mapInArrow(finder, _FOUND_DDL)


def name_phrases(texts: DataFrame, survivors: "Broadcast[bytes]", config: MineConfig) -> DataFrame:
    """(phrase_id, phrase, language, n_words) of each surviving phrase."""
    namer = functools.partial(_name_batches, survivors=survivors, most=config.max_words)
    named = texts.select("tokens", "language").mapInArrow(namer, _NAMES_DDL)
    # Two phrases with one hash would differ here; the smaller wins on every machine alike.
    return named.groupBy("phrase_id").agg(*(F.min(name).alias(name) for name in ("phrase", "language", "n_words")))


def count_support(found: DataFrame, mentions: DataFrame, signals: Sequence[str], config: MineConfig) -> DataFrame:
    """Exact support of each phrase: images, images per signal, contributors, whole-text images, keys of the rare.

    Args:
        found: what `find_phrases` gives; read twice.
        mentions: the table mentions.
        signals: all kinds of text.
        config: section [mine].
    """
    named = F.size("contributors") > 0
    said = found.join(mentions.select("text_id", "image_id", "signal", named.alias("named")), "text_id")
    by_signal = [F.max(F.col("signal") == signal).alias(f"signal_{i}") for i, signal in enumerate(signals)]
    pairs = said.groupBy("phrase_id", "image_id").agg(
        F.max("whole").alias("whole"), F.max("named").alias("named"), *by_signal
    )
    per_signal = [F.count_if(f"signal_{i}").alias(f"signal_{i}") for i in range(len(signals))]
    counts = pairs.groupBy("phrase_id").agg(
        F.count(F.lit(1)).alias("images"),
        F.count_if("whole").alias("whole"),
        F.count_if(~F.col("named")).alias("anonymous"),
        *per_signal,
    )
    rare = counts.where(F.col("images") <= config.rare_images).select("phrase_id")
    keys = (
        pairs.select("phrase_id", F.xxhash64("image_id").alias("key"))
        .join(rare, "phrase_id")
        .groupBy("phrase_id")
        .agg(F.array_sort(F.collect_list("key")).alias("image_keys"))
    )
    voices = (
        found.join(mentions.where(named).select("text_id", F.explode("contributors").alias("voice")), "text_id")
        .groupBy("phrase_id")
        .agg(F.count_distinct("voice").alias("voices"))
    )
    per_name = [F.struct(F.lit(s).alias("key"), F.col(f"signal_{i}").alias("value")) for i, s in enumerate(signals)]
    seen = F.filter(F.array(*per_name), lambda entry: entry["value"] > 0)
    return (
        counts.join(voices, "phrase_id", "left")
        .join(keys, "phrase_id", "left")
        .select(
            "phrase_id",
            "images",
            F.map_from_entries(seen).alias("signal_images"),
            # An image of which nobody is named is taken for a voice of its own.
            (F.col("anonymous") + F.coalesce("voices", F.lit(0))).alias("contributors"),
            F.round(F.col("whole") / F.col("images"), 6).alias("completeness"),
            "image_keys",
        )
    )


def _count_batches(batches: Iterator[pa.RecordBatch], most: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        images = batch.column("images").to_numpy()
        words = ngrams.read_words(batch.column("tokens"), batch.column("language"))
        every = list(ngrams.grams(words, most))
        keys, totals = ngrams.total_by_key(
            np.concatenate([gram.key for gram in every]), np.concatenate([images[gram.text] for gram in every])
        )
        yield pa.record_batch([pa.array(keys), pa.array(totals)], schema=_COUNTS)


def _find_batches(
    batches: Iterator[pa.RecordBatch], survivors: "Broadcast[bytes]", most: int
) -> Iterator[pa.RecordBatch]:
    wanted = np.frombuffer(survivors.value, dtype=np.int64)
    for batch in batches:
        words = ngrams.read_words(batch.column("tokens"), batch.column("language"))
        rows = []
        for gram in ngrams.grams(words, most):
            hit = ngrams.contains(wanted, gram.key)
            pairs = np.stack([gram.text[hit], gram.key[hit]], axis=1)
            pairs = np.unique(pairs, axis=0)  # a phrase twice in a text is there once
            rows.append((pairs[:, 0], pairs[:, 1], words.lengths[pairs[:, 0]] == gram.n))
        text, key, whole = (np.concatenate(column) for column in zip(*rows, strict=True))
        text_ids = batch.column("text_id").to_numpy()[text]
        yield pa.record_batch([pa.array(text_ids), pa.array(key), pa.array(whole)], schema=_FOUND)


def _name_batches(
    batches: Iterator[pa.RecordBatch], survivors: "Broadcast[bytes]", most: int
) -> Iterator[pa.RecordBatch]:
    wanted = np.frombuffer(survivors.value, dtype=np.int64)
    for batch in batches:
        tokens = batch.column("tokens")
        words = ngrams.read_words(tokens, batch.column("language"))
        flat, languages = tokens.flatten(), batch.column("language")
        for gram in ngrams.grams(words, most):
            keys, first = np.unique(gram.key, return_index=True)
            hit = ngrams.contains(wanted, keys)
            first = first[hit]
            spelled = [" ".join(flat.slice(start, gram.n).to_pylist()) for start in gram.start[first]]
            spoken = languages.take(pa.array(gram.text[first]))
            length = pa.array(np.full(len(spelled), gram.n, dtype=np.int32))
            yield pa.record_batch([pa.array(keys[hit]), pa.array(spelled, pa.string()), spoken, length], schema=_NAMES)
