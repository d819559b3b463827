"""One Spark session for all tests that need one, started when the first of them asks."""

import logging
import os
from collections.abc import Iterator

import hypothesis
import pytest
from pyspark.sql import SparkSession

for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)  # pytest-xdist tells its processes of a window of 80 columns that nobody looks at
# Java compiles quickly and never again: no test runs for long, and a run on 400 images takes a fifth less CPU time.
os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m")
hypothesis.settings.register_profile("untimed", deadline=None)  # how busy the machine is says nothing of the code
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    from pipeline.runtime.config import SparkConfig
    from pipeline.runtime.session import settings, start_session

    config = SparkConfig(master="local[2]", driver_memory="1g", shuffle_partitions=2)
    warehouse = tmp_path_factory.mktemp("warehouse")
    session = start_session(
        config,
        "tests",
        {
            **settings(config),
            "spark.default.parallelism": "2",
            # Tiny frames: replanning costs more than it saves.
            "spark.sql.adaptive.enabled": "false",
            # Nor is it worth to compile each of hundreds of queries for a few rows.
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.warehouse.dir": str(warehouse),
        },
    )
    yield session
    session.stop()


@pytest.fixture
def all_is_told() -> Iterator[None]:
    """Notes of the product are told too, as while a run shows them."""
    log = logging.getLogger("pipeline")
    level = log.level
    log.setLevel(logging.INFO)
    yield
    log.setLevel(level)
