"""Mining: from distinct texts and mentions to candidate phrases with their support.

What `counting` finds frequent is looked for in the texts. What an image's texts say is then brought together once, as
lists, and all that is asked of images is told inside a partition: pairs of phrase and image, the largest of all, never
travel.
"""

import functools
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.tasks import map_batches
from pipeline.vocabulary.mining import bundles, ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import Hashes, KeySet, list_by_text

_FOUND = pa.schema([("text_id", pa.int64()), ("phrases", pa.list_(pa.int64())), ("whole", pa.int64())])
_FOUND_DDL = "text_id long, phrases array<long>, whole long"


def weigh_texts(texts: DataFrame, mentions: DataFrame) -> DataFrame:
    """(text_id, text, language, weight): each text with the number of its mentions, which its images cannot exceed."""
    weights = mentions.groupBy("text_id").agg(F.count(F.lit(1)).alias("weight"))
    return texts.select("text_id", "text", "language").join(weights, "text_id")


def find_phrases(packed: DataFrame, survivors: "Broadcast[bytes]", most: int) -> DataFrame:
    """(text_id, phrases, whole): the surviving phrases of each text that has any, and the one that it is in full.

    Args:
        packed: what `bundles.pack` gives of texts with a text_id.
        survivors: ascending phrase_ids, as bytes of int64.
        most: words of the longest phrase.
    """
    return map_batches(packed, functools.partial(_find_batches, survivors=survivors, most=most), _FOUND_DDL)


def by_image(found: DataFrame, mentions: DataFrame, signals: Sequence[str]) -> DataFrame:
    """(key, signals, contributors, phrases, whole): a row for each mention, all of an image in one partition.

    Args:
        found: what `find_phrases` gives.
        mentions: the table mentions.
        signals: all kinds of text; bit i of the result's signals is signal i.
    """
    key = F.xxhash64("image_id").alias("key")
    said = mentions.select("text_id", key, _signal_bit(signals).alias("signals"), "contributors")
    return said.join(found, "text_id", "left").drop("text_id").repartition("key")


def count_support(spoken: DataFrame, signals: Sequence[str]) -> DataFrame:
    """Exact support of each phrase: images, images per signal, contributors, share of whole-text images.

    Args:
        spoken: what `by_image` gives; read twice.
        signals: as given to it.
    """
    named = F.size("contributors") > 0
    pairs = (
        spoken.select("key", "signals", named.alias("named"), "whole", F.explode("phrases").alias("phrase_id"))
        .groupBy("key", "phrase_id")
        .agg(
            F.max(F.col("phrase_id").eqNullSafe(F.col("whole"))).alias("whole"),
            F.max("named").alias("named"),
            F.bit_or("signals").alias("signals"),
        )
    )
    per_signal = [F.count_if(F.getbit("signals", F.lit(i)) == 1).alias(f"signal_{i}") for i in range(len(signals))]
    counts = pairs.groupBy("phrase_id").agg(
        F.count(F.lit(1)).alias("images"),
        F.count_if("whole").alias("whole"),
        F.count_if(~F.col("named")).alias("anonymous"),
        *per_signal,
    )
    voices = (
        spoken.select("phrases", F.explode("contributors").alias("voice"))
        .select("voice", F.explode("phrases").alias("phrase_id"))
        .groupBy("phrase_id")
        .agg(F.count_distinct("voice").alias("voices"))
    )
    per_name = [F.struct(F.lit(s).alias("key"), F.col(f"signal_{i}").alias("value")) for i, s in enumerate(signals)]
    seen = F.filter(F.array(*per_name), lambda entry: entry["value"] > 0)
    return counts.join(voices, "phrase_id", "left").select(
        "phrase_id",
        "images",
        F.map_from_entries(seen).alias("signal_images"),
        # An image of which nobody is named is taken for a voice of its own.
        (F.col("anonymous") + F.coalesce("voices", F.lit(0))).alias("contributors"),
        F.round(F.col("whole") / F.col("images"), 6).alias("completeness"),
    )


def rare_phrases(support: DataFrame, own: Hashes, least: int, most: int) -> Hashes:
    """phrase_ids of the rare phrases that can be candidates, ascending int64.

    Args:
        support: what `count_support` gives.
        own: phrase_ids of the user's dictionary, which may have fewer images than others need.
        least: images that a phrase needs.
        most: images of a rare phrase.
    """
    found = support.where(F.col("images") <= most).select("phrase_id", "images").toArrow()
    ids = found["phrase_id"].to_numpy()
    return np.sort(ids[(found["images"].to_numpy() >= least) | np.isin(ids, own)])


