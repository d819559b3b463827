"""Trusted labels to judge by: read, and where no name tells which label is meant, mapped to the nearest one."""

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.runtime.errors import InputError
from pipeline.sources.readers import read_table, readable

COLUMNS = ("image_id", "label")
_SUFFIXES = {"csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "json", "orc": "orc"}


def read_truth(spark: SparkSession, path: str) -> DataFrame:
    """(image_id, label): the rows of a file or folder of trusted labels, as strings; several rows an image may be.

    Args:
        spark: the session.
        path: Parquet; CSV, TSV, JSON lines or ORC where the ending of the name says so.

    Raises:
        InputError: there is no such file, it is not readable, a column is missing, or no row holds both.
    """
    kind = _SUFFIXES.get(path.rstrip("/").rpartition(".")[2].lower(), "parquet")
    table = read_table(spark, "truth", path, kind, {})
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; it has {', '.join(table.columns)}. "
            f"The truth is one row per image and class, in the columns {' and '.join(COLUMNS)}."
        )
    rows = table.select(*(F.trim(F.col(name).cast("string")).alias(name) for name in COLUMNS))
    rows = rows.where("image_id != '' and label != ''").distinct()
    with readable(path):
        if not rows.head(1):
            raise InputError(f"{path}: no row holds an image_id and a label.")
    return rows


def map_nearest(
    names: npt.NDArray[np.float32], members: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], least: float
) -> list[frozenset[int]]:
    """The label of the member nearest to each name; none where that is less similar than `least`.

    Args:
        names: unit vectors of the classes' names, float32 [classes, d].
        members: unit vectors of members, float32 [members, d].
        labels: label_id of each member, int64 [members], ascending: of equally near ones the first wins.
        least: cosine.
    """
    found: list[frozenset[int]] = []
    for begin in range(0, len(names), 256):  # bounded: never classes x members
        similarity = np.round(names[begin : begin + 256] @ members.T, 5)
        nearest = similarity.argmax(axis=1) if len(members) else np.zeros(len(similarity), dtype=np.int64)
        for row, place in enumerate(nearest.tolist()):
            near = len(members) > 0 and similarity[row, place] >= least
            found.append(frozenset({int(labels[place])}) if near else frozenset())
    return found
