"""What goes wrong around a run is told in one line; a defect stays one."""

import errno
import subprocess
import sys
from types import SimpleNamespace

import pytest
from py4j.protocol import Py4JJavaError, Py4JNetworkError
from pyspark import SparkContext
from pyspark.errors import AnalysisException, PySparkRuntimeError, PythonException

from pipeline.runtime import failures
from pipeline.runtime.errors import CapacityError, ConfigError, RunError, UserError


class Cause:
    """A Java exception, as py4j shows one."""

    def __init__(self, text: str, cause: "Cause | None" = None) -> None:
        self._text, self._cause = text, cause

    def toString(self) -> str:
        return self._text

    def getCause(self) -> "Cause | None":
        return self._cause


class JavaError(Py4JJavaError):
    """Raised by py4j where Java has raised these, the last the innermost."""

    def __init__(self, *texts: str) -> None:
        cause = None
        for text in reversed(texts):
            cause = Cause(text, cause)
        self.java_exception = cause


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("java.io.IOException: No space left on device", RunError, "the disk is full"),
        ("java.io.FileNotFoundException: /x/y (Read-only file system)", RunError, "a folder cannot be written"),
        ("java.io.IOException: Mkdirs failed to create file:/x/_temporary", RunError, "cannot be read or written"),
        ("org.apache.hadoop.fs.ChecksumException: Checksum error: /x/a at 512", RunError, "a file is damaged"),
        ("java.lang.RuntimeException: file:/x/a.parquet is not a Parquet file", RunError, "a file is damaged"),
        ("java.io.FileNotFoundException: File file:/x/a.parquet does not exist", RunError, "has gone while"),
        ("java.lang.OutOfMemoryError: Java heap space", CapacityError, "spark.driver_memory"),
        (
            "org.apache.spark.SparkException: Not enough memory to build and broadcast the table",
            CapacityError,
            "memory",
        ),
        ("org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)", CapacityError, "was killed"),
    ],
)
def test_the_innermost_cause_is_told(said: str, kind: type[UserError], told: str) -> None:
    with pytest.raises(kind, match=told) as error, failures.named():
        raise JavaError("org.apache.spark.SparkException: Job aborted due to stage failure", said + "\n\tat a.b(C:1)")
    assert "\n" not in str(error.value)
    assert "org.apache.spark.SparkException: Job" not in str(error.value)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_the_systems_own_errors_name_the_file(number: int) -> None:
    with pytest.raises(RunError, match=r"/runs/a\.json"), failures.named():
        raise OSError(number, "said", "/runs/a.json")


def test_a_java_that_has_gone_is_told() -> None:
    with pytest.raises(RunError, match="Java process has ended"), failures.named():
        raise Py4JNetworkError("Answer from Java side is empty")
    with pytest.raises(RunError, match="Java process has ended"), failures.named():
        raise ConnectionRefusedError(111, "Connection refused")
    with pytest.raises(RunError, match="Java process has ended"), failures.named():
        raise PySparkRuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.")


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [(52, CapacityError, "driver_memory"), (3, CapacityError, "driver_memory"), (137, RunError, "killed")],
)
def test_a_java_that_ends_while_a_job_runs_says_why_by_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, code: int, kind: type[UserError], told: str
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({code})"])
    monkeypatch.setattr(SparkContext, "_gateway", SimpleNamespace(proc=ended))
    with pytest.raises(kind, match=told), failures.named():
        raise JavaError("org.apache.spark.SparkException: Job 7 cancelled because SparkContext was shut down")
    with pytest.raises(kind, match=told), failures.named():
        raise Py4JNetworkError("Answer from Java side is empty")


@pytest.mark.parametrize(
    "defect",
    [
        ValueError("No space left on device"),
        OSError(errno.EINVAL, "Invalid argument"),
        JavaError("java.lang.NullPointerException"),
        AnalysisException("[UNRESOLVED_COLUMN] a column named x cannot be resolved"),
        KeyError("x"),
    ],
)
def test_a_defect_stays_what_it_is(defect: Exception) -> None:
    with pytest.raises(type(defect)) as error, failures.named():
        raise defect
    assert error.value is defect


def test_what_a_user_can_mend_already_goes_on_as_it_is() -> None:
    with pytest.raises(CapacityError, match=r"^mine$"), failures.named():
        raise CapacityError("mine")


FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    raise g(\n          ^^\n'
OURS = "pipeline.runtime.errors.ConfigError: embed.encoder = 'x': not installed: /a is missing."


@pytest.mark.parametrize(
    "error",
    [
        PythonException(f"An exception was thrown from the Python worker:\n{FRAMES}{OURS}"),
        PythonException(f"{FRAMES}{OURS}\n or not.\n\nJVM stacktrace:\norg.apache.spark.SparkException\n\tat a.b(C:1)"),
        PythonException(f"{FRAMES}KeyError: 1\n\nDuring handling of the above exception, another:\n\n{FRAMES}{OURS}"),
        JavaError(
            "org.apache.spark.SparkException: Job aborted", f"a.b.PythonException: {FRAMES}{OURS}\n\n\tat a.b(C:1)"
        ),
    ],
)
def test_what_a_worker_raised_for_the_user_is_raised_as_it_was_there(error: Exception) -> None:
    said = r"^embed\.encoder = 'x': not installed: /a is missing\.$"
    with pytest.raises(ConfigError, match=said), failures.named():
        raise error
    with pytest.raises(ConfigError, match=said), failures.raised_by_workers():
        raise error


@pytest.mark.parametrize(
    "error",
    [
        PythonException(f"{FRAMES}{OURS}\n\nDuring handling of the above exception, another:\n\n{FRAMES}KeyError: 1"),
        PythonException(f"{FRAMES}ValueError: {OURS}"),
        PythonException(f"{FRAMES}other.errors.ConfigError: x"),
        PythonException(f"{FRAMES}pipeline.runtime.errors.Exception: x"),
        PythonException(OURS),
        RuntimeError(f"{FRAMES}{OURS}"),
    ],
)
def test_a_workers_defect_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, failures.named():
        raise error
    assert raised.value is error
    with pytest.raises(type(error)), failures.raised_by_workers():
        raise error
