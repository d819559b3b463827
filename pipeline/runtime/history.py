"""The runs that a run grows from: what they have worked out stays, and is looked up here.

A grown run works on the images of which something is new, with all that was ever said of them, and holds these alone.
Of every image the newest run that worked on it counts.
"""

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.runtime import files
from pipeline.runtime.config import Config
from pipeline.runtime.errors import ConfigError, RunError
from pipeline.runtime.lineage import differences
from pipeline.runtime.secrets import mask
from pipeline.runtime.tables import Tables

_MAKES = {"image_id": "images", "text_id": "texts"}  # key -> the table that lists what a run worked on
_FREE = ("sources", "images", "growth", "spark", "paths", "report")  # sections that may differ from the base's
_WHOLE = {
    "labeling.trusted": "what trusted images teach is learnt from all images",
    "assign.implications": "what follows from a label is learnt from all images",
    "cluster.base": "a grown run keeps the keys of its own base",
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier run."""

    run_id: str
    record: Mapping[str, Any]
    tables: Tables


class History:
    """The earlier runs of one, newest first.

    Args:
        spark: the session.
        root: where runs are kept.
        base: run_id of the newest one.
    """

    def __init__(self, spark: SparkSession, root: str, base: str) -> None:
        self.runs: list[Earlier] = []
        while base:
            folder = files.join(root, base)
            record = _record(folder)
            self.runs.append(Earlier(base, record, Tables(spark, folder)))
            self.runs[-1].tables.require()
            base = _base_of(record)
        self.base, self.origin = self.runs[0], self.runs[-1]

    def read(self, table: str) -> DataFrame:
        """A table that every run holds as a whole: candidates, members, vocabulary and what comes with them."""
        return self.base.tables.read(table)

    def newest(self, table: str, key: str) -> DataFrame:
        """Rows of all runs; of each image or text those of the newest run that worked on it.

        Args:
            table: of images, mentions, texts, evidence and assignments.
            key: `image_id` or `text_id`.
        """
        frames: list[DataFrame] = []
        newer: list[DataFrame] = []
        for run in self.runs:
            rows = run.tables.read(table)
            if newer:  # small: what grown runs worked on
                done = functools.reduce(DataFrame.unionByName, newer)
                rows = rows.join(F.broadcast(done), key, "left_anti")
            frames.append(rows)
            newer.append(run.tables.read(_MAKES[key]).select(key))
        return functools.reduce(DataFrame.unionByName, frames)

    def read_files(self) -> dict[tuple[int, str], tuple[str, str]]:
        """(bytes, fingerprint) -> run and path, of every file of texts that one of the runs has read."""
        found = {}
        for run in self.runs:
            for size, told, path in source_files(run.tables.folder):
                found[size, told] = run.run_id, path
        return found

    @property
    def images(self) -> int:
        """Images of which anything is said, in all runs together."""
        return int(self.base.record["mined_images"])


def source_files(folder: str) -> list[tuple[int, str, str]]:
    """Bytes, fingerprint and path of every file of texts that a run has read, as it found them."""
    inputs = (files.read_json(files.join(folder, "inputs.json")) or {}).get("ingest", {})
    seen = [item["files"] for name, item in sorted(inputs.items()) if name.startswith("sources ")]
    return [(size, told, path) for each in seen for path, (size, _, told) in sorted(each.items()) if told]


def require_base(root: str, config: Config) -> None:
    """Check that a run can grow from its base.

    Raises:
        RunError: there is no such run, it is not finished, or has other settings.
        ConfigError: a setting needs all data at once.
    """
    base = config.growth.base
    folder = files.join(root, base)
    record = _record(folder)
    done = {item["stage"] for item in record["stages"]}
    if "publish" not in done:
        raise RunError(f"{folder}: the base has no manifest yet. Finish it by --resume {base}.")
    if "mined_images" not in record:
        raise RunError(
            f"{folder}: the base was made by an older version, which kept too little to grow from. Run anew."
        )
    for name, why in _WHOLE.items():
        section, _, key = name.partition(".")
        if getattr(getattr(config, section), key):
            raise ConfigError(f"{name} cannot be used with --base: {why}. Run on all sources without --base.")
    if config.publish.split_by != "image":
        raise ConfigError(
            "publish.split_by cannot be used with --base: who said most of an image is told by all images."
        )
    now = mask(dataclasses.asdict(config))
    changed = differences(
        {name: record["config"].get(name) for name in now if name not in _FREE},
        {name: value for name, value in now.items() if name not in _FREE},
    )
    if changed:
        raise RunError(
            f"--base {base}: it was made with other settings: {'; '.join(changed)}. "
            f"Give its settings, or run on all sources without --base."
        )


def require_whole(record: Mapping[str, Any], purpose: str) -> None:
    """Check that a run holds all images, and not only those of which something was new.

    Args:
        record: run.json of the run.
        purpose: what needs them, for the message.

    Raises:
        RunError: it grew from another run.
    """
    if _base_of(record):
        raise RunError(
            f"run {record.get('run_id')} grew from {_base_of(record)} and holds only the images with something new; "
            f"{purpose} needs a run on all sources."
        )


def _record(folder: str) -> Mapping[str, Any]:
    record = files.read_json(files.join(folder, "run.json"))
    if record is None:
        raise RunError(f"{folder}: there is no such run to grow from. --base names a run of the same --run-root.")
    return record


def _base_of(record: Mapping[str, Any]) -> str:
    return str(record.get("config", {}).get("growth", {}).get("base", ""))
