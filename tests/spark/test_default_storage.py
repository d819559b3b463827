"""Where a path without a scheme lies for Spark."""

import pytest
from pyspark.sql import SparkSession

from pipeline.runtime.errors import ConfigError
from pipeline.runtime.places import refuse_plain
from pipeline.runtime.session import default_storage


def test_it_is_the_local_disk_unless_hadoop_is_told_otherwise(spark: SparkSession) -> None:
    assert default_storage(spark) == "file:///"
    told = spark.sparkContext._jsc.hadoopConfiguration()
    told.set("fs.defaultFS", "hdfs://name:8020")
    try:
        with pytest.raises(ConfigError, match="hdfs://name:8020/data/x"):
            refuse_plain(default_storage(spark), {"--run-root": "/data/x"})
    finally:
        told.unset("fs.defaultFS")
    assert default_storage(spark) == "file:///"
