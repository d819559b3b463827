"""Spark's settings fit the number of rows, and yield to what spark-submit was told."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.runtime import session

ADAPTIVE, PARTITIONS = "spark.sql.adaptive.enabled", "spark.sql.shuffle.partitions"


class Conf(dict[str, str]):
    """Settings of a session, or of its context."""

    def set(self, key: str, value: str) -> None:
        self[key] = value


def suited(signals: int, partitions: int = 16, cores: int = 2, own: int | None = None) -> Conf:
    conf = Conf()
    context = SimpleNamespace(getConf=lambda: Conf({PARTITIONS: str(partitions)}), defaultParallelism=cores)
    spark: Any = SimpleNamespace(conf=conf, sparkContext=context)
    session.suit(spark, signals, own)
    return conf


def test_few_rows_are_planned_once_and_interpreted_in_as_many_parts_as_there_are_cores() -> None:
    conf = suited(session.COMPILED_FROM - 1)
    assert conf[ADAPTIVE] == "false"
    assert conf["spark.sql.codegen.wholeStage"] == "false"
    assert conf["spark.sql.codegen.factoryMode"] == "NO_CODEGEN"
    assert conf[PARTITIONS] == "2"
    assert suited(10, partitions=1)[PARTITIONS] == "1"


def test_from_a_hundred_thousand_rows_on_plans_are_compiled_and_planned_anew() -> None:
    conf = suited(session.COMPILED_FROM)
    assert conf[ADAPTIVE] == "true"
    assert conf["spark.sql.codegen.wholeStage"] == "true"
    assert conf["spark.sql.codegen.factoryMode"] == "FALLBACK"
    assert conf[PARTITIONS] == "16"


@pytest.mark.parametrize(("signals", "partitions"), [(8_000_000, "16"), (8_000_001, "17"), (50_000_000, "100")])
def test_many_rows_have_more_partitions(signals: int, partitions: str) -> None:
    assert suited(signals)[PARTITIONS] == partitions


def test_a_stage_about_few_of_many_rows_is_compiled_and_has_few_partitions() -> None:
    conf = suited(50_000_000, own=1_000)
    assert conf["spark.sql.codegen.wholeStage"] == "true"
    assert conf[PARTITIONS] == "16"


def test_what_spark_submit_was_told_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_stated", lambda: {PARTITIONS: "7", ADAPTIVE: "true"})
    conf = suited(50_000_000)
    assert PARTITIONS not in conf
    assert ADAPTIVE not in conf
    assert "spark.sql.codegen.wholeStage" in conf
