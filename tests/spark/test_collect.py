"""What the page shows is what the tables say, whatever their order."""

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from pipeline.review.report.collect import collect_report
from pipeline.review.report.companions import find_companions
from pipeline.review.report.contents import Audited, Band, Doubt, Language, Member, Merge, ReportData, Said, Taught
from pipeline.review.report.doubts import far_members, weak_pairs
from pipeline.runtime.config import ReportConfig
from pipeline.runtime.schema import load_schema

RECORD: dict[str, Any] = {"signals": ["board", "title"], "config": {}}

# Label 0 'cat' on i0-i3, label 1 'moos' (tail) on i3; i2 and i3 are in the capped set.
# completeness, cohesion, freedom, independence, visibility, specificity, score, image_keys, pinned, synonym_of
MEASURES = (1.0, 1.0, 1.0, 1.0, 0.7, None, 1.0, None, False, None)
ROWS: dict[str, list[tuple[Any, ...]]] = {
    "images": [(f"i{n}", None, None) for n in range(5)] + [("repost", None, "i0")],
    "texts": [
        (10, "my cat | at home", "en", ["my", "cat", "", "at", "home"], []),
        (11, "concatenated cats", "en", ["concatenated", "cats"], []),
        (12, "cat", "en", ["cat"], []),
        (13, "moos", "de", ["moos"], []),
    ],
    "mentions": [
        ("i0", 10, "board", 2, 1, []),
        ("i0", 10, "title", 1, 1, []),
        ("i1", 11, "title", 1, 1, []),
        ("i2", 12, "title", 7, 1, []),
        ("i3", 11, "board", 1, 1, []),
        ("i3", 13, "title", 1, 1, []),
        ("i4", 12, "title", 1, 1, []),
    ],
    "candidates": [
        (1, "cat", "en", 1, 9, {"title": 9}, 9, *MEASURES, True, None),
        (2, "cats", "en", 1, 20, {"title": 20}, 9, *MEASURES, True, None),
        (3, "moos", "de", 1, 9, {"title": 9}, 9, *MEASURES, True, None),
        (4, "picture", "en", 1, 90, {"title": 90}, 9, *MEASURES, False, "too_general"),
    ],
    "members": [(1, 0, "cat", "self", 1.0), (2, 0, "cats", "inflection", 1.0), (3, 1, "moos", "self", 1.0)],
    "assignments": [
        ("i0", 0, 0.5, [("board", "cat", 2), ("title", "cat", 1)]),
        ("i1", 0, 0.5, [("title", "cats", 1)]),
        ("i2", 0, 0.75, [("title", "cat", 7)]),
        ("i3", 0, 0.5, [("board", "cats", 1)]),
        ("i3", 1, 0.25, [("title", "moos", 1)]),
    ],
    "labels": [
        (0, "aa", "cat", "Cat", ["en"], ["cat"], "en", "head", 4, None, None, 0.5, 1.0, 2, 2.0, 0.5, 0.5, 0.5),
        (1, "bb", "moos", "Moos", ["de"], ["moos"], "de", "tail", 1, 0, "containment", 1.0, 2.0, 1, 2.0, 1.5, 1.5, 1.5),
    ],
    "manifest": [
        ("i0", None, [0], [0.5], [3], 0, 0.5, 1.0, 0.9, "train"),
        ("i1", None, [0], [0.5], [2], 0, 0.5, 1.0, 0.5, "train"),
        ("i2", None, [0], [0.75], [2], 0, 0.5, 1.0, 0.4, "validation"),
        ("i3", None, [0, 1], [0.5, 0.25], [1, 2], 0, 1.0, 2.0, 0.99, "train"),
    ],
    "embeddings": [(1, "e", [1.0, 0.0]), (2, "e", [0.6, 0.8]), (3, "e", [0.0, 1.0])],
    "learnt": [
        (0, "aa", "cat", "Cat", "en", False, [0], 30, 0.5, 0.75, 0.5),
        (1, "bb", "moos", "Moos", "de", False, [1], 3, None, None, None),
    ],
    "rejects": [
        ("normalize", "row", "a", "file_name", "IMG_1.jpg", 1),
        ("normalize", "row", "b", "file_name", "IMG_1.jpg", 2),
        ("normalize", "row", "a", "file_name", "IMG_2.jpg", 2),
        ("normalize", "row", "a", "file_name", "IMG_0.jpg", 1),
        ("normalize", "row", "a", "file_name", "IMG_9.jpg", 1),
        ("mine_candidates", "phrase", None, "below_min_images", None, 9),
    ],
}


def tables(spark: SparkSession, parts: int) -> Callable[[str], DataFrame]:
    def read(name: str) -> DataFrame:
        rows = ROWS[name] if parts == 1 else ROWS[name][::-1]
        return spark.createDataFrame(rows, load_schema(name).struct).repartition(parts)

    return read


@pytest.fixture(scope="module")
def data(spark: SparkSession) -> ReportData:
    return collect_report(
        tables(spark, 1), RECORD, ReportConfig(labels_shown=1), [("head", 9, 8, "0.889", "0.565 to 0.980")]
    )


