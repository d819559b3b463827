"""Signals as facts: which raw text, in which stated language, a source says of an image."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

RAW = ["raw", "stated"]  # what tells texts apart before they are cleaned


def as_facts(signals: DataFrame, *columns: str) -> DataFrame:
    """Columns of the table signals, and `RAW`: the text, and the language that is stated, '' where none is."""
    return signals.select(*columns, F.col("text").alias("raw"), F.coalesce("language", F.lit("")).alias("stated"))
