"""Texts and mentions of several runs as those of one: what each says of a text or an image comes together."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.text.normalize import tokens_of


def join_texts(texts: DataFrame) -> DataFrame:
    """The table texts out of rows of it that may say a text several times, each with flags of its own."""
    flags = F.array_sort(F.array_distinct(F.flatten(F.collect_set("flags")))).alias("flags")
    joined = texts.groupBy("text_id", "text", "language").agg(flags)
    return joined.select("text_id", "text", "language", tokens_of().alias("tokens"), "flags")


def join_mentions(mentions: DataFrame, images: DataFrame, most: int) -> DataFrame:
    """The table mentions out of rows of it that may name an image, text and signal several times, reposts folded.

    Args:
        mentions: rows of the table.
        images: the table images.
        most: contributors remembered a mention.
    """
    reposts = images.where("duplicate_of is not null").select("image_id", "duplicate_of")
    every = F.array_distinct(F.flatten(F.collect_list("contributors")))
    return (
        mentions.join(reposts, "image_id", "left")
        .groupBy(F.coalesce("duplicate_of", "image_id").alias("image_id"), "text_id", "signal")
        .agg(
            F.sum("count").alias("count"),
            F.sum("facts").alias("facts"),
            F.slice(F.array_sort(every), 1, most).alias("contributors"),
        )
    )
