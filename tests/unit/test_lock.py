"""One process at a time works on a run."""

import datetime
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipeline.runtime import files, lock
from pipeline.runtime.errors import RunError
from pipeline.runtime.lock import RunLock

HOLD = """
import sys, time
from pipeline.runtime.lock import RunLock
with RunLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def write_lock(folder: Path, **said: object) -> None:
    own = psutil.Process()
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    standard = {"token": "other", "host": os.uname().nodename, "pid": own.pid, "started": own.create_time()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / lock.NAME).write_text(json.dumps(standard | {"since": now, "seen": now} | said))


def test_a_run_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    with RunLock(str(tmp_path)) as held:
        assert held.inherited == ""
        with pytest.raises(RunError, match=f"process {os.getpid()} on .* works on this run"), RunLock(str(tmp_path)):
            pass
        held.check()  # the refused one took nothing away
    assert list(tmp_path.iterdir()) == []
    with RunLock(str(tmp_path)):
        pass


def test_the_lock_of_a_killed_process_is_recognized_at_once(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(RunError, match=f"process {holder.pid}"), RunLock(str(tmp_path)):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with RunLock(str(tmp_path)) as held:
        assert f"process {holder.pid}" in held.inherited


def test_a_process_that_got_the_number_of_a_dead_one_is_not_taken_for_it(tmp_path: Path) -> None:
    write_lock(tmp_path, started=psutil.Process().create_time() - 1_000)
    with RunLock(str(tmp_path)) as held:
        assert held.inherited


@pytest.mark.parametrize(("silent", "free"), [(30, False), (3_000, True)])
def test_another_host_counts_as_dead_after_ten_silent_minutes(tmp_path: Path, silent: int, free: bool) -> None:
    seen = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=silent)
    write_lock(tmp_path, host="elsewhere", seen=seen.isoformat())
    if free:
        with RunLock(str(tmp_path)) as held:
            assert "elsewhere" in held.inherited
    else:
        with pytest.raises(RunError, match="on elsewhere works on this run"), RunLock(str(tmp_path)):
            pass


@pytest.mark.parametrize("said", ["{}", '{"host": 3}', '{"pid": "x", "started": []}'])
def test_a_lock_that_names_nobody_is_dead(tmp_path: Path, said: str) -> None:
    (tmp_path / lock.NAME).write_text(said)
    with RunLock(str(tmp_path)):
        pass


def test_who_was_taken_over_may_not_publish_and_leaves_the_lock_alone(tmp_path: Path) -> None:
    with RunLock(str(tmp_path)) as slept:
        write_lock(tmp_path)
        with pytest.raises(RunError, match="taken this run over"):
            slept.check()
    assert json.loads((tmp_path / lock.NAME).read_text())["token"] == "other"


def test_a_holder_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT", 0.01)
    stamps = iter(f"moment {number}" for number in range(100_000))
    monkeypatch.setattr(lock, "_stamp", lambda moment=None: next(stamps))
    with RunLock(str(tmp_path)):
        first = files.read_json(str(tmp_path / lock.NAME))
        deadline = time.monotonic() + 10
        while files.read_json(str(tmp_path / lock.NAME)) == first and time.monotonic() < deadline:
            time.sleep(0.01)
        later = files.read_json(str(tmp_path / lock.NAME))
    assert first is not None
    assert later is not None
    assert later["seen"] != first["seen"]
    assert later["token"] == first["token"]
