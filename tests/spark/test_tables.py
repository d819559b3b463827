from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime.errors import RunError, SchemaError
from pipeline.runtime.schema import conform, load_schema
from pipeline.runtime.tables import Tables

IMAGES = "image_id string, image_uri string, duplicate_of string"
EMBEDDINGS = "phrase_id long, encoder string, vector array<float>"


@pytest.fixture
def tables(spark: SparkSession, tmp_path: Path) -> Tables:
    return Tables(spark, str(tmp_path / "run"))


def images(spark: SparkSession, *ids: str | None) -> DataFrame:
    return spark.createDataFrame([(image, None, None) for image in ids], IMAGES)


def part_files(tables: Tables, name: str) -> list[Path]:
    return sorted((Path(tables.folder) / str(tables.pointer(name)["path"])).glob("part-*.parquet"))


def test_a_written_table_reads_back_and_its_pointer_counts_rows_and_bytes(spark: SparkSession, tables: Tables) -> None:
    assert tables.write("images", images(spark, "b", "a")) == 2
    assert sorted(row.image_id for row in tables.read("images").collect()) == ["a", "b"]
    pointer = tables.pointer("images")
    assert (pointer["rows"], pointer["version"]) == (2, 1)
    assert pointer["files"] == {file.name: file.stat().st_size for file in part_files(tables, "images")}


@pytest.mark.parametrize(("in_order", "found"), [(False, ["a", "b", "c"]), (True, ["b", "a", "c"])])
def test_rows_are_sorted_by_key_but_where_they_are_said_to_be(
    spark: SparkSession, tables: Tables, in_order: bool, found: list[str]
) -> None:
    tables.write("images", images(spark, "b", "a", "c").coalesce(1), in_order=in_order)
    (file,) = part_files(tables, "images")
    assert pq.read_table(file)["image_id"].to_pylist() == found


def test_all_discrepancies_come_in_one_error(spark: SparkSession) -> None:
    wrong = spark.createDataFrame([(1, "x")], "image_id long, extra string")
    with pytest.raises(SchemaError) as error:
        conform(wrong, load_schema("images"))
    for said in (
        "'image_uri' is missing",
        "'duplicate_of' is missing",
        "'extra' is not in",
        "is bigint, expected string",
    ):
        assert said in str(error.value)


def test_a_null_where_none_may_be_is_found_and_nothing_is_published(spark: SparkSession, tables: Tables) -> None:
    with pytest.raises(SchemaError, match="1 nulls in 'image_id'"):
        tables.write("images", images(spark, "a", None))
    assert tables.parts("images") == []


def test_a_repeated_key_is_named(spark: SparkSession, tables: Tables) -> None:
    with pytest.raises(SchemaError, match=r"key \('a',\) on 2 rows"):
        tables.write("images", images(spark, "a", "b", "a"))


def test_a_null_and_a_repeated_key_of_two_columns_come_in_one_error(spark: SparkSession, tables: Tables) -> None:
    rows = [("language", "en", 1), ("contributor", "en", None), ("language", "de", 2), ("language", "en", 3)]
    with pytest.raises(SchemaError, match=r"1 nulls in 'mentions'; key \('language', 'en'\) on 2 rows"):
        tables.write("origins", spark.createDataFrame(rows, "kind string, name string, mentions long"))


def test_a_reference_to_nothing_is_named(spark: SparkSession, tables: Tables) -> None:
    columns = load_schema("candidates").struct
    row = (7, "dog", "en", 1, 3, {"title": 3}, 3, 1.0, 1.0, 1.0, 1.0, 1.0, None, 2.0, None, False, None, True, None)
    tables.write("candidates", spark.createDataFrame([row], columns))
    with pytest.raises(SchemaError, match="phrase_id = 8 is not in candidates"):
        tables.write("embeddings", spark.createDataFrame([(7, "e", [1.0]), (8, "e", [1.0])], EMBEDDINGS))


@pytest.mark.parametrize("damage", ["truncated", "deleted", "added"])
def test_a_damaged_table_is_found_by_the_name_of_its_file(spark: SparkSession, tables: Tables, damage: str) -> None:
    tables.write("images", images(spark, "a"))
    file = part_files(tables, "images")[0]
    if damage == "truncated":
        file.write_bytes(file.read_bytes()[:-9])
    elif damage == "deleted":
        file.unlink()
    else:
        file = file.with_name("part-foreign.parquet")
        file.write_bytes(b"")
    with pytest.raises(RunError, match=file.name):
        tables.read("images")


