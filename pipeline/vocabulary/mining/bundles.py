"""Texts in bundles of many, split into coded words, so that several passes over them are handed to Python only once.

To turn a row into Arrow and back costs Spark more than to count its phrases. A bundle is one row for a hundred thousand
texts: an Arrow stream, which is read without a copy.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from pipeline.runtime.tasks import map_batches
from pipeline.vocabulary.mining import word_arrays

_DDL = "texts long, bundle binary"
_SCHEMA = pa.schema([("texts", pa.int64()), ("bundle", pa.binary())])
_ROWS, _BYTES = 1_000_000, 1 << 25  # of what is looked at together
_TEXTS = 100_000  # of a bundle: the arrays of its n-grams stay near the processor


class Bundle(NamedTuple):
    """Some texts: their words, weight and identity; int64 [texts] both, the latter -1 where there is none."""

    words: word_arrays.Words
    weight: npt.NDArray[np.int64]
    text_id: npt.NDArray[np.int64]


def pack(texts: DataFrame) -> DataFrame:
    """(texts, bundle): the number of texts of each bundle, and the bundle.

    Args:
        texts: text (words and `|`, one space between them), language, weight and, where no text stands twice, text_id.
            Without it, equal texts that come near each other are packed as one, with the sum of their weights.
    """
    return map_batches(texts, _pack_batches, _DDL)


def unpack(batches: Iterator[pa.RecordBatch]) -> Iterator[Bundle]:
    """The bundles of some rows of `pack`, one by one."""
    for batch in batches:
        for packed in batch.column("bundle"):
            table = pa.ipc.open_stream(packed.as_buffer()).read_next_batch()
            yield Bundle(
                word_arrays.read_spoken(table["spoken"]), table["weight"].to_numpy(), table["text_id"].to_numpy()
            )


def _pack_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for some in _together(batches):
        table = pa.Table.from_batches(some).combine_chunks()
        if "text_id" not in table.column_names:
            table = table.group_by(["text", "language"], use_threads=False).aggregate([("weight", "sum")])
            table = table.rename_columns({"weight_sum": "weight"}).append_column("text_id", [np.full(len(table), -1)])
        for part in table.to_batches(_TEXTS):
            spoken = word_arrays.split_spoken(part["text"], part["language"])
            packed = _stream(pa.record_batch({"spoken": spoken, "weight": part["weight"], "text_id": part["text_id"]}))
            yield pa.record_batch([pa.array([len(part)]), pa.array([packed], pa.binary())], schema=_SCHEMA)


def _stream(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def _together(batches: Iterator[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    some: list[pa.RecordBatch] = []
    for batch in batches:
        some.append(batch)
        if sum(map(len, some)) >= _ROWS or sum(part.nbytes for part in some) >= _BYTES:
            yield some
            some = []
    if some:
        yield some
