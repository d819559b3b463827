"""Functions that Spark's Python processes run, batch by batch."""

import functools
import gc
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:  # who cleans or matches one text starts no Spark, and need not wait for it
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

Batches = Iterator[pa.RecordBatch]

_MANY = 20_000  # objects, looked through in a few milliseconds


def map_batches(frame: "DataFrame", function: Callable[[Batches], Batches], schema: "StructType | str") -> "DataFrame":
    """What a function makes of a frame, part by part, in Python processes of Spark.

    Args:
        frame: its input, as Arrow batches.
        function: from the batches of a task to others; sent to the processes, as cloudpickle does.
        schema: of what it gives.
    """
    return frame.mapInArrow(functools.partial(_run, function=function), schema)


def _run(batches: Batches, function: Callable[[Batches], Batches]) -> Batches:
    yield from function(batches)
    _keep_loaded()


def _keep_loaded() -> None:
    """Take what this process has loaded out of the garbage collector's sight, once it is much.

    Spark's daemon has each process collect garbage after every task. With WordNet loaded that takes 0.2 s, longer than
    the task itself where there are few rows, and finds nothing: modules and lexicons stay until the process ends.
    """
    if len(gc.get_objects()) > _MANY:
        gc.collect()
        gc.freeze()
