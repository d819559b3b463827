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
    counting,
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
    packed = bundles.pack(weighed).persist(StorageLevel.DISK_ONLY)  # read three times, from end to end
    counts = _count_phrases(run, packed)
    enough = counts.where(F.col("weight") >= config.min_images).select("phrase_id")
    enough = enough.where("phrase_id is not null").toArrow()
    ids = np.union1d(enough["phrase_id"].to_numpy(), own["phrase_id"].to_numpy())
    survivors = run.spark.sparkContext.broadcast(ids.tobytes())
    found = candidates.find_phrases(packed, survivors, config.max_words)
    spoken = candidates.by_image(found, mentions, run.record.signals).persist(StorageLevel.DISK_ONLY)
    all_images = run.record.content["mined_images"] = spoken.select("key").distinct().count()
    support = candidates.count_support(spoken, run.record.signals).persist(StorageLevel.MEMORY_AND_DISK)
    rare = candidates.rare_phrases(support, own["phrase_id"].to_numpy(), config.min_images, config.rare_images)
    tail = run.spark.sparkContext.broadcast(rare.tobytes())
    keys = candidates.keys_of_rare(spoken, tail)
    counted = candidates.name_phrases(counts, run.spark.createDataFrame(own), support, keys, config.min_images)
    counted = counted.persist(StorageLevel.MEMORY_AND_DISK)  # cohesion and nesting look at it from several sides
    words = counted.where("n_words = 1").orderBy(F.desc("images"), "phrase_id").limit(generality.MOST)
    share = min(1.0, config.specificity_images / max(1, all_images))
    around = candidates.words_around(spoken, words.select("phrase_id"), share).toArrow()
    general, nats = generality.specificity(*(around[name].to_numpy() for name in ("key", "phrase_id", "signals")))
    told = run.spark.createDataFrame(pa.table({"phrase_id": general, "specificity": pa.array(nats, from_pandas=True)}))
    shaped = shape.add_shapes(counted.join(told, "phrase_id", "left")).persist(StorageLevel.MEMORY_AND_DISK)
    signatures = find_signatures(run, counted, spoken)
    measured = selection.measure(shaped, all_images, config, signatures).persist(StorageLevel.MEMORY_AND_DISK)
    listed = run.tables.write("candidates", selection.judge(measured, config))
    mined = run.read("candidates")
    unseen = mined.where("pinned").join(counts, "phrase_id", "left_anti").count()  # too rare to be counted
    known = counts.where("phrase_id is not null").count() + unseen
    impossible = counts.where("phrase_id is null").agg(F.sum("weight")).first()[0]  # type: ignore[index]
    write_contexts(run, spoken, mined.where("kept"), mined, all_images)
    for frame in (measured, shaped, counted, support, spoken, counts, packed):
        frame.unpersist()
    for sent in (survivors, tail):
        sent.destroy()
    _write_drops(run, mined, known - listed, impossible)
    return known, mined.where("kept").count()


def _write_drops(run: Run, mined: DataFrame, rare: int, impossible: int) -> None:
    """Publish how many phrases left for each reason.

    Args:
        run: whose rejects they are.
        mined: all candidates.
        rare: phrases of too few images, which are no candidates.
        impossible: occurrences of phrases that cannot have enough images, which were never counted one by one.
    """
    schema = "reason string, count long"
    dropped = mined.where("not kept").groupBy("reason").count()
    dropped = dropped.unionByName(run.spark.createDataFrame([("below_min_images", rare)], schema))
    never = run.spark.createDataFrame([("cannot_reach_min_images", impossible)], schema)
    groups = [as_rejects("phrase", counted_reasons(dropped)), as_rejects("occurrence", counted_reasons(never))]
    write_rejects(run, "mine_candidates", groups)


def _count_phrases(run: Run, packed: DataFrame) -> DataFrame:
    """(phrase_id, weight, phrase, language, n_words) of what can have enough images; persisted."""
    config = run.config.mine
    bits = tally.counter_bits(packed.agg(F.sum("texts")).first()[0] or 0)  # type: ignore[index]
    blocks = counting.hash_counters(packed, bits, config.min_images, config.max_words).collect()
    bitmap = tally.join_blocks([(row.block, bytes(row.bits)) for row in blocks], bits)
    sieve = run.spark.sparkContext.broadcast(bitmap)
    counts = counting.count_phrases(packed, sieve, config.max_words).persist(StorageLevel.MEMORY_AND_DISK)
    counts.count()
    return counts


def find_signatures(run: Run, counted: DataFrame, spoken: DataFrame) -> DataFrame | None:
    """(phrase_id) of what is a contributor's own name; None where no source states a contributor, or none may leave."""
    config = run.config.mine
    stated = run.read("signals").where("contributor is not null")
    if config.max_signed_share >= 1.0 or stated.isEmpty():
        return None
    names = contributors.read_names(stated, config.max_words).persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    signatures = contributors.find_signatures(counted, spoken, names, config.max_signed_share).toArrow()
    names.unpersist()
    return run.spark.createDataFrame(signatures)


def write_contexts(
    run: Run, spoken: DataFrame, kept: DataFrame, mined: DataFrame, all_images: int, part: str = ""
) -> None:
    """Publish what else is said of the images of each kept phrase.

    Args:
        run: whose table contexts it is.
        spoken: what `candidates.by_image` gives of kept phrases and `context_words`, on all images of the former.
        kept: the candidates to look at.
        mined: all candidates.
        all_images: images of which anything is said.
        part: of the table contexts.
    """
    table = context_words(mined).select("phrase_id", "images").toArrow()
    sampled = contexts.sample_images(spoken, kept.select("phrase_id", "images"))
    sampled = sampled.persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    around = candidates.words_around(spoken, run.spark.createDataFrame(table), 1.0)
    counts = contexts.count_words(sampled, around, run.spark.createDataFrame(contexts.number_words(table)))
    run.tables.write("contexts", contexts.project(counts, kept, table, all_images), part=part)
    sampled.unpersist()


def context_words(mined: DataFrame) -> DataFrame:
    """The candidates that are looked for around a phrase: the most frequent words."""
    return mined.where("n_words = 1").orderBy(F.desc("images"), "phrase_id").limit(contexts.WORDS)
