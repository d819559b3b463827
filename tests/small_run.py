"""A small corpus as a user's own tables, jobs as a user starts them, and what their tables hold."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.sources.corpora import read_corpus

ROOT = Path(__file__).parents[1]
TABLES = ("signals", "images", "texts", "mentions", "origins", "candidates", "embeddings", "vocabulary", "members")
TABLES = (*TABLES, "evidence", "contexts", "trust", "learnt", "assignments", "labels", "manifest", "rejects")
SOURCES = """
[[sources]]
path = "{folder}/signals.parquet"
signal_column = "signal"
language = "language"

[[sources]]
path = "{folder}/boards.csv"
format = "csv"
signal = "board"
count = "seen"

[[images]]
path = "{folder}/images.parquet"
image_uri = "image_uri"
duplicate_of = "duplicate_of"
"""
SETTINGS = """
[spark]
driver_memory = "1g"
shuffle_partitions = 4

[mine]
min_images = 2

[embed]
encoder = "hashing"

[cluster]
min_images = 4
"""


def make_slice(folder: Path) -> Path:
    """Write 400 icons as two user tables and a table of images, one a repost, and run.toml; gives the folder."""
    corpus = read_corpus("icons")
    images = corpus.images.slice(0, 400)
    original = pa.array([None, images["image_id"][0].as_py(), *[None] * 398], pa.string())
    pq.write_table(images.append_column("duplicate_of", original), folder / "images.parquet")
    signals = corpus.signals.filter(pc.is_in(corpus.signals["image_id"], images["image_id"]))
    boards = signals.filter(pc.equal(signals["signal"], "board"))
    pq.write_table(signals.filter(pc.not_equal(signals["signal"], "board")), folder / "signals.parquet")
    pairs = zip(boards["image_id"].to_pylist(), boards["text"].to_pylist(), strict=True)
    lines = [f"{image},{text},2" for image, text in pairs]
    lines += ["broken", ",no image,1", "i,,1", "i,dog,many", "i,dog,-3"]
    (folder / "boards.csv").write_text("image_id,text,seen\n" + "\n".join(lines) + "\n")
    (folder / "run.toml").write_text(SOURCES.format(folder=folder) + SETTINGS)
    return folder


def command(name: str, *arguments: str, launcher: tuple[str, ...] = (sys.executable,)) -> list[str]:
    """How a user starts a job."""
    return [*launcher, str(ROOT / "jobs" / f"{name}.py"), *arguments]


def job(name: str, *arguments: str, launcher: tuple[str, ...] = (sys.executable,)) -> subprocess.CompletedProcess[str]:
    """Run a job to its end."""
    started = command(name, *arguments, launcher=launcher)
    return subprocess.run(started, capture_output=True, text=True, timeout=300, check=False)


def mine(folder: Path, run_id: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the whole road over a slice."""
    return job("mine", "--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs", *arguments, "--run-id", run_id)


def as_reader(command: list[str], folder: Path, where: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of a page in the folder of its reader, who knows nothing of tests."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, f"{where} {command}\n{done.stdout}\n{done.stderr}"
    return done


def copy_run(folder: Path, run_id: str, copy_id: str) -> None:
    """A run once more, under another name: what follows from its tables can be made anew without making them."""
    shutil.copytree(folder / "runs" / run_id, folder / "runs" / copy_id)
    record = folder / "runs" / copy_id / "run.json"
    record.write_text(record.read_text().replace(f'"run_id": "{run_id}"', f'"run_id": "{copy_id}"'))


def refused(done: subprocess.CompletedProcess[str], *said: str) -> str:
    """The one line that a user sees of a job that could not be done."""
    assert done.returncode == 2, done.stdout + done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "\tat " not in done.stderr
    for words in said:
        assert words in errors[0]
    return errors[0]


def wait_for(what: Path, seconds: float = 240) -> None:
    """Until a file is there."""
    deadline = time.monotonic() + seconds
    while not what.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert what.exists()


def read(folder: Path, run_id: str, table: str) -> list[dict[str, Any]]:
    """The rows of a table of a run, as its pointers name them."""
    run = folder / "runs" / run_id
    pointers = [*run.glob(f"tables/{table}.json"), *run.glob(f"tables/{table}.*.json")]
    assert pointers, table
    return [
        row for pointer in pointers for row in pq.read_table(run / json.loads(pointer.read_text())["path"]).to_pylist()
    ]


def digests(folder: Path, run_id: str) -> dict[str, str]:
    """Digest of the sorted rows of each table."""
    found = {}
    for table in TABLES:
        rows = sorted(json.dumps(row, sort_keys=True) for row in read(folder, run_id, table))
        found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]
    return found
