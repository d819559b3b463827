"""What the page shows is what the tables say, whatever their order."""

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from pipeline.review.collect import collect_report
from pipeline.review.report import Band, Language, Member, ReportData, Said
from pipeline.runtime.config import ReportConfig
from pipeline.runtime.tables import load_schema

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
    return collect_report(tables(spark, 1), RECORD, ReportConfig(labels_shown=1))


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
    assert collect_report(tables(spark, 3), RECORD, ReportConfig(labels_shown=1)) == data
