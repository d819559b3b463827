"""How well a phrase goes with what else is said of an image: told by the encoder's vectors of distinct phrases."""

import functools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from pipeline.runtime.tasks import map_batches

PHRASES = 256  # of an image that are looked at, the rarest labels first: one image never fills a worker
_AGREEMENT = pa.schema([("image_id", pa.string()), ("phrase_id", pa.int64()), ("agreement", pa.float64())])
AGREEMENT_DDL = "image_id string, phrase_id long, agreement double"


def find_agreement(
    evidence: DataFrame, vectors: "Broadcast[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]"
) -> DataFrame:
    """(image_id, phrase_id, agreement): cosine of each phrase and the sum of those of the image's other labels.

    Phrases without a vector, and those of images that have no other label, are left out.

    Args:
        evidence: the table evidence.
        vectors: ascending phrase_ids int64 [phrases], and unit vectors float32 [phrases, d].
    """
    said = evidence.select("image_id", "label_id", "phrase_id").distinct()
    # Spark keeps the first of each image within a partition before it shuffles them.
    first = Window.partitionBy("image_id").orderBy(F.desc("label_id"), "phrase_id")
    few = said.withColumns({"place": F.row_number().over(first)}).where(F.col("place") <= PHRASES)
    listed = few.groupBy("image_id").agg(F.array_sort(F.collect_list(F.struct("label_id", "phrase_id"))).alias("said"))
    return map_batches(listed, functools.partial(_agree_batches, vectors=vectors), AGREEMENT_DDL)


def leave_one_out(
    image: npt.NDArray[np.int64], label: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Cosine of each phrase with the sum of the phrases of its image's other labels; NaN where there is none.

    Args:
        image: of each phrase, int64 [phrases].
        label: of each, int64 [phrases].
        vectors: unit vectors, float32 [phrases, d].
    """
    _, at_image = np.unique(image, return_inverse=True)
    _, at_label = np.unique(np.stack([image, label], axis=1), axis=0, return_inverse=True)
    at_label = at_label.reshape(-1)
    rest = _sums(at_image, vectors)[at_image] - _sums(at_label, vectors)[at_label]
    norm = np.linalg.norm(rest, axis=1)
    alone = np.bincount(at_image)[at_image] == np.bincount(at_label)[at_label]
    cosine = np.einsum("ij,ij->i", rest, vectors) / np.maximum(norm, 1e-9)
    return np.where(alone | (norm < 1e-6), np.nan, np.round(cosine, 4)).astype(np.float64)


def _sums(group: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    found = np.zeros((int(group.max(initial=-1)) + 1, vectors.shape[1]))
    np.add.at(found, group, vectors)
    return found


def _agree_batches(
    batches: Iterator[pa.RecordBatch], vectors: "Broadcast[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]"
) -> Iterator[pa.RecordBatch]:
    ids, known = vectors.value
    for batch in batches:
        lists = batch["said"]
        image = np.repeat(np.arange(len(batch)), lists.value_lengths().to_numpy(zero_copy_only=False))
        flat = lists.flatten()
        label, phrase = (flat.field(name).to_numpy(zero_copy_only=False) for name in ("label_id", "phrase_id"))
        place = np.minimum(np.searchsorted(ids, phrase), max(len(ids) - 1, 0))
        some = np.flatnonzero(ids[place] == phrase) if len(ids) else np.zeros(0, dtype=np.int64)
        found = leave_one_out(image[some], label[some].astype(np.int64), known[place[some]])
        kept = ~np.isnan(found)
        names = batch["image_id"].take(pa.array(image[some][kept]))
        yield pa.record_batch([names, pa.array(phrase[some][kept]), pa.array(found[kept])], schema=_AGREEMENT)
