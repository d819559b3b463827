"""What goes wrong around a run, in words: a full disk, a read-only folder, a damaged file, a killed process.

Spark tells such things as Java exceptions inside exceptions. Here they become one message that names the place and says
what to do. What a Python worker has raised for the user is raised here as it was there. Anything that is not recognized
stays what it is, a defect.
"""

import errno
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError
from pyspark import SparkContext
from pyspark.errors import PySparkException

from pipeline.runtime import errors
from pipeline.runtime.errors import CapacityError, RunError, UserError

_GO_ON = "Then go on with --resume."
_ERRNO = {
    errno.ENOSPC: "No space left on device",
    errno.EDQUOT: "Disk quota exceeded",
    errno.EROFS: "Read-only file system",
    errno.EACCES: "Permission denied",
    errno.EPERM: "Permission denied",
}
_MORE_HEAP = f"Raise spark.driver_memory, or spark.shuffle_partitions for smaller pieces. {_GO_ON}"
# What Java and Spark say -> the error, what has happened, and what to do. The first that fits counts.
_Known = tuple[tuple[str, type[UserError], str, str], ...]
MACHINE: _Known = (
    (
        r"No space left on device|Disk quota exceeded",
        RunError,
        "the disk is full",
        f"Make room in the run's folder, or in Spark's (SPARK_LOCAL_DIRS, else /tmp). {_GO_ON}",
    ),
    (
        r"Read-only file system",
        RunError,
        "a folder cannot be written",
        f"Make it writable, or choose another --run-root; Spark's own folder is SPARK_LOCAL_DIRS, else /tmp. {_GO_ON}",
    ),
    (
        r"OutOfMemoryError|GC overhead limit|Not enough memory to build|UNABLE_TO_ACQUIRE_MEMORY",
        CapacityError,
        "Spark's Java ran out of memory",
        _MORE_HEAP,
    ),
    (
        r"Python worker exited unexpectedly|Python worker failed to connect back|ExecutorLostFailure|Slave lost"
        r"|executor .* exited|Worker exited or crashed",
        CapacityError,
        "a worker process was killed, mostly since memory ran out",
        f"Give the machine more memory, or use fewer cores (spark.master = 'local[1]'); on a cluster raise "
        f"spark.executor.memoryOverhead. {_GO_ON}",
    ),
)
_FILES: _Known = (
    (
        r"Permission denied|AccessControlException|AccessDenied|Mkdirs failed|Failed to create (?:a temp|local) dir",
        RunError,
        "a folder cannot be read or written",
        f"Give this user the right to it, or choose another --run-root. {_GO_ON}",
    ),
    (
        r"ChecksumException|Checksum error|CHECKSUM|is not a Parquet file|CANNOT_READ_FILE_FOOTER|Could not read footer"
        r"|expected magic number at tail|FAILED_READ_FILE|can not read class org\.apache\.parquet|CorruptedData",
        RunError,
        "a file is damaged",
        "Restore it or start a new run.",
    ),
    (
        r"FILE_NOT_EXIST|FileNotFoundException|NoSuchFileException|does not exist",
        RunError,
        "a file has gone while it was read",
        "Restore it or start a new run; no other process may delete files of a run at work.",
    ),
)
# What a trace of Python ends with: what was raised, on the first line that is not indented.
_RAISED = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t][^\n]*\n)*(\S[^\n]*)")
_OURS = re.compile(rf"{re.escape(errors.__name__)}\.(\w+): (.*)")
_DEAD = "Spark's Java process has ended, killed from outside or by the system when memory ran out"
_ENDING = re.compile(r"SparkContext (?:was shut down|has been shutdown)|stopped SparkContext")
# Exit codes of a Java without heap: its own (ExitOnOutOfMemoryError), and that of a task (SparkExitCode.OOM).
_OUT_OF_HEAP = (3, 52)
_LAST_WORDS = 5.0  # seconds for a Java that is ending to end


