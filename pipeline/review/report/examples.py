"""The proof of a label on the page: its phrases, a sample of its images, and the texts that say it of them."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F


def frequent_members(members: DataFrame, candidates: DataFrame, count: int) -> DataFrame:
    """The `count` most frequent phrases of each label, its name first.

    Returns:
        (label_id, phrase_id, phrase, how, similarity, images, place, phrases): `place` counts from 1, `phrases` are all
        members of the label.
    """
    label = Window.partitionBy("label_id")
    ranked = label.orderBy(F.col("how") != "self", F.desc("images"), "phrase_id")
    listed = members.join(candidates.select("phrase_id", "images"), "phrase_id")
    placed = listed.withColumns({"place": F.row_number().over(ranked), "phrases": F.count(F.lit(1)).over(label)}).where(
        F.col("place") <= count
    )
    return placed.select("label_id", "phrase_id", "phrase", "how", "similarity", "images", "place", "phrases")


def example_images(manifest: DataFrame, labels: DataFrame, label_ids: Sequence[int], count: int) -> DataFrame:
    """`count` images of each of the labels, by a hash of label and image: neither the best nor the worst.

    Returns:
        (label_id, image_id, image_uri, confidence, place), `place` counts from 1.
    """
    keys = labels.where(F.col("label_id").isin(list(label_ids))).select("label_id", "label_key")
    pairs = manifest.select(
        "image_id", "image_uri", F.explode(F.arrays_zip("label_ids", "label_confidences")).alias("p")
    )
    carried = pairs.select(
        "image_id",
        "image_uri",
        F.col("p.label_ids").alias("label_id"),
        F.col("p.label_confidences").alias("confidence"),
    )
    ranked = Window.partitionBy("label_id").orderBy(F.xxhash64("label_key", "image_id"), "image_id")
    placed = carried.join(F.broadcast(keys), "label_id").withColumns({"place": F.row_number().over(ranked)})
    return placed.where(F.col("place") <= count).select("label_id", "image_id", "image_uri", "confidence", "place")


def spoken_evidence(images: DataFrame, assignments: DataFrame, mentions: DataFrame) -> DataFrame:
    """What is said of images by the kinds of text that say a label of them.

    Args:
        images: (label_id, image_id) of the examples; small.
        assignments: with the evidence.
        mentions: what was said of each image.

    Returns:
        (label_id, image_id, signal, phrase, text_id, count); whether a text says the phrase is not looked at.
    """
    pair = ["label_id", "image_id"]
    evidence = assignments.join(F.broadcast(images.select(*pair)), pair).select(*pair, F.explode("evidence").alias("e"))
    phrases = evidence.select(*pair, F.col("e.signal").alias("signal"), F.col("e.phrase").alias("phrase"))
    said = mentions.select("image_id", "signal", "text_id", "count")
    return F.broadcast(phrases).join(said, ["image_id", "signal"])


def example_texts(spoken: DataFrame, texts: DataFrame, count: int, length: int) -> DataFrame:
    """The `count` most frequent texts that say a label of an image.

    Args:
        spoken: from `spoken_evidence`.
        texts: the texts themselves.
        count: texts of an image and label.
        length: characters of a text; the rest is cut off.

    Returns:
        (label_id, image_id, signal, text, phrase, count, place): `phrase` is the longest member in the text; a text of
        several signals names them all in `signal`, and sums their counts.
    """
    pair = ["label_id", "image_id"]
    found = spoken.join(texts.select("text_id", "text"), "text_id")
    whole_words = F.contains(F.concat(F.lit(" "), "text", F.lit(" ")), F.concat(F.lit(" "), "phrase", F.lit(" ")))
    longest = F.max(F.struct(F.length("phrase").alias("length"), "phrase"))
    by_signal = (
        found.where(whole_words)
        .groupBy(*pair, "text_id", "text", "signal")
        .agg(longest.alias("longest"), F.max("count").alias("count"))
    )
    by_text = by_signal.groupBy(*pair, "text_id", "text").agg(
        F.array_join(F.array_sort(F.collect_set("signal")), ", ").alias("signal"),
        F.max("longest").alias("longest"),
        F.sum("count").alias("count"),
    )
    ranked = Window.partitionBy(*pair).orderBy(F.desc("count"), F.length("text"), "text", "text_id")
    placed = by_text.withColumns({"place": F.row_number().over(ranked)}).where(F.col("place") <= count)
    text = F.substring("text", 1, length).alias("text")
    return placed.select(*pair, "signal", text, F.col("longest.phrase").alias("phrase"), "count", "place")
