"""The tables of an evaluation, and what is said where there is nothing to evaluate."""

from pathlib import Path
from typing import Any

import pytest

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
FACTS = {"images": 10, "classes": 3, "pairs": 12, "unknown_images": 1}


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert render_table(["way", "P"], [["anchored", "0.5"], ["none", "0.25"]]).split("\n") == [
        "| way      |    P |",
        "| -------- | ---: |",
        "| anchored |  0.5 |",
        "| none     | 0.25 |",
    ]


def test_what_a_way_has_no_figures_for_is_left_out() -> None:
    way: dict[str, Any] = {"string": MAPPED, "embedding": None, "grouping": None, "coverage": COVERAGE}
    page = render_scores({"exact": way}, FACTS)
    assert "Classes mapped by name" in page
    assert "1,500" in page
    assert "nearest label" not in page
    assert "Phrases against" not in page
    assert "| exact |  2,000 |    1,000 | 0.500 | 3,000 |      7 |    6 |     1 | 0.900 |" in page


def test_a_folder_that_is_no_run_ends_with_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_trials("doc", ["--run", str(tmp_path), "--truth", "t.csv"], lambda run: None)
    assert code == 2
    assert capsys.readouterr().err.strip().endswith("Give the folder of a run: RUN_ROOT/RUN_ID.")
