"""Trusted labels of a few images, out of a file: all that is true of each, or judgements one by one."""

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.labeling.judgements import holds_judgements, read_judgements
from pipeline.runtime.errors import InputError
from pipeline.sources.readers import format_of, read_table, readable

COLUMNS = ("image_id", "label")


@dataclass(frozen=True, slots=True)
class TrustedRows:
    """What a file of trusted labels says.

    Attributes:
        rows: image_id, label, correct (bool), sorted and each once; a repost's rows are those of its original. Without
            an image: the name of a label that no trusted image has.
        whole: whether the rows of an image are all that is true of it; judgements say nothing of other labels.
        unknown: images of the file that the run has not.
    """

    rows: pa.Table
    whole: bool
    unknown: int


def read_pairs(spark: SparkSession, path: str, what: str) -> DataFrame:
    """(image_id, label, and correct where there is such a column): the rows of a file of trusted labels, as strings.

    Args:
        spark: the session.
        path: Parquet; CSV, TSV, JSON lines or ORC where the ending of the name says so.
        what: the rows are, for messages.

    Raises:
        InputError: there is no such file, it is not readable, a column is missing, or no row holds both.
    """
    table = read_table(spark, what, path, format_of(path), {})
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; it has {', '.join(table.columns)}. "
            f"The {what} is one row per image and class, in the columns {' and '.join(COLUMNS)}."
        )
    columns = [*COLUMNS, *(["correct"] if "correct" in table.columns else [])]
    rows = table.select(*(F.trim(F.col(name).cast("string")).alias(name) for name in columns)).distinct()
    with readable(path):
        if not rows.where("image_id != '' and label != ''").head(1):
            raise InputError(f"{path}: no row holds an image_id and a label.")
    return rows


def read_trusted(spark: SparkSession, path: str, images: DataFrame) -> TrustedRows:
    """The trusted labels of the images of a run.

    Args:
        spark: the session.
        path: a file of `read_pairs`; one with the column `correct` holds judgements, see `judgements.read_judgements`.
        images: the table images.

    Raises:
        InputError: the file cannot be used.
    """
    whole = not (format_of(path) in ("csv", "tsv") and holds_judgements(path))
    if whole:
        said = read_pairs(spark, path, "trusted file")
        if "correct" in said.columns:
            raise InputError(f"{path}: judgements, with the column correct, are read from a CSV file. Save it as one.")
        said = said.where("label != ''")
        pairs = said.select("image_id", "label", F.lit(True).alias("correct"))
    else:
        pairs = spark.createDataFrame(read_judgements(path).select(["image_id", "label", "correct"]))
    known = images.select("image_id", F.coalesce("duplicate_of", "image_id").alias("original"))
    named = F.coalesce("image_id", F.lit("")) != ""
    found = pairs.where(named).join(known, "image_id")
    lost = pairs.where(named).join(known, "image_id", "left_anti").select("image_id").distinct().count()
    # Of two judgements of reposts of one image that differ, the doubt stays: it is no example.
    here = (
        found.groupBy(F.col("original").alias("image_id"), "label")
        .agg(F.bool_and("correct").alias("correct"), F.bool_or("correct").alias("ever"))
        .where("correct = ever")
        .drop("ever")
    )
    names = pairs.where(~named).select(F.lit("").alias("image_id"), "label", "correct").distinct()
    rows = here.unionByName(names).toArrow().sort_by([("image_id", "ascending"), ("label", "ascending")])
    return TrustedRows(rows, whole, lost)
