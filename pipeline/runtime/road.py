"""How a road of stages is walked: what is done is skipped, what is finished goes on record, every stage is one line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from py4j.protocol import Py4JError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.runtime import failures, files
from pipeline.runtime.cli import Arguments
from pipeline.runtime.config import Config
from pipeline.runtime.events import RunBegins, RunEnds, StageEnds, log, recorded, tell
from pipeline.runtime.extent import is_small, signals_in
from pipeline.runtime.history import History, require_base
from pipeline.runtime.lineage import RunRecord, StageRecord, open_record
from pipeline.runtime.load import stored_paths
from pipeline.runtime.lock import RunLock
from pipeline.runtime.places import check_places, refuse_plain
from pipeline.runtime.progress import Meter, TaskCounter
from pipeline.runtime.run_log import NAME as LOG
from pipeline.runtime.run_log import RunLog, command_line, option_secrets
from pipeline.runtime.run_names import check_run, new_run_id
from pipeline.runtime.session import COMPILED_FROM, default_storage, start_session, suit
from pipeline.runtime.tables import Tables
from pipeline.runtime.witness import Witness

__all__ = ["Run", "Stage", "log", "walk"]

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
    def folder(self) -> str:
        """Where its record, log and tables are."""
        return files.join(self.root, self.run_id)

    @property
    def manifest(self) -> str:
        """Folder of its published manifest."""
        return files.join(self.root, "manifest", self.run_id)

    @property
    def report(self) -> str:
        """Its page."""
        return files.join(self.folder, "report.html")

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
        whole: whether it goes through all images, where a run grows from another one, and not only through its own.
    """

    name: str
    unit: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    work: Callable[[Run], tuple[int, int]]
    inputs: Callable[[Config], Mapping[str, str]] = lambda _: {}
    whole: bool = False

    def done(self, run: Run) -> bool:
        """Whether it has finished in this run, and all that it made is still there and whole."""
        if all(item["stage"] != self.name for item in run.record.content["stages"]):
            return False
        for table in self.writes:
            run.read(table)  # raises where a file was damaged
        return True

    def due(self, run: Run, alone: bool) -> bool:
        """Whether it is to be done.

        A page is drawn again where it alone is asked for: no table hangs on it, and an evaluation may have come since.

        Args:
            run: with what is on record of it.
            alone: whether no other stage was asked for.
        """
        return not self.done(run) or (alone and not self.writes)


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
    run_id = arguments.run_id or new_run_id(whole)
    if arguments.config.growth.base:
        require_base(root, arguments.config)
    folder = files.join(root, run_id)
    check_run(folder, run_id, arguments.resume, whole)
    free, again = _REWEIGHED if arguments.reuse else ((), ())
    with (
        failures.named(),
        RunLock(folder) as lock,
        RunLog(folder, option_secrets(arguments.config), lock.check) as book,
        failures.named(),  # so that the log has errors in the same words
    ):
        if lock.inherited:
            log.info("%-16s of %s, which has died", "taken over", lock.inherited)
        check_run(folder, run_id, arguments.resume, whole)  # what another one may have made until the lock was ours
        # Before Spark: a mistake is told at once.
        record = open_record(folder, run_id, arguments.config, free, again, lock.check)
        tell(RunBegins(run_id, folder, command_line(), bool(record.content["stages"]), book.path))
        name = f"{stages[0].name if not whole else 'mine'} {run_id}"
        small = is_small(arguments.config, COMPILED_FROM)
        spark = start_session(arguments.config.spark, name, libraries=libraries, brief=small)
        try:
            refuse_plain(default_storage(spark), {"--run-root": arguments.root, **stored_paths(arguments.config)})
            record.content["cores"] = spark.sparkContext.defaultParallelism  # what its seconds are worth
            record.save()
            witness = Witness(spark, folder)
            witness.forget(again)
            base = arguments.config.growth.base
            history = History(spark, root, base) if base else None
            run = Run(spark, arguments.config, root, run_id, Tables(spark, folder, lock.check), record, history)
            run.tables.require()
            for place, stage in enumerate(stages, start=1):
                counter = TaskCounter(spark)
                with arguments.console.running(stage.name, f"{place}/{len(stages)}" if whole else "", counter.look):
                    _step(run, stage, witness, alone=not whole)
                if stage.name == arguments.until:
                    break
            tell(_end(run, whole))
        finally:
            _stop(spark)


def _stop(spark: SparkSession) -> None:
    """Stop Spark; where its Java has been killed, what was raised before says so."""
    try:
        spark.stop()
    except (Py4JError, ConnectionError):
        log.debug("Spark could not be stopped", exc_info=True)


def _step(run: Run, stage: Stage, witness: Witness, alone: bool) -> None:
    """Do one stage where it is due, and put it on record."""
    inputs = stage.inputs(run.config)
    if not stage.due(run, alone):
        _tell(run, stage, before=True)
        for change in witness.changes(stage.name, inputs):
            log.warning("  %s; this run goes on with what it has read", change)
        return
    for table in stage.reads:
        run.read(table)
    _sweep(run, stage)  # before it needs the room
    check_places(inputs, run.config.paths.allowed_roots)  # a link may have been put there since they were named
    witness.begin(stage.name, inputs)
    earlier = sum(item.tables.rows("signals") for item in run.history.runs) if run.history else 0
    own = _signals(run, stage, witness)
    suit(run.spark, earlier + own, earlier + own if stage.whole else own)
    run.tables.published.clear()
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
        tables=sorted(run.tables.published),
    )
    finished.check()
    run.record.add(finished)
    _sweep(run, stage)  # an older version that a stopped try had published
    _tell(run, stage)


def _signals(run: Run, stage: Stage, witness: Witness) -> int:
    """Signals of the run; those still to be read are told from the size of inputs."""
    if stage.reads:
        return run.tables.rows("signals")
    size = witness.size(stage.name)
    return COMPILED_FROM if size is None else signals_in(size)


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


def _end(run: Run, whole: bool) -> RunEnds:
    """All stages on record, and where the results are."""
    places = {"folder": run.folder, "tables": files.join(run.folder, "tables"), "log": files.join(run.folder, LOG)}
    made = {"manifest": run.manifest, "report": run.report}
    places |= {name: path for name, path in made.items() if files.exists(path)}
    return RunEnds(run.run_id, [recorded(item) for item in run.record.content["stages"]], places, whole)


def _tell(run: Run, stage: Stage, before: bool = False) -> None:
    """Tell that a stage is on record."""
    found = next(item for item in run.record.content["stages"] if item["stage"] == stage.name)
    tell(StageEnds(recorded(found), before))
