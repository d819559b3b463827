"""Runs that grow from another one, for two days, beside one run on all sources."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from small_run import SETTINGS, job, read, refused

from pipeline.sources.corpora import read_corpus

IMAGES, DAY = 300, 20
KNOWN, WELL_KNOWN, ONCE = 30, 53, 16  # places of past images of which 17 texts are known
GROWTH = "[growth]\nrework_share = 0.1\n"
SOURCE = """
[[sources]]
name = "{name}"
path = "{folder}/signals.parquet"
signal_column = "signal"
language = "language"
count = "count"
contributor = "contributor"

[[images]]
name = "images of {name}"
path = "{folder}/images.parquet"
duplicate_of = "duplicate_of"
"""
ROADS = """
import json, sys
from pipeline.stages import run_road
sys.exit(max(run_road("", arguments) for arguments in json.loads(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the past, one of each of two days that grows from the one before, and one on everything."""
    folder = tmp_path_factory.mktemp("growing")
    corpus = read_corpus("icons")
    images = corpus.images.slice(0, IMAGES)
    ids = images["image_id"].to_pylist()
    past = IMAGES - 2 * DAY
    signals = corpus.signals.filter(pc.is_in(corpus.signals["image_id"], images["image_id"]))
    # What is new is said of old images too: every ninth text of the first ten comes on the second day.
    place = pa.array(range(signals.num_rows))
    late = pc.and_(pc.is_in(signals["image_id"], pa.array(ids[:10])), pc.equal(pc.remainder(place, 9), 0))
    days = []
    for begin, end in ((0, past), (past, past + DAY), (past + DAY, IMAGES)):
        chosen = pc.and_(pc.is_in(signals["image_id"], pa.array(ids[begin:end])), pc.invert(late))
        days.append(signals.filter(chosen))
    days[2] = pa.concat_tables([days[2], signals.filter(late)])
    # On three images of the past and one of each day, and so no label before the first day.
    said_on = ([*ids[20:22], ids[ONCE]], ids[past : past + 1], ids[past + DAY : past + DAY + 1])
    for day, said in enumerate(said_on):
        row = {"signal": "title", "text": "zorbling", "language": "en", "count": 1, "contributor": None}
        more = [{**row, "image_id": image, "contributor": f"who {i} {day}"} for i, image in enumerate(said)]
        # One text of a well-known image is too little on the first day; with three more on the second day it is enough.
        few = [row["text"]] * day if day < 2 else ["anchor", "ship", "harbor"]
        more += [{**row, "image_id": ids[KNOWN], "text": text} for text in few]
        more += [{**row, "image_id": ids[WELL_KNOWN], "text": "apple"}] * (day == 2)
        days[day] = pa.concat_tables([days[day], pa.Table.from_pylist(more, schema=days[day].schema)])
    for day, (begin, end) in enumerate(((0, past), (past, past + DAY), (past + DAY, IMAGES))):
        place_of = folder / f"day{day}"
        place_of.mkdir()
        listed = images.slice(begin, end - begin)
        # The last image of each day reposts the first of all.
        original = pa.array([*[None] * (listed.num_rows - 1), ids[0]], pa.string())
        pq.write_table(listed.append_column("duplicate_of", original), place_of / "images.parquet")
        pq.write_table(days[day], place_of / "signals.parquet")
        (folder / f"day{day}.toml").write_text(SOURCE.format(name=f"day{day}", folder=place_of) + SETTINGS + GROWTH)
    every = "".join(SOURCE.format(name=f"day{day}", folder=folder / f"day{day}") for day in range(3))
    (folder / "full.toml").write_text(every + SETTINGS)
    roads = [asked(folder, "day0"), asked(folder, "day1", "day0"), asked(folder, "day2", "day1"), asked(folder, "full")]
    done = subprocess.run(
        [sys.executable, "-c", ROADS, json.dumps(roads)], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def asked(folder: Path, run_id: str, base: str = "") -> list[str]:
    arguments = ["--config", f"{folder}/{run_id}.toml", "--run-root", f"{folder}/runs", "--run-id", run_id]
    return [*arguments, *(["--base", base] if base else [])]


def labels_of(folder: Path, run_id: str) -> dict[int, dict[str, Any]]:
    rows = ds.dataset(folder / "runs" / "manifest" / run_id / "labels").to_table().to_pylist()
    return {row["label_id"]: row for row in rows}


def images_of(folder: Path, run_id: str) -> dict[str, dict[str, Any]]:
    tree = folder / "runs" / "manifest" / run_id / "data"
    return {row["image_id"]: row for row in ds.dataset(tree).to_table().to_pylist()}


def pairs_of(folder: Path, run_id: str) -> set[tuple[str, str]]:
    names = {label: row["name"] for label, row in labels_of(folder, run_id).items()}
    return {(image, names[label]) for image, row in images_of(folder, run_id).items() for label in row["label_ids"]}


def test_labels_keep_number_key_and_name_and_new_ones_come_after_them(house: Path) -> None:
    one, two, three = (labels_of(house, run) for run in ("day0", "day1", "day2"))
    for before, after in ((one, two), (two, three)):
        assert len(after) > len(before)
        for label, row in before.items():
            assert {name: after[label][name] for name in ("label_key", "name", "display", "parent")} == {
                name: row[name] for name in ("label_key", "name", "display", "parent")
            }


def test_the_grown_manifest_has_the_images_of_a_run_on_everything_and_nearly_all_its_labels(house: Path) -> None:
    grown, full = pairs_of(house, "day2"), pairs_of(house, "full")
    assert images_of(house, "day2").keys() == images_of(house, "full").keys()
    assert len(grown & full) / len(grown | full) > 0.95
    assert grown != full  # clusters are not made anew: were they, this would not be worth a comparison


def test_a_phrase_that_has_become_frequent_labels_the_images_that_said_it_before(house: Path) -> None:
    assert not any(name == "zorbling" for _, name in pairs_of(house, "day0"))
    for run, count in (("day1", 3), ("day2", 5), ("full", 6)):
        assert sum(name == "zorbling" for _, name in pairs_of(house, run)) == count


def test_what_is_new_of_a_well_known_image_waits_until_it_is_enough(house: Path) -> None:
    corpus = read_corpus("icons").images["image_id"]
    known, well_known = (corpus[place].as_py() for place in (KNOWN, WELL_KNOWN))

    def named(run: str, table: str) -> list[str]:
        return [row["image_id"] for row in read(house, run, table)]

    assert named("day1", "waiting") == [known]
    assert known not in [*named("day1", "signals"), *named("day1", "images")]
    assert named("day2", "waiting") == [well_known]
    assert named("day2", "signals").count(known) == 4
    for run, labelled in (("day1", False), ("day2", True), ("full", True)):
        assert ((known, "zorbling") in pairs_of(house, run)) is labelled


def test_a_well_known_image_counts_for_a_phrase_and_is_not_worked_on_for_it_alone(house: Path) -> None:
    once = read_corpus("icons").images["image_id"][ONCE].as_py()
    for run in ("day1", "day2"):
        assert once not in [row["image_id"] for row in read(house, run, "images")]
        assert (once, "zorbling") not in pairs_of(house, run)
    (zorbling,) = [row for row in read(house, "day1", "candidates") if row["phrase"] == "zorbling"]
    assert zorbling["images"] == 4
    assert (once, "zorbling") in pairs_of(house, "full")


def test_origins_are_those_of_a_run_on_everything_without_what_waits(house: Path) -> None:
    grown, full = (
        {(row["kind"], row["name"]): row["mentions"] for row in read(house, run, "origins")} for run in ("day2", "full")
    )
    assert {kind for kind, _ in full} == {"contributor", "language"}
    assert full["language", "en"] == grown["language", "en"] + 1  # "apple", which waits
    assert {name: n for name, n in full.items() if name != ("language", "en")} == {
        name: n for name, n in grown.items() if name != ("language", "en")
    }


def test_weights_are_those_of_all_images_and_the_counts_are_exact(house: Path) -> None:
    labels, images = labels_of(house, "day2"), images_of(house, "day2")
    for label, row in labels.items():
        assert row["images"] == sum(label in image["label_ids"] for image in images.values())
    for image in images.values():
        lost = 1.0
        for label in image["label_ids"]:
            lost *= 1 - labels[label]["keep_prob"]
        assert image["keep_prob"] == pytest.approx(1 - lost)
        assert image["repeat_factor"] == pytest.approx(
            max(labels[label]["repeat_factor"] for label in image["label_ids"])
        )


def test_what_was_held_out_stays_held_out(house: Path) -> None:
    before, after = images_of(house, "day0"), images_of(house, "day2")
    assert {image: row["split"] for image, row in before.items()} == {image: after[image]["split"] for image in before}
    assert any(row["split"] == "validation" for row in before.values())


def test_every_image_of_the_manifest_has_its_evidence(house: Path) -> None:
    rows = ds.dataset(house / "runs" / "manifest" / "day2" / "evidence").to_table().to_pylist()
    images = images_of(house, "day2")
    assert {(row["image_id"], row["label_id"]) for row in rows} == {
        (image, label) for image, row in images.items() for label in row["label_ids"]
    }


def test_the_record_says_what_was_worked_on(house: Path) -> None:
    record = json.loads((house / "runs" / "day2" / "run.json").read_text())
    assert record["growth"]["base"] == "day1"
    assert record["growth"]["images"] == len(images_of(house, "day2"))
    assert DAY <= record["growth"]["images_worked_on"] < IMAGES / 2
    assert record["growth"]["labels"] == len(labels_of(house, "day2"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--base", "day7"], "there is no such run to grow from"),
        (["--base", "day0", "--set", "cluster.min_images=5"], "cluster.min_images: 4 -> 5"),
        (["--base", "day0", "--set", "assign.implications=true"], "learnt from all images"),
    ],
)
def test_a_base_that_does_not_fit_is_refused_at_once(house: Path, arguments: list[str], said: str) -> None:
    given = ["--config", f"{house}/day1.toml", "--run-root", f"{house}/runs", "--run-id", "other", *arguments]
    refused(job("mine", *given), said)


def test_a_source_that_was_read_before_is_refused(house: Path) -> None:
    given = ["--config", f"{house}/day1.toml", "--run-root", f"{house}/runs", "--run-id", "twice", "--base", "day2"]
    refused(job("mine", *given), "signals.parquet", "run day1 has read the same file")


def test_a_grown_run_is_not_taken_for_one_that_holds_everything(house: Path) -> None:
    refused(job("audit", "--run", f"{house}/runs/day2", "--out", f"{house}/audit.html"), "grew from day1", "an audit")
    refused(job("estimate", "--run", f"{house}/runs/day2", "--signals", "1e6"), "grew from day1", "an estimate")
