"""The row groups of one split of a published manifest, laid end to end as a line of rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.manifest.reader import draws
from pipeline.runtime import files
from pipeline.runtime.errors import RunError

DRAWN_BY = ("sample_u", "keep_prob", "repeat_factor")  # columns that every manifest has, and sampling reads


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
        """The rows of one group.

        Raises:
            RunError: the file is damaged or gone.
        """
        path = files.join(self.folder, group.file)
        system, inside = files.open_storage(path)
        try:
            with pq.ParquetFile(inside, filesystem=system) as file:
                return file.read_row_group(group.place, columns=list(columns))
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from error


def open_split(folder: str, split: str) -> Split:
    """What is read of a tree before its rows.

    Args:
        folder: of the tree, local or remote.
        split: train or validation.

    Raises:
        RunError: there is no complete tree or no such split, or a file of it is damaged or of something else.
    """
    record = files.read_json(files.join(folder, "run.json"))
    if record is None:
        raise RunError(f"{folder}: no run.json there, so no complete manifest. Give the folder of a published one.")
    if not record.get("run_id"):
        raise RunError(f"{folder}/run.json: no run_id there. Give the folder of a published manifest.")
    place = files.join(folder, "data", split)
    inside_data = split.strip(".") and "/" not in split  # anything else would read both splits, or other tables
    names = [name for name in files.sizes(place) if name.endswith(".parquet")] if inside_data else []
    if not names:
        raise RunError(f"{folder}: no split {split!r}. A manifest has train and validation.")
    groups: list[Group] = []
    columns: tuple[str, ...] = ()
    for name in names:
        path = files.join(place, name)
        system, inside = files.open_storage(path)
        try:
            meta = pq.read_metadata(inside, filesystem=system)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from error
        counts = [meta.row_group(i).num_rows for i in range(meta.num_row_groups)]
        groups += [Group(f"data/{split}/{name}", i, rows) for i, rows in enumerate(counts) if rows]
        found = tuple(meta.schema.to_arrow_schema().names)
        if found != (columns or found) or not set(DRAWN_BY) <= set(found):
            expected = ", ".join(columns or DRAWN_BY)
            raise RunError(f"{path}: has columns {', '.join(found)}, expected {expected}. It is of another table.")
        columns = found
    made_by = ".".join(filter(None, [record["run_id"], record.get("plan")]))
    return Split(folder, made_by, tuple(groups), columns)


def _unreadable(path: str, error: Exception) -> RunError:
    return RunError(f"{path}: not readable ({error}). If it is damaged, copy or publish the manifest again.")


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
                part = self._read(group, tuple(columns)).slice(first - at, last - first)
                if last < high:  # a copy: a slice would keep its whole group while the next one is read
                    part = part.take(np.arange(part.num_rows))
                parts.append(part)
            at += group.rows
        return pa.concat_tables(parts)

    def _read(self, group: Group, columns: tuple[str, ...]) -> pa.Table:
        if self._held is None or self._held[:2] != (group, columns):
            self._held = None  # before the next one is read: two at a time would be twice the memory
            self._held = group, columns, self._split.read(group, columns)
        return self._held[2]
