import math

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from pipeline.labeling import assign
from pipeline.runtime.config import AssignConfig

EVIDENCE = "image_id string, label_id int, signal string, phrase string, count long, coverage double"
SIGNALS = ["board", "title"]
TRUST = [0.5, 0.8]


def evidence(spark: SparkSession, *rows: tuple[str, int, str, str, int, float]) -> DataFrame:
    return spark.createDataFrame(rows, EVIDENCE)


def weighed(said: DataFrame, config: AssignConfig | None = None) -> dict[tuple[str, int], Row]:
    rows = assign.weigh(said, SIGNALS, TRUST, config or AssignConfig()).collect()
    return {(row.image_id, row.label_id): row for row in rows}


def test_confidence_is_that_of_the_formula(spark: SparkSession) -> None:
    said = evidence(spark, ("i", 0, "title", "dog", 3, 0.5), ("i", 0, "board", "dogs", 1, 1.0))
    expected = 1 - (1 - 0.8 * 0.75) ** math.log2(4) * (1 - 0.5)
    assert weighed(said)["i", 0].confidence == pytest.approx(expected, abs=1e-4)


def test_a_second_signal_says_more_than_the_same_signal_twice(spark: SparkSession) -> None:
    said = evidence(
        spark,
        ("one", 0, "title", "dog", 2, 1.0),
        ("two", 0, "title", "dog", 1, 1.0),
        ("two", 0, "board", "dog", 1, 1.0),
        ("few", 0, "board", "dog", 1, 1.0),
    )
    found = {image: row.confidence for (image, _), row in weighed(said).items()}
    assert found["few"] < found["one"]
    assert found["two"] > 0.8


def test_of_equal_confidences_the_rarer_label_comes_first(spark: SparkSession) -> None:
    said = evidence(spark, *(("i", label, "title", f"p{label}", 1, 1.0) for label in (5, 3, 4)))
    assert {label: row.place for (_, label), row in weighed(said).items()} == {5: 1, 4: 2, 3: 3}


def test_what_leaves_has_its_reason(spark: SparkSession) -> None:
    said = evidence(
        spark, *(("i", label, "title", "p", 1, 1.0) for label in (1, 2, 3)), ("i", 9, "board", "q", 1, 0.01)
    )
    config = AssignConfig(max_labels=2, min_confidence=0.3)
    rows = assign.weigh(said, SIGNALS, TRUST, config).withColumns({"reason": assign.rejection(config)}).collect()
    assert {row.label_id: row.reason for row in rows} == {
        3: None,
        2: None,
        1: "beyond_max_labels",
        9: "low_confidence",
    }


def test_evidence_is_bounded_and_keeps_the_first_voice_of_every_signal(spark: SparkSession) -> None:
    many = [("i", 0, "title", f"dog {n}", n, 1.0) for n in range(1, 7)]
    kept = weighed(evidence(spark, *many, ("i", 0, "board", "dogs", 1, 0.5)), AssignConfig(max_evidence=3))["i", 0]
    assert [tuple(entry) for entry in kept.evidence] == [
        ("title", "dog 6", 6),
        ("board", "dogs", 1),
        ("title", "dog 5", 5),
    ]


def test_votes_are_counted_by_the_signals_of_image_and_label(spark: SparkSession) -> None:
    said = evidence(
        spark,
        ("a", 0, "title", "dog", 1, 1.0),
        ("a", 0, "board", "dogs", 1, 1.0),
        ("a", 1, "board", "pets", 1, 1.0),
        ("b", 0, "title", "dog", 1, 1.0),
    )
    votes = {(row.image_bits, row.label_bits): row.pairs for row in assign.count_votes(said, SIGNALS).collect()}
    assert votes == {(0b11, 0b11): 1, (0b11, 0b01): 1, (0b10, 0b10): 1}


def test_images_without_a_label_say_whether_anything_was_found(spark: SparkSession) -> None:
    mentions = spark.createDataFrame([("a",), ("b",), ("c",)], "image_id string")
    said = evidence(spark, ("a", 0, "title", "dog", 1, 1.0), ("b", 0, "title", "dog", 1, 0.1))
    kept = said.where("image_id = 'a'")
    lost = assign.unlabelled(mentions, said, kept).collect()
    assert {row.image_id: row.reason for row in lost} == {"b": "only_dropped_labels", "c": "no_member_phrase"}


@pytest.mark.parametrize("partitions", [1, 7])
def test_confidences_do_not_depend_on_the_order_of_rows(spark: SparkSession, partitions: int) -> None:
    rows = [(f"i{n % 5}", n % 3, SIGNALS[n % 2], f"p{n % 4}", n, (n % 7 + 1) / 7) for n in range(1, 60)]
    said = evidence(spark, *rows).groupBy("image_id", "label_id", "signal", "phrase")
    said = said.agg(F.sum("count").alias("count"), F.max("coverage").alias("coverage"))
    assert weighed(said.repartition(partitions)) == weighed(said.orderBy(F.desc("count")))


def test_ancestors_get_what_their_children_leave_of_doubt(spark: SparkSession) -> None:
    # 3 is a 1, 1 is a 0, 2 is a 0; image i has 3, 2 and 0 by text, and 9, which is too doubtful to stay, below 8.
    said = evidence(
        spark,
        ("i", 3, "title", "kitchen table", 1, 1.0),
        ("i", 2, "board", "sofas", 1, 1.0),
        ("i", 0, "board", "furniture", 1, 0.0),
        ("i", 9, "board", "dim", 1, 0.0),
    )
    config = AssignConfig(closure=2, closure_discount=0.5, max_evidence=3, min_confidence=0.3)
    above = spark.createDataFrame(
        [(3, 1, 1), (3, 0, 2), (2, 0, 1), (1, 0, 1), (9, 8, 1)], "label_id int, ancestor int, distance int"
    )
    plain = assign.weigh(said, SIGNALS, TRUST, config)
    rows = {row.label_id: row for row in assign.add_ancestors(plain, above, config).collect()}
    assert set(rows) == {0, 1, 2, 3, 9}
    assert rows[3].confidence == pytest.approx(0.8, abs=1e-4)
    assert rows[1].confidence == pytest.approx(0.8 * 0.5, abs=1e-4)
    assert rows[0].confidence == pytest.approx(1 - (1 - 0.25) * (1 - 0.8 * 0.25) * (1 - 0.5 * 0.5), abs=1e-4)
    assert [tuple(entry) for entry in rows[1].evidence] == [("derived", "kitchen table", 1)]
    # The less doubtful child first; text goes before what is derived.
    assert [tuple(entry) for entry in rows[0].evidence] == [
        ("board", "furniture", 1),
        ("derived", "sofas", 1),
        ("derived", "kitchen table", 1),
    ]
    assert sorted(rows, key=lambda label: rows[label].place) == [3, 0, 2, 1, 9]
    shuffled = assign.add_ancestors(plain.repartition(5, "label_id"), above.repartition(3), config).collect()
    assert {row.label_id: row for row in shuffled} == rows
