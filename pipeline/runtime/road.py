"""How a road of stages is walked: what is done is skipped, what is finished goes on record, every stage is one line."""

import datetime
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from py4j.protocol import Py4JError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.runtime import failures, files
from pipeline.runtime.cli import Arguments
from pipeline.runtime.config import Config
from pipeline.runtime.errors import ConfigError, RunError
from pipeline.runtime.history import History, require_base
from pipeline.runtime.lineage import RunRecord, StageRecord, open_record
from pipeline.runtime.load import stored_paths
from pipeline.runtime.lock import RunLock
from pipeline.runtime.places import check_places, refuse_plain
from pipeline.runtime.progress import Meter
from pipeline.runtime.session import default_storage, start_session, suit
from pipeline.runtime.tables import Tables
from pipeline.runtime.witness import Witness

log = logging.getLogger("pipeline")

# What may differ where evidence is weighed anew, and the stages that are done again then.
_REWEIGHED = (("assign", "labeling", "publish", "report"), ("assign", "publish", "report"))


@dataclass(frozen=True, slots=True)
class Run:
    """One run in progress: its session, settings, tables, record, and the runs that it grows from."""

    spark: SparkSession
    config: Config
    root: str
    run_id: str
    tables: Tables
    record: RunRecord
    history: History | None = None

    @property
    def manifest(self) -> str:
        """Folder of its published manifest."""
        return files.join(self.root, "manifest", self.run_id)

    @property
    def report(self) -> str:
        """Its page."""
        return files.join(self.root, self.run_id, "report.html")

    def read(self, table: str) -> DataFrame:
        """A published table of the run."""
        return self.tables.read(table)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stop of the road.

    Attributes:
        name: verb, as in jobs/.
        unit: what it counts.
        reads: tables that it needs.
        writes: tables that it publishes.
        work: does it, and gives rows in and rows out, in its unit.
        inputs: setting -> path of what it reads beside the tables.
    """

    name: str
    unit: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    work: Callable[[Run], tuple[int, int]]
    inputs: Callable[[Config], Mapping[str, str]] = lambda _: {}

    def done(self, run: Run) -> bool:
        """Whether it has finished in this run, and all that it made is still there and whole."""
        if all(item["stage"] != self.name for item in run.record.content["stages"]):
            return False
        for table in self.writes:
            run.read(table)  # raises where a file was damaged
        return True


def walk(stages: Sequence[Stage], arguments: Arguments, libraries: Sequence[str] = ()) -> None:
    """Walk the stages of one run, and say at the end where its results are.

    Args:
        stages: some of the road, in its order.
        arguments: of the job.
        libraries: packages that workers need beside those of every run.

    Raises:
        RunError: the run exists already, does not exist, or has other settings.
    """
    root = files.absolute(arguments.root)
    whole = len(stages) > 1
    run_id = arguments.run_id or _new_run_id(whole)
    if arguments.config.growth.base:
        require_base(root, arguments.config)
    folder = files.join(root, run_id)
    _check_run(folder, run_id, arguments.resume, whole)
    free, again = _REWEIGHED if arguments.reuse else ((), ())
    with failures.named(), RunLock(folder) as lock:
        if lock.inherited:
            log.info("%-16s of %s, which has died", "taken over", lock.inherited)
        _check_run(folder, run_id, arguments.resume, whole)  # what another one may have made until the lock was ours
        # Before Spark: a mistake is told at once.
        record = open_record(folder, run_id, arguments.config, free, again, lock.check)
        name = f"{stages[0].name if not whole else 'mine'} {run_id}"
        spark = start_session(arguments.config.spark, name, libraries=libraries)
        try:
            refuse_plain(default_storage(spark), {"--run-root": arguments.root, **stored_paths(arguments.config)})
            record.content["cores"] = spark.sparkContext.defaultParallelism  # what its seconds are worth
            record.save()
            witness = Witness(spark, folder)
            witness.forget(again)
            base = arguments.config.growth.base
            history = History(spark, root, base) if base else None
            run = Run(spark, arguments.config, root, run_id, Tables(spark, folder, lock.check), record, history)
            for stage in stages:
                _step(run, stage, witness)
                if stage.name == arguments.until:
                    break
            _say_where(run)
        finally:
            _stop(spark)


def _stop(spark: SparkSession) -> None:
    """Stop Spark; where its Java has been killed, what was raised before says so."""
    try:
        spark.stop()
    except (Py4JError, ConnectionError):
        log.debug("Spark could not be stopped", exc_info=True)


def _step(run: Run, stage: Stage, witness: Witness) -> None:
    """Do one stage, unless it is done, and put it on record."""
    inputs = stage.inputs(run.config)
    if stage.done(run):
        log.info("%-16s done before", stage.name)
        for change in witness.changes(stage.name, inputs):
            log.warning("  %s; this run goes on with what it has read", change)
        return
    for table in stage.reads:
        run.read(table)
    if stage.reads:  # by now it is known how much there is
        suit(run.spark, run.tables.rows("signals"))
    _sweep(run, stage)  # before it needs the room
    check_places(inputs, run.config.paths.allowed_roots)  # a link may have been put there since they were named
    witness.begin(stage.name, inputs)
    with Meter(run.spark) as meter:
        rows_in, rows_out = stage.work(run)
    witness.end(stage.name, inputs)
    finished = StageRecord(
        stage=stage.name,
        unit=stage.unit,
        rows_in=rows_in,
        rows_out=rows_out,
        rejects=_rejects(run, stage.name),
        seconds=round(meter.seconds, 2),
        peak_memory_mb=meter.peak_mb,
        cpu_seconds=round(meter.cpu_seconds, 2),
        shuffle_mb=meter.shuffle_bytes >> 20,
        spill_mb=meter.spilled_bytes >> 20,
    )
    finished.check()
    run.record.add(finished)
    _sweep(run, stage)  # an older version that a stopped try had published
    log.info(
        "%-16s %11s %ss in %11s out %11s rejected %8.1f s %7d MB",
        stage.name,
        f"{rows_in:,}",
        stage.unit,
        f"{rows_out:,}",
        f"{finished.rejected:,}",
        meter.seconds,
        meter.peak_mb,
    )


def _sweep(run: Run, stage: Stage) -> None:
    """Delete what is left of earlier tries of a stage; nobody reads it."""
    for table in stage.writes:
        run.tables.sweep(table)
    run.tables.sweep("rejects")


def _rejects(run: Run, stage: str) -> dict[str, int]:
    """`unit/reason` -> how many, of one stage."""
    if stage not in run.tables.parts("rejects"):
        return {}
    counts = run.read("rejects").where(F.col("stage") == stage).groupBy("unit", "reason").agg(F.sum("count").alias("n"))
    return {f"{row.unit}/{row.reason}": int(row.n) for row in counts.orderBy("unit", "reason").collect()}


def _say_where(run: Run) -> None:
    for what, path in (("manifest", run.manifest), ("report", run.report)):
        if files.exists(path):
            log.info("%-16s %s", what, path)
    log.info("%-16s %s", "tables", files.join(run.root, run.run_id, "tables"))


def _new_run_id(whole: bool) -> str:
    if not whole:
        raise ConfigError("a single stage works on one run: name it by --run-id.")
    return f"{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}"


def _check_run(folder: str, run_id: str, resume: bool, whole: bool) -> None:
    """A new run needs a fresh folder; a resumed one needs its own."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", run_id) or run_id in ("manifest", "cache"):
        raise ConfigError(f"--run-id {run_id!r}: use letters, digits, '.', '_' and '-', and not manifest or cache.")
    there = files.exists(files.join(folder, "run.json"))
    if resume and not there:
        raise RunError(f"{folder}: there is no such run to go on with.")
    if whole and there and not resume:
        raise RunError(f"{folder}: the run exists. Go on with it by --resume {run_id}, or choose another --run-id.")