def keys_of_rare(spoken: DataFrame, rare: "Broadcast[bytes]") -> DataFrame:
    """(phrase_id, image_keys) of each rare phrase; keys ascending.

    Args:
        spoken: what `by_image` gives.
        rare: what `rare_phrases` gives, as bytes of int64. They are as many as the tail is long, too many for a
            broadcast join.
    """
    said = map_batches(
        spoken.select("key", "phrases"), functools.partial(_find_rare, rare=rare), "phrase_id long, key long"
    )
    return said.groupBy("phrase_id").agg(F.array_sort(F.collect_set("key")).alias("image_keys"))


def name_phrases(counts: DataFrame, own: DataFrame, support: DataFrame, keys: DataFrame, min_images: int) -> DataFrame:
    """Phrases of enough images, and a user's own of any, with names, support and what the user says of them.

    Args:
        counts: what `count_phrases` gives.
        own: phrases of the user's dictionary, see `dictionary.SCHEMA`.
        support: what `count_support` gives.
        keys: what `keys_of_rare` gives.
        min_images: images that a phrase needs.
    """
    names = ["phrase_id", "phrase", "language", "n_words"]
    unseen = own.select(*names).join(counts.select("phrase_id"), "phrase_id", "left_anti")
    said = F.broadcast(own.select("phrase_id", "pinned", "blocked", "synonym_of"))
    return (
        counts.select(*names)
        .unionByName(unseen)
        .join(support, "phrase_id")
        .join(keys, "phrase_id", "left")
        .join(said, "phrase_id", "left")
        .withColumns({name: F.coalesce(name, F.lit(False)) for name in ("pinned", "blocked")})
        .where((F.col("images") >= min_images) | F.col("pinned"))
    )


def words_around(spoken: DataFrame, words: DataFrame, share: float) -> DataFrame:
    """(key, phrase_id, signals) of each pair of image and word, on a share of the images that a hash draws.

    Args:
        spoken: what `by_image` gives.
        words: phrase_id of the words to look for; few.
        share: of all images.
    """
    drawn = spoken.where(F.pmod("key", F.lit(1 << 20)) < int(share * (1 << 20)) + 1)
    return (
        drawn.select("key", "signals", F.explode("phrases").alias("phrase_id"))
        .join(F.broadcast(words), "phrase_id")
        .groupBy("key", "phrase_id")
        .agg(F.bit_or("signals").alias("signals"))
    )


def _signal_bit(signals: Sequence[str]) -> Column:
    bits = [F.lit(value) for i, signal in enumerate(signals) for value in (signal, 1 << i)]
    return F.create_map(*bits)[F.col("signal")].cast("long")


def _find_rare(batches: Iterator[pa.RecordBatch], rare: "Broadcast[bytes]") -> Iterator[pa.RecordBatch]:
    wanted = KeySet(np.frombuffer(rare.value, dtype=np.int64))
    for batch in batches:
        lengths = pc.fill_null(pc.list_value_length(batch["phrases"]), 0).to_numpy()
        phrases = batch["phrases"].flatten().to_numpy()
        kept = wanted.holds(phrases)
        keys = np.repeat(batch["key"].to_numpy(), lengths)[kept]
        yield pa.record_batch({"phrase_id": phrases[kept], "key": keys})


def _find_batches(
    batches: Iterator[pa.RecordBatch], survivors: "Broadcast[bytes]", most: int
) -> Iterator[pa.RecordBatch]:
    wanted = KeySet(np.frombuffer(survivors.value, dtype=np.int64))
    for words, _, text_ids in bundles.unpack(batches):
        twice = word_arrays.repeating(words)
        whole, is_whole = np.zeros(len(text_ids), dtype=np.int64), np.zeros(len(text_ids), dtype=bool)
        texts, keys = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for gram in ngrams.grams(words, most):
            once = ngrams.first_in_text(gram, twice)
            once = once[wanted.holds(gram.key[once])]
            text, key = gram.text[once], gram.key[once]
            full = words.lengths[text] == gram.n
            whole[text[full]], is_whole[text[full]] = key[full], True
            texts.append(text)
            keys.append(key)
        phrases = list_by_text(np.concatenate(texts), np.concatenate(keys), len(text_ids))
        columns = [pa.array(text_ids), phrases, pa.array(whole, mask=~is_whole)]
        found = pa.record_batch(columns, schema=_FOUND)
        yield found.filter(pc.greater(pc.list_value_length(phrases), 0))
