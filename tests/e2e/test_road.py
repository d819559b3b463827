"""The jobs as a user starts them, on a slice of the icons corpus: processes of their own, Spark as it ships."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_run import ROOT, copy_run, digests, job, read

from pipeline.manifest.reader import ManifestReader
from pipeline.runtime.java import find_java
from pipeline.runtime.scratch import PLACES


def test_the_road_ends_with_a_manifest_a_report_and_one_line_a_stage(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = finished
    for stage in ("ingest", "normalize", "mine_candidates", "embed", "cluster", "match", "assign", "publish"):
        assert [line for line in done.stdout.splitlines() if line.startswith(f"{stage} ")], done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("report ")], done.stdout
    assert (folder / "runs/whole/report.html").stat().st_size > 10_000
    assert json.loads((folder / "runs/manifest/current.json").read_text()) == {"run_id": "whole"}
    assert len(read(folder, "whole", "manifest")) > 200
    assert "Exception" not in done.stderr


def test_nothing_is_lost_between_stages_and_broken_rows_are_counted(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = finished
    record = json.loads((folder / "runs/whole/run.json").read_text())
    assert [stage["stage"] for stage in record["stages"]][-1] == "report"
    for stage in record["stages"]:
        rejected = sum(count for name, count in stage["rejects"].items() if name.startswith(f"{stage['unit']}/"))
        assert stage["rows_in"] == stage["rows_out"] + rejected, stage
    assert record["stages"][0]["rejects"] == {
        "row/bad_count": 2,
        "row/broken_row": 1,
        "row/no_image_id": 1,
        "row/null_text": 1,
    }


def test_a_repost_is_folded_into_its_original(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = finished
    reposts = [row["image_id"] for row in read(folder, "whole", "images") if row["duplicate_of"]]
    assert len(reposts) == 1
    assert reposts[0] not in {row["image_id"] for row in read(folder, "whole", "mentions")}


def test_a_run_on_other_partitions_that_is_killed_and_resumed_equals_one_that_was_not(
    finished: tuple[Path, subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = finished
    shutil.rmtree(folder / "runs/cache")  # vectors are encoded anew, in another company
    arguments = ["--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs"]
    arguments += ["--set", "spark.shuffle_partitions=7", "--set", "spark.master=local[3]"]
    command = [sys.executable, f"{ROOT}/jobs/mine.py", *arguments, "--run-id", "killed"]
    monkeypatch.setenv(PLACES, f"{folder}/scratch")
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    pointer = folder / "runs/killed/tables/texts.json"  # normalize is at work: one of its tables is there, one is not
    deadline = time.monotonic() + 240
    while not pointer.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert pointer.exists()
    assert not (folder / "runs/killed/tables/candidates.json").exists()
    assert list((folder / "scratch").glob("*/blockmgr-*"))
    resumed = job("mine", *arguments, "--resume", "killed", "--until", "publish")
    assert resumed.returncode == 0, resumed.stderr
    assert "ingest           done before" in resumed.stdout
    assert digests(folder, "killed") == digests(folder, "whole")
    assert list((folder / "scratch").iterdir()) == []  # nor is anything left of Spark's own files


def test_evidence_is_weighed_anew_without_mining_and_trusted_images_teach_labels(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = finished
    copy_run(folder, "whole", "again")
    # What texts say is true, save of one label, which is always wrong; and what has it is called "no such thing".
    pairs = [(row["image_id"], row["label_id"]) for row in read(folder, "whole", "assignments")]
    names = {row["label_id"]: row["name"] for row in read(folder, "whole", "labels")}
    wrong = max(names, key=lambda label: sum(found == label for _, found in pairs))
    lines = [f"{image},{names[label]}" for image, label in pairs if label != wrong]
    lines += [f"{image},no such thing" for image, label in pairs if label == wrong]
    (folder / "trusted.csv").write_text("image_id,label\n" + "\n".join([*lines, f",{names[wrong]}"]) + "\n")
    # A benchmark holds out the most frequent of the other labels, and one image.
    held = max(
        (label for label in names if label != wrong), key=lambda label: sum(found == label for _, found in pairs)
    )
    (folder / "held.csv").write_text(f"phrase,image_id\n{names[held]},\nno label has this,\n,{pairs[0][0]}\n")
    other = ("--set", f"labeling.trusted={folder}/trusted.csv", "--set", "assign.terms=['coverage']")
    other = (*other, "--set", f"publish.held_out={folder}/held.csv", "--set", "publish.split_by=contributor")
    where = ("--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs")
    refused = job("assign", *where, "--run-id", "again", *other)
    assert refused.returncode == 2
    assert "started with other settings" in refused.stderr
    done = job("assign", *where, "--run-id", "again", "--reuse-evidence", *other)
    assert done.returncode == 0, done.stderr
    assert "cross-validated" in done.stdout
    learnt = {row["display"]: row for row in read(folder, "again", "learnt")}
    assert learnt["no such thing"]["new"]
    assert learnt["no such thing"]["label_id"] == len(names)
    after = [row["label_id"] for row in read(folder, "again", "assignments")]
    before = sum(label == wrong for _, label in pairs)
    assert sum(label == wrong for label in after) < before / 4
    assert sum(label == len(names) for label in after) > before / 2
    published = job("mine", *where, "--resume", "again", *other, "--until", "publish")
    assert published.returncode == 0, published.stderr
    assert "match            done before" in published.stdout
    labels = {row["label_id"]: row for row in read(folder, "again", "labels")}
    assert [labels[label]["display"] for label in range(len(names), len(labels))] == ["no such thing"]
    assert "held out: 1 labels by 2 phrases, of which 1 name none; 1 images" in published.stdout
    shown = read(folder, "again", "manifest")
    assert pairs[0][0] not in {row["image_id"] for row in shown}
    assert all(held not in row["label_ids"] for row in shown)
    assert labels[held]["images"] == 0
    lost = {row["reason"] for row in read(folder, "again", "rejects") if row["stage"] == "publish"}
    assert "held_out_image" in lost
    card = (folder / "runs/manifest/again/README.md").read_text()
    assert "| publish | image | held_out_image | 1 |" in card


def test_a_plan_is_printed_drawn_and_published_beside_the_manifest(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = finished
    before = {path: path.stat().st_mtime_ns for path in (folder / "runs/manifest/whole").rglob("*")}
    asked = ("--run", f"{folder}/runs/whole", "--images", "100", "--write", "small", "--plot", f"{folder}/plan.svg")
    done = job("plan", *asked, "--out", f"{folder}/plan.json")
    assert done.returncode == 0, done.stderr
    once, small = json.loads((folder / "plan.json").read_text())
    assert small["images"] == pytest.approx(100, abs=1)
    assert small["effective_classes"] > once["effective_classes"]
    assert f"{small['cap']:,g}" in done.stdout
    assert (folder / "plan.svg").read_text().startswith("<?xml")
    reader = ManifestReader(f"{folder}/runs/manifest/whole.small")
    assert reader.num_rows == once["images"]
    assert reader.expected_rows() == pytest.approx(small["showings"], abs=1e-6)
    assert {path: path.stat().st_mtime_ns for path in (folder / "runs/manifest/whole").rglob("*")} == before
    refused = job("plan", *asked)
    assert refused.returncode == 2
    assert "whole.small: the folder exists" in refused.stderr


def test_a_manifest_becomes_shards_with_its_pictures(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = finished
    tree = f"{folder}/runs/manifest/whole"
    done = job("shards", "--manifest", tree, "--out", f"{folder}/shards", "--rows-per-shard", "150")
    assert done.returncode == 0, done.stderr
    record = json.loads((folder / "shards/train.json").read_text())
    assert record["rows"] == ManifestReader(tree).num_rows
    assert len(record["shards"]) == len(list((folder / "shards").glob("train-*.tar"))) > 1
    assert "left out: none" in done.stdout


def test_a_single_job_by_spark_submit_gives_the_table_that_the_whole_road_gives(
    finished: tuple[Path, subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = finished
    monkeypatch.setenv("JAVA_HOME", str(find_java()))
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    submit = (str(Path(sys.executable).with_name("spark-submit")), "--master", "local[2]", "--driver-memory", "1g")
    where = ("--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs", "--run-id", "single")
    done = job("ingest", *where, launcher=submit)
    assert done.returncode == 0, done.stderr
    for table in ("signals", "images"):
        ours, theirs = read(folder, "single", table), read(folder, "whole", table)
        assert sorted(map(str, ours)) == sorted(map(str, theirs))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--run-id", "whole"), "the run exists. Go on with it by --resume whole"),
        (("--run-id", "../up"), "use letters, digits"),
        (("--resume", "nowhere"), "there is no such run"),
        (("--resume", "whole", "--set", "mine.min_images=3"), "mine.min_images: 2 -> 3"),
        (("--run-id", "x", "--set", "mine.min_imges=3"), "unknown setting 'min_imges'. Did you mean min_images?"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    finished: tuple[Path, subprocess.CompletedProcess[str]], arguments: tuple[str, ...], said: str
) -> None:
    folder, _ = finished
    done = job("mine", "--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "\tat " not in done.stderr


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_an_unusable_input_is_named_on_one_line_with_exit_code_2(
    slice_of_icons: Path, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "pins.parquet"
    if damage == "truncated":
        file.write_bytes((slice_of_icons / "signals.parquet").read_bytes()[:5_000])
    toml = tmp_path / "run.toml"
    toml.write_text(f'[[sources]]\npath = "{file}"\nsignal_column = "signal"\n')
    done = job("mine", "--config", str(toml), "--run-root", f"{tmp_path}/runs")
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "pins.parquet" in errors[0]
    assert "Traceback" not in done.stderr
    assert "\tat " not in done.stderr


def test_the_printed_configuration_is_complete_and_starts_no_spark() -> None:
    done = job("mine", "--corpus", "icons", "--print-config")
    assert done.returncode == 0
    assert all(f"[{section}]" in done.stdout for section in ("spark", "normalize", "mine", "publish", "report"))
    assert "WARNING" not in done.stderr
