"""What a stage cost: seconds, memory and CPU time of all its processes, bytes that Spark shuffled and spilled."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import psutil
from pyspark.sql import SparkSession

from pipeline.runtime.events import Tasks

log = logging.getLogger(__name__)

_PATIENCE_MS = 2_000  # for what Spark has still to hear of its last tasks


class Meter:
    """Seconds, memory, CPU time and Spark's own counts of a `with` block.

    Memory is the proportional set size summed over this process, its descendants and the JVM that started it, so that
    pages which forked Python workers share count once; where the system has no such figure, resident size. CPU time is
    that of the same processes; of those that end meanwhile it is what was seen last, since nobody adds up what Python
    workers have used.

    On a cluster the executors are other machines' processes. Their memory is not seen, and in place of their CPU time
    the time that tasks ran is added: Spark does not count the CPU time of Python workers.

    Attributes:
        seconds: wall-clock time.
        peak_mb: most memory at one time, looked at each `every` seconds.
        cpu_seconds: user and system time of all cores together.
        shuffle_bytes: written by shuffles.
        spilled_bytes: written to disk by tasks whose memory did not hold their rows.
    """

    def __init__(self, spark: SparkSession | None = None, every: float = 1.0) -> None:
        """Watch this process tree, and the session where one is given; its counts are 0 where it does not tell."""
        self.seconds = 0.0
        self.peak_mb = 0
        self.cpu_seconds = 0.0
        self.shuffle_bytes = 0
        self.spilled_bytes = 0
        self._spark = spark
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Meter":
        self._root = root_process()
        self._spent = _cpu_seconds(_tree(self._root))
        self._cpu_before = sum(self._spent.values())
        self._stage_before = self._newest_stage()
        self._start = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._start
        self._look()
        if kind is None:  # else Spark may not answer any more
            self._count_tasks()

    def _sample(self) -> None:
        while True:
            self._look()
            if self._stop.wait(self._every):
                return

    def _look(self) -> None:
        tree = _tree(self._root)
        self.peak_mb = max(self.peak_mb, sum(_memory(process) for process in tree) >> 20)
        self._spent |= _cpu_seconds(tree)
        self.cpu_seconds = sum(self._spent.values()) - self._cpu_before

    def _newest_stage(self) -> int:
        newest = -1
        with _forgiven():
            stages = _stages(self._spark)
            if stages is not None and stages.hasNext():
                newest = int(stages.next().stageId())
        return newest

    def _count_tasks(self) -> None:
        """Add up Spark's stages of this block; Spark keeps the last 1,000, far more than one of ours has."""
        with _forgiven():
            stages, tasks_ms = _stages(self._spark), 0
            while stages is not None and stages.hasNext():
                stage = stages.next()
                if int(stage.stageId()) <= self._stage_before:  # newest first
                    break
                self.shuffle_bytes += int(stage.shuffleWriteBytes())
                self.spilled_bytes += int(stage.diskBytesSpilled())
                tasks_ms += int(stage.executorRunTime())
            if self._spark is not None and not str(self._spark.sparkContext.master).startswith("local"):
                self.cpu_seconds += tasks_ms / 1e3


@contextlib.contextmanager
def _forgiven() -> Iterator[None]:
    """No run fails since it cannot be measured, whatever another version of Spark may answer."""
    try:
        yield
    except Exception:
        log.debug("Spark tells nothing of its stages", exc_info=True)


class TaskCounter:
    """What Spark has done since the counter was made, to be looked at often.

    Spark's stages that have ended are asked for once, so that a look costs the few that are at work.

    Args:
        spark: the session.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._known = -1  # all stages up to this one have ended, and are counted in `_ended`
        self._ended = Tasks()
        self._last = Tasks()
        with _forgiven():
            stages = _listed(spark)
            self._known = int(stages.next().stageId()) if stages.hasNext() else -1

    def look(self) -> Tasks:
        """Tasks and rows by now; what was seen last where Spark does not answer."""
        with _forgiven():
            self._last = self._count()
        return self._last

    def _count(self) -> Tasks:
        found: list[tuple[int, bool, Tasks]] = []
        stages = _listed(self._spark)
        while stages.hasNext():
            stage = stages.next()
            number = int(stage.stageId())
            if number <= self._known:  # newest first
                break
            status = str(stage.status().toString())
            counted = Tasks()
            if status not in ("SKIPPED", "PENDING"):  # most that wait are skipped at last: another one did their work
                counted = Tasks(int(stage.numCompleteTasks()), int(stage.numTasks()), int(stage.inputRecords()))
            found.append((number, status in ("COMPLETE", "FAILED", "SKIPPED"), counted))
        for number, ended, counted in reversed(found):
            if not ended:
                break
            self._known, self._ended = number, _sum(self._ended, counted)
        now = self._ended
        for number, _, counted in found:
            if number > self._known:
                now = _sum(now, counted)
        return now


def _sum(one: Tasks, other: Tasks) -> Tasks:
    return Tasks(one.done + other.done, one.begun + other.begun, one.rows + other.rows)


def _stages(spark: SparkSession | None) -> Any:
    """Spark's stages, the newest first, as a Scala iterator, when it has heard of all their tasks; None without it."""
    if spark is None:
        return None
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty(_PATIENCE_MS)
    return _listed(spark)


def _listed(spark: SparkSession) -> Any:
    """The same as it knows them by now; it keeps them with or without its pages."""
    context, jvm = spark.sparkContext._jsc.sc(), spark.sparkContext._jvm
    assert jvm is not None
    none = jvm.java.util.ArrayList()
    doubles = spark.sparkContext._gateway.new_array(jvm.double, 0)  # type: ignore[union-attr]
    return context.statusStore().stageList(none, False, False, doubles, none).iterator()


def root_process() -> psutil.Process:
    """This process, or the JVM of spark-submit that has started it."""
    own = psutil.Process()
    parent = own.parent()
    return parent if parent is not None and parent.name() == "java" else own


def _tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return [root]


def _cpu_seconds(processes: list[psutil.Process]) -> dict[tuple[int, float], float]:
    """User and system time of each, by its number and the moment at which it began: numbers come again."""
    found = {}
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            times = process.cpu_times()
            found[process.pid, process.create_time()] = times.user + times.system
    return found


def _memory(process: psutil.Process) -> int:
    try:
        if process.name() == "java":  # shares nothing, and is slow to look through
            return int(process.memory_info().rss)
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except (psutil.Error, OSError):  # gone meanwhile, or not ours to look at
        return 0
