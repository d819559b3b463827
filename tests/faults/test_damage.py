"""Files of a run, and of what it reads, are damaged or changed: each is found and named, none is read."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger import note
from small_run import command, digests, job, refused, wait_for

DONE = 7  # stages that are on record: all as far as assign

Copy = Callable[[int], Path]


def go_on(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    where = ("--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs")
    return job("mine", *where, "--resume", "copy", "--until", "publish", *more)


def part_file(folder: Path, table: str) -> Path:
    run = folder / "runs/copy"
    place = run / json.loads((run / f"tables/{table}.json").read_text())["path"]
    return max(place.glob("part-*.parquet"), key=lambda file: file.stat().st_size)


def truncate(folder: Path) -> str:
    file = part_file(folder, "mentions")
    file.write_bytes(file.read_bytes()[:-100])
    return file.name


def swap(folder: Path) -> str:
    """Another file of the same size in its place."""
    file = part_file(folder, "mentions")
    content = file.read_bytes()
    file.write_bytes(bytes([content[0], *content[1:200][::-1], *content[200:]]))
    file.with_name(f".{file.name}.crc").unlink()
    return file.name


def delete_part(folder: Path) -> str:
    file = part_file(folder, "mentions")
    file.unlink()
    return file.name


def add_part(folder: Path) -> str:
    file = part_file(folder, "mentions")
    shutil.copy(file, file.with_name("part-99999-foreign.parquet"))
    return "part-99999-foreign.parquet"


def delete_table(folder: Path) -> str:
    run = folder / "runs/copy"
    shutil.rmtree(run / json.loads((run / "tables/mentions.json").read_text())["path"])
    return "part-0"


def delete_pointer(folder: Path) -> str:
    (folder / "runs/copy/tables/mentions.json").unlink()
    return "mentions.json: the run has published this table"


def delete_pointer_of_a_part(folder: Path) -> str:
    (folder / "runs/copy/tables/rejects.normalize.json").unlink()
    return "rejects.normalize.json: the run has published this table"


def spoil_pointer(folder: Path) -> str:
    (folder / "runs/copy/tables/mentions.json").write_text('{"table": "men')
    return "mentions.json: not readable as JSON"


def spoil_record(folder: Path) -> str:
    (folder / "runs/copy/run.json").write_bytes(b"\x00\xff\x00")
    return "run.json: not readable"


def empty_record(folder: Path) -> str:
    (folder / "runs/copy/run.json").write_text("{}")
    return "run.json: no config"


DAMAGES = (
    truncate,
    swap,
    delete_part,
    add_part,
    delete_table,
    delete_pointer,
    delete_pointer_of_a_part,
    spoil_pointer,
    spoil_record,
    empty_record,
)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_run_is_refused_by_the_name_of_what_is_damaged(
    copy_of_whole: Copy, damage: Callable[[Path], str]
) -> None:
    folder = copy_of_whole(DONE)
    name = damage(folder)
    note(damage.__name__.replace("_", " "), "before publish", refused(go_on(folder), name))


def test_a_bit_that_flips_in_the_middle_of_a_file_is_found_by_spark_and_named(copy_of_whole: Copy) -> None:
    folder = copy_of_whole(DONE)
    run = folder / "runs/copy"
    pointer = run / "tables/evidence.json"
    file = part_file(folder, "evidence")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x10
    file.write_bytes(content)
    # As in a file so large that the fingerprint passes the place over.
    known = json.loads(pointer.read_text())
    del known["fingerprints"]
    pointer.write_text(json.dumps(known))
    note("one bit flips", "publish", refused(go_on(folder), "a file is damaged", file.name))


def test_a_damaged_cache_of_vectors_is_named(copy_of_whole: Copy) -> None:
    folder = copy_of_whole(3)
    file = next((folder / "runs/cache").rglob("part-*.parquet"))
    file.write_bytes(file.read_bytes()[:-10])
    note("cache of vectors truncated", "embed", refused(go_on(folder), file.name, "delete the cache"))


def test_changed_settings_are_named(copy_of_whole: Copy) -> None:
    folder = copy_of_whole(DONE)
    said = refused(go_on(folder, "--set", "assign.max_labels=3"), "assign.max_labels")
    note("changed settings", "before publish", said)


def test_an_input_that_changes_after_it_was_read_is_said_and_changes_nothing(
    copy_of_whole: Copy, expected: dict[str, str]
) -> None:
    folder = copy_of_whole(DONE)
    boards = folder / "boards.csv"
    boards.write_text(boards.read_text() + "more,board,1\n")
    (folder / "images.parquet").unlink()
    done = go_on(folder)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if "has changed" in line]
    assert "boards.csv had" in said[0]
    assert "images.parquet is gone" in said[1]
    assert digests(folder, "copy") == expected
    note("a source grows, a table of images is deleted", "after ingest", "; ".join(said), "equal")


def test_an_input_that_is_only_touched_is_no_change(copy_of_whole: Copy, expected: dict[str, str]) -> None:
    folder = copy_of_whole(DONE)
    os.utime(folder / "boards.csv", (0, 0))
    done = go_on(folder)
    assert done.returncode == 0, done.stderr
    assert "has changed" not in done.stdout
    assert digests(folder, "copy") == expected
    note("a source is touched", "after ingest", "nothing said", "equal")


def test_an_input_that_changes_between_a_kill_and_going_on_is_refused_and_may_be_restored(
    copy_of_whole: Copy, expected: dict[str, str]
) -> None:
    folder = copy_of_whole(0)
    shutil.rmtree(folder / "runs/copy")
    where = ("--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs")
    process = subprocess.Popen(command("mine", *where, "--run-id", "copy"), start_new_session=True)
    wait_for(folder / "runs/copy/inputs.json")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = (folder / "boards.csv").read_text()
    (folder / "boards.csv").write_text(before.replace("broken", "brocken"[:6]).replace("many", "lots"))
    said = refused(go_on(folder), "boards.csv has other contents of the same size")
    (folder / "boards.csv").write_text(before)
    done = go_on(folder)
    assert done.returncode == 0, done.stderr
    assert digests(folder, "copy") == expected
    note("a source changes while the run is down", "ingest", said, "equal, once restored")


def test_two_processes_on_one_run_do_not_mix(copy_of_whole: Copy, expected: dict[str, str]) -> None:
    folder = copy_of_whole(3)
    where = ("--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs")
    first = subprocess.Popen(command("mine", *where, "--resume", "copy", "--until", "publish"))
    lock = folder / "runs/copy/lock.json"
    wait_for(lock)
    said = refused(go_on(folder), f"process {first.pid}", "works on this run")
    assert first.wait(timeout=300) == 0
    assert digests(folder, "copy") == expected
    assert not lock.exists()
    note("two processes on one run", "embed", said, "equal")


def test_two_runs_in_one_folder_at_the_same_time_are_each_as_alone(
    copy_of_whole: Copy, expected: dict[str, str]
) -> None:
    folder = copy_of_whole(3)
    shutil.rmtree(folder / "runs/cache")  # both fill it
    other = folder / "runs/other"
    shutil.copytree(folder / "runs/copy", other)
    record = other / "run.json"
    record.write_text(record.read_text().replace('"run_id": "copy"', '"run_id": "other"'))
    where = ("--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs", "--until", "publish")
    both = [subprocess.Popen(command("mine", *where, "--resume", name)) for name in ("copy", "other")]
    assert [process.wait(timeout=400) for process in both] == [0, 0]
    assert digests(folder, "copy") == expected
    assert digests(folder, "other") == expected
    note("two runs side by side in one folder", "embed to publish", "both finish", "equal")
