"""Labels that stand on the same images more often than chance would put them there."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

_DIGITS = 6  # the last bit of a logarithm may differ between machines, and would decide ties


def find_companions(manifest: DataFrame, labels: DataFrame, labelled: int, images: int, most: int) -> DataFrame:
    """The labels that each label is seen with.

    They rank by n log(lift), the local mutual information of Evert (2005): lift alone would name the rarest labels,
    counts alone the largest ones.

    Args:
        manifest: label_ids and sample_u of each labelled image.
        labels: label_id and images of all labels.
        labelled: rows of the manifest.
        images: of these, about how many are looked at, drawn by sample_u.
        most: companions of a label.

    Returns:
        (label_id, other_id, images, place): `images` with both, of those looked at; `place` from 1. Only pairs that
        are seen more often than by chance.
    """
    share = min(1.0, images / max(labelled, 1))
    carried = manifest.where(F.col("sample_u") < share).select(F.array_sort("label_ids").alias("ids"))
    pairs = (
        carried.select(F.posexplode("ids").alias("at", "label_id"), "ids")
        .select("label_id", F.explode(F.expr("slice(ids, at + 2, size(ids))")).alias("other_id"))
        .groupBy("label_id", "other_id")
        .agg(F.count(F.lit(1)).alias("both"))
    )
    sizes = F.broadcast(labels.select("label_id", F.col("images").alias("of_label")))
    others = sizes.select(F.col("label_id").alias("other_id"), F.col("of_label").alias("of_other"))
    lift = F.col("both") * (labelled / share) / (F.col("of_label") * F.col("of_other"))
    scored = pairs.join(sizes, "label_id").join(others, "other_id").withColumns({"lift": lift}).where("lift > 1")
    score = F.round(F.col("both") * F.log(F.col("lift")), _DIGITS)
    once = scored.select("label_id", "other_id", "both", score.alias("score"))
    turned = once.select(
        F.col("other_id").alias("label_id"), F.col("label_id").alias("other_id"), "both", F.col("score")
    )
    place = F.row_number().over(Window.partitionBy("label_id").orderBy(F.desc("score"), "other_id"))
    ranked = once.unionByName(turned).withColumns({"place": place}).where(F.col("place") <= most)
    return ranked.select("label_id", "other_id", F.col("both").alias("images"), "place")
