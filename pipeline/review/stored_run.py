"""A run to look things up in: which one, its record and settings, and its tables without Spark.

A run that grew from another one holds only the images of which something was new. Here it is read with all that it grew
from: of every image and text the newest run that worked on it counts.
"""

import dataclasses
import difflib
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.runtime import files
from pipeline.runtime.errors import RunError
from pipeline.runtime.load import SECTIONS
from pipeline.runtime.schema_files import arrow_schema
from pipeline.runtime.settings import build
from pipeline.runtime.stored_tables import StoredTables

T = TypeVar("T")
_KEYS = {"images": "image_id", "mentions": "image_id", "evidence": "image_id", "assignments": "image_id"}
_KEYS = {**_KEYS, "texts": "text_id"}
_MAKES = {"image_id": "images", "text_id": "texts"}  # key -> the table that lists what a run worked on
_OF_EACH = ("signals", "rejects")  # every run has its own, and none replaces another's


class StoredRun:
    """One run as it lies on disk, with those that it grew from.

    Args:
        root: where runs are kept.
        run_id: its name.

    Raises:
        RunError: there is no such run, or its record is damaged.
    """

    def __init__(self, root: str, run_id: str) -> None:
        self.root, self.run_id = files.absolute(root), run_id
        self.record = _read_record(self.root, run_id)
        self.tables = StoredTables(files.join(self.root, run_id))
        self.chain = [self.tables]
        base, seen = _base_of(self.record), {run_id}
        while base and base not in seen:
            seen.add(base)
            self.chain.append(StoredTables(files.join(self.root, base)))
            base = _base_of(_read_record(self.root, base))
        self._worked_on: dict[str, list[pa.Array]] = {}

    @property
    def signals(self) -> list[str]:
        """Kinds of text, in the order of their bits."""
        return list(self.record["signals"])

    def section(self, name: str, kind: type[T]) -> T:
        """The settings of one section; what a newer version added has its default.

        Args:
            name: of the section, such as `mine`.
            kind: its dataclass.
        """
        known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
        recorded = self.record["config"].get(name, {})
        table = {key: value for key, value in recorded.items() if key in known and value is not None}
        return build(kind, table, f"run.json [{name}]")

    @functools.cached_property
    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """All settings by section, with those that the run's version did not know yet."""
        return {name: dataclasses.asdict(self.section(name, kind)) for name, kind in SECTIONS.items()}

    def has(self, name: str) -> bool:
        """Whether the run has the table."""
        return self.tables.has(name)

    def batches(
        self, name: str, columns: Sequence[str], where: ds.Expression | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Rows of a table that fulfil a condition, a batch at a time; all by default.

        Raises:
            RunError: the run has no such table yet, or a file of it was damaged.
        """
        yield from self.tables.batches(name, columns, where)
        key = _KEYS.get(name)
        if key is None and name not in _OF_EACH:
            return
        for place, tables in enumerate(self.chain[1:]):
            wanted = where
            if key is not None:
                older = ~ds.field(key).isin(self._newer(key, place))
                wanted = older if where is None else where & older
            yield from tables.batches(name, columns, wanted)

    def read(self, name: str, columns: Sequence[str], where: ds.Expression | None = None) -> pa.Table:
        """The same as one table; for conditions that few rows fulfil."""
        schema = pa.schema([arrow_schema(name).field(column) for column in columns])
        return pa.Table.from_batches(list(self.batches(name, columns, where)), schema=schema)

    def rows(self, name: str, columns: Sequence[str], where: ds.Expression | None = None) -> list[dict[str, Any]]:
        """The same as dictionaries; for a handful of rows."""
        found: list[dict[str, Any]] = self.read(name, columns, where).to_pylist()
        return found

    def _newer(self, key: str, place: int) -> pa.Array:
        """What the runs up to a place in the chain worked on: small, since grown runs work on what is new."""
        known = self._worked_on.setdefault(key, [])
        while len(known) <= place:
            table = _MAKES[key]
            own = self.chain[len(known)].read(table, [key])[key].combine_chunks()
            known.append(pa.concat_arrays([*known[-1:], own]))
        return known[place]


def open_run(root: str, run_id: str | None) -> StoredRun:
    """The run that is asked for; else the one whose manifest is the current one; else the newest.

    Args:
        root: where runs are kept.
        run_id: its name; None where none is asked for.

    Raises:
        RunError: there is no such run, or none at all.
    """
    root = files.absolute(root)
    if run_id:
        return StoredRun(root, run_id)
    current = files.read_json(files.join(root, "manifest", "current.json")) or {}
    named = str(current.get("run_id", ""))
    if named and files.exists(files.join(root, named, "run.json")):
        return StoredRun(root, named)
    dated = [(str(_read_record(root, name)["created"]), name) for name in list_runs(root)]
    if not dated:
        raise RunError(f"{root}: no run is kept here. Give the folder of runs by --run-root.")
    return StoredRun(root, max(dated)[1])


def list_runs(root: str) -> list[str]:
    """Names of the runs that are kept in a folder, sorted."""
    names = [name for name in files.folders(root) if name not in ("manifest", "cache")]
    return [name for name in names if files.exists(files.join(root, name, "run.json"))]


def _read_record(root: str, run_id: str) -> Mapping[str, Any]:
    path = files.join(root, run_id, "run.json")
    record = files.read_json(path)
    if record is None:
        near = difflib.get_close_matches(run_id, list_runs(root), n=3, cutoff=0.4)
        hint = f" The nearest: {', '.join(near)}." if near else ""
        raise RunError(f"{root}/{run_id}: there is no such run.{hint}")
    lacking = [name for name in ("config", "created", "signals", "stages") if name not in record]
    if lacking:
        raise RunError(f"{path}: no {', '.join(lacking)} in it. The file was damaged; start a new run.")
    return record


def _base_of(record: Mapping[str, Any]) -> str:
    return str(record["config"].get("growth", {}).get("base", ""))
