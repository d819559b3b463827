"""What finished runs say of their costs: counts, seconds and bytes of each stage, and the sizes of their tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.review.estimate.growth import Floats
from pipeline.runtime import files
from pipeline.runtime.errors import RunError
from pipeline.runtime.history import require_whole


@dataclass(frozen=True, slots=True)
class Part:
    """How one stage works.

    Attributes:
        driven_by: count that its work is proportional to.
        distributed: whether the growing part is done by Spark's tasks, and not by one process, the driver.
        in_driver: what the driver does of it, in words.
        writes: tables.
    """

    driven_by: str
    distributed: bool
    in_driver: str
    writes: tuple[str, ...]


# What is told here is read off the stages. Beside it every stage has a fixed part: planning, starting, small files.
STAGES: Mapping[str, Part] = {
    "ingest": Part("signals", True, "lists the files of the sources", ("signals", "images")),
    "normalize": Part("signals", True, "gathers repeated segments", ("texts", "mentions", "origins")),
    "mine_candidates": Part(
        "texts", True, "gathers 8 bytes for each frequent phrase, and sends them to all", ("candidates", "contexts")
    ),
    "embed": Part("encoded", True, "nothing", ("embeddings",)),
    "cluster": Part("kept", False, "all: phrases, vectors and contexts in memory", ("vocabulary", "members")),
    "match": Part("texts", True, "gathers members, and sends them to all", ("evidence",)),
    "assign": Part(
        "mentions", True, "estimates reliabilities from counts of labels", ("trust", "learnt", "assignments")
    ),
    "publish": Part("labelled", True, "weighs labels", ("labels", "manifest")),
    "report": Part("labelled", True, "draws the page, of bounded size", ()),
}
# Exponents in the number of signals where one run alone was given; told from two, they are measured.
# Those of generated signals between 20,000 and 100,000, and so too high for larger sizes, which is the safe side.
ASSUMED = {"texts": 0.87, "frequent": 0.96, "encoded": 0.85, "kept": 0.91, "labels": 1.0}


@dataclass(frozen=True, slots=True)
class Measured:
    """One finished run.

    Attributes:
        folder: where it is.
        cores: that it had.
        counts: signals, images, texts, mentions, frequent (phrases with mine.min_images), kept, encoded, labels,
            labelled (images).
        stages: name -> its entry of run.json.
        tables: name -> bytes.
        config: settings.
    """

    folder: str
    cores: int
    counts: Mapping[str, float]
    stages: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, float]
    config: Mapping[str, Any]

    def figure(self, stage: str, name: str) -> float:
        """One figure of a stage; 0 where an older run did not record it."""
        return float(self.stages[stage].get(name, 0.0))


def read_measured(folder: str, cores: int | None = None) -> Measured:
    """Read the record of a run, and how large its tables are; the tables themselves are not needed.

    Args:
        folder: RUN_ROOT/RUN_ID.
        cores: that the run had; where None, what it has on record.

    Raises:
        RunError: there is no such run, it is not finished, it grew from another one, or its cores are not known.
    """
    folder = files.absolute(folder)
    record = files.read_json(files.join(folder, "run.json"))
    if record is None:
        raise RunError(f"{folder}: there is no run.json. Give the folder of a finished run: RUN_ROOT/RUN_ID.")
    require_whole(record, "an estimate")
    stages = {item["stage"]: item for item in record.get("stages", [])}
    lacking = [name for name in STAGES if name not in stages]
    if lacking:
        raise RunError(f"{folder}: the run is not finished, {', '.join(lacking)} is missing. Go on with --resume.")
    rows, sizes = _tables(folder)
    counts = {
        "signals": float(stages["ingest"]["rows_in"]),
        "images": rows.get("images", float(stages["assign"]["rows_in"])),
        "texts": rows.get("texts", float(stages["match"]["rows_in"])),
        "mentions": rows.get("mentions", float(stages["normalize"]["rows_out"])),
        "frequent": rows.get("candidates", float(stages["mine_candidates"]["rows_out"])),
        "kept": float(stages["mine_candidates"]["rows_out"]),
        "encoded": float(stages["embed"]["rows_out"]),
        "labels": rows.get("vocabulary", float(stages["cluster"]["rows_out"])),
        "labelled": float(stages["publish"]["rows_out"]),
    }
    return Measured(folder, cores or _cores(folder, record), counts, stages, sizes, record["config"])


def in_order(runs: Sequence[Measured]) -> list[Measured]:
    """The runs by size, the smallest first."""
    return sorted(runs, key=lambda run: (run.counts["signals"], run.folder))


def column(runs: Sequence[Measured], count: str) -> Floats:
    """One count of all runs, float64 [runs]."""
    return np.array([run.counts[count] for run in runs], dtype=np.float64)


def seconds(runs: Sequence[Measured], stage: str) -> Floats:
    """Seconds of a stage in all runs, float64 [runs]."""
    return np.array([run.figure(stage, "seconds") for run in runs], dtype=np.float64)


def _cores(folder: str, record: Mapping[str, Any]) -> int:
    found = record.get("cores")
    if not isinstance(found, int) or found < 1:
        raise RunError(f"{folder}: run.json does not say how many cores the run had. Give --run-cores.")
    return found


def _tables(folder: str) -> tuple[dict[str, float], dict[str, float]]:
    """Rows and bytes of each table, its parts together."""
    rows: dict[str, float] = {}
    sizes: dict[str, float] = {}
    for part in STAGES.values():
        for table in part.writes:
            pointer = files.read_json(files.join(folder, "tables", f"{table}.json"))
            if pointer is not None:
                rows[table] = rows.get(table, 0.0) + float(pointer["rows"])
                sizes[table] = sizes.get(table, 0.0) + float(sum(pointer["files"].values()))
    return rows, sizes
