"""One process at a time works on a run: a small file says which one, and that it is alive.

The file names host, process and the time of its last sign of life. A process that has died is recognized: on its own
host at once, from another one when it has given no sign for ten minutes. Whoever takes a run over replaces the file, so
a process that only slept finds out before it publishes anything.
"""

import datetime
import os
import socket
import threading
import uuid
from types import TracebackType
from typing import Any

import psutil

from pipeline.runtime import files
from pipeline.runtime.errors import RunError

NAME = "lock.json"
BEAT = 30.0  # seconds between two signs of life
SILENCE = 600.0  # seconds without one after which a process of another host counts as dead


class RunLock:
    """Holds a run folder while its block runs.

    Args:
        folder: of the run, local or remote; made where it is not there.

    Attributes:
        inherited: who held it before and died; empty where nobody did.
    """

    def __init__(self, folder: str) -> None:
        self._path = files.join(folder, NAME)
        self._folder = folder
        self._token = uuid.uuid4().hex
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self.inherited = ""

    def __enter__(self) -> "RunLock":
        """Take it.

        Raises:
            RunError: a living process has it.
        """
        for _ in range(3):  # another one may take it at the same moment
            if files.write_new(self._path, files.as_json(self._said())):
                self.check()
                self._thread.start()
                return self
            held = files.read_json(self._path)
            if held is None:
                continue
            if _alive(held):
                raise RunError(
                    f"{self._folder}: process {held.get('pid')} on {held.get('host')} works on this run since "
                    f"{held.get('since')}. Wait for it, stop it, or choose another --run-id."
                )
            self.inherited = f"process {held.get('pid')} on {held.get('host')}, last seen {held.get('seen')}"
            files.remove(self._path)
        raise RunError(f"{self._folder}: other processes take this run at the same time. Start only one of them.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        try:
            if self._ours():
                files.remove(self._path)
        except (OSError, RunError):  # a folder that has become read-only; what the block raised says more
            if kind is None:
                raise

    def check(self) -> None:
        """Make sure that the run is still ours.

        Raises:
            RunError: another process has taken it over.
        """
        if not self._ours():
            raise RunError(
                f"{self._folder}: another process has taken this run over, or {NAME} was deleted. Nothing more is "
                f"written by this one."
            )

    def _ours(self) -> bool:
        held = files.read_json(self._path)
        return held is not None and held.get("token") == self._token

    def _said(self) -> dict[str, Any]:
        own = psutil.Process()
        return {
            "token": self._token,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": own.create_time(),
            "since": _stamp(own.create_time()),
            "seen": _stamp(),
        }

    def _beat(self) -> None:
        said = self._said()
        while not self._done.wait(BEAT):
            try:
                if not self._ours():
                    return
                files.write_json(self._path, said | {"seen": _stamp()})
            except (OSError, RunError):  # storage hiccups are met by whoever writes a table next
                continue


def _alive(held: dict[str, Any]) -> bool:
    """Whether the process that a lock names can still be at work."""
    if held.get("host") == socket.gethostname():
        try:
            process = psutil.Process(int(held["pid"]))
            # A number is given again to later processes: these have started at another time.
            return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - held["started"]) < 1.0
        except (psutil.Error, KeyError, TypeError, ValueError):
            return False
    try:
        seen = datetime.datetime.fromisoformat(str(held.get("seen")))
        return (datetime.datetime.now(datetime.UTC) - seen).total_seconds() < SILENCE
    except (TypeError, ValueError):
        return False


def _stamp(moment: float | None = None) -> str:
    at = (
        datetime.datetime.now(datetime.UTC) if moment is None else datetime.datetime.fromtimestamp(moment, datetime.UTC)
    )
    return at.isoformat(timespec="seconds")
