"""The only place that starts Spark."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from pipeline.runtime.archive import archive_options
from pipeline.runtime.config import SparkConfig
from pipeline.runtime.java import find_java


def start_session(config: SparkConfig, name: str, options: Mapping[str, str] | None = None) -> SparkSession:
    """The Spark session of a job: this machine's cores, or the cluster that spark-submit names.

    Args:
        config: section [spark].
        name: what Spark's own pages call the job.
        options: Spark's settings in place of those of `settings`.

    Raises:
        RunError: there is no Java that Spark can run on.
    """
    builder = SparkSession.builder.appName(name)
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # started by python, not by spark-submit
        home = find_java()
        os.environ["JAVA_HOME"] = str(home)
        quiet = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties').as_uri()}"
        builder = builder.master(config.master).config("spark.driver.memory", config.driver_memory)
        builder = builder.config("spark.driver.extraJavaOptions", " ".join([quiet, *archive_options(home)]))
    if "PYSPARK_PYTHON" not in os.environ:
        # Workers would run the first python3 of PATH, which may know none of our libraries.
        os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    # One thread per task, or many workers would share few cores and sums would depend on their number.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if _local(config):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # a laptop's host name may not resolve
    for key, value in (settings(config) if options is None else options).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")  # what fails is raised here, in words; Spark would print Java traces too
    return session


def settings(config: SparkConfig) -> dict[str, str]:
    """Spark's settings, each with the reason for it."""
    return {
        "spark.sql.shuffle.partitions": str(config.shuffle_partitions),
        # Times and dates in sources mean the same on every machine.
        "spark.sql.session.timeZone": "UTC",
        # Merge small partitions by size alone, or tiny tables come in as many files as there are cores.
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16m",
        # Dirty input is met by try_ functions; anything else that overflows is a defect and must fail.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Collecting aggregates would turn to sorting, many times slower, from 128 distinct keys a task on.
        "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "100000",
        # Pointers publish a table; a marker file would only be taken for data by readers of the folder.
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def _local(config: SparkConfig) -> bool:
    return config.master.startswith("local") and "PYSPARK_GATEWAY_PORT" not in os.environ
