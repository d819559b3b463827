"""The evaluation that a run keeps: whole, of the tables that it has, and known as of others where they were remade."""

import json
from pathlib import Path
from typing import Any

import pytest
from evaluations import content, way
from fake_run import shop, write_run, write_table

from pipeline.review import baselines
from pipeline.review.evaluation import MEANINGS, OWN
from pipeline.review.stored_evaluation import JUDGED, NAME, read_kept
from pipeline.runtime import files
from pipeline.runtime.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path, "a", shop())


def keep(folder: Path, value: dict[str, Any]) -> None:
    files.write_json(str(folder / NAME), value)


def remake(folder: Path, table: str) -> None:
    """Publish the same rows again, as a stage that is done anew does."""
    pointer = folder / "tables" / f"{table}.json"
    kept = json.loads(pointer.read_text())
    pointer.write_text(json.dumps({**kept, "path": f"tables/{table}/ba9876543210"}))


def test_a_run_that_was_not_judged_has_none(folder: Path) -> None:
    assert read_kept(str(folder)) is None


def test_what_is_kept_is_read_back_with_its_ways_in_their_order(folder: Path) -> None:
    keep(folder, content(str(folder), {"wordnet": way(0.25, embedding=False), OWN: way(0.75)}))
    found = read_kept(str(folder))
    assert found is not None
    assert (found.remade, found.stale) == ((), "")
    told = found.evaluation
    assert list(told.ways) == ["wordnet", OWN]
    assert told.ways[OWN].string.bands["tail"].micro.f1 == 0.75
    assert told.ways[OWN].coverage.labels_with == {1: 6, 10: 2}
    assert (told.truth.file, told.truth.fingerprint, told.truth.rows) == ("truth.csv", "f" * 32, 21)
    assert (told.run.run_id, set(told.run.tables)) == ("a", set(JUDGED))
    assert list(told.of("embedding")) == [OWN]


def test_tables_that_were_remade_are_named_and_others_change_nothing(folder: Path) -> None:
    keep(folder, content(str(folder)))
    remake(folder, "manifest")
    assert read_kept(str(folder)).stale == ""  # type: ignore[union-attr]
    remake(folder, "assignments")
    remake(folder, "learnt")
    found = read_kept(str(folder))
    assert found is not None
    assert found.remade == ("learnt", "assignments")
    assert found.stale.endswith(" is of other tables than the run has now: learnt, assignments")


def test_a_table_that_came_or_went_is_another_one(folder: Path) -> None:
    keep(folder, content(str(folder)))
    write_table(folder, "members", [], part="late")
    (folder / "tables" / "texts.json").unlink()
    assert read_kept(str(folder)).remade == ("texts", "members")  # type: ignore[union-attr]


def test_the_evaluation_of_another_run_is_not_that_of_this_one(tmp_path: Path, folder: Path) -> None:
    other = write_run(tmp_path, "b", shop())
    remake(other, "members")
    keep(other, content(str(other)))
    assert read_kept(str(folder), str(other / NAME)).remade == ("members",)  # type: ignore[union-attr]


def test_a_moved_run_keeps_its_evaluation(tmp_path: Path, folder: Path) -> None:
    keep(folder, content(str(folder)))
    moved = folder.rename(tmp_path / "elsewhere")
    assert read_kept(str(moved)).stale == ""  # type: ignore[union-attr]


def without(value: dict[str, Any], *path: str) -> dict[str, Any]:
    name, *below = path
    return {key: without(item, *below) if key == name else item for key, item in value.items() if below or key != name}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("run",), "no run"),
        (("run", "tables"), r"no run\.tables"),
        (("truth", "fingerprint"), r"no truth\.fingerprint"),
        (("ways", OWN), r"no ways\.run"),
        (("ways", OWN, "coverage", "gini"), r"no ways\.run\.coverage\.gini"),
        (("ways", OWN, "string", "bands", "torso"), r"no scores of torso in ways\.run"),
    ],
)
def test_a_file_in_which_something_is_missing_is_told_with_what_and_what_to_do(
    folder: Path, path: tuple[str, ...], said: str
) -> None:
    keep(folder, without(content(str(folder)), *path))
    with pytest.raises(InputError, match=rf"evaluation\.json: .*{said}.* Write it anew by jobs/evaluate\.py --run"):
        read_kept(str(folder))


def test_a_figure_of_another_type_is_named(folder: Path) -> None:
    value = content(str(folder))
    value["truth"]["pairs"] = "many"
    keep(folder, value)
    with pytest.raises(InputError, match=r"truth\.pairs is a str, and no int"):
        read_kept(str(folder))


def test_an_evaluation_without_the_run_s_own_labels_is_none_of_the_run(folder: Path) -> None:
    keep(folder, content(str(folder), {"kmeans": way()}))
    with pytest.raises(InputError, match="own labels were not judged: kmeans alone"):
        read_kept(str(folder))


@pytest.mark.parametrize("text", [b"{", b"[1]", b"\xff", b""])
def test_a_file_that_is_no_json_object_is_told(folder: Path, text: bytes) -> None:
    (folder / NAME).write_bytes(text)
    with pytest.raises(InputError, match=r"not readable as a JSON object\. Write it anew by"):
        read_kept(str(folder))


def test_every_baseline_says_what_it_is() -> None:
    assert set(MEANINGS) == {OWN, *baselines.NAMES}
