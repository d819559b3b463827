"""What a stage turned away, as rows of the table rejects."""

import functools
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.road import Run
from pipeline.text import normalize as text


def write_rejects(run: Run, stage: str, frames: Sequence[DataFrame]) -> None:
    """Publish what a stage turned away: equal drops as one row, personal data masked."""
    every = functools.reduce(DataFrame.unionByName, frames)
    counted = text.mask_raw(every).groupBy("unit", "source", "reason", "raw").agg(F.sum("count").alias("count"))
    run.tables.write("rejects", counted.withColumns({"stage": F.lit(stage)}), part=stage)


def as_rejects(unit: str, frame: DataFrame) -> DataFrame:
    """Drops (source, reason, raw and perhaps count) in their unit."""
    count = F.col("count") if "count" in frame.columns else F.lit(1).cast("long")
    return frame.select(F.lit(unit).alias("unit"), "source", "reason", "raw", count.alias("count"))


def counted_reasons(counts: DataFrame) -> DataFrame:
    """(reason, count) as drops that name no row."""
    return counts.where("count > 0").select(null("source"), "reason", null("raw"), "count")


def null(name: str) -> Column:
    """A column of strings that are all null."""
    return F.lit(None).cast("string").alias(name)
