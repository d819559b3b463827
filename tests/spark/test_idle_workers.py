"""Python workers that only hold memory are ended, and work goes on with others."""

import os
from collections.abc import Iterator

import psutil
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime.workers import end_idle


def workers_of(spark: SparkSession) -> set[int]:
    """Process ids of the workers that do the tasks of a small job."""

    def tell(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"pid": pa.array([os.getpid()] * len(batch), pa.int64())})

    frame: DataFrame = spark.range(0, 8, 1, 2).mapInArrow(tell, "pid long")
    return {row.pid for row in frame.collect()}


def test_ended_workers_are_gone_and_the_next_job_has_others(spark: SparkSession) -> None:
    before = workers_of(spark)
    assert end_idle(spark) >= len(before)
    assert not any(psutil.pid_exists(pid) for pid in before)
    after = workers_of(spark)
    assert after
    assert not after & before


def test_nothing_to_end_is_no_error(spark: SparkSession) -> None:
    end_idle(spark)
    assert end_idle(spark) == 0
