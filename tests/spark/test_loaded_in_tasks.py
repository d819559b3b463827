import gc
import os
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import SparkSession

from pipeline.runtime.tasks import map_batches


def test_what_a_process_has_loaded_is_looked_through_once(spark: SparkSession) -> None:
    def count_objects(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            pass
        counts = {"pid": os.getpid(), "seen": len(gc.get_objects()), "kept": gc.get_freeze_count()}
        yield pa.RecordBatch.from_pylist([counts])

    tasks = map_batches(spark.range(4).coalesce(1), count_objects, "pid long, seen long, kept long")
    found = [tasks.collect()[0] for _ in range(6)]  # by two processes, or some more that other tests have left
    again = [row for place, row in enumerate(found) if row.pid in {earlier.pid for earlier in found[:place]}]
    assert again
    for row in again:
        assert row.seen < 20_000 < row.kept


def test_a_function_that_holds_its_surroundings_sees_all_rows_of_a_part_once(spark: SparkSession) -> None:
    more = 5

    def add(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"id": [value + more for value in batch["id"].to_pylist()]})

    rows = map_batches(spark.range(0, 100, numPartitions=7), add, "id long").collect()
    assert sorted(row.id for row in rows) == list(range(5, 105))
