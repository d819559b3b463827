"""What a job shows in a real terminal and to machines, and the log that it leaves, with Spark as it ships."""

import fcntl
import json
import os
import re
import struct
import subprocess
import termios
from pathlib import Path

from small_run import command, job

from pipeline.runtime.run_log import NAME

COLUMNS = 80


def arguments(folder: Path, run_id: str) -> list[str]:
    return ["--config", f"{folder}/run.toml", "--run-root", f"{folder}/runs", "--run-id", run_id]


def in_terminal(*started: str, **surroundings: str) -> tuple[int, str]:
    """Run a command in a terminal of 80 columns; gives its exit code and all that it wrote there."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    env |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **surroundings}
    with subprocess.Popen(started, stdout=theirs, stderr=subprocess.DEVNULL, stdin=theirs, env=env) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                more = os.read(ours, 65_536)
            except OSError:  # Linux says so when the last writer has closed it
                break
            if not more:
                break
            written += more
        process.wait()
    os.close(ours)
    return process.returncode, written.decode("utf-8")


def test_a_terminal_gets_a_live_line_and_then_lines_that_fit_it(slice_of_icons: Path) -> None:
    code, text = in_terminal(*command("ingest", *arguments(slice_of_icons, "seen")))
    assert code == 0, text
    assert re.search(r"ingest.{0,20}  0:0", text), "no live line"
    assert "\x1b[" in text
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "\n")
    lines = [line for line in plain.splitlines() if str(slice_of_icons) not in line]  # paths are not broken
    assert max(map(len, lines)) <= COLUMNS
    assert [line for line in lines if re.match(r"ingest +[\d,]+ rows +to", line)]
    assert text.rstrip().splitlines()[-1].endswith("\x1b[0m")
    assert re.search(r"done in \d+:\d\d", text)


def test_a_terminal_without_colours_gets_none(slice_of_icons: Path) -> None:
    code, text = in_terminal(*command("ingest", *arguments(slice_of_icons, "grey")), NO_COLOR="1")
    assert code == 0, text
    colours = [found for found in re.findall(r"\x1b\[([\d;]*)m", text) if re.search(r"\b[349]\d\b", found)]
    assert colours == []


def test_machines_get_one_object_a_stage_and_the_log_has_it_all_and_grows(slice_of_icons: Path) -> None:
    done = job("ingest", *arguments(slice_of_icons, "read"), "--json")
    assert done.returncode == 0, done.stderr
    stage, end = (json.loads(line) for line in done.stdout.splitlines())
    record = json.loads((slice_of_icons / "runs/read/run.json").read_text())["stages"][0]
    assert {key: stage[key] for key in record} == record
    assert (stage["status"], stage["rejected"]) == ("done", stage["rows_in"] - stage["rows_out"])
    assert (end["status"], end["exit_code"], end["error"]) == ("done", 0, None)
    assert end["log"] == f"{slice_of_icons}/runs/read/{NAME}"
    log = Path(end["log"])
    assert "ingest.py --config" in log.read_text()
    again = job("ingest", *arguments(slice_of_icons, "read"), "--quiet")
    assert (again.returncode, again.stdout) == (0, "")
    lines = log.read_text().splitlines()
    assert sum("done before" in line for line in lines) == 1
    other = job("ingest", *arguments(slice_of_icons, "read"), "--json", "--set", "normalize.max_chars=77")
    assert other.returncode == 2
    (last,) = (json.loads(line) for line in other.stdout.splitlines())
    assert (last["status"], last["exit_code"]) == ("failed", 2)
    assert "normalize.max_chars" in last["error"]
    assert re.search(r"ERROR   pipeline: run read was started with other settings", log.read_text())
