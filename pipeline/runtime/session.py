"""The only place that starts Spark."""

import ipaddress
import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from pipeline.runtime.archive import archive_options
from pipeline.runtime.config import SparkConfig
from pipeline.runtime.java import find_java
from pipeline.runtime.scratch import take_scratch
from pipeline.runtime.workers import check_workers

TRIES = 4  # of a task, as Spark has it on clusters
COMPILED_FROM = 100_000  # signals
SIGNALS_A_PARTITION = 500_000  # of a shuffle: a task of more than 8 M signals is as large as one of 8 M
_ADAPTIVE = "spark.sql.adaptive.enabled"
_PARTITIONS = "spark.sql.shuffle.partitions"
_LOOPBACK = "127.0.0.1"
_COLLECTOR = (  # G1 alone knows these
    # While this process clusters, Java is idle and would keep gigabytes that are free: collect then (JEP 346).
    "-XX:G1PeriodicGCInterval=20000",  # ms; each time takes most of a second of a core
    # A column of 10,000 cached rows takes a megabyte or two; from half a region on each would have regions of its own,
    # mostly empty ones, of which Spark knows nothing: a heap of 3 GB ended with 1.5 GB in it.
    "-XX:G1HeapRegionSize=8m",
)
# A thread of Spark that hands a result over and has no memory left would end alone, and its job wait for ever.
_ENDING = ("-XX:+ExitOnOutOfMemoryError",)
# The second compiler takes longer than it saves in a minute or two.
# Room for what it compiles as with both compilers: alone it has a fifth of that, which the road of a small run fills.
_FIRST_COMPILER = ("-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=240m")
# Spark writes Java for each query, and most of it runs for seconds: the second compiler took 134 of the 508 CPU seconds
# of a run that added 100,000 signals to 2 M. It is left to what goes round forty times as often as Java's 5000, 600,
# 15000 and 40000. More stays as the first one has it: that took 98 of its 120 MB after five minutes, and has room now.
_LATE_COMPILER = (
    "-XX:Tier4InvocationThreshold=200000",
    "-XX:Tier4MinInvocationThreshold=24000",
    "-XX:Tier4CompileThreshold=600000",
    "-XX:Tier4BackEdgeThreshold=1600000",
    "-XX:ReservedCodeCacheSize=512m",
)
# Tables, or who can read them, depend on these: they go before what spark-submit was told.
_DECISIVE = (
    *("spark.sql.session.timeZone", "spark.sql.ansi.enabled", "spark.executorEnv.OMP_NUM_THREADS"),
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs",
)


def start_session(
    config: SparkConfig,
    name: str,
    options: Mapping[str, str] | None = None,
    libraries: Sequence[str] = (),
    brief: bool = False,
) -> SparkSession:
    """The Spark session of a job: this machine's cores, or the cluster that spark-submit names.

    On a cluster the workers are looked at before anything is done: see `check_workers`.

    Args:
        config: section [spark].
        name: what Spark's own pages call the job.
        options: Spark's settings in place of those of `settings`.
        libraries: packages that the workers of a cluster must have as the driver has them, beside what all jobs need.
        brief: whether there is little to do: a local Java compiles quickly then, and never again.

    Raises:
        RunError: there is no Java that Spark can run on, or the workers of a cluster lack what a job needs.
    """
    builder = SparkSession.builder.appName(name)
    stated = _stated()
    master = stated.get("spark.master", config.master)
    local = master.startswith("local")
    # A laptop's host name may not resolve, and nobody else has anything to do with a local Spark.
    chosen = {"spark.master": retrying(master), **(addresses(stated) if local else {})}
    if not _submitted():
        home = find_java()
        os.environ["JAVA_HOME"] = str(home)
        if local:
            os.environ.setdefault("SPARK_LOCAL_IP", _LOOPBACK)
            take_scratch()
        chosen["spark.driver.memory"] = config.driver_memory
        compiler = _FIRST_COMPILER if brief else _LATE_COMPILER
        chosen["spark.driver.extraJavaOptions"] = " ".join(
            [*_quiet(), *_COLLECTOR, *_ENDING, *compiler, *archive_options(home)]
        )
    if local and "PYSPARK_PYTHON" not in os.environ:
        # Workers would run the first python3 of PATH, which may know none of our libraries.
        os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    # One thread per task, or many workers would share few cores and sums would depend on their number.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for key, value in {**chosen, **choose(stated, config, options, local)}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    _hush(session)
    if local:
        session.sparkContext.setLogLevel("OFF")  # what fails is raised here, in words; Spark would print Java traces
        return session
    if "spark.log.level" not in stated:
        session.sparkContext.setLogLevel("WARN")  # such as that the cluster has no room for the job
    try:
        check_workers(session, libraries)
    except BaseException:
        session.stop()
        raise
    return session


def default_storage(session: SparkSession) -> str:
    """URI of the file system on which a path without a scheme lies for Spark: `file:///` where nobody has set one."""
    return str(session.sparkContext._jsc.hadoopConfiguration().get("fs.defaultFS", "file:///"))


