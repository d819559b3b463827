"""Two runs compared: settings, labels, phrases, pairs against a plain oracle, quality, and the page."""

import dataclasses
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluations import content, way
from fake_run import Rows, phrase_id, record, shop, write_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.review.compare.job import make_parser, render_comparison, run_compare
from pipeline.review.compare.pairs import compare_pairs
from pipeline.review.compare.runs import Comparison, compare_runs
from pipeline.review.compare.sheets import sections
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.errors import InputError

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \u202egpj {{ 7 * 7 }} \x1b[31m"


def other(**changed: Rows) -> dict[str, Rows]:
    """The shop another time: 'sofa (de)' is gone, 'table' is a head label of another number that lost a phrase."""
    tables = shop()
    ids = {0: 0, 2: 1, 3: 2}
    again = [
        {**row, "label_id": ids[row["label_id"]], "parent": None, "band": "head"}
        for row in tables["labels"]
        if row["label_id"] in ids
    ]
    again[1] |= {"name": "furnishings"}
    again.append({**again[0], "label_id": 3, "label_key": "e" * 16, "name": "lamp", "band": "tail", "images": 1})
    members = [
        {**row, "label_id": 1 if row["phrase"] == "kitchen table" else ids[row["label_id"]]}
        for row in tables["members"]
        if row["label_id"] in ids
    ]
    members.append({"phrase_id": phrase_id("couch"), "label_id": 3, "phrase": "couch", "how": "self"})
    line = {"label_sources": [1], "keep_prob": 1.0, "split": "train"}
    lines = [
        {**line, "image_id": "i1", "label_ids": [0], "label_confidences": [0.9569]},
        {**line, "image_id": "i5", "label_ids": [3], "label_confidences": [0.5]},
    ]
    remade: dict[str, Rows] = {"labels": again, "members": members, "manifest": lines}
    vocabulary = [{**row, "support": row["images"] + 3} for row in again]
    return {**tables, **remade, "vocabulary": vocabulary, **changed}


def run(root: Path, run_id: str, tables: Mapping[str, Rows], **more: Any) -> StoredRun:
    write_run(root, run_id, tables, **more)
    return StoredRun(str(root), run_id)


@pytest.fixture
def two(tmp_path: Path) -> Comparison:
    return compare_runs(run(tmp_path, "a", shop()), run(tmp_path, "b", other()), 5)


def test_a_run_beside_itself_differs_in_nothing(tmp_path: Path) -> None:
    one = run(tmp_path, "a", shop())
    found = compare_runs(one, one, 5)
    assert (found.settings, found.versions, found.rejects) == ((), (), ())
    assert found.labels is not None
    assert found.labels.by_phrases == {"kept": 4, "renamed": 0, "split": 0, "merged": 0, "added": 0, "removed": 0}
    assert found.labels.phrases == {"stay": 6, "move": 0, "lose": 0, "gain": 0}
    assert found.pairs is not None
    assert found.pairs.images == (2, 2, 2)
    assert dataclasses.astuple(found.pairs.bands["all"]) == (2, 2, 2, 2, 0.0)
    assert found.pairs.quantiles == (0.0, 0.0, 0.0)
    assert all(item.ratio == 1 for item in (*found.rows, *found.seconds, *found.memory))


def test_labels_by_phrases_by_key_and_by_name(two: Comparison) -> None:
    assert two.labels is not None
    assert two.labels.by_key == {"kept": 2, "renamed": 1, "added": 1, "removed": 1}
    assert two.labels.by_name == {"kept": 2, "renamed": 0, "added": 2, "removed": 2}
    assert two.labels.by_phrases["renamed"] == 1
    assert ("removed", "sofa (de)", "") in {(item.kind, item.old, item.new) for item in two.labels.examples}
    assert two.labels.heirs.tolist() == [0, -1, 1, 2]


def test_phrases_that_move_lose_and_gain_a_label(two: Comparison) -> None:
    assert two.labels is not None
    assert two.labels.phrases == {"stay": 4, "move": 1, "lose": 1, "gain": 1}
    assert [(item.phrase, item.old, item.new) for item in two.labels.moves] == [
        ("kitchen table", "table", "furnishings"),
        ("sofa", "sofa (de)", ""),
        ("couch", "", "lamp"),
    ]


def test_bands_and_who_goes_from_one_to_another(two: Comparison) -> None:
    assert two.labels is not None
    assert two.labels.bands == {"head": (1, 3), "torso": (0, 0), "tail": (3, 1)}
    assert two.labels.band_moves["tail", "head"] == 2
    assert two.labels.band_moves["head", "head"] == 1


def test_pairs_in_common_and_the_shift_of_their_confidence(two: Comparison) -> None:
    assert two.pairs is not None
    assert two.pairs.images == (2, 2, 1)
    assert dataclasses.astuple(two.pairs.bands["all"]) == (2, 1, 2, 1, 0.1)
    assert dataclasses.astuple(two.pairs.bands["tail"]) == (1, 0, 1, 0, None)
    assert (two.pairs.surer, two.pairs.less_sure) == (1, 0)


LINES = st.dictionaries(
    st.integers(0, 30), st.dictionaries(st.integers(0, 3), st.integers(3000, 10_000), min_size=1), max_size=20
)


def as_lines(lines: Mapping[int, Mapping[int, int]]) -> Rows:
    return [
        {
            "image_id": f"i{image}",
            "label_ids": [*labels],
            "label_confidences": [step / 10_000 for step in labels.values()],
        }
        for image, labels in lines.items()
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, LINES, st.integers(1, 9))
def test_pairs_are_those_of_a_plain_oracle_in_however_many_passes(
    tmp_path_factory: pytest.TempPathFactory, before: Any, after: Any, most: int
) -> None:
    root = tmp_path_factory.mktemp("pairs")
    heirs = np.array([2, -1, 0, 3])
    old = run(root, "a", {"labels": shop()["labels"], "manifest": as_lines(before)})
    new = run(root, "b", {"labels": shop()["labels"], "manifest": as_lines(after)})
    found = compare_pairs(old, new, heirs, most)
    said = {(image, int(heirs[label])): step for image, labels in before.items() for label, step in labels.items()}
    now = {(image, label): step for image, labels in after.items() for label, step in labels.items()}
    shifts = sorted(now[pair] - step for pair, step in said.items() if pair in now)
    whole = found.bands["all"]
    assert found.images == (len(before), len(after), len(before.keys() & after.keys()))
    assert (whole.old, whole.new) == (sum(map(len, before.values())), len(now))
    assert whole.old_in_new == whole.new_in_old == len(shifts)
    assert (found.surer, found.less_sure) == (sum(s > 0 for s in shifts), sum(s < 0 for s in shifts))
    if shifts:
        assert whole.shift == pytest.approx(sum(shifts) / len(shifts) / 10_000, abs=6e-5)
        assert found.quantiles is not None
        assert found.quantiles[1] == shifts[(len(shifts) + 1) // 2 - 1] / 10_000


def test_settings_versions_counts_and_drops_that_differ(tmp_path: Path) -> None:
    told = record("b")
    config = {
        **told["config"],
        "mine": {"min_images": 5},
        "sources": [{"name": "s", "options": {"password": "hunter2"}}],
    }
    stages = [{**told["stages"][0], "rows_out": 4, "rejects": {"row/number": 2, "row/url": 4}, "seconds": 6.0}]
    changed = {"config": config, "stages": stages, "versions": {"python": "3.12.1", "pyspark": "4.3.0"}}
    found = compare_runs(run(tmp_path, "a", shop()), run(tmp_path, "b", shop(), **changed), 5)
    assert ("mine.min_images", "3", "5") in [(item.name, item.old, item.new) for item in found.settings]
    assert "hunter2" not in str(found.settings)
    assert [(item.name, item.old, item.new) for item in found.versions] == [("python", "3.11.7", "3.12.1")]
    assert [(item.name, item.old, item.new) for item in found.rejects] == [
        ("ingest: row url", 0, 4),
        ("publish: row number", 2, 0),
    ]
    assert {item.name: item.ratio for item in found.rows} == {"ingest, rows": 0.5, "publish, rows": None}
    assert [(item.name, item.old, item.new) for item in found.seconds][-1] == ("stages of both", 2.0, 6.0)


def test_what_a_run_has_not_yet_is_left_out(tmp_path: Path) -> None:
    early = run(tmp_path, "a", {name: shop()[name] for name in ("signals", "images")})
    found = compare_runs(early, run(tmp_path, "b", shop()), 5)
    assert (found.labels, found.pairs) == (None, None)
    assert [title for title, _ in sections(found)] == ["Settings", "Counts", "Cost"]
    assert {item.name: (item.old, item.new) for item in found.tables}["members"] == (None, 6)


def test_evaluations_in_the_folders_are_shown_side_by_side(tmp_path: Path) -> None:
    one, two = run(tmp_path, "a", shop()), run(tmp_path, "b", shop())
    judge(tmp_path / "b", 0.25)
    found = compare_runs(one, two, 5)
    assert {item.name: (item.old, item.new) for item in found.quality}["f1, tail, by name"] == (None, 0.25)
    assert found.truths == ("", "10 images, 2 classes, 20 pairs")
    judge(tmp_path / "a", 0.5)
    found = compare_runs(one, two, 5)
    quality = {item.name: (item.old, item.new) for item in found.quality}
    assert quality["f1, all, by name"] == quality["f1, all, by nearest label"] == (0.5, 0.25)
    assert quality["calibration error"] == (0.14, 0.14)
    assert found.same_truth


def judge(folder: Path, f1: float, name: str = "evaluation.json", **truth: Any) -> str:
    """Write an evaluation of a run; gives the file."""
    file = folder / name
    file.write_text(json.dumps(content(str(folder), {"run": way(f1)}, **truth)))
    return str(file)


@pytest.mark.parametrize("other", [{"images": 11}, {"fingerprint": "e" * 32}])
def test_evaluations_by_different_truths_are_told_apart(tmp_path: Path, other: dict[str, Any]) -> None:
    one, two = run(tmp_path, "a", shop()), run(tmp_path, "b", shop())
    scores = (judge(tmp_path / "a", 0.5, "one.json"), judge(tmp_path / "b", 0.5, "two.json", **other))
    (block,) = dict(sections(compare_runs(one, two, 5, scores)))["Quality"]
    assert "not the same truth" in str(block)


def test_an_evaluation_of_tables_that_were_remade_is_said_and_not_compared(tmp_path: Path) -> None:
    one, two = run(tmp_path, "a", shop()), run(tmp_path, "b", shop())
    judge(tmp_path / "a", 0.5)
    judge(tmp_path / "b", 0.25)
    pointer = tmp_path / "b" / "tables" / "assignments.json"
    pointer.write_text(pointer.read_text().replace('"rows": 2', '"rows": 3'))
    found = compare_runs(one, two, 5)
    assert {item.name: (item.old, item.new) for item in found.quality}["f1, tail, by name"] == (0.5, None)
    (block,) = dict(sections(found))["Quality"]
    assert "new: the evaluation of" in str(block)
    assert "is of other tables than the run has now: assignments" in str(block)
    assert "not the same truth" not in str(block)


def test_a_file_of_scores_that_is_none_is_told(tmp_path: Path) -> None:
    one = run(tmp_path, "a", shop())
    with pytest.raises(InputError, match=r"no such file\. Write one by jobs/evaluate\.py"):
        compare_runs(one, one, 5, ("none.json", "none.json"))
    (tmp_path / "a" / "evaluation.json").write_text("{}")
    with pytest.raises(InputError, match="no evaluation"):
        compare_runs(one, one, 5)


class Page(HTMLParser):
    """Tags, their attributes, and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(tmp_path: Path) -> Comparison:
    labels = [
        {**row, "name": f"{row['name']} {HOSTILE}", "label_key": HOSTILE + row["label_key"]} for row in shop()["labels"]
    ]
    members = [{**row, "phrase": HOSTILE} for row in shop()["members"]]
    vocabulary = [{**row, "support": 1} for row in labels]
    tables = shop(labels=labels, members=members, vocabulary=vocabulary)
    versions = {"python": HOSTILE}
    return compare_runs(run(tmp_path, "a", tables, versions=versions), run(tmp_path, "b", other()), 5)


def test_the_page_runs_nothing_and_loads_nothing(tmp_path: Path) -> None:
    page = Page(render_comparison(hostile(tmp_path)))
    names = {name for name, _ in page.tags}
    assert not names & {"script", "img", "iframe", "object", "form", "base"}
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    policy = next(attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes)
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    links = [attributes["href"] or "" for _, attributes in page.tags if "href" in attributes]
    assert all(link.startswith(("#", "data:,")) for link in links)


def test_texts_of_strangers_are_shown_as_they_are(tmp_path: Path) -> None:
    page = Page(render_comparison(hostile(tmp_path)))
    assert "<script>alert(1)</script>" in page.text
    assert "<U+202E>gpj {{ 7 * 7 }} <U+001B>[31m" in page.text


def test_a_table_without_rows_says_so(tmp_path: Path) -> None:
    one = run(tmp_path, "a", shop())
    assert "Settings that differ none Versions that differ none" in " ".join(
        Page(render_comparison(compare_runs(one, one, 5))).text.split()
    )


def test_every_link_of_the_page_leads_somewhere_and_equal_runs_give_equal_pages(tmp_path: Path) -> None:
    found = hostile(tmp_path)
    html = render_comparison(found)
    assert html == render_comparison(found)
    targets = set(re.findall(r'id="([^"]+)"', html))
    assert {link for link in re.findall(r'href="#([^"]+)"', html)} <= targets


def test_the_job_takes_names_and_folders_and_writes_the_page_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "a", shop())
    run(tmp_path, "b", other())
    page = tmp_path / "page.html"
    arguments = ["a", str(tmp_path / "b"), "--run-root", str(tmp_path), "--html", str(page)]
    assert run_compare("", arguments) == 0
    out = capsys.readouterr().out
    assert "furnishings" in out
    assert "\x1b" not in out
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert run_compare("", arguments) == 2
    assert "the file exists" in capsys.readouterr().err


def test_a_run_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "a", shop())
    assert run_compare("", ["a", "none", "--run-root", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_two_runs_are_asked_for() -> None:
    with pytest.raises(SystemExit):
        make_parser("").parse_args(["a"])
