import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime.errors import ConfigError, InputError
from pipeline.runtime.inputs import ImagesConfig, SourceConfig
from pipeline.sources.mapping import chained, collect_images, follow, point_to_originals, to_facts, to_images
from pipeline.sources.readers import read_table, readable


def facts(spark: SparkSession, path: Path, **settings: Any) -> DataFrame:
    source = SourceConfig(path=str(path), **{"signal": "title", **settings})
    return to_facts(read_table(spark, source.name, str(path), source.format, source.options), source)


def reasons(df: DataFrame) -> list[str | None]:
    return [row.reason for row in df.orderBy("raw").collect()]


def test_a_csv_row_with_a_missing_or_a_surplus_field_is_a_broken_row(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "pins.csv"
    file.write_text('image_id,text\n1,"red, ""shoe"""\n2\n3,a,b\n,x\n5,\n')
    found = {row.raw: row for row in facts(spark, file, format="csv").collect()}
    assert found["2"].reason == "broken_row"
    assert found["3,a,b"].reason == "broken_row"
    assert sorted(row.reason or "" for row in found.values()) == [
        "",
        "broken_row",
        "broken_row",
        "no_image_id",
        "null_text",
    ]
    good = next(row for row in found.values() if row.reason is None)
    assert (good.image_id, good.text, good.signal, good["count"], good.language) == (
        "1",
        'red, "shoe"',
        "title",
        1,
        None,
    )


def test_a_json_line_that_is_no_json_is_a_broken_row(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "pins.json"
    file.write_text('{"image_id": 7, "text": "a"}\n{"image_id": 8, "te\n')
    rows = facts(spark, file, format="json").orderBy("image_id").collect()
    assert [(row.image_id, row.reason) for row in rows] == [(None, "broken_row"), ("7", None)]


@pytest.mark.parametrize(
    ("stated", "count", "reason"),
    [
        ("3", 3, None),
        ("2.0", 2, None),
        (None, 1, None),
        ("-1", -1, "bad_count"),
        ("0", 0, "bad_count"),
        ("many", None, "bad_count"),
        ("NaN", None, "bad_count"),
    ],
)
def test_a_count_is_a_whole_number_of_at_least_one(
    spark: SparkSession, stated: str | None, count: int | None, reason: str | None
) -> None:
    rows = spark.createDataFrame([("i", "t", stated)], "image_id string, text string, n string")
    row = to_facts(rows, SourceConfig(path="x", signal="title", count="n")).first()
    assert row is not None
    assert (row["count"], row["reason"]) == (count, reason)


@pytest.mark.parametrize(
    ("stated", "language"), [("EN", "en"), ("pt-BR", "pt"), ("und", None), ("", None), ("zh_Hant", "zh")]
)
def test_a_stated_language_becomes_its_primary_subtag(spark: SparkSession, stated: str, language: str | None) -> None:
    rows = spark.createDataFrame([("i", "t", stated)], "image_id string, text string, l string")
    row = to_facts(rows, SourceConfig(path="x", signal="title", language="l")).first()
    assert row is not None
    assert row["language"] == language


def test_a_list_of_texts_is_one_fact_an_element_and_an_empty_list_is_a_counted_reject(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("i", ["a", "b"]), ("j", []), ("k", [" "])], "image_id string, text array<string>")
    found = to_facts(rows, SourceConfig(path="x", signal="tag")).orderBy("image_id", "text").collect()
    assert [(row.image_id, row.text, row.reason) for row in found] == [
        ("i", "a", None),
        ("i", "b", None),
        ("j", None, "null_text"),
        ("k", " ", "empty_text"),
    ]


def test_a_table_in_long_form_takes_its_signal_from_a_column(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("i", "t", " Board "), ("j", "t", None)], "image_id string, text string, kind string")
    found = to_facts(rows, SourceConfig(path="x", signal_column="kind")).orderBy("image_id").collect()
    assert [(row.signal, row.reason) for row in found] == [("board", None), (None, "no_signal")]


