import gc
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import SparkSession

from pipeline.runtime.tasks import map_batches


def test_what_a_process_has_loaded_is_looked_through_once(spark: SparkSession) -> None:
    def count_objects(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            pass
        yield pa.RecordBatch.from_pydict({"seen": [len(gc.get_objects())], "kept": [gc.get_freeze_count()]})

    rows = spark.range(4).coalesce(1)
    for _ in range(2):  # there may be two processes
        map_batches(rows, count_objects, "seen long, kept long").collect()
    found = map_batches(rows, count_objects, "seen long, kept long").collect()
    assert found[0].seen < 20_000 < found[0].kept


def test_a_function_that_holds_its_surroundings_sees_all_rows_of_a_part_once(spark: SparkSession) -> None:
    more = 5

    def add(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"id": [value + more for value in batch["id"].to_pylist()]})

    rows = map_batches(spark.range(0, 100, numPartitions=7), add, "id long").collect()
    assert sorted(row.id for row in rows) == list(range(5, 105))
