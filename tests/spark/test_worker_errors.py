"""What a Python worker raises for the user ends a job with one line, as if it had been raised at the driver."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from pipeline.runtime import failures
from pipeline.runtime.cli import UNUSABLE, exit_code
from pipeline.runtime.errors import ConfigError, InputError
from pipeline.sources.readers import readable

Work = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def raising(error: Exception) -> Work:
    """Work of a Python worker that fails, as an encoder does that is not installed where the worker is."""

    def fail(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            raise error
            yield batch

    return fail


REFUSAL = ConfigError("embed.encoder = 'tiny': not installed; the file does not exist. Install it.")


def test_a_workers_message_is_one_line(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    @failures.named()
    def job() -> None:
        spark.range(0, 4, 1, 2).mapInArrow(raising(REFUSAL), "id long").collect()

    assert exit_code(job) == UNUSABLE
    told = "error: embed.encoder = 'tiny': not installed; the file does not exist. Install it.\n"
    assert capsys.readouterr().err == told


def test_a_workers_message_is_not_taken_for_a_fault_of_the_source(spark: SparkSession) -> None:
    with pytest.raises(ConfigError, match="Install it"), readable("sources"):
        spark.range(4).mapInArrow(raising(REFUSAL), "id long").collect()
    with pytest.raises(InputError, match="KeyError"), readable("sources"):
        spark.range(4).mapInArrow(raising(KeyError(4)), "id long").collect()


def test_a_workers_defect_keeps_its_trace(spark: SparkSession) -> None:
    with pytest.raises(PythonException, match="KeyError: 4"), failures.named():
        spark.range(0, 4, 1, 1).mapInArrow(raising(KeyError(4)), "id long").collect()