def test_totals_are_those_of_the_tables(data: ReportData) -> None:
    assert (data.images, data.labelled, data.kept, data.validation) == (5, 4, 2, 1)  # a repost is no image of its own
    assert data.cap == 2  # 0.5 of 4 images
    assert data.bands == (Band("head", 1, 4, 2), Band("torso", 0, 0, 0), Band("tail", 1, 1, 1))
    assert data.ways == {"self": 2, "inflection": 1}


def test_only_kept_phrases_are_compared_with_labels(data: ReportData) -> None:
    assert data.phrases == {9: 2, 20: 1}
    assert data.labels == {1: 1, 4: 1}
    assert data.capped == {1: 1, 2: 1}


def test_languages_come_by_texts(data: ReportData) -> None:
    assert data.languages == (Language("en", 3, 2, 1, 4), Language("de", 1, 1, 1, 1))


def test_drops_are_shown_most_frequent_first_and_at_most_three(data: ReportData) -> None:
    assert data.drops == {("normalize", "row", "file_name"): ("IMG_1.jpg", "IMG_2.jpg", "IMG_0.jpg")}


def test_the_name_stands_before_more_frequent_members(data: ReportData) -> None:
    [cat] = data.largest
    assert cat.members == (Member("cat", "self", 1.0, 9), Member("cats", "inflection", 1.0, 20))
    assert (cat.images, cat.kept, cat.phrases, cat.parent) == (4, 2, 2, None)
    assert cat.signals == (("board", 2), ("title", 3))
    assert data.tail[0].parent == "cat"


def test_a_text_shows_where_a_member_stands_and_all_its_signals(data: ReportData) -> None:
    said = {example.image_id: example.said for example in data.largest[0].examples}
    assert set(said) == {"i0", "i1", "i2", "i3"}
    assert said["i0"] == (Said("board, title", "my cat | at home", "cat", 3),)
    assert said["i1"] == (Said("title", "concatenated cats", "cats", 1),)
    assert said["i2"] == (Said("title", "cat", "cat", 7),)


def test_a_tail_label_among_the_largest_is_not_shown_twice(spark: SparkSession) -> None:
    data = collect_report(tables(spark, 1), RECORD, ReportConfig(labels_shown=5, pictures_per_label=0))
    assert [label.name for label in data.largest] == ["cat", "moos"]
    assert data.tail == ()
    assert len(data.largest[0].examples) == 3


def test_order_and_partitions_of_the_tables_change_nothing(spark: SparkSession, data: ReportData) -> None:
    again = collect_report(
        tables(spark, 3), RECORD, ReportConfig(labels_shown=1), [("head", 9, 8, "0.889", "0.565 to 0.980")]
    )
    assert again == data


def test_the_browser_has_every_label_most_images_first_with_rows_for_ids(data: ReportData) -> None:
    labels = data.listed.labels.to_pydict()
    assert labels["name"] == ["cat", "moos"]
    assert labels["display"] == ["Cat", "Moos"]
    assert labels["images"] == [4, 1]
    assert labels["confidence"] == [563, 250]  # per mille: the mean of 0.5, 0.5, 0.75 and 0.5, and 0.25
    assert labels["parent"] == [-1, 0]
    assert labels["phrases"] == [2, 1]
    assert (labels["signal_0"], labels["signal_1"]) == ([2, 0], [3, 1])
    assert data.listed.members.to_pydict()["phrase"] == ["cat", "cats", "moos"]
    assert data.listed.members.to_pydict()["label"] == [0, 0, 1]
    assert all(place >= 0 for column in ("x", "y") for place in labels[column])
    assert {row: {example.image_id for example in found} for row, found in data.listed.examples.items()} == {
        0: {"i0", "i1", "i2", "i3"},
        1: {"i3"},
    }


def test_only_the_largest_labels_are_listed_where_there_are_too_many(spark: SparkSession) -> None:
    few = ReportConfig(labels_shown=1, labels_listed=1, labels_mapped=0, doubts_shown=0, labels_pictured=0)
    data = collect_report(tables(spark, 1), RECORD, few)
    assert data.listed.labels["name"].to_pylist() == ["cat"]
    assert data.listed.labels["x"].to_pylist() == [-1]
    assert (data.listed.total, data.doubts, data.far, data.odd) == (2, (), (), ())
    assert data.listed.members["phrase"].to_pylist() == ["cat", "cats"]


def test_what_joined_by_form_and_means_something_else_is_doubtful(data: ReportData) -> None:
    assert data.far == ()  # nothing joined by meaning
    assert data.odd == (Merge("cats", 20, "inflection", 0.6, "aa", "Cat", 4),)


def test_the_weakest_pair_of_each_label_is_doubtful_with_its_texts(data: ReportData) -> None:
    first, second = data.doubts
    assert isinstance(first, Doubt)
    assert (first.name, first.example.image_id, first.example.confidence) == ("Moos", "i3", 0.25)
    assert first.example.said == (Said("title", "moos", "moos", 1),)
    assert (second.name, second.example.confidence) == ("Cat", 0.5)