def test_a_table_that_was_never_written_is_named(tables: Tables) -> None:
    with pytest.raises(RunError, match="no table 'images'"):
        tables.read("images")


def test_parts_of_a_table_are_read_as_one_and_rewritten_alone(spark: SparkSession, tables: Tables) -> None:
    for part, phrase in (("one", "dog"), ("two", "cat"), ("one", "cow")):
        frame = spark.createDataFrame([(phrase, [1.0])], "phrase string, vector array<float>")
        tables.write("vectors", frame, part=part)
    assert tables.parts("vectors") == ["one", "two"]
    assert sorted(row.phrase for row in tables.read("vectors").collect()) == ["cat", "cow"]


def test_rows_of_a_table_are_known_without_reading_it(spark: SparkSession, tables: Tables) -> None:
    tables.write("images", images(spark, "a", "b"))
    assert tables.rows("images") == 2
    with pytest.raises(RunError, match="no table 'texts'"):
        tables.rows("texts")


def test_a_file_swapped_for_one_of_the_same_size_is_found_by_its_name(spark: SparkSession, tables: Tables) -> None:
    tables.write("images", images(spark, "a"))
    file = part_files(tables, "images")[0]
    file.write_bytes(file.read_bytes()[::-1])
    with pytest.raises(RunError, match=rf"{file.name}: other contents than the run recorded"):
        Tables(spark, tables.folder).read("images")


def test_what_stopped_tries_left_is_swept_away_and_what_is_published_stays(spark: SparkSession, tables: Tables) -> None:
    tables.write("images", images(spark, "a"))
    tables.write("images", images(spark, "b"))  # the first version is left
    tables.write("vectors", spark.createDataFrame([("dog", [1.0])], "phrase string, vector array<float>"), part="one")
    folder = Path(tables.folder) / "tables"
    (folder / "images" / "half" / "_temporary").mkdir(parents=True)
    assert len(list((folder / "images").iterdir())) == 3
    (folder / "vectors" / "one" / "half").mkdir()
    (folder / "vectors" / "never" / "half").mkdir(parents=True)
    tables.sweep("images")
    tables.sweep("vectors")
    assert [row.image_id for row in tables.read("images").collect()] == ["b"]
    assert [row.phrase for row in tables.read("vectors").collect()] == ["dog"]
    assert len(list((folder / "images").iterdir())) == 1
    assert len(list((folder / "vectors" / "one").iterdir())) == 1
    assert not (folder / "vectors" / "never").exists()


def test_a_table_of_another_run_is_read_where_it_lies_and_its_damage_is_found(
    spark: SparkSession, tables: Tables, tmp_path: Path
) -> None:
    one, other = Tables(spark, str(tmp_path / "one")), Tables(spark, str(tmp_path / "other"))
    tables.write("images", images(spark, "a"))
    one.adopt("images", tables)
    one.write("images", images(spark, "b"), part="new")
    other.adopt("images", one)  # of both runs
    assert sorted(row.image_id for row in other.read("images").collect()) == ["a", "b"]
    assert [row.image_id for row in other.read("images", "new").collect()] == ["b"]
    assert other.rows("images") == 2
    other.sweep("images")
    assert sorted(row.image_id for row in one.read("images").collect()) == ["a", "b"]
    file = part_files(tables, "images")[0]
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(RunError, match=file.name):
        other.read("images")


def test_rows_of_other_runs_count_as_known_only_where_they_are_named(
    spark: SparkSession, tables: Tables, tmp_path: Path
) -> None:
    earlier = Tables(spark, str(tmp_path / "earlier"))
    earlier.write("images", images(spark, "a"))
    tables.write("images", images(spark, "b"))
    texts = "text_id long, text string, language string, tokens array<string>, flags array<string>"
    tables.write("texts", spark.createDataFrame([(1, "dog", "en", ["dog"], [])], texts))
    said = "image_id string, text_id long, signal string, count long, facts long, contributors array<long>"
    mentions = spark.createDataFrame([(image, 1, "title", 1, 1, []) for image in "ab"], said)
    with pytest.raises(SchemaError, match="image_id = 'a' is not in images"):
        tables.write("mentions", mentions)
    earlier.write("texts", tables.read("texts"))
    assert tables.write("mentions", mentions, known=[earlier]) == 2


def test_who_has_lost_the_run_publishes_nothing(spark: SparkSession, tmp_path: Path) -> None:
    def lost() -> None:
        raise RunError("taken over")

    tables = Tables(spark, str(tmp_path / "run"), lost)
    with pytest.raises(RunError, match="taken over"):
        tables.write("images", images(spark, "a"))
    assert tables.parts("images") == []
