"""A finished run tried with other settings: the same tables below, new ones in a folder that is thrown away."""

import copy
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime import files
from pipeline.runtime.config import Config
from pipeline.runtime.errors import ConfigError, RunError
from pipeline.runtime.history import require_whole
from pipeline.runtime.lineage import RunRecord
from pipeline.runtime.load import SECTIONS, parse_config
from pipeline.runtime.road import Run
from pipeline.runtime.tables import Tables

_SOURCES = ("sources", "images")
TRIED = (
    "cluster",
    "match",
    "assign",
    "labeling",
    "spark",
)  # the sections whose settings may be tried on a finished run


class Overlay(Tables):
    """Tables of a finished run, under those that are written here; the run itself stays as it is.

    Args:
        base: the tables of the run.
        folder: fresh folder for what is written.
    """

    def __init__(self, base: Tables, folder: str) -> None:
        super().__init__(base.spark, folder)
        self._base = base

    def read(self, name: str, part: str | None = None) -> DataFrame:
        """A table written here, else that of the run."""
        return super().read(name, part) if self.parts(name) else self._base.read(name, part)


def read_record(folder: str, purpose: str = "") -> dict[str, Any]:
    """run.json of a run folder.

    Args:
        folder: of the run.
        purpose: what needs all images of the run, for messages; nothing does where empty.

    Raises:
        RunError: there is none, or the run grew from another one and holds only what is new.
    """
    record = files.read_json(files.join(folder, "run.json"))
    if record is None:
        raise RunError(f"{folder}: no run.json there, so no run. Give the folder of a run: RUN_ROOT/RUN_ID.")
    if purpose:
        require_whole(record, purpose)
    return record


def recorded_config(record: Mapping[str, Any], overrides: Sequence[str] = ()) -> Config:
    """The settings of a run, with `section.key=value` in place of some; what a newer version added has its default.

    Raises:
        ConfigError: an override is no setting of what may be tried, or is impossible.
    """
    for override in overrides:
        if override.partition(".")[0].strip() not in TRIED:
            raise ConfigError(f"--set {override}: only {', '.join(TRIED)} can be tried on a finished run.")
    raw: dict[str, Any] = {}
    for name, value in record["config"].items():
        if name in _SOURCES:
            raw[name] = [{key: item for key, item in entry.items() if item is not None} for entry in value]
        elif name in SECTIONS:
            known = {field.name for field in dataclasses.fields(SECTIONS[name])}
            raw[name] = {key: item for key, item in value.items() if key in known and item is not None}
    return parse_config(raw, "run.json", overrides)


def toggle_terms(config: Config) -> dict[str, Config]:
    """`without TERM` or `with TERM` -> the settings with that term of confidence switched off or on, one each."""
    on = config.assign.terms
    choices = {field.name: field.metadata["choices"] for field in dataclasses.fields(config.assign)}["terms"]
    toggled = {}
    for term in choices:
        terms = tuple(name for name in choices if (name in on) != (name == term))
        name = f"without {term}" if term in on else f"with {term}"
        toggled[name] = dataclasses.replace(config, assign=dataclasses.replace(config.assign, terms=terms))
    return toggled


@contextmanager
def overlaid(spark: SparkSession, folder: str, scratch: str, config: Config) -> Iterator[Run]:
    """A run that reads the tables of a finished one and writes its own into a scratch folder, deleted at the end.

    Args:
        spark: the session.
        folder: the finished run.
        scratch: folder that driver and workers both see; it must not exist.
        config: settings to try.
    """
    root, _, run_id = folder.rstrip("/").rpartition("/")
    record = RunRecord(scratch, copy.deepcopy(read_record(folder)))
    try:
        yield Run(spark, config, root, run_id, Overlay(Tables(spark, folder), scratch), record)
    finally:
        files.remove(scratch)
