"""The record of a run: its configuration, versions, and what each stage took in, gave out and turned away."""

import dataclasses
import datetime
import logging
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pyspark

from pipeline.runtime import files
from pipeline.runtime.config import Config
from pipeline.runtime.errors import RunError
from pipeline.runtime.secrets import mask

log = logging.getLogger("pipeline")

LIBRARIES = ("pyspark", "pyarrow", "numpy", "scikit-learn", "faiss-cpu", "sentence-transformers", "torch", "nltk")
_NO_TABLE = ("spark", "paths")  # sections on which no table depends: the engine, and where a run may read


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """What one stage did. rows_in = rows_out + the rejects of its unit, or the stage has failed.

    Attributes:
        unit: what is counted (row, phrase, image).
        rejects: `unit/reason` -> how many.
        seconds: wall-clock time.
        peak_memory_mb: of driver, JVM and Python workers together.
        cpu_seconds: of the same processes, all cores together.
        shuffle_mb: written by Spark's shuffles.
        spill_mb: written to disk since memory did not hold it.
        tables: that it published, by the names of their pointers: NAME, or NAME.PART for a part.
    """

    stage: str
    unit: str
    rows_in: int
    rows_out: int
    rejects: Mapping[str, int]
    seconds: float
    peak_memory_mb: int
    cpu_seconds: float = 0.0
    shuffle_mb: int = 0
    spill_mb: int = 0
    tables: Sequence[str] = ()

    @property
    def rejected(self) -> int:
        """Rejects in the stage's own unit."""
        return sum(count for name, count in self.rejects.items() if name.startswith(f"{self.unit}/"))

    def check(self) -> None:
        """Raise RuntimeError where something was lost or made up: a defect of ours, never the user's."""
        if self.rows_in != self.rows_out + self.rejected:
            raise RuntimeError(
                f"{self.stage}: {self.rows_in} {self.unit}s in, but {self.rows_out} out + {self.rejected} rejected"
            )


class RunRecord:
    """run.json of a run folder."""

    def __init__(self, folder: str, content: dict[str, Any], check: Callable[[], None] | None = None) -> None:
        """Use `open_record` instead; `check` raises where this process may not write."""
        self._path = files.join(folder, "run.json")
        self._check_right = check
        self.content = content

    @property
    def signals(self) -> list[str]:
        """Kinds of text in the run, in the order of their bits."""
        return list(self.content["signals"])

    @signals.setter
    def signals(self, names: list[str]) -> None:
        self.content["signals"] = names

    def add(self, stage: StageRecord) -> None:
        """Put a finished stage on record; an earlier try of it is replaced."""
        others = [item for item in self.content["stages"] if item["stage"] != stage.stage]
        self.content["stages"] = [*others, dataclasses.asdict(stage)]
        self.save()

    def save(self) -> None:
        """Write run.json.

        Raises:
            RunError: this process may not, since another one has taken the run over.
        """
        if self._check_right is not None:
            self._check_right()
        files.write_json(self._path, self.content)


def open_record(
    folder: str,
    run_id: str,
    config: Config,
    free: Sequence[str] = (),
    again: Sequence[str] = (),
    check: Callable[[], None] | None = None,
) -> RunRecord:
    """The record of a run folder; a new one, not yet saved, where the folder is fresh.

    Args:
        folder: of the run.
        run_id: its name.
        config: its settings.
        free: sections that may differ from those on record, and then replace them.
        again: stages that are forgotten where sections may differ: they are to be done anew.
        check: raises where this process may not write the record.

    Raises:
        RunError: the folder belongs to a run with other settings, and every differing setting is named; or its
            record is not one.
    """
    path = files.join(folder, "run.json")
    content = files.read_json(path)
    if content is not None:
        lacking = [name for name in ("config", "stages", "signals", "versions") if name not in content]
        if lacking:
            raise RunError(f"{path}: no {', '.join(lacking)} in it. The file was damaged; start a new run.")
        given = mask(dataclasses.asdict(config))
        content["config"] = mask(content["config"])
        content["config"].update({name: given[name] for name in ("paths", *free)})  # roots are those in force now
        content["stages"] = [item for item in content["stages"] if item["stage"] not in again]
        changed = differences(content["config"], given)
        if changed:
            raise RunError(
                f"run {run_id} was started with other settings: {'; '.join(changed)}. "
                f"Give the old settings to go on with it, or another --run-id to start anew."
            )
        content["digest"] = config.digest(*(field.name for field in dataclasses.fields(config)))
        _say_versions(content["versions"])
        return RunRecord(folder, content, check)
    content = {
        "run_id": run_id,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "config": mask(dataclasses.asdict(config)),
        "digest": config.digest(*(field.name for field in dataclasses.fields(config))),
        "versions": _versions(),
        "signals": [],
        "stages": [],
    }
    return RunRecord(folder, content, check)


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: _version(name) for name in LIBRARIES}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # Spark's own copy of pyspark on a cluster; libraries that an encoder does without
        return pyspark.__version__ if name == "pyspark" else "none"


def _say_versions(recorded: Mapping[str, str]) -> None:
    """Other versions may give other tables, and a run is not held up for that: it is said."""
    now = _versions()
    other = [f"{name} {recorded[name]} -> {now[name]}" for name in now if recorded.get(name, now[name]) != now[name]]
    if other:
        log.warning("the run was started with other versions: %s", ", ".join(other))


def differences(old: Any, new: Any, where: str = "") -> list[str]:
    """Settings that differ between two configurations, as `section.key: old -> new`."""
    if isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        old, new = dict(enumerate(old, start=1)), dict(enumerate(new, start=1))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted(set(old) | set(new), key=str)
        keys = [key for key in keys if where or key not in _NO_TABLE]
        return [line for key in keys for line in differences(old.get(key), new.get(key), f"{where}.{key}")]
    return [] if old == new else [f"{where.lstrip('.')}: {old!r} -> {new!r}"]
