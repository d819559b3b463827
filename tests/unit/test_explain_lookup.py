"""Which run is looked into, what a grown run is read with, and names that are nearly right."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from fake_run import record, shop, write_run
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review.explain.nearest import nearest_names
from pipeline.review.stored_run import open_run
from pipeline.runtime.config import AssignConfig, MineConfig
from pipeline.runtime.errors import RunError


def test_the_run_of_the_current_manifest_goes_before_a_newer_one(tmp_path: Path) -> None:
    write_run(tmp_path, "old", {}, created="2025-01-01T00:00:00+00:00")
    write_run(tmp_path, "new", {}, created="2025-01-02T00:00:00+00:00")
    (tmp_path / "manifest").mkdir()
    assert open_run(str(tmp_path), None).run_id == "new"
    (tmp_path / "manifest" / "current.json").write_text('{"run_id": "old"}')
    assert open_run(str(tmp_path), None).run_id == "old"
    (tmp_path / "manifest" / "current.json").write_text('{"run_id": "deleted since"}')
    assert open_run(str(tmp_path), None).run_id == "new"


def test_a_run_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    write_run(tmp_path, "sofas-2025", {})
    with pytest.raises(RunError, match=r"no such run\. The nearest: sofas-2025"):
        open_run(str(tmp_path), "sofas-2026")
    with pytest.raises(RunError, match="no run is kept here"):
        open_run(str(tmp_path / "nowhere"), None)


def test_a_record_that_is_none_is_told(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "a", {})
    (folder / "run.json").write_text('{"config": {}}')
    with pytest.raises(RunError, match="no created, signals, stages in it"):
        open_run(str(tmp_path), "a")


def test_settings_of_an_older_version_get_the_defaults_of_what_is_new(tmp_path: Path) -> None:
    config = {"sources": [], "mine": {"min_images": 7, "gone_since": 1}}
    write_run(tmp_path, "a", {}, config=config)
    run = open_run(str(tmp_path), "a")
    assert run.section("mine", MineConfig).min_images == 7
    assert run.section("assign", AssignConfig) == AssignConfig()


def grown(tmp_path: Path) -> Any:
    write_run(tmp_path, "base", shop())
    config = {**record("grown")["config"], "growth": {"base": "base"}}
    tables = {
        "images": [{"image_id": "i1", "image_uri": "new"}, {"image_id": "i9"}],
        "evidence": [{"image_id": "i1", "label_id": 3, "signal": "tag", "phrase": "table"}],
        "signals": [{"image_id": "i9", "signal": "tag", "text": "new"}],
        "labels": [],
    }
    write_run(tmp_path, "grown", tables, config=config)
    return open_run(str(tmp_path), "grown")


def test_of_an_image_the_newest_run_that_worked_on_it_counts(tmp_path: Path) -> None:
    run = grown(tmp_path)
    found = {row["image_id"]: row["image_uri"] for row in run.rows("images", ["image_id", "image_uri"])}
    assert found == {"i1": "new", "i2": None, "i3": None, "i4": None, "i9": None}
    said = run.rows("evidence", ["image_id", "label_id"])
    assert sorted((row["image_id"], row["label_id"]) for row in said) == [("i1", 3), ("i2", 0), ("i2", 3)]
    assert [row["label_id"] for row in run.rows("evidence", ["label_id"], ds.field("image_id") == "i1")] == [3]


def test_facts_of_all_runs_stand_side_by_side_and_whole_tables_are_the_newest_run_s(tmp_path: Path) -> None:
    run = grown(tmp_path)
    assert len(run.rows("signals", ["image_id"])) == 7
    assert run.rows("labels", ["label_id"]) == []


def test_runs_that_name_each_other_as_base_end(tmp_path: Path) -> None:
    config = {**record("a")["config"], "growth": {"base": "a"}}
    write_run(tmp_path, "a", {"images": [{"image_id": "i"}]}, config=config)
    assert len(open_run(str(tmp_path), "a").rows("images", ["image_id"])) == 1


def test_a_misspelt_name_finds_what_was_meant() -> None:
    names = pa.array(["sofa", "sofa bed", "table", "soda", None])
    assert nearest_names("soffa", [names])[0] == "sofa"
    assert nearest_names("SOFA BEDS", [names])[0] == "sofa bed"
    assert nearest_names("quux", [names]) == []
    assert nearest_names("", [names]) == []


@given(
    st.lists(st.text("abcd", max_size=6), max_size=80), st.text("abcd", max_size=6), st.randoms(use_true_random=False)
)
def test_the_nearest_do_not_depend_on_the_order_nor_on_the_batches(names: list[str], asked: str, order: Any) -> None:
    whole = nearest_names(asked, [pa.array(names, pa.string())])
    shuffled = list(names)
    order.shuffle(shuffled)
    cut = order.randint(0, len(names))
    assert nearest_names(asked, [pa.array(part, pa.string()) for part in (shuffled[:cut], shuffled[cut:])]) == whole