def settings(config: SparkConfig) -> dict[str, str]:
    """Spark's settings, each with the reason for it."""
    return {
        _PARTITIONS: str(config.shuffle_partitions),
        # Times and dates in sources mean the same on every machine.
        "spark.sql.session.timeZone": "UTC",
        # Merge small partitions by size alone, or tiny tables come in as many files as there are cores.
        _ADAPTIVE: "true",
        "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16m",
        # Dirty input is met by try_ functions; anything else that overflows is a defect and must fail.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Collecting aggregates would turn to sorting, many times slower, from 128 distinct keys a task on.
        "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "100000",
        # Pointers publish a table; a marker file would only be taken for data by readers of the folder.
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        # Spark would give a worker as many threads as a task has cores, and sums depend on the number of threads.
        "spark.executorEnv.OMP_NUM_THREADS": "1",
        # Each query has its plan spelled, with the plans of all that is held in memory: up to hundreds of megabytes.
        "spark.sql.maxPlanStringLength": "10k",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def choose(
    stated: Mapping[str, str], config: SparkConfig, options: Mapping[str, str] | None, local: bool
) -> dict[str, str]:
    """The settings to apply: all of ours but those that yield to what spark-submit was told.

    Args:
        stated: what it was told.
        config: section [spark].
        options: as for `start_session`; what is not in `settings` is needed by the job, and never yields.
        local: whether Spark runs on this machine alone.
    """
    ours = settings(config)
    return {
        key: value
        for key, value in (ours if options is None else options).items()
        if not (key in ours and key in stated and _yields(key, local))
    }


def suit(spark: SparkSession, signals: int, own: int | None = None) -> None:
    """Fit Spark's settings to the number of rows; the tables are equal.

    Where there are few, plans are interpreted as they are: compiling the hundreds of a run, and planning each anew
    after each of its shuffles, costs two fifths of its CPU time on a few thousand rows. Where there are many, shuffles
    have more partitions than section [spark] asks for, so that a task does not need more heap than on less. What
    spark-submit was told stays.

    Args:
        spark: the session.
        signals: rows of the run's table of signals, or about as many, with those of the runs that it grows from.
        own: those of them that shuffles are about; all by default.
    """
    own = signals if own is None else own
    few = signals < COMPILED_FROM
    spark.conf.set("spark.sql.codegen.wholeStage", str(not few).lower())
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN" if few else "FALLBACK")
    partitions = int(spark.sparkContext.getConf().get(_PARTITIONS, "1"))
    wanted = (
        min(partitions, spark.sparkContext.defaultParallelism)
        if few
        else max(partitions, math.ceil(own / SIGNALS_A_PARTITION))
    )
    stated = _stated()
    for key, value in ((_ADAPTIVE, str(not few).lower()), (_PARTITIONS, str(wanted))):
        if key not in stated:
            spark.conf.set(key, value)


def addresses(stated: Mapping[str, str]) -> dict[str, str]:
    """Where a local Spark listens: nowhere but on this machine, unless the user has said otherwise."""
    address = os.environ.get("SPARK_LOCAL_IP", _LOOPBACK)
    names = ("spark.driver.bindAddress", "spark.driver.host")
    return {name: address for name in names if name not in stated}


def retrying(master: str) -> str:
    """The master with which Spark tries a task again: plain `local` ones give up at the first failure.

    A worker that the system kills when memory is short would end the whole job. Other masters stay as they are: local
    ones that state a number of tries, and clusters, where a task has four.
    """
    found = re.fullmatch(r"local(?:\[(\*|\d+)\])?", master)
    return master if found is None else f"local[{found.group(1) or 1},{TRIES}]"


def _hush(session: SparkSession) -> None:
    """Keep PySpark's server of counters from printing a trace when Java is killed: that is told in one line."""
    server = getattr(session.sparkContext, "_accumulatorServer", None)
    if server is not None:
        server.handle_error = lambda request, address: None


def _submitted() -> bool:
    """Whether spark-submit has started this process, and its JVM before it."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def _stated() -> dict[str, str]:
    """What spark-submit was told, by its arguments and its file of defaults; nothing where Python starts Spark."""
    if not _submitted():
        return {}
    SparkContext._ensure_initialized()  # connects to the JVM, without which SparkConf knows of nothing
    return dict(SparkConf().getAll())


def _yields(key: str, local: bool) -> bool:
    """Whether what spark-submit was told of a setting goes before ours."""
    if key == "spark.ui.enabled" and local:
        # The page has no password, and where it listens is told by this variable alone, before Java starts.
        return _is_loopback(os.environ.get("SPARK_LOCAL_IP", ""))
    return key not in _DECISIVE


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _quiet() -> list[str]:
    """The argument by which Java logs nothing; none where the code runs out of a zip, in which Java finds no file."""
    path = Path(__file__).with_name("log4j2.properties")
    return [f"-Dlog4j2.configurationFile={path.as_uri()}"] if path.is_file() else []
