"""Which labels stay on an image, and why others leave."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.labeling.confidence import rank
from pipeline.runtime.config import AssignConfig

LEARNT = "learnt"  # signal of evidence that trusted images taught; no bit of label_sources


def add_learnt(
    ranked: DataFrame, given: DataFrame, phrases: DataFrame, taught: DataFrame, config: AssignConfig
) -> DataFrame:
    """What texts say, with taught labels as they were learnt: image_id, label_id, confidence, evidence, place.

    A taught label stays where its probability suffices, and then that is its confidence; where it does not, its
    confidence is -1. Where an image has too many labels, the taught ones that stay go before others. Evidence of texts
    comes first, then that of signal `learnt`, with the phrase that says most for it.

    Args:
        ranked: what `confidence.weigh` gives.
        given: image_id, label_id, confidence, phrase_id; from `trusted.apply`.
        phrases: phrase_id, phrase; small.
        taught: label_id of what was learnt; small.
        config: section [assign].
    """
    entry = F.struct(F.lit(LEARNT).alias("signal"), "phrase", F.lit(1).cast("long").alias("count"))
    learnt = given.join(F.broadcast(phrases), "phrase_id").select(
        "image_id", "label_id", F.col("confidence").alias("chance"), F.array(entry).alias("learnt")
    )
    marked = ranked.drop("place").join(F.broadcast(taught.withColumns({"taught": F.lit(True)})), "label_id", "left")
    none = F.array().cast(ranked.schema["evidence"].dataType)
    said = F.slice(F.coalesce("evidence", none), 1, config.max_evidence - 1)
    evidence = F.when(F.col("learnt").isNull(), F.col("evidence")).otherwise(F.concat(said, "learnt"))
    confidence = F.coalesce("chance", F.when(F.col("taught"), F.lit(-1.0).cast("float")).otherwise(F.col("confidence")))
    joined = marked.join(learnt, ["image_id", "label_id"], "full")
    return rank(
        joined.select("image_id", "label_id", confidence.alias("confidence"), evidence.alias("evidence")), is_learnt()
    )


def is_learnt() -> Column:
    """Whether trusted images taught a label of an image."""
    return F.exists("evidence.signal", lambda signal: signal == LEARNT)


def rejection(config: AssignConfig) -> Column:
    """Why a label leaves an image; null where it stays. What was learnt has thresholds of its own."""
    return (
        F.when(F.col("confidence") < 0, "unlearnt")
        .when((F.col("confidence") < config.min_confidence) & ~is_learnt(), "low_confidence")
        .when(F.col("place") > config.max_labels, "beyond_max_labels")
    )


def unlabelled(mentions: DataFrame, evidence: DataFrame, assignments: DataFrame) -> DataFrame:
    """(image_id, reason) of the images with texts that end without a label."""
    images = mentions.select("image_id").distinct()
    found = evidence.select("image_id", F.lit(True).alias("found")).distinct()
    lost = images.join(assignments.select("image_id").distinct(), "image_id", "left_anti")
    reason = F.when(F.col("found"), "only_dropped_labels").otherwise("no_member_phrase")
    return lost.join(found, "image_id", "left").select("image_id", reason.alias("reason"))
