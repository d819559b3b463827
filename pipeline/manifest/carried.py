"""Rows of an earlier manifest under new weights of the labels; what else they say stays."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.tasks import map_batches

Weights = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def reweigh(manifest: DataFrame, labels: pa.Table) -> DataFrame:
    """The rows with the keep_prob and repeat_factor that their labels have by now.

    Args:
        manifest: rows of the table manifest; every one has a label.
        labels: the table labels, sorted by label_id.
    """
    weights: Weights = (labels["keep_prob"].to_numpy(), labels["repeat_factor"].to_numpy())
    sent = manifest.sparkSession.sparkContext.broadcast(weights)

    def weigh(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield _weigh_batch(batch, sent.value)

    return map_batches(manifest, weigh, manifest.schema)


def count_labels(manifest: DataFrame) -> DataFrame:
    """(label_id, images): how many images of a manifest carry each label."""
    return manifest.select(F.explode("label_ids").alias("label_id")).groupBy("label_id").agg(
        F.count(F.lit(1)).alias("images")
    )  # fmt: skip


def combine(ids: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], weights: Weights) -> Weights:
    """keep_prob and repeat_factor of images, float64 [images] both: 1 - prod(1 - p) and the largest factor.

    Args:
        ids: labels of all images, one after the other, int64 [pairs].
        lengths: labels of each image, at least 1, int64 [images].
        weights: keep_prob and repeat_factor of each label, float64 [labels] both.
    """
    if not len(lengths):
        return np.zeros(0), np.zeros(0)
    keep, repeat = (values[ids] for values in weights)
    begin = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    rising = np.lexsort((keep, np.repeat(np.arange(len(lengths)), lengths)))  # the same product in any order of labels
    return 1 - np.multiply.reduceat(1 - keep[rising], begin), np.maximum.reduceat(repeat, begin)


def _weigh_batch(batch: pa.RecordBatch, weights: Weights) -> pa.RecordBatch:
    lists = batch["label_ids"]
    lengths = np.asarray(lists.value_lengths(), dtype=np.int64)
    for name, values in zip(
        ("keep_prob", "repeat_factor"),
        combine(np.asarray(lists.flatten(), dtype=np.int64), lengths, weights),
        strict=True,
    ):
        place = batch.schema.get_field_index(name)
        field = batch.schema.field(place)
        batch = batch.set_column(place, field, pa.array(values).cast(field.type))
    return batch
