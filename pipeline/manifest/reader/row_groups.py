"""The row groups of one split of a published manifest, laid end to end as a line of rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.manifest.reader import draws
from pipeline.runtime import files
from pipeline.runtime.errors import RunError


@dataclass(frozen=True, slots=True)
class Group:
    """One row group: its file below the tree, its place in it, its rows."""

    file: str
    place: int
    rows: int


@dataclass(frozen=True, slots=True)
class Split:
    """One split of a tree.

    Attributes:
        folder: of the tree.
        made_by: run, and plan where there is one.
        groups: in the order of their names.
        columns: names of all columns.
    """

    folder: str
    made_by: str
    groups: tuple[Group, ...]
    columns: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Of all groups."""
        return sum(group.rows for group in self.groups)

    def read(self, group: Group, columns: Sequence[str]) -> pa.Table:
        """The rows of one group."""
        system, inside = files.open_storage(files.join(self.folder, group.file))
        with pq.ParquetFile(inside, filesystem=system) as file:
            return file.read_row_group(group.place, columns=list(columns))


def open_split(folder: str, split: str) -> Split:
    """What is read of a tree before its rows.

    Args:
        folder: of the tree, local or remote.
        split: train or validation.

    Raises:
        RunError: there is no complete tree, or no such split.
    """
    record = files.read_json(files.join(folder, "run.json"))
    if record is None:
        raise RunError(f"{folder}: no run.json there, so no complete manifest. Give the folder of a published one.")
    place = files.join(folder, "data", split)
    names = [name for name in files.sizes(place) if name.endswith(".parquet")]
    if not names:
        raise RunError(f"{folder}: no split {split!r}. A manifest has train and validation.")
    groups: list[Group] = []
    columns: tuple[str, ...] = ()
    for name in names:
        system, inside = files.open_storage(files.join(place, name))
        meta = pq.read_metadata(inside, filesystem=system)
        counts = [meta.row_group(i).num_rows for i in range(meta.num_row_groups)]
        groups += [Group(f"data/{split}/{name}", i, rows) for i, rows in enumerate(counts) if rows]
        columns = tuple(meta.schema.to_arrow_schema().names)
    made_by = ".".join(filter(None, [record["run_id"], record.get("plan")]))
    return Split(folder, made_by, tuple(groups), columns)


class Line:
    """All row groups in the order of one epoch; the last one that was read is held.

    Args:
        split: whose groups.
        key: decides the order, from `draws.key_of`.
    """

    def __init__(self, split: Split, key: int) -> None:
        self._split = split
        self._groups = sorted(split.groups, key=lambda g: (draws.key_of(key, g.file, g.place), g.file, g.place))
        self._held: tuple[Group, tuple[str, ...], pa.Table] | None = None

    def read(self, low: int, high: int, columns: Sequence[str]) -> pa.Table:
        """Rows from `low` to `high` of the line."""
        parts, at = [], 0
        for group in self._groups:
            first, last = max(low, at), min(high, at + group.rows)
            if first < last:
                parts.append(self._read(group, tuple(columns)).slice(first - at, last - first))
            at += group.rows
        return pa.concat_tables(parts)

    def _read(self, group: Group, columns: tuple[str, ...]) -> pa.Table:
        if self._held is None or self._held[:2] != (group, columns):
            self._held = None  # before the next one is read: two at a time would be twice the memory
            self._held = group, columns, self._split.read(group, columns)
        return self._held[2]
