"""Texts and mentions to candidate phrases and what is said around them."""

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.road import Run
from pipeline.stages.rejects import as_rejects, counted_reasons, write_rejects
from pipeline.vocabulary.mining import (
    bundles,
    candidates,
    contexts,
    contributors,
    dictionary,
    generality,
    selection,
    shape,
    tally,
)


def mine_candidates(run: Run) -> tuple[int, int]:
    """Texts and mentions to candidate phrases."""
    texts, mentions, config = run.read("texts"), run.read("mentions"), run.config.mine
    own = dictionary.read_dictionary(config.dictionary, run.config.normalize.default_language, config.max_words)
    weighed = candidates.weigh_texts(texts, mentions)
    packed = bundles.pack(weighed).persist(StorageLevel.MEMORY_AND_DISK)  # read three times
    counts = _count_phrases(run, packed)
    all_images = mentions.select("image_id").distinct().count()
    run.record.content["mined_images"] = all_images
    enough = counts.where(F.col("weight") >= config.min_images).select("phrase_id")
    enough = enough.where("phrase_id is not null").toArrow()
    ids = np.union1d(enough["phrase_id"].to_numpy(), own["phrase_id"].to_numpy())
    survivors = run.spark.sparkContext.broadcast(ids.tobytes())
    found = candidates.find_phrases(packed, survivors, config.max_words).persist(StorageLevel.DISK_ONLY)
    support = candidates.count_support(found, mentions, run.record.signals, config)
    counted = candidates.name_phrases(counts, run.spark.createDataFrame(own), support, config.min_images)
    counted = counted.persist(StorageLevel.MEMORY_AND_DISK)  # cohesion and nesting look at it from several sides
    words = counted.where("n_words = 1").orderBy(F.desc("images"), "phrase_id").limit(generality.MOST)
    share = min(1.0, config.specificity_images / max(1, all_images))
    around = candidates.words_around(found, mentions, words.select("phrase_id"), run.record.signals, share).toArrow()
    keys, nats = generality.specificity(*(around[name].to_numpy() for name in ("key", "phrase_id", "signals")))
    told = run.spark.createDataFrame(pa.table({"phrase_id": keys, "specificity": pa.array(nats, from_pandas=True)}))
    shaped = shape.add_shapes(counted.join(told, "phrase_id", "left")).persist(StorageLevel.MEMORY_AND_DISK)
    signatures = find_signatures(run, counted, found, mentions)
    measured = selection.measure(shaped, all_images, config, signatures).persist(StorageLevel.MEMORY_AND_DISK)
    listed = run.tables.write("candidates", selection.judge(measured, config))
    mined = run.read("candidates")
    unseen = mined.where("pinned").join(counts, "phrase_id", "left_anti").count()  # too rare to be counted
    known = counts.where("phrase_id is not null").count() + unseen
    impossible = counts.where("phrase_id is null").agg(F.sum("weight")).first()[0]  # type: ignore[index]
    write_contexts(run, found, mentions, mined.where("kept"), mined, all_images)
    for frame in (measured, shaped, counted, found, counts, packed):
        frame.unpersist()
    survivors.destroy()
    dropped = mined.where("not kept").groupBy("reason").count()
    rare = run.spark.createDataFrame([("below_min_images", known - listed)], "reason string, count long")
    never = run.spark.createDataFrame([("cannot_reach_min_images", impossible)], "reason string, count long")
    write_rejects(
        run,
        "mine_candidates",
        [
            as_rejects("phrase", counted_reasons(dropped.unionByName(rare))),
            as_rejects("occurrence", counted_reasons(never)),
        ],
    )
    return known, mined.where("kept").count()


def _count_phrases(run: Run, packed: DataFrame) -> DataFrame:
    """(phrase_id, weight, phrase, language, n_words) of what can have enough images; persisted."""
    config = run.config.mine
    bits = tally.counter_bits(packed.agg(F.sum("texts")).first()[0] or 0)  # type: ignore[index]
    blocks = candidates.hash_counters(packed, bits, config.min_images, config.max_words).collect()
    bitmap = tally.join_blocks([(row.block, bytes(row.bits)) for row in blocks], bits)
    sieve = run.spark.sparkContext.broadcast(bitmap)
    counts = candidates.count_phrases(packed, sieve, config.max_words).persist(StorageLevel.MEMORY_AND_DISK)
    counts.count()
    return counts


def find_signatures(run: Run, counted: DataFrame, found: DataFrame, mentions: DataFrame) -> DataFrame | None:
    """(phrase_id) of what is a contributor's own name; None where no source states a contributor, or none may leave."""
    config = run.config.mine
    stated = run.read("signals").where("contributor is not null")
    if config.max_signed_share >= 1.0 or stated.isEmpty():
        return None
    names = contributors.read_names(stated, config.max_words).persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    signatures = contributors.find_signatures(counted, found, mentions, names, config.max_signed_share).toArrow()
    names.unpersist()
    return run.spark.createDataFrame(signatures)


def write_contexts(
    run: Run, found: DataFrame, mentions: DataFrame, kept: DataFrame, mined: DataFrame, all_images: int, part: str = ""
) -> None:
    """Publish what else is said of the images of each kept phrase.

    Args:
        run: whose table contexts it is.
        found: text_id, phrase_id of the kept phrases and of `context_words`.
        mentions: of all images with a kept phrase.
        kept: the candidates to look at.
        mined: all candidates.
        all_images: images of which anything is said.
        part: of the table contexts.
    """
    table = context_words(mined).select("phrase_id", "images").toArrow()
    sampled = contexts.sample_images(found, mentions, kept.select("phrase_id", "phrase", "language", "images"))
    sampled = sampled.persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    around = candidates.words_around(found, mentions, run.spark.createDataFrame(table), run.record.signals, 1.0)
    counts = contexts.count_words(sampled, around, run.spark.createDataFrame(contexts.number_words(table)))
    run.tables.write("contexts", contexts.project(counts, kept, table, all_images), part=part)
    sampled.unpersist()


def context_words(mined: DataFrame) -> DataFrame:
    """The candidates that are looked for around a phrase: the most frequent words."""
    return mined.where("n_words = 1").orderBy(F.desc("images"), "phrase_id").limit(contexts.WORDS)
