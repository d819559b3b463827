"""The tables of an evaluation, and what is said where there is nothing to evaluate."""

import dataclasses
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from pipeline.review.calibration import Judged, judge_confidence
from pipeline.review.calibration_chart import reliability_diagram
from pipeline.review.scoreboard import render_scores, render_table
from pipeline.review.trial import run_trials

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
