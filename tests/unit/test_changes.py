from pathlib import Path

import pytest

from pipeline.review.changes import require_labels, run_versions
from pipeline.runtime.errors import RunError


def run_of(folder: Path, *tables: str) -> str:
    (folder / "tables").mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    for table in tables:
        (folder / "tables" / f"{table}.json").write_text("{}")
    return str(folder)


def test_a_folder_that_is_no_run_and_a_run_without_labels_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cluster\.base needs the folder of a run"):
        require_labels(str(tmp_path / "none"), "cluster.base")
    with pytest.raises(RunError, match=r"cluster\.base needs labels, and the run has none"):
        require_labels(run_of(tmp_path / "early", "candidates"), "cluster.base")
    require_labels(run_of(tmp_path / "done", "vocabulary"), "cluster.base")


def test_the_job_says_what_is_missing_and_starts_no_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.review.changes.start_session", None)  # a call would raise TypeError
    old = run_of(tmp_path / "old", "vocabulary")
    assert run_versions("", [old, run_of(tmp_path / "new")]) == 2
    assert "new: the comparison needs labels" in capsys.readouterr().err


def test_a_remap_table_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, out = run_of(tmp_path / "old", "vocabulary"), tmp_path / "remap.parquet"
    out.write_text("mine")
    assert run_versions("", [old, old, "--out", str(out)]) == 2
    assert "the file exists" in capsys.readouterr().err
    assert out.read_text() == "mine"
