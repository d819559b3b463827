"""Trusted labels to judge by: read, and where no name tells which label is meant, mapped to the nearest one."""

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame, SparkSession

from pipeline.labeling.trusted.read import read_pairs


def read_truth(spark: SparkSession, path: str, taught: str = "") -> DataFrame:
    """(image_id, label): the rows of a file of trusted labels, as strings; several rows an image may be.

    Args:
        spark: the session.
        path: as for `read_pairs`.
        taught: a file of trusted labels that the run learnt from: what is said of its images is no judge.

    Raises:
        InputError: the file cannot be used.
    """
    rows = read_pairs(spark, path, "truth").where("image_id != '' and label != ''")
    if taught:
        rows = rows.join(
            read_pairs(spark, taught, "trusted file").select("image_id").distinct(), "image_id", "left_anti"
        )
    return rows.select("image_id", "label").distinct()


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
