"""Where what is said comes from: its languages, and the people, boards or accounts that say it."""

import functools
from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

LANGUAGE, CONTRIBUTOR = "language", "contributor"  # kinds


def count_origins(mentions: DataFrame, texts: DataFrame) -> DataFrame:
    """The table origins: mentions of each language and of each known contributor.

    Args:
        mentions: text_id and contributors; a mention is one text of one kind on one image, however often it was seen.
        texts: text_id and language of these texts, and of others.
    """
    one = F.count(F.lit(1)).alias("mentions")
    said = mentions.groupBy("text_id").agg(one)  # far fewer rows, before they are joined
    spoken = said.join(texts.select("text_id", "language"), "text_id")
    languages = spoken.groupBy(F.col("language").alias("name")).agg(F.sum("mentions").alias("mentions"))
    people = mentions.select(F.explode("contributors").alias("name")).groupBy("name").agg(one)
    return _named(languages, LANGUAGE).unionByName(_named(people, CONTRIBUTOR))


def sum_origins(parts: Sequence[tuple[DataFrame, int]]) -> DataFrame:
    """The table origins out of several: those with 1 are added, those with -1 taken away."""
    signed = [origins.withColumns({"mentions": F.col("mentions") * sign}) for origins, sign in parts]
    rows = functools.reduce(DataFrame.unionByName, signed)
    return rows.groupBy("kind", "name").agg(F.sum("mentions").alias("mentions")).where("mentions > 0")


def _named(counted: DataFrame, kind: str) -> DataFrame:
    return counted.select(F.lit(kind).alias("kind"), F.col("name").cast("string"), "mentions")
