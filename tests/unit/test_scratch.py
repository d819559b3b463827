"""Spark's own files: in folders of the process, gone with it, or swept by the next where it was killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runtime.scratch import PLACES, PREFIX, sweep

TAKE = "from pipeline.runtime.scratch import take_scratch; take_scratch()"
SHOW = f"import os; print(os.environ['{PLACES}'], flush=True)"
WAIT = "import sys; sys.stdin.read()"


def start(places: str, *lines: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, PLACES: places}
    command = [sys.executable, "-c", "\n".join([TAKE, SHOW, *lines])]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_process_has_a_folder_in_each_place_and_both_go_with_it(tmp_path: Path) -> None:
    places = [tmp_path / "one", tmp_path / "two"]
    with start(",".join(map(str, places)), WAIT) as process:
        assert process.stdout is not None
        told = [Path(path) for path in process.stdout.readline().strip().split(",")]
        assert [path.parent for path in told] == places
        assert all(path.is_dir() for path in told)
        assert sweep(places[0]) == []  # it lives
        assert told[0].is_dir()
    assert process.returncode == 0
    assert [list(place.iterdir()) for place in places] == [[], []]


def test_what_a_killed_process_has_left_goes_when_the_next_begins(tmp_path: Path) -> None:
    with start(str(tmp_path), WAIT) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        (left / "blockmgr-1").mkdir()
        (left / "blockmgr-1/shuffle").write_bytes(b"x" * 10_000)
        process.kill()
    assert left.is_dir()
    with start(str(tmp_path)) as process:
        process.communicate()
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_what_others_have_put_there_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "held").touch()
    place = tmp_path / "place"
    (place / "blockmgr-1").mkdir(parents=True)
    (place / f"{PREFIX}notes").mkdir()  # nobody has locked anything in it
    (place / f"{PREFIX}link").symlink_to(elsewhere)
    (place / f"{PREFIX}file").touch()
    assert sweep(place) == []
    assert len(list(place.iterdir())) == 4
    assert (elsewhere / "held").exists()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_place_that_cannot_be_written_stays_what_spark_is_told(tmp_path: Path) -> None:
    place = tmp_path / "shut"
    place.mkdir(mode=0o500)
    with start(str(place)) as process:
        told, _ = process.communicate()
    assert told.strip() == str(place)


def test_a_place_that_is_a_file_stays_what_spark_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with start(str(tmp_path / "file")) as process:
        told, _ = process.communicate()
    assert told.strip() == str(tmp_path / "file")
