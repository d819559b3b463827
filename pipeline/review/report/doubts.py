"""What is most likely to be wrong in a run: phrases in a label that means something else, and weak image labels."""

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

A_LABEL = 2  # doubtful phrases of one label: a single bad label would fill the list
BY_MEANING = "embedding"


def far_members(members: DataFrame, candidates: DataFrame, labels: DataFrame, count: int) -> DataFrame:
    """Members that joined by meaning, the least similar first, at most two of a label.

    Args:
        members: the table `members`.
        candidates: phrase_id and images.
        labels: label_id, label_key, display and images.
        count: rows.

    Returns:
        (phrase, phrase_images, how, similarity, label_key, display, images, phrase_id).
    """
    turn = F.row_number().over(Window.partitionBy("label_id").orderBy("similarity", "phrase_id"))
    joined = members.where(F.col("how") == BY_MEANING).withColumns({"turn": turn}).where(F.col("turn") <= A_LABEL)
    first = joined.orderBy("similarity", "phrase_id").limit(count).drop("turn")
    return _named(first, candidates, labels).select(
        *("phrase", "phrase_images", "how", "similarity", "label_key", "display", "images", "phrase_id")
    )


def formed_members(members: DataFrame, candidates: DataFrame, embeddings: DataFrame, count: int) -> DataFrame:
    """The vectors of the most frequent members that joined by form, such as a spelling, and of their label's name.

    Args:
        members: with the columns of `frequent_members`.
        candidates: phrase_id and images.
        embeddings: phrase_id and vector.
        count: members.

    Returns:
        (phrase_id, label_id, phrase, how, images, own, name): `own` and `name` are the two vectors.
    """
    formed = members.where(~F.col("how").isin("self", BY_MEANING)).orderBy(F.desc("images"), "phrase_id").limit(count)
    names = members.where("place = 1").select("label_id", F.col("phrase_id").alias("name_id"))
    vectors = embeddings.select("phrase_id", F.col("vector").alias("own"))
    found = formed.select("phrase_id", "label_id", "phrase", "how", "images").join(names, "label_id")
    named = vectors.select(F.col("phrase_id").alias("name_id"), F.col("own").alias("name"))
    return found.join(vectors, "phrase_id").join(named, "name_id").drop("name_id")


def least_similar(
    own: npt.NDArray[np.float32], names: npt.NDArray[np.float32], ids: npt.NDArray[np.int64], most: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The rows whose two vectors point apart the most.

    Args:
        own: unit vectors, float32 [n, d].
        names: unit vectors, float32 [n, d].
        ids: unique, int64 [n]: they decide ties.
        most: rows wanted.

    Returns:
        Rows, int64, and their cosines rounded to 4 digits, float64; the least similar first.
    """
    cosines = np.round(np.einsum("ij,ij->i", own.astype(np.float64), names.astype(np.float64)), 4)
    order = np.lexsort((ids, cosines))[:most]
    return order.astype(np.int64), cosines[order]


def weak_pairs(manifest: DataFrame, labels: DataFrame, count: int) -> DataFrame:
    """The image labels of a manifest with the least confidence, one a label; a hash of label and image decides ties.

    Args:
        manifest: image_id, image_uri, label_ids and label_confidences.
        labels: label_id, label_key, and `least`, the smallest confidence of the label on any image; null without one.
        count: rows.

    Returns:
        (label_id, image_id, image_uri, confidence, place), `place` is 1.
    """
    # Only labels that may be among the first, and images that have one: few of all pairs are put in order.
    weakest = labels.where("least is not null").orderBy("least").limit(count).agg(F.max("least").alias("least"))
    most = F.broadcast(weakest.select(F.col("least").alias("most")))
    known = labels.select("label_id", "label_key", "least").join(most, F.col("least") <= F.col("most"))
    doubtful = manifest.join(most, F.array_min("label_confidences") <= F.col("most"))
    zipped = F.explode(F.arrays_zip("label_ids", "label_confidences")).alias("p")
    pairs = doubtful.select("image_id", "image_uri", zipped).select(
        F.col("p.label_ids").alias("label_id"),
        F.col("p.label_confidences").alias("confidence"),
        "image_id",
        "image_uri",
    )
    joined = pairs.join(F.broadcast(known), "label_id").where(F.col("confidence") <= F.col("least"))
    # The smallest struct of a label, and not a window: partial results are one row a label.
    entry = F.struct(F.xxhash64("label_key", "image_id").alias("tie"), "image_id", "image_uri")
    found = joined.groupBy("label_id", "confidence").agg(F.min(entry).alias("w"))
    first = found.select("label_id", "confidence", "w.*").orderBy("confidence", "tie", "label_id").limit(count)
    return first.select("label_id", "image_id", "image_uri", "confidence", F.lit(1).alias("place"))


def _named(found: DataFrame, candidates: DataFrame, labels: DataFrame) -> DataFrame:
    counted = candidates.select("phrase_id", F.col("images").alias("phrase_images"))
    known = labels.select("label_id", "label_key", "display", "images")
    return F.broadcast(found).join(counted, "phrase_id").join(known, "label_id")
