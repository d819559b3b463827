"""The session on one machine: a killed worker's task is done again, and nothing listens beyond the machine."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from pipeline.runtime import session
from pipeline.runtime.config import SparkConfig


@pytest.mark.parametrize(
    ("master", "expected"),
    [
        ("local", "local[1,4]"),
        ("local[*]", "local[*,4]"),
        ("local[3]", "local[3,4]"),
        ("local[3,1]", "local[3,1]"),  # the user's own number of tries stays
        ("local-cluster[2,1,1024]", "local-cluster[2,1,1024]"),
        ("spark://host:7077", "spark://host:7077"),
        ("yarn", "yarn"),
    ],
)
def test_only_plain_local_masters_get_tries(master: str, expected: str) -> None:
    assert session.retrying(master) == expected


def test_a_task_whose_worker_is_killed_once_is_done_again(spark: SparkSession, tmp_path: Path) -> None:
    mark = str(tmp_path / "killed")

    def die_once(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if 7 in batch["id"].to_pylist() and not os.path.exists(mark):
                with open(mark, "w"):
                    os.kill(os.getpid(), signal.SIGKILL)
            yield batch

    found = spark.range(0, 20, 1, 2).mapInArrow(die_once, "id long").collect()
    assert os.path.exists(mark)
    assert sorted(row.id for row in found) == list(range(20))


def test_a_local_spark_listens_on_loopback_alone(spark: SparkSession) -> None:
    spark.range(4).repartition(2).count()  # a shuffle, and a Python side of accumulators
    own = psutil.Process()
    listening = [
        (process.name(), found.laddr.ip)
        for process in [own, *own.children(recursive=True)]
        for found in process.net_connections("inet")
        if found.status == psutil.CONN_LISTEN
    ]
    assert any(name == "java" for name, _ in listening)
    assert [pair for pair in listening if not is_loopback(pair[1])] == []


def is_loopback(address: str) -> bool:
    return address.removeprefix("::ffff:").startswith("127.") or address == "::1"


@pytest.mark.parametrize(
    ("variable", "asked", "local", "shown"),
    [
        ("", "true", True, False),  # it would listen on every address
        ("10.0.0.5", "true", True, False),
        ("127.0.0.1", "true", True, True),
        ("localhost", "true", True, True),
        ("", "true", False, True),  # a cluster's page is the platform's to guard
    ],
)
def test_a_page_that_is_asked_for_is_shown_on_loopback_or_a_cluster(
    monkeypatch: pytest.MonkeyPatch, variable: str, asked: str, local: bool, shown: bool
) -> None:
    monkeypatch.setenv("SPARK_LOCAL_IP", variable)
    chosen = session.choose({"spark.ui.enabled": asked}, SparkConfig(), None, local)
    assert (chosen.get("spark.ui.enabled", asked) == "true") is shown


def test_what_spark_submit_is_told_goes_before_ours_but_not_where_tables_depend_on_it() -> None:
    stated = {"spark.sql.shuffle.partitions": "400", "spark.sql.session.timeZone": "Asia/Tokyo"}
    chosen = session.choose(stated, SparkConfig(shuffle_partitions=8), None, False)
    assert "spark.sql.shuffle.partitions" not in chosen
    assert chosen["spark.sql.session.timeZone"] == "UTC"
    assert chosen["spark.executorEnv.OMP_NUM_THREADS"] == "1"


def test_what_a_job_needs_goes_before_what_spark_submit_is_told() -> None:
    needed = {"spark.sql.parquet.columnarReaderBatchSize": "32"}
    assert session.choose({**needed, "spark.x": "1"}, SparkConfig(), needed, False) == needed


def test_a_local_session_keeps_an_address_that_the_user_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LOCAL_IP", "192.0.2.1")
    assert session.addresses({})["spark.driver.bindAddress"] == "192.0.2.1"
    monkeypatch.delenv("SPARK_LOCAL_IP")
    assert session.addresses({}) == {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    assert "spark.driver.host" not in session.addresses({"spark.driver.host": socket.gethostname()})
