"""Spark's own files: folders for each process alone, so that what a killed one has left can go.

Shuffles and cached rows are gigabytes on millions of signals. Spark deletes them when it ends; where its Java is
killed, nobody would.
"""

import atexit
import contextlib
import fcntl
import functools
import os
import shutil
import tempfile
from pathlib import Path
from typing import TextIO

PLACES = "SPARK_LOCAL_DIRS"  # what Spark goes by, before any setting of its own
PREFIX = "longtail-"
_HELD = "held"  # a file that its process has locked: the system unlocks it when the process ends, however it ends
_locked: list[TextIO] = []  # kept open, and so locked, to the end of this process


@functools.cache
def take_scratch() -> None:
    """Let the Spark of this process keep its files in folders of its own, and delete those of processes that are gone.

    They are made where SPARK_LOCAL_DIRS says, else in the system's folder for temporary files, and SPARK_LOCAL_DIRS
    names them from then on. Where they cannot be made nothing changes: Spark then says what is wrong with the place.
    """
    with contextlib.suppress(OSError):
        parents = [Path(place) for place in (os.environ.get(PLACES) or tempfile.gettempdir()).split(",")]
        for parent in parents:
            sweep(parent)
        os.environ[PLACES] = ",".join(str(_make(parent)) for parent in parents)


def sweep(parent: Path) -> list[Path]:
    """Delete the folders of processes that have ended; gives which.

    Args:
        parent: where folders of several processes lie; of other users and other programs nothing is touched.
    """
    gone = []
    for folder in sorted(parent.glob(f"{PREFIX}*")):
        # It may go while it is looked at: its process ends, or another one sweeps.
        with contextlib.suppress(OSError), (folder / _HELD).open() as file:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where a living process has it
            shutil.rmtree(folder)
            gone.append(folder)
    return gone


def _make(parent: Path) -> Path:
    """A folder of this process, which goes when it ends."""
    parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=parent))
    file = (made / _HELD).open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    _locked.append(file)
    folder = made.rename(parent / made.name[1:])  # nobody has seen it under this name unlocked
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
