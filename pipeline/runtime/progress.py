"""What a stage cost: its seconds, and the memory of driver, JVM and Python workers together."""

import threading
import time
from types import TracebackType

import psutil


class Meter:
    """Seconds and peak memory of a `with` block.

    Memory is the proportional set size summed over this process, its descendants and the JVM that started it, so that
    pages which forked Python workers share count once; where the system has no such figure, resident size.
    """

    def __init__(self, every: float = 1.0) -> None:
        """Sample memory each `every` seconds."""
        self.seconds = 0.0
        self.peak_mb = 0
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Meter":
        self._start = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._start

    def _sample(self) -> None:
        own = psutil.Process()
        parent = own.parent()
        root = parent if parent is not None and parent.name() == "java" else own  # spark-submit's JVM starts Python
        while True:
            total = sum(_memory(process) for process in [root, *root.children(recursive=True)])
            self.peak_mb = max(self.peak_mb, total >> 20)
            if self._stop.wait(self._every):
                return


def _memory(process: psutil.Process) -> int:
    try:
        if process.name() == "java":  # shares nothing, and is slow to look through
            return int(process.memory_info().rss)
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except (psutil.Error, OSError):  # gone meanwhile, or not ours to look at
        return 0
