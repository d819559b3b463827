"""The tables of an evaluation, and what is said where there is nothing to evaluate."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from evaluations import found, way
from fake_run import shop, write_run

from pipeline.review import trial
from pipeline.review.calibration import Judged, judge_confidence
from pipeline.review.calibration_chart import reliability_diagram
from pipeline.review.scoreboard import render_scores, render_table
from pipeline.review.stored_evaluation import read_kept
from pipeline.review.trial import run_trials
from pipeline.runtime.load import parse_config

ZERO = {"precision": 0.25, "recall": 0.5, "f1": 1 / 3}
BANDS = {name: {"classes": 1, "pairs": 2, "micro": ZERO, "macro": ZERO} for name in ("all", "head", "torso", "tail")}
MAPPED = {"bands": BANDS, "mapped": ZERO, "classes_unmapped": 2, "pairs_unmapped": 1_500, "unmapped": ["a", "b"]}
COVERAGE = {
    "images": 2_000,
    "labelled": 1_000,
    "share": 0.5,
    "pairs": 3_000,
    "labels": 7,
    "labels_with": {1: 6, 10: 1},
    "gini": 0.9,
}
WAY: dict[str, Any] = {
    "string": MAPPED,
    "embedding": None,
    "confidence": None,
    "grouping": None,
    "coverage": COVERAGE,
}
FACTS = {"images": 10, "classes": 3, "pairs": 12, "unknown_images": 1}


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert render_table(["way", "P"], [["anchored", "0.5"], ["none", "0.25"]]).split("\n") == [
        "| way      |    P |",
        "| -------- | ---: |",
        "| anchored |  0.5 |",
        "| none     | 0.25 |",
    ]


def test_what_a_way_has_no_figures_for_is_left_out() -> None:
    page = render_scores({"exact": WAY}, FACTS)
    assert "Classes mapped by name" in page
    assert "1,500" in page
    assert "nearest label" not in page
    assert "Phrases against" not in page
    assert "Confidence" not in page
    assert "| exact |  2,000 |    1,000 | 0.500 | 3,000 |      7 |    6 |     1 | 0.900 |" in page


def test_confidence_is_shown_for_the_ways_that_have_it_with_empty_tenths_blank() -> None:
    rows = ((0.2, 0, 0, 700), (0.2, 1, 1, 300), (0.9, 1, 1, 400))
    sure = judged_confidence(*rows)
    assert sure["calibrated"] is not None
    page = render_scores({"run": {**WAY, "confidence": sure}, "exact": WAY}, FACTS)
    table = page.split("precision by tenth, low to high\n\n")[1].split("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert len(cells) == 3
    assert cells[0][:6] == ["way", "pairs", "AUC", "ECE", "ECE, half", "calibrated"]
    # Half 0 has nothing right, so the curve says 0 for all of half 1, all of which is right.
    assert cells[2][:6] == ["run", "1,400", "0.786", "0.100", "0.400", "1.000"]
    assert cells[2][6:] == ["", "", "", "0.300", "", "", "", "", "1.000", ""]


def test_confidence_that_cannot_be_ranked_or_calibrated_has_blanks() -> None:
    sure = judged_confidence((0.5, 0, 1, 3))
    page = render_scores({"run": {**WAY, "confidence": sure}}, FACTS)
    assert "| run |     3 |     | 0.500 |           |            |" in page


def test_the_diagram_draws_a_panel_a_way_and_is_the_same_each_time() -> None:
    ways = {
        "run": judged_confidence((0.2, 0, 0, 2), (0.9, 1, 1, 2)),
        "run <again>": judged_confidence((0.5, 0, 1, 3)),
    }
    page = reliability_diagram(ways)
    assert page == reliability_diagram(ways)
    texts = "".join(ElementTree.fromstring(page).itertext())
    assert "run <again>" in texts
    assert "ECE 0.150, 1.000; 4 pairs" in texts
    assert "ECE 0.500; 3 pairs" in texts
    assert "calibrated, other half" in texts
    assert "calibrated" not in reliability_diagram({"run": ways["run <again>"]})


def judged_confidence(*rows: tuple[float, int, int, int]) -> dict[str, Any]:
    confidence, half, right, count = zip(*rows, strict=True)
    parts = (np.array(part, np.int64) for part in (half, right, count))
    found = judge_confidence(Judged(np.array(confidence), *parts))
    assert found is not None
    return dataclasses.asdict(found)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """The job on a run in tmp_path/a with figures that are given, no Spark started; gives its exit code."""
    config = parse_config({"sources": [{"path": "x", "signal": "title"}]}, "test")
    write_run(tmp_path, "a", shop(), config=dataclasses.asdict(config))
    monkeypatch.setattr(trial, "start_session", lambda *_: SimpleNamespace(stop=lambda: None))

    def run(*options: str, ways: Mapping[str, Any] | None = None) -> int:
        monkeypatch.setattr(trial, "try_ways", lambda *_: found(ways or {"run": way(0.75), "exact": way(sure=False)}))
        arguments = ["--run", str(tmp_path / "a"), "--truth", "t.csv", *options]
        return run_trials("doc", arguments, lambda run: None, lambda run: None)

    return run


def test_a_run_keeps_its_evaluation_and_the_next_one_replaces_it(
    judge: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for f1 in (0.25, 0.75):
        assert judge(ways={"run": way(f1)}) == 0
        kept = read_kept(str(tmp_path / "a"))
        assert kept is not None
        assert (kept.stale, kept.evaluation.ways["run"].string.bands["all"].micro.f1) == ("", f1)
    told = capsys.readouterr().out
    assert told.startswith("Truth: 10 images")
    assert f"Kept in {tmp_path}/a/evaluation.json.\n" in told
    assert f"jobs/report.py --run-root {tmp_path} --run-id a, with the --config or --corpus of the run" in told
    assert sorted(item.name for item in (tmp_path / "a").iterdir()) == ["evaluation.json", "run.json", "tables"]


def test_another_place_gets_the_same_file(judge: Callable[..., int], tmp_path: Path) -> None:
    assert judge("--out", str(tmp_path / "scores.json"), "--set", "cluster.min_images=9") == 0
    assert (tmp_path / "scores.json").read_bytes() == (tmp_path / "a" / "evaluation.json").read_bytes()
    kept = read_kept(str(tmp_path / "a"))
    assert kept is not None
    assert (kept.evaluation.settings, kept.evaluation.methods) == (("cluster.min_images=9",), ("run", "exact"))


def test_a_run_that_cannot_be_written_is_judged_all_the_same_and_that_is_said(
    judge: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a" / "evaluation.json").mkdir()  # root writes where it may not: so that a file cannot be put there
    assert judge("--out", str(tmp_path / "scores.json")) == 0
    told = capsys.readouterr().out
    assert told.startswith("Truth: 10 images")
    assert "Kept" not in told
    assert f"{tmp_path}/a/evaluation.json: cannot be written (Is a directory)" in caplog.text
    assert "--out writes it elsewhere" in caplog.text
    assert (tmp_path / "scores.json").exists()
    assert not [item.name for item in (tmp_path / "a").iterdir() if item.name.startswith(".")]


def test_a_place_that_was_asked_for_and_cannot_be_written_is_one_line_after_the_result(
    judge: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for option in ("--out", "--plot"):
        assert judge(option, str(tmp_path / "file" / "scores.svg")) == 2
        told = capsys.readouterr()
        assert told.out.startswith("Truth: 10 images")
        assert "Kept in" in told.out
        assert told.err.startswith(f"error: {option} {tmp_path}/file/scores.svg: cannot be written (File exists).")


def test_other_ways_alone_do_not_replace_what_is_kept_of_the_run(
    judge: Callable[..., int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert judge() == 0
    before = (tmp_path / "a" / "evaluation.json").read_bytes()
    assert judge("--methods", "kmeans", ways={"kmeans": way()}) == 0
    assert "--methods without run judges none of its own labels" in caplog.text
    assert (tmp_path / "a" / "evaluation.json").read_bytes() == before


def test_a_run_without_a_manifest_has_no_page_to_tell_of(
    judge: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a" / "tables" / "manifest.json").unlink()
    assert judge() == 0
    assert "Kept in" in (told := capsys.readouterr().out)
    assert "jobs/report.py" not in told


def test_tables_that_are_remade_while_they_are_judged_make_the_evaluation_stale(
    judge: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointer = tmp_path / "a" / "tables" / "assignments.json"

    def remake(*_: object) -> SimpleNamespace:
        pointer.write_text(pointer.read_text().replace('"rows": 2', '"rows": 3'))
        return SimpleNamespace(stop=lambda: None)

    monkeypatch.setattr(trial, "start_session", remake)
    assert judge() == 0
    kept = read_kept(str(tmp_path / "a"))
    assert kept is not None
    assert kept.remade == ("assignments",)


def test_a_diagram_that_is_no_svg_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--run", str(tmp_path), "--truth", "t.csv", "--plot", "page.png"]
    assert run_trials("doc", arguments, lambda run: None, lambda run: None) == 2
    assert "--plot page.png: the diagram is an SVG" in capsys.readouterr().err


def test_a_folder_that_is_no_run_ends_with_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_trials("doc", ["--run", str(tmp_path), "--truth", "t.csv"], lambda run: None, lambda run: None)
    assert code == 2
    assert capsys.readouterr().err.strip().endswith("Give the folder of a run: RUN_ROOT/RUN_ID.")
