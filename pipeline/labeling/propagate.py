"""Labels that follow from labels: broader ones above them, and those that go with them on nearly all images."""

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.labeling.confidence import rank
from pipeline.runtime.config import AssignConfig

DERIVED = "derived"  # signal of evidence that comes from a label below; no bit of label_sources
IMPLIED = "implied"  # likewise, from a label that goes with it


def belief_in_ancestors(above: pa.Table, discount: float) -> pa.Table:
    """(label_id, ancestor, belief): how far an ancestor is believed where its descendant is certain.

    Args:
        above: label_id, ancestor, distance, see `hierarchy.ancestors`.
        discount: belief in a parent; once more for each further level.
    """
    belief = [round(discount**distance, 6) for distance in above["distance"].to_pylist()]
    return above.select(["label_id", "ancestor"]).append_column("belief", pa.array(belief, pa.float64()))


def find_implications(ranked: DataFrame, config: AssignConfig) -> DataFrame:
    """(label_id, ancestor, belief): labels that another label goes with on nearly all of its images.

    The direction is that from the rarer to the more frequent label; of equally frequent ones, to the lower label_id.
    Belief is the share of images, shrunk by one image that has the label alone, times `closure_discount`: it is not
    told from texts about this image. What is on half of all images anyway (lift below 2) follows from nothing.

    Args:
        ranked: image_id, label_id, confidence, place; read several times.
        config: section [assign].
    """
    kept = ranked.where((F.col("confidence") >= config.min_confidence) & (F.col("place") <= config.max_labels))
    kept = kept.select("image_id", "label_id")
    sizes = kept.groupBy("label_id").agg(F.count(F.lit(1)).alias("images"))
    all_images = kept.agg(F.count_distinct("image_id").alias("all_images"))
    other = kept.withColumnRenamed("label_id", "ancestor")
    both = kept.join(other, "image_id").where("label_id != ancestor").groupBy("label_id", "ancestor")
    pairs = both.agg(F.count(F.lit(1)).alias("both")).where(F.col("both") >= config.implication_images)
    above = sizes.select(F.col("label_id").alias("ancestor"), F.col("images").alias("larger"))
    share = F.col("both") / (F.col("images") + 1)
    return (
        pairs.join(sizes, "label_id")
        .join(above, "ancestor")
        .crossJoin(F.broadcast(all_images))
        .where("larger > images or (larger = images and ancestor < label_id)")
        .where(share >= config.implication_share)
        .where(2 * F.col("larger") * F.col("images") <= F.col("both") * F.col("all_images"))
        .select("label_id", "ancestor", F.round(share * config.closure_discount, 6).alias("belief"))
    )


def add_labels(ranked: DataFrame, above: DataFrame, signal: str, config: AssignConfig) -> DataFrame:
    """What `confidence.weigh` gives, and the labels that follow from each image's labels.

    confidence of what follows = 1 - (1 - its own, if it has one) * prod of (1 - confidence * belief) over the labels
    that it follows from and that are confident enough to stay. A label that texts gave counts once; what is derived is
    no evidence for further labels. Derived evidence comes after that of texts, with a signal of its own and the
    strongest phrase of the label that it follows from.

    Args:
        ranked: image_id, label_id, confidence, evidence, place; read twice.
        above: label_id, ancestor, belief; small.
        signal: of derived evidence, `DERIVED` or `IMPLIED`.
        config: section [assign].
    """
    lower = ranked.where(F.col("confidence") >= config.min_confidence).join(F.broadcast(above), "label_id")
    belief = F.col("confidence").cast("double") * F.col("belief")
    strongest = F.struct(
        F.lit(signal).alias("signal"),
        F.col("evidence")[0]["phrase"].alias("phrase"),
        F.col("evidence")[0]["count"].alias("count"),
    )
    # A struct sorts by its fields in order; labels below one ancestor differ.
    vote = F.struct((1 - belief).alias("doubt"), "label_id", strongest.alias("said"))
    derived = (
        lower.select("image_id", F.col("ancestor").alias("label_id"), vote.alias("vote"))
        .groupBy("image_id", "label_id")
        .agg(F.array_sort(F.collect_list("vote")).alias("votes"))
    )
    product = F.aggregate("votes", F.lit(1.0), lambda total, vote: total * vote["doubt"])
    doubt = (1 - F.coalesce("confidence", F.lit(0.0).cast("float")).cast("double")) * F.coalesce(product, F.lit(1.0))
    said = F.array_distinct(F.transform("votes", lambda vote: vote["said"]))
    every = F.when(F.col("evidence").isNull(), said).when(F.col("votes").isNull(), F.col("evidence"))
    evidence = every.otherwise(F.concat("evidence", said))
    return rank(
        ranked.drop("place")
        .join(derived, ["image_id", "label_id"], "full")
        .select(
            "image_id",
            "label_id",
            F.when(F.col("votes").isNull(), F.col("confidence"))
            .otherwise(F.round(1 - doubt, 4).cast("float"))
            .alias("confidence"),
            F.slice(evidence, 1, config.max_evidence).alias("evidence"),
        )
    )