def test_a_missing_column_is_named_with_those_that_there_are(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("i", "t")], "id string, text string")
    with pytest.raises(InputError, match=r"source 'x': no column 'image_id'. It has: id, text."):
        to_facts(rows, SourceConfig(path="x", signal="title"))


def test_a_text_column_that_is_no_text_is_named_with_its_type(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("i", {"a": "b"})], "image_id string, text map<string,string>")
    with pytest.raises(InputError, match="column 'text' is map<string,string>, expected a string"):
        to_facts(rows, SourceConfig(path="x", signal="title"))


def test_a_missing_path_is_named_without_a_stack(spark: SparkSession) -> None:
    with pytest.raises(InputError, match=r"source 'pins': /no/such.parquet as parquet: there is no such file") as error:
        read_table(spark, "pins", "/no/such.parquet", "parquet", {})
    assert "\n" not in str(error.value)


def test_an_unknown_format_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"source 'pins'.*lance"):
        read_table(spark, "pins", str(tmp_path), "lance", {})


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_a_truncated_parquet_is_named(spark: SparkSession, tmp_path: Path, keep: float) -> None:
    file = tmp_path / "pins.parquet"
    pq.write_table(pa.table({"image_id": [str(i) for i in range(9999)], "text": ["x"] * 9999}), file)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(InputError, match=r"source 'pins'.*pins\.parquet") as error, readable("source 'pins'"):
        read_table(spark, "pins", str(file), "parquet", {}).count()
    assert "\n" not in str(error.value)


def test_csv_files_with_differing_headers_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("image_id,text\n1,a\n")
    (tmp_path / "b.csv").write_text("text,image_id\nb,2\n")
    with pytest.raises(InputError, match="source 'pins'"), readable("source 'pins'"):
        read_table(spark, "pins", str(tmp_path / "*.csv"), "csv", {}).collect()


def test_raw_holds_what_the_row_said(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(None, "t")], "image_id string, text string")
    row = to_facts(rows, SourceConfig(path="x", signal="title")).first()
    assert row is not None
    assert json.loads(row["raw"]) == {"text": "t"}


def test_reposts_of_reposts_lead_to_the_original_and_circles_to_themselves(spark: SparkSession) -> None:
    rows = [("a", None), ("b", "a"), ("c", "b"), ("d", "c"), ("s", "s"), ("q", "gone")]
    rows += [("x", "y"), ("y", "x"), ("z", "x"), ("k", "l"), ("l", "m"), ("m", "k")]
    table = spark.createDataFrame(rows, "image_id string, original string")
    images = to_images(table, ImagesConfig(path="x", duplicate_of="original"))
    images = collect_images([images.select("image_id", "image_uri", "duplicate_of", "perceptual_hash")])
    links = images.where("duplicate_of is not null").select("image_id", "duplicate_of").persist()
    for _ in range(3):
        links = follow(links).persist()
    found = {row.image_id: row.duplicate_of for row in point_to_originals(images, links).collect()}
    reposts = {"b": "a", "c": "a", "d": "a", "q": "gone"}
    assert {image: original for image, original in found.items() if original and image not in "z"} == reposts
    assert len(found) == len(rows)


def test_links_are_chained_while_one_leads_to_a_repost(spark: SparkSession) -> None:
    links = spark.createDataFrame([("b", "a"), ("c", "b"), ("d", "c")], "image_id string, duplicate_of string")
    assert sorted(row.image_id for row in chained(links).collect()) == ["c", "d"]
    assert chained(follow(follow(links))).count() == 0


def test_a_link_that_leads_out_of_the_roots_is_found_when_the_source_is_read(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("image_id,text\n1,a\n")
    (tmp_path / "out.csv").write_text("image_id,text\n2,secret\n")
    roots = [str(folder)]
    assert read_table(spark, "pins", str(folder), "csv", {}, roots).count() == 1
    (folder / "b.csv").symlink_to(tmp_path / "out.csv")  # after the settings were checked
    with pytest.raises(ConfigError, match=r"source 'pins' path = .* leads to .*b\.csv, which lies outside"):
        read_table(spark, "pins", str(folder), "csv", {}, roots)
    assert read_table(spark, "pins", str(folder), "csv", {}).count() == 2