def test_what_the_run_was_judged_by_is_shown(data: ReportData) -> None:
    assert data.audit == (Audited("head", 9, 8, "0.889", "0.565 to 0.980"),)
    assert data.taught == (Taught("Cat", 30, 0.75, 0.5),)


@pytest.mark.parametrize("parts", [1, 3])
def test_the_least_similar_members_come_first_and_two_of_a_label(spark: SparkSession, parts: int) -> None:
    members = [(n, 0, f"p{n}", "embedding", 0.5 + n / 100) for n in range(4)] + [(9, 1, "q", "embedding", 0.9)]
    members += [(8, 1, "moos", "self", 1.0)]
    candidates = [(n, 5) for n in range(10)]
    found = far_members(
        spark.createDataFrame(members, load_schema("members").struct).repartition(parts),
        spark.createDataFrame(candidates, "phrase_id long, images long").repartition(parts),
        tables(spark, parts)("labels"),
        24,
    )
    rows = found.orderBy("similarity").collect()
    assert [(row.phrase, row.display) for row in rows] == [("p0", "Cat"), ("p1", "Cat"), ("q", "Moos")]


@pytest.mark.parametrize("parts", [1, 3])
def test_companions_are_those_that_meet_more_often_than_by_chance(spark: SparkSession, parts: int) -> None:
    # a (0) on 6 of 10 images; b (1) on 3, all with a; c (2) on 4, one with a; d (3) alone.
    ids = [[0, 1], [1, 0], [0, 1], [0, 2], [0], [0], [2], [2], [2], [3]]
    manifest = spark.createDataFrame(
        [(row, n / 10) for n, row in enumerate(ids)], "label_ids array<int>, sample_u double"
    )
    labels = spark.createDataFrame([(0, 6), (1, 3), (2, 4), (3, 1)], "label_id int, images long")
    found = find_companions(manifest.repartition(parts), labels.repartition(parts), 10, 100, 8)
    rows = {(row.label_id, row.other_id): (row.images, row.place) for row in found.collect()}
    assert rows == {(0, 1): (3, 1), (1, 0): (3, 1)}


def test_companions_of_many_images_are_counted_on_a_draw_of_them(spark: SparkSession) -> None:
    manifest = spark.createDataFrame(
        [([0, 1], n / 10) for n in range(10)] + [([2], n / 10) for n in range(10)],
        "label_ids array<int>, sample_u double",
    )
    labels = spark.createDataFrame([(0, 10), (1, 10), (2, 10)], "label_id int, images long")
    found = find_companions(manifest, labels, 20, 10, 8).collect()
    assert {(row.label_id, row.other_id, row.images) for row in found} == {(0, 1, 5), (1, 0, 5)}


def test_a_label_has_at_most_as_many_companions_as_asked_ties_by_id(spark: SparkSession) -> None:
    manifest = spark.createDataFrame(
        [([0, n], 0.0) for n in range(5, 0, -1)] + [([9], 0.0)] * 20, "label_ids array<int>, sample_u double"
    )
    labels = spark.createDataFrame([(0, 5), *((n, 1) for n in range(1, 6)), (9, 20)], "label_id int, images long")
    found = find_companions(manifest, labels, 25, 100, 3).where("label_id = 0").orderBy("place").collect()
    assert [row.other_id for row in found] == [1, 2, 3]


@pytest.mark.parametrize("parts", [1, 4])
def test_equally_weak_pairs_are_told_apart_by_a_hash(spark: SparkSession, parts: int) -> None:
    rows = [(f"i{n}", None, [0, 1], [0.5, 0.5]) for n in range(20)]
    struct = "image_id string, image_uri string, label_ids array<int>, label_confidences array<float>"
    manifest = spark.createDataFrame(rows if parts == 1 else rows[::-1], struct).repartition(parts)
    labels = spark.createDataFrame(
        [(0, "aa", 0.5), (1, "bb", 0.5), (2, "cc", None)], "label_id int, label_key string, least float"
    )
    found = weak_pairs(manifest, labels, 24).collect()
    assert len(found) == 2
    expected = weak_pairs(spark.createDataFrame(rows, struct).repartition(1), labels, 24).collect()
    assert sorted(found) == sorted(expected)


def test_the_weakest_pair_of_a_label_is_found_though_others_are_as_weak_as_another_labels(spark: SparkSession) -> None:
    confidences = [[0.3, 0.4], [0.5, 0.3], [0.3, 0.2], [0.9, 0.9]]
    rows = [(f"i{n}", None, [0, 1], each) for n, each in enumerate(confidences)] + [("j", None, [2], [0.6])]
    struct = "image_id string, image_uri string, label_ids array<int>, label_confidences array<float>"
    listed = [(0, "aa", 0.3), (1, "bb", 0.2), (2, "cc", 0.6)]
    labels = spark.createDataFrame(listed, "label_id int, label_key string, least float")
    found = weak_pairs(spark.createDataFrame(rows, struct), labels, 2).collect()
    assert [(row.label_id, row.image_id, round(row.confidence, 3)) for row in found] in (
        [(1, "i2", 0.2), (0, "i0", 0.3)],
        [(1, "i2", 0.2), (0, "i2", 0.3)],
    )
