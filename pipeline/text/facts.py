"""Signals as facts whose raw text is a pair of hashes: a text travels once, to be cleaned, and its facts without it.

A text is told from others by 128 bits: among a trillion of them the chance that any two are taken for one is below
10^-14.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

KEYS = ["raw_key", "raw_check"]
_SEED = 1  # hashed before the others, it makes another function of the same hash


def keys_of(raw: Column, stated: Column) -> list[Column]:
    """The columns `KEYS`, int64 both.

    Args:
        raw: a text as its source has it.
        stated: the language that the source states; '' where it states none.
    """
    return [
        F.xxhash64(raw, stated).alias(KEYS[0]),
        F.xxhash64(F.lit(_SEED), raw, stated).alias(KEYS[1]),
    ]


def stated_language() -> Column:
    """The language that a signal states, '' where it states none."""
    return F.coalesce("language", F.lit("")).alias("stated")


def as_facts(signals: DataFrame) -> DataFrame:
    """(image_id, source, signal, count, contributor) of each signal, and the `KEYS` of its text."""
    keys = keys_of(F.col("text"), stated_language())
    return signals.select("image_id", "source", "signal", "count", "contributor", *keys)
