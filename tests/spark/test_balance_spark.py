"""Splits, guards and expectations over rows, whatever their partitioning."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.manifest.balance.expected import expected_outcomes, expected_showings
from pipeline.manifest.balance.plan import Labels, image_rates, to_units, weigh
from pipeline.manifest.held_out import find_labels, leave_out, read_held_out
from pipeline.manifest.split import held_out_units, owners
from pipeline.manifest.tree.origins import find_origins
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.errors import InputError
from pipeline.text.origins import count_origins, sum_origins


def held(units: DataFrame, share: float, seed: int = 0, stratify: bool = True) -> set[str]:
    return {row.unit for row in held_out_units(units, share, seed, stratify).collect()}


@pytest.fixture(scope="module")
def units(spark: SparkSession) -> DataFrame:
    """Label 0 is the rarest of 5,000 images, labels 1 to 40 of twelve each, labels 41 to 60 of four each."""
    of = [0] * 5_000 + [1 + n // 12 for n in range(480)] + [41 + n // 4 for n in range(80)]
    rows = [(f"i{n}", label) for n, label in enumerate(of)]
    return spark.createDataFrame(rows, "unit string, rarest int").persist()


def test_every_rare_label_of_ten_images_is_validated_and_the_share_holds(units: DataFrame) -> None:
    found = held(units, 0.05)
    strata = {row.unit: row.rarest for row in units.collect()}
    by_label = np.bincount([strata[unit] for unit in found], minlength=61)
    assert (by_label[1:41] == 1).all()  # 12 * .05 is .6: rounded up or raised to one
    assert by_label[0] == pytest.approx(250, abs=3 * np.sqrt(5_000 * 0.05 * 0.95))
    assert by_label[41:].sum() <= 12  # 4 * .05 is .2: one in five labels by the draw, 3 sigma

    assert held(units, 0.0) == set()


@pytest.mark.parametrize("parts", [1, 7])
def test_the_split_does_not_depend_on_partitions_and_grows_with_the_share(units: DataFrame, parts: int) -> None:
    small = held(units, 0.05)
    assert held(units.repartition(parts), 0.05) == small
    assert small < held(units, 0.3)
    other = held(units, 0.05, seed=1)
    assert other != small


def test_images_of_one_unit_are_drawn_as_one_by_the_rarest_of_them(spark: SparkSession) -> None:
    rows = [(f"by {n % 20}", n) for n in range(400)]  # 20 units, whose rarest are 0 to 19: strata of one
    found = held_out_units(spark.createDataFrame(rows, "unit string, rarest int"), 0.4, 0, stratify=True).collect()
    assert len(found) == len(set(found))
    assert 0 < len(found) < 20


def test_an_image_is_whose_texts_were_written_for_it_then_whose_most_are(spark: SparkSession) -> None:
    rows = [
        ("a", "title", [1]),
        ("a", "board", [2]),
        ("a", "tag", [2]),
        ("b", "board", [2, 3]),
        ("b", "tag", [2]),
        ("c", "board", [3, 2]),
        ("d", "board", []),
    ]
    mentions = spark.createDataFrame(rows, "image_id string, signal string, contributors array<bigint>")
    found = {row.image_id: row.unit for row in owners(mentions, F.col("signal") == "title").collect()}
    assert found == {"a": "by 1", "b": "by 2", "c": "by 3"}


NAMES = [(0, "golden retriever", "en"), (0, "goldie", "en"), (1, "hund", "de"), (1, "hunde", "de"), (2, "cat", "und")]


def test_a_phrase_holds_out_the_label_of_any_member_in_any_form_and_language() -> None:
    assert find_labels(["Golden Retrievers"], NAMES) == ({0}, [])
    assert find_labels(["goldie", "Hund"], NAMES) == ({0, 1}, [])
    assert find_labels(["retriever", "cat"], NAMES) == ({2}, ["retriever"])
    assert find_labels([], NAMES) == (set(), [])


def pairs_of(spark: SparkSession, rows: list[tuple[str, int]]) -> DataFrame:
    return spark.createDataFrame(rows, "image_id string, label_id int")


def test_held_out_labels_and_images_leave_and_every_lost_image_has_its_reason(spark: SparkSession) -> None:
    pairs = pairs_of(spark, [("a", 0), ("a", 1), ("b", 0), ("c", 2), ("d", 0)])
    images = spark.createDataFrame([("c",), ("d",), ("nowhere",)], "image_id string")
    stays, lost = leave_out(pairs, {0}, images, whole_images=False)
    assert [tuple(row) for row in stays.collect()] == [("a", 1)]
    expected = {("b", "held_out_label"), ("c", "held_out_image"), ("d", "held_out_image")}
    assert {tuple(row) for row in lost.collect()} == expected

    stays, lost = leave_out(pairs, {0}, images.where("image_id = 'd'"), whole_images=True)
    assert [tuple(row) for row in stays.collect()] == [("c", 2)]
    assert {tuple(row) for row in lost.collect()} == {
        *(("a", "held_out_label"), ("b", "held_out_label"), ("d", "held_out_image")),
    }


def test_a_held_out_file_may_name_phrases_or_images_or_both(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "both.csv").write_text("image_id,phrase\ni1,\n,Red Shoe \n,Red Shoe\ni1,dog\n", encoding="utf-8")
    found = read_held_out(spark, str(tmp_path / "both.csv"))
    assert found.phrases == ("Red Shoe", "dog")
    assert [row.image_id for row in found.images.collect()] == ["i1"]
    (tmp_path / "one.csv").write_text("phrase,why\ncat,x\n", encoding="utf-8")
    assert read_held_out(spark, str(tmp_path / "one.csv")).images.count() == 0
    (tmp_path / "none.csv").write_text("label\ncat\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column phrase or image_id; it has label"):
        read_held_out(spark, str(tmp_path / "none.csv"))


@pytest.mark.parametrize("parts", [1, 7])
def test_expectations_equal_those_in_memory_to_the_unit_whatever_the_partitions(
    spark: SparkSession, parts: int
) -> None:
    draw = np.random.default_rng(3)
    images = [sorted(set((draw.zipf(1.6, 4).clip(max=30) - 1).tolist())) for _ in range(500)]
    lengths, ids = np.array([len(labels) for labels in images]), np.concatenate(images)
    labels = Labels(np.bincount(ids, minlength=30), tuple([None] * 30))
    plans = [PublishConfig(cap=t, repeat_threshold=r) for t, r in ((0.5, 1), (7.25, 20), (1_000, 1))]
    rows = spark.createDataFrame(pa.table({"label_ids": pa.array(images, pa.list_(pa.int32()))})).repartition(parts)
    outcomes = expected_outcomes(rows, labels, plans)
    for plan, outcome, shown in zip(plans, outcomes, expected_showings(rows, labels, plans), strict=True):
        kept, repeated = image_rates(lengths, ids, *weigh(labels, plan))
        units = to_units(kept * repeated)
        assert shown == units.sum()
        assert to_units(outcome.images) == to_units(kept).sum()
        assert to_units(outcome.by_label).tolist() == [
            sum(int(unit) for unit, own in zip(units, images, strict=True) if label in own) for label in range(30)
        ]
    assert outcomes[2].images == 500


def test_hosts_languages_and_contributors_of_labelled_images_are_counted(spark: SparkSession) -> None:
    rows = [
        ("a", "https://me:pw@I.Example:80/x.jpg"),
        ("b", "http://i.example/y"),
        ("c", "file:///x/z.png"),
        ("d", "/data/w.png"),
        ("e", None),
    ]
    manifest = spark.createDataFrame(rows, "image_id string, image_uri string")
    said = [("a", 1, 3, [1]), ("a", 2, 1, [1, 2]), ("b", 1, 1, [1]), ("not labelled", 1, 9, [])]
    mentions = spark.createDataFrame(said, "image_id string, text_id long, count long, contributors array<bigint>")
    texts = spark.createDataFrame([(1, "en"), (2, "de")], "text_id long, language string")
    found = find_origins(manifest, count_origins(mentions, texts))
    assert found.hosts == {"files": 2, "i.example": 2, "not stated": 1}
    assert found.languages == {"en": 3, "de": 1}
    assert (found.mentions, found.known) == (4, 4)
    assert (found.contributors, found.largest, found.ten_largest) == (2, 3, 4)


def test_origins_that_are_taken_away_leave_no_row_behind(spark: SparkSession) -> None:
    texts = spark.createDataFrame([(1, "en"), (2, "de")], "text_id long, language string")
    said = [[("a", 1, [1]), ("a", 2, [1, 2])], [("a", 1, [1]), ("a", 1, [])]]
    counts = [
        count_origins(spark.createDataFrame(rows, "image_id string, text_id long, contributors array<bigint>"), texts)
        for rows in said
    ]
    found = sum_origins([(counts[0], 1), (counts[1], 1), (counts[0], -1)]).collect()
    assert {tuple(row) for row in found} == {("language", "en", 2), ("contributor", "1", 1)}