@contextmanager
def named() -> Iterator[None]:
    """Turn what is known of the machine's failures into one message.

    Raises:
        UserError: where the block failed by one of them; anything else goes on as it is.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        known = recognize(error)
        if known is None:
            raise
        raise known from None


@contextmanager
def raised_by_workers() -> Iterator[None]:
    """Raise what a Python worker has raised for the user as it was raised there, and the rest as it is.

    Raises:
        UserError: of the worker.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        theirs = of_worker(error)
        if theirs is None:
            raise
        raise theirs from None


def recognize(error: BaseException, known: _Known = (*MACHINE, *_FILES)) -> UserError | None:
    """The error in words; None where it is none that is known.

    Args:
        error: anything raised by Spark, py4j or the system.
        known: what is looked for beside what workers have raised; `MACHINE` leaves out what may be the fault of a file
            that is read.
    """
    if theirs := of_worker(error):
        return theirs
    if isinstance(error, OSError) and error.errno in _ERRNO:
        return _match([f"{_ERRNO[error.errno]}: {error.filename or error.strerror}"], known)
    if isinstance(error, MemoryError):
        return CapacityError(f"Python ran out of memory. Give the machine more, or lower mine.max_phrases. {_GO_ON}")
    if isinstance(error, Py4JJavaError):
        told = _chain(error)
        ended = not told or any(_ENDING.search(words) for words in told)
        return _match(told, known) or (_of_dead_java() if ended else None)
    if isinstance(error, Py4JNetworkError | ConnectionError) or _no_answer(error):
        return _of_dead_java()
    return _match([str(error)], known) if isinstance(error, PySparkException) else None


def of_worker(error: BaseException) -> UserError | None:
    """What a Python worker has raised for the user, out of the trace that Spark brings; None where it is a defect."""
    told = _chain(error) if isinstance(error, Py4JJavaError) else [str(error)]
    traces = _RAISED.findall("\n".join(told)) if isinstance(error, PySparkException | Py4JJavaError) else []
    ours = _OURS.fullmatch(traces[-1].rstrip()) if traces else None
    kind = getattr(errors, ours[1], None) if ours else None
    return kind(ours[2]) if ours and isinstance(kind, type) and issubclass(kind, UserError) else None


def _no_answer(error: BaseException) -> bool:
    """Whether the Java side did not answer: py4j then says so, or cannot say anything."""
    silent = type(error) is Py4JError and "does not exist in the JVM" not in str(error)
    gone = ("Answer from Java", "JAVA_GATEWAY_EXITED", "Java gateway process exited")
    return silent or any(words in str(error) for words in gone)


def _chain(error: Py4JJavaError) -> list[str]:
    """What a Java exception and its causes say, the innermost first; nothing where Java is gone meanwhile."""
    told: list[str] = []
    cause = error.java_exception
    try:
        while cause is not None and len(told) < 20:
            told.append(str(cause.toString()).split("\n\tat ")[0])
            cause = cause.getCause()
    except (Py4JError, ConnectionError):
        return []
    return told[::-1]


def _of_dead_java() -> UserError:
    """Why Java has ended, as its exit code tells where this process has started it."""
    process = getattr(SparkContext._gateway, "proc", None)
    deadline = time.monotonic() + _LAST_WORDS
    while process is not None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    if process is not None and process.poll() in _OUT_OF_HEAP:
        return CapacityError(f"Spark's Java ran out of memory, and has ended. {_MORE_HEAP}")
    return RunError(f"{_DEAD}. {_GO_ON}")


def _match(told: list[str], known: _Known) -> UserError | None:
    for pattern, kind, what, advice in known:
        for message in told:
            if re.search(pattern, message):
                return kind(f"{what}: {_short(message)}. {advice}")
    return None


def _short(message: str) -> str:
    """One line without the names of Java's classes."""
    line = " ".join(message.split())
    return re.sub(r"^(?:[a-z]\w*\.)+[A-Z][\w$]*(?:Exception|Error): ", "", line)[:400].rstrip(" .")
