"""Runs a command and watches the memory of all its processes together."""

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_EVERY = 0.2  # seconds between two looks, where looking is cheap
_SHARE = 0.02  # of the time is spent on looking: the pages of a large process take long to count


@dataclass(frozen=True, slots=True)
class Watched:
    """What a command did.

    Attributes:
        code: exit code; negative where a signal ended it.
        seconds: wall-clock time of the process, its start included.
        peak_mb: most memory of it and all its descendants at one time.
        output: what it wrote to both streams.
        stopped: whether it was killed at the limit.
    """

    code: int
    seconds: float
    peak_mb: int
    output: str
    stopped: bool = False

    def result(self) -> dict[str, Any]:
        """The last line of the output that is a JSON object; whatever ends after it may write more."""
        return dict(json.loads(next(line for line in reversed(self.output.splitlines()) if line.startswith("{"))))


def watch(command: Sequence[str], limit: float = float("inf")) -> Watched:
    """Run a command to its end, or kill it after `limit` seconds.

    Memory is the proportional set size summed over the processes, so that pages which they share count once; resident
    size where the system has no such figure. A peak of less than a second or two can be missed.
    """
    with tempfile.TemporaryFile() as written:
        start, peak, stopped = time.monotonic(), 0, False
        process = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT)
        while process.poll() is None:
            begun = time.monotonic()
            peak = max(peak, _tree_memory(process.pid))
            time.sleep(max(_EVERY, (time.monotonic() - begun) / _SHARE))
            if time.monotonic() - start > limit:
                process.kill()
                stopped = True
        seconds = time.monotonic() - start
        written.seek(0)
        return Watched(process.returncode, seconds, peak >> 20, written.read().decode(errors="replace"), stopped)


def _tree_memory(pid: int) -> int:
    try:
        root = psutil.Process(pid)
        return sum(_memory(process) for process in [root, *root.children(recursive=True)])
    except psutil.NoSuchProcess:  # it has just ended
        return 0


def _memory(process: psutil.Process) -> int:
    try:
        if process.name() == "java":  # shares nothing, and a core would be busy looking through its pages
            return int(process.memory_info().rss)
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) << 10
    except (OSError, psutil.Error):  # no such file on this system, or the process is gone
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
