"""Disks that are full or read-only: one line says so, and once there is room the run goes on to the same tables."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger import note
from small_run import command, digests, refused

UNTIL = ("--until", "publish")


def mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.getuid() != 0 or not mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)):
        pytest.skip("no right to mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def walk(
    folder: Path, runs: Path, run_id: str, *more: str, local: Path | None = None
) -> subprocess.CompletedProcess[str]:
    arguments = ["--config", f"{folder}/run.toml", "--run-root", str(runs), *UNTIL, *more]
    arguments += ["--resume" if (runs / run_id / "run.json").exists() else "--run-id", run_id]
    environment = dict(os.environ) | ({"SPARK_LOCAL_DIRS": str(local)} if local else {})
    started = command("mine", *arguments)
    return subprocess.run(started, capture_output=True, text=True, timeout=300, check=False, env=environment)


def equal(folder: Path, expected: dict[str, str]) -> str:
    assert digests(folder, "run") == expected
    return "equal"


def test_a_full_disk_is_named_and_with_more_room_the_run_goes_on(
    finished: Path, expected: dict[str, str], small_disk: Path
) -> None:
    runs = small_disk / "runs"
    said = refused(walk(finished, runs, "run"), "the disk is full")
    assert mount("-o", "remount,size=64m", str(small_disk))
    done = walk(finished, runs, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    note("the disk of the run is full", "wherever 1 MB was enough for", said, equal(small_disk, expected))


def test_a_folder_that_becomes_read_only_is_named_and_the_run_goes_on_later(
    finished: Path, expected: dict[str, str], small_disk: Path
) -> None:
    assert mount("-o", "remount,size=64m", str(small_disk))
    runs = small_disk / "runs"
    done = walk(finished, runs, "run", "--until", "normalize")
    assert done.returncode == 0, done.stderr
    assert mount("-o", "remount,ro", str(small_disk))
    said = refused(walk(finished, runs, "run"), "Read-only file system")
    assert mount("-o", "remount,rw", str(small_disk))
    done = walk(finished, runs, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    note("the folder of the run is read-only", "mine_candidates", said, equal(small_disk, expected))


def test_spark_without_room_for_its_own_files_says_where(
    finished: Path, expected: dict[str, str], small_disk: Path, tmp_path: Path
) -> None:
    assert mount("-o", "remount,size=128k", str(small_disk))
    said = refused(walk(finished, tmp_path / "runs", "run", local=small_disk), "SPARK_LOCAL_DIRS")
    done = walk(finished, tmp_path / "runs", "run")
    assert done.returncode == 0, done.stdout + done.stderr
    note("Spark's own disk is full", "early", said, equal(tmp_path, expected))


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_root_without_rights_is_named(finished: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir(mode=0o500)
    note("no right to the folder of runs", "start", refused(walk(finished, runs, "run"), "Permission denied"))


def test_memory_that_is_too_small_is_named() -> None:
    script = """if True:
        import sys
        from pipeline.runtime import failures
        from pipeline.runtime.config import SparkConfig
        from pipeline.runtime.errors import UserError
        from pipeline.runtime.session import start_session
        spark = start_session(SparkConfig(driver_memory="512m", master="local[1]"), "small")
        try:
            with failures.named():
                spark.range(1).selectExpr("length(concat(repeat('x', 900000000), repeat('y', 900000000)))").collect()
        except UserError as error:
            sys.exit(f"{type(error).__name__}: {error}")
        """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert "CapacityError: Spark's Java ran out of memory" in done.stderr, done.stderr
    note("Java's heap is too small", "any", done.stderr.strip().splitlines()[-1])
