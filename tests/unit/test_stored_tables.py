"""Tables of a run without Spark: what the pointers name, and nothing else."""

import json
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from fake_run import write_run, write_table

from pipeline.runtime.errors import RunError, SchemaError
from pipeline.runtime.schema_files import arrow_schema
from pipeline.runtime.stored_tables import StoredTables

ROWS = [{"image_id": f"i{number}"} for number in range(5)]


def ids(tables: StoredTables, where: ds.Expression | None = None) -> list[str]:
    return sorted(tables.read("images", ["image_id"], where)["image_id"].to_pylist())


def test_every_schema_of_the_house_is_one_of_arrow() -> None:
    names = {item.name.split(".")[0] for item in resources.files("schemas").iterdir() if item.name.endswith(".json")}
    assert len(names) > 10
    assert all(len(arrow_schema(name)) for name in names)
    assert arrow_schema("candidates").field("signal_images").type == pa.map_(pa.string(), pa.int64())


def test_a_table_without_a_schema_is_told() -> None:
    with pytest.raises(SchemaError, match="no table 'sofas'"):
        arrow_schema("sofas")


def test_rows_and_conditions_over_several_files(tmp_path: Path) -> None:
    tables = StoredTables(str(write_run(tmp_path, "a", {"images": ROWS})))
    assert tables.rows("images") == 5
    assert ids(tables) == ["i0", "i1", "i2", "i3", "i4"]
    assert ids(tables, ds.field("image_id") == "i3") == ["i3"]
    assert all(batch.num_rows <= 2 for batch in tables.batches("images", ["image_id"], size=2))


def test_parts_are_one_table_and_a_name_that_begins_alike_is_another(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "a", {"images": ROWS[:2]})
    write_table(folder, "images", ROWS[2:3], part="recalled")
    (folder / "tables" / "imagesque.json").write_text("{}")
    tables = StoredTables(str(folder))
    assert tables.parts("images") == ["", "recalled"]
    assert ids(tables) == ["i0", "i1", "i2"]


@pytest.mark.parametrize("part", ["", "recalled"])
def test_a_part_that_a_finished_stage_has_on_record_and_is_gone_is_named(tmp_path: Path, part: str) -> None:
    folder = write_run(tmp_path, "a", {"images": ROWS[:2], "texts": []})
    write_table(folder, "images", ROWS[2:3], part="recalled")
    record = json.loads((folder / "run.json").read_text())
    record["stages"] = [{"stage": "ingest", "tables": ["images"]}, {"stage": "mine", "tables": ["images.recalled"]}]
    (folder / "run.json").write_text(json.dumps(record))
    StoredTables(str(folder)).require()
    name = f"images.{part}.json" if part else "images.json"
    (folder / "tables" / name).unlink()
    tables = StoredTables(str(folder))
    for look in (tables.require, lambda: tables.rows("images"), lambda: tables.read("images", ["image_id"])):
        with pytest.raises(RunError, match=f"{name}: the run has published this table, and the file is gone"):
            look()
    assert tables.rows("texts") == 0


def test_a_pointer_to_files_of_another_run_is_followed(tmp_path: Path) -> None:
    base = write_run(tmp_path, "base", {"images": ROWS})
    grown = write_run(tmp_path, "grown", {"texts": []})
    pointer = json.loads((base / "tables" / "images.json").read_text())
    (grown / "tables" / "images.json").write_text(json.dumps({"run": "base", **pointer}))
    assert ids(StoredTables(str(grown))) == ids(StoredTables(str(base)))


def test_a_column_that_the_run_did_not_know_is_null(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "a", {})
    path = write_table(folder, "images", ROWS, files=1)
    file = path / "part-00000.parquet"
    pq.write_table(pq.read_table(file).select(["image_id"]), file)
    pointer = json.loads((folder / "tables" / "images.json").read_text())
    pointer["files"] = {file.name: file.stat().st_size}
    (folder / "tables" / "images.json").write_text(json.dumps(pointer))
    assert StoredTables(str(folder)).read("images", ["duplicate_of"])["duplicate_of"].to_pylist() == [None] * 5


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    tables = StoredTables(str(write_run(tmp_path, "a", {})))
    assert not tables.has("images")
    with pytest.raises(RunError, match=r"no table 'images'\. Run the stage"):
        tables.rows("images")
    with pytest.raises(RunError, match=r"no table 'images'\. Run the stage"):
        tables.read("images", ["image_id"])


@pytest.mark.parametrize("fault", ["grown", "gone", "more"])
def test_a_file_of_another_size_a_lost_one_and_a_foreign_one_are_named(tmp_path: Path, fault: str) -> None:
    folder = write_run(tmp_path, "a", {})
    path = write_table(folder, "images", ROWS)
    file = path / ("part-00009.parquet" if fault == "more" else "part-00001.parquet")
    if fault == "gone":
        file.unlink()
    else:
        file.write_bytes((path / "part-00000.parquet").read_bytes() + b"1234")
    with pytest.raises(RunError, match=f"{file.name}: "):
        StoredTables(str(folder)).read("images", ["image_id"])


def test_a_file_of_the_same_size_that_is_no_parquet_is_no_stack_trace(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "a", {})
    file = write_table(folder, "images", ROWS) / "part-00001.parquet"
    file.write_bytes(b"x" * file.stat().st_size)
    with pytest.raises(RunError, match="table 'images' cannot be read"):
        StoredTables(str(folder)).read("images", ["image_id"])


def test_a_damaged_pointer_is_told(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "a", {"images": ROWS})
    (folder / "tables" / "images.json").write_text('{"rows": 5}')
    with pytest.raises(RunError, match="no path, files in it"):
        StoredTables(str(folder)).read("images", ["image_id"])
