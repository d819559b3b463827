"""The jobs that explain and compare, on a real run."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from small_run import copy_run, job, read, refused

from pipeline.review.explain.image import find_image
from pipeline.review.explain.recount import recount
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.config import AssignConfig

MOST_S = 20  # wall clock, on a machine that may be busy; by itself an answer takes a second or two
FLOOR = 0.75  # of the second run


@pytest.fixture(scope="module")
def house(finished: tuple[Path, subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run `whole`, and beside it `few`, with fewer labels an image from the same evidence."""
    sources, _ = finished
    folder = tmp_path_factory.mktemp("explained")
    shutil.copytree(sources / "runs", folder / "runs")
    copy_run(folder, "whole", "few")
    given = ("--config", f"{sources}/run.toml", "--run-root", f"{folder}/runs")
    fewer = ("--set", f"assign.min_confidence={FLOOR}", "--set", "assign.max_labels=3")
    for name, more in (("assign", ("--run-id", "few", "--reuse-evidence")), ("publish", ("--run-id", "few"))):
        done = job(name, *given, *fewer, *more)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def ask(house: Path, *arguments: str) -> dict[str, Any]:
    done = job("explain", *arguments, "--json", "--run-root", f"{house}/runs", "--run-id", "whole")
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["found"][0]
    return found


def test_a_label_is_what_the_tables_say(house: Path) -> None:
    label = min(read(house, "whole", "labels"), key=lambda row: row["label_id"])
    lines = [row for row in read(house, "whole", "manifest") if label["label_id"] in row["label_ids"]]
    found = ask(house, "label", label["name"])
    assert found["label"]["key"] == label["label_key"]
    assert found["on"]["images"] == label["images"] == len(lines)
    assert found["on"]["capped"] == sum(row["sample_u"] < row["keep_prob"] for row in lines)
    members = {row["phrase"] for row in read(house, "whole", "members") if row["label_id"] == label["label_id"]}
    assert {item["phrase"] for item in found["members"]} == members


def test_confidence_told_again_is_that_of_the_run(house: Path) -> None:
    run = StoredRun(f"{house}/runs", "whole")
    columns = ["image_id", "label_id", "phrase_id", "signal", "voices", "coverage"]
    facts = {
        row["label_id"]: (row["specificity"], row["trust"])
        for row in run.rows("trust", ["label_id", "specificity", "trust"])
    }
    said: dict[str, list[dict[str, Any]]] = {}
    for row in run.rows("evidence", columns):
        said.setdefault(row["image_id"], []).append(row)
    given: dict[str, dict[int, float]] = {image: {} for image in said}
    for row in run.rows("assignments", ["image_id", "label_id", "confidence"]):
        given[row["image_id"]][row["label_id"]] = row["confidence"]
    config = run.section("assign", AssignConfig)
    for image, rows in said.items():
        again = recount(rows, run.signals, facts, config, {})
        assert again is not None
        known = {label: sure for label, sure in again.items() if label in given[image]}
        assert known == pytest.approx(given[image], abs=1e-4)
        for sure in (again[label] for label in again.keys() - known.keys()):
            full = len(known) == config.max_labels and sure <= min(known.values())
            assert sure < config.min_confidence or full


def test_what_is_turned_away_has_its_reason_and_the_confidence_that_it_would_have(house: Path) -> None:
    run = StoredRun(f"{house}/runs", "few")
    kept = {(row["image_id"], row["label_id"]) for row in read(house, "few", "assignments")}
    pairs = {(row["image_id"], row["label_id"]): row["confidence"] for row in read(house, "whole", "assignments")}
    told = set()
    for image, label in sorted(pairs.keys() - kept)[:60]:
        dropped = {item.label.label_id: item for item in find_image(run, image).dropped}[label]
        assert dropped.confidence == pytest.approx(pairs[image, label], abs=1e-4)
        assert dropped.reason == ("low_confidence" if pairs[image, label] < FLOOR else "beyond_max_labels")
        told.add(dropped.meaning)
    assert told == {f"below assign.min_confidence = {FLOOR}", "more than assign.max_labels = 3 labels are surer"}


def test_an_image_has_its_texts_and_labels(house: Path) -> None:
    line = min(read(house, "whole", "manifest"), key=lambda row: str(row["image_id"]))
    found = ask(house, "image", line["image_id"])
    assert [item["label"]["label_id"] for item in found["labels"]] == line["label_ids"]
    facts = {
        (row["signal"], row["text"]) for row in read(house, "whole", "signals") if row["image_id"] == line["image_id"]
    }
    assert facts <= {(item["signal"], item["raw"]) for item in found["texts"]}
    known = {(row["text"], row["language"]) for row in read(house, "whole", "texts")}
    told = {(item["text"], item["language"]) for item in found["texts"] if not item["reason"]}
    assert told
    assert told <= known


def test_a_text_of_the_run_speaks_for_the_labels_of_its_image(house: Path) -> None:
    said = min(read(house, "whole", "evidence"), key=lambda row: (row["image_id"], row["phrase"]))
    text = next(row for row in read(house, "whole", "texts") if row["text_id"] == said["text_id"])
    found = ask(house, "text", text["text"], "--language", text["language"])
    assert said["label_id"] in {item["label_id"] for item in found["labels"]}


def test_a_phrase_is_found_and_an_unknown_one_is_one_line(house: Path) -> None:
    member = min(read(house, "whole", "members"), key=lambda row: str(row["phrase"]))
    assert ask(house, "phrase", member["phrase"])["joined"]["label"]["label_id"] == member["label_id"]
    done = job("explain", "phrase", "zorbling quux", "--run-root", f"{house}/runs", "--run-id", "whole")
    refused(done, "no text of run whole says 'zorbling quux'")


def test_an_answer_starts_no_spark_and_is_there_soon(house: Path) -> None:
    before = time.monotonic()
    done = job("explain", "label", "0", "--run-root", f"{house}/runs")
    assert done.returncode == 0, done.stderr
    assert "java" not in done.stderr.lower()
    assert time.monotonic() - before < MOST_S


def test_two_runs_are_compared_with_a_page(house: Path) -> None:
    page = house / "compare.html"
    done = job("compare", "whole", "few", "--run-root", f"{house}/runs", "--html", str(page))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "assign.min_confidence" in done.stdout
    assert "\x1b" not in done.stdout
    assert "<script" not in page.read_text()
    kept = len(read(house, "few", "assignments"))
    assert f"{kept:,}" in done.stdout
