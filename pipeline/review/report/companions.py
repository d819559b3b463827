"""Labels that stand on the same images more often than chance would put them there."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from pipeline.runtime.tasks import map_batches

_HELD = 4_000_000  # pairs a process holds before it counts them
_DIGITS = 6  # the last bit of a logarithm may differ between machines, and would decide ties


def find_companions(manifest: DataFrame, labels: DataFrame, labelled: int, images: int, most: int) -> DataFrame:
    """The labels that each label is seen with.

    They rank by n log(lift), the local mutual information of Evert (2005): lift alone would name the rarest labels,
    counts alone the largest ones.

    Args:
        manifest: label_ids and sample_u of each labelled image.
        labels: label_id and images of all labels.
        labelled: rows of the manifest.
        images: of these, about how many are looked at, drawn by sample_u.
        most: companions of a label.

    Returns:
        (label_id, other_id, images, place): `images` with both, of those looked at; `place` from 1. Only pairs that
        are seen more often than by chance; one image of a draw is chance.
    """
    share = min(1.0, images / max(labelled, 1))
    carried = manifest.where(F.col("sample_u") < share).select("label_ids")
    pairs = map_batches(carried, _count_pairs, "label_id int, other_id int, both long")
    pairs = pairs.groupBy("label_id", "other_id").agg(F.sum("both").alias("both")).where(F.col("both") > int(share < 1))
    sizes = F.broadcast(labels.select("label_id", F.col("images").alias("of_label")))
    others = sizes.select(F.col("label_id").alias("other_id"), F.col("of_label").alias("of_other"))
    lift = F.col("both") * (labelled / share) / (F.col("of_label") * F.col("of_other"))
    scored = pairs.join(sizes, "label_id").join(others, "other_id").withColumns({"lift": lift}).where("lift > 1")
    score = F.round(F.col("both") * F.log(F.col("lift")), _DIGITS).alias("score")
    turned = F.struct(F.col("other_id").alias("label_id"), F.col("label_id").alias("other_id"))
    ways = F.explode(F.array(F.struct("label_id", "other_id"), turned)).alias("way")
    found = scored.select(ways, "both", score).select("way.*", "both", "score")
    place = F.row_number().over(Window.partitionBy("label_id").orderBy(F.desc("score"), "other_id"))
    ranked = found.withColumns({"place": place}).where(F.col("place") <= most)
    return ranked.select("label_id", "other_id", F.col("both").alias("images"), "place")


def _count_pairs(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Pairs of labels that stand on the same image, the smaller label_id first, and on how many; of so many a time."""
    held: list[npt.NDArray[np.int64]] = []
    for batch in batches:
        lists = batch["label_ids"]
        held.append(_pairs(np.asarray(lists.flatten(), dtype=np.int64), np.asarray(lists.value_lengths())))
        if sum(map(len, held)) >= _HELD:
            yield _counted(held)
            held = []
    yield _counted(held)


def _pairs(ids: npt.NDArray[np.int64], lengths: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Each pair of labels of each image as low * 2^32 + high, int64.

    Args:
        ids: labels of all images, one after the other.
        lengths: labels of each image.
    """
    row = np.repeat(np.arange(len(lengths)), lengths)
    found = [np.zeros(0, dtype=np.int64)]
    for apart in range(1, int(lengths.max(initial=0))):
        one, other = (values[row[:-apart] == row[apart:]] for values in (ids[:-apart], ids[apart:]))
        found.append((np.minimum(one, other) << 32) + np.maximum(one, other))
    return np.concatenate(found)


def _counted(held: list[npt.NDArray[np.int64]]) -> pa.RecordBatch:
    pairs, both = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *held]), return_counts=True)
    columns = {"label_id": (pairs >> 32).astype(np.int32), "other_id": (pairs & 0xFFFFFFFF).astype(np.int32)}
    return pa.record_batch({**columns, "both": both.astype(np.int64)})
