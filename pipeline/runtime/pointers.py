"""The published tables of a run, read without Spark: by the files that its pointers name, streamed.

For jobs that look a few rows up: starting Spark would take longer than the answer. Sizes of files are compared with
what the run recorded; their contents are not, as `tables.Tables` does.
"""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import fs

from pipeline.runtime import files
from pipeline.runtime.errors import RunError, SchemaError

ROWS = 1 << 16  # of a batch: a column of it stays small, whatever the table
_KINDS: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}


class StoredTables:
    """The tables of one run.

    Args:
        folder: of the run, local or remote.
    """

    def __init__(self, folder: str) -> None:
        self.folder = files.absolute(folder)
        self._listed: list[str] | None = None
        self._known: dict[str, ds.Dataset] = {}

    def parts(self, name: str) -> list[str]:
        """Parts of a table that are published, sorted; a table that is written as a whole is the part ''."""
        if self._listed is None:  # one look at the folder serves all tables
            system, inside = files.open_storage(files.join(self.folder, "tables"))
            found = system.get_file_info(fs.FileSelector(inside, allow_not_found=True))
            self._listed = sorted(info.base_name for info in found if info.base_name.endswith(".json"))
        stems = [item.removesuffix(".json") for item in self._listed]
        return [stem[len(name) + 1 :] for stem in stems if stem == name or stem.startswith(f"{name}.")]

    def has(self, name: str) -> bool:
        """Whether the table is published, in whole or in part."""
        return bool(self.parts(name))

    def rows(self, name: str) -> int:
        """Rows of a table by its pointers; 0 where it is not published."""
        return sum(int(self._pointer(name, part)["rows"]) for part in self.parts(name))

    def batches(
        self, name: str, columns: Sequence[str], where: ds.Expression | None = None, size: int = ROWS
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a table that fulfil a condition, a batch at a time, in the order of files and rows.

        Args:
            name: a table with a schema.
            columns: to read; a column that the run's version did not know yet is null.
            where: the condition, which row groups are chosen by; all rows by default.
            size: most rows of a batch.

        Raises:
            RunError: the table is not published, or a file of it was damaged.
        """
        scanner = self._dataset(name).scanner(
            columns=list(columns), filter=where, batch_size=size, batch_readahead=4, fragment_readahead=2
        )
        try:
            for batch in scanner.to_batches():
                if batch.num_rows:
                    yield batch
        except (pa.ArrowInvalid, OSError) as error:
            raise RunError(
                f"{self.folder}: table {name!r} cannot be read ({str(error).splitlines()[0]}). "
                f"Restore its files or start a new run."
            ) from None

    def read(self, name: str, columns: Sequence[str], where: ds.Expression | None = None) -> pa.Table:
        """The same as one table; for conditions that few rows fulfil.

        Raises:
            RunError: as in `batches`.
        """
        schema = arrow_schema(name)
        fields = [schema.field(column) for column in columns]
        return pa.Table.from_batches(list(self.batches(name, columns, where)), schema=pa.schema(fields))

    def _pointer(self, name: str, part: str) -> Mapping[str, Any]:
        path = files.join(self.folder, "tables", f"{name}.{part}.json" if part else f"{name}.json")
        pointer = files.read_json(path)
        if pointer is None:
            raise RunError(f"{path}: the pointer is gone. Start a new run.")
        lacking = [key for key in ("path", "files", "rows") if key not in pointer]
        if lacking:
            raise RunError(f"{path}: no {', '.join(lacking)} in it. The file was damaged; start a new run.")
        return pointer

    def _dataset(self, name: str) -> ds.Dataset:
        if name not in self._known:
            pointers = [self._pointer(name, part) for part in self.parts(name)]
            if not pointers:
                raise RunError(f"{self.folder}: no table {name!r}. Run the stage that writes it first.")
            system = files.open_storage(self.folder)[0]
            paths = [path for pointer in pointers for path in self._files(pointer)]
            try:
                self._known[name] = ds.dataset(paths, schema=arrow_schema(name), format="parquet", filesystem=system)
            except (pa.ArrowInvalid, OSError) as error:
                raise RunError(f"{self.folder}: table {name!r} cannot be read ({error}).") from None
        return self._known[name]

    def _files(self, pointer: Mapping[str, Any]) -> list[str]:
        """Paths of the files inside their file system, sizes compared with those on record."""
        # A grown run points to files of the run that it grew from.
        owner = files.join(self.folder.rsplit("/", 1)[0], str(pointer["run"])) if "run" in pointer else self.folder
        path = files.join(owner, str(pointer["path"]))
        recorded, found = pointer["files"], files.sizes(path)
        for name in sorted(set(recorded) | set(found)):
            if recorded.get(name) != found.get(name):
                raise RunError(
                    f"{path}/{name}: {found.get(name, 'no')} bytes, the run recorded {recorded.get(name, 'none')}: "
                    f"the file was truncated, replaced, added or deleted. Restore it or start a new run."
                )
        inside = files.open_storage(path)[1]
        return [f"{inside}/{name}" for name in sorted(recorded)]


@functools.cache
def arrow_schema(name: str) -> pa.Schema:
    """The newest version of a table's schema as Arrow has it.

    Raises:
        SchemaError: there is no such table.
    """
    found = [item for item in resources.files("schemas").iterdir() if item.name.startswith(f"{name}.v")]
    if not found:
        raise SchemaError(f"no table {name!r}: schemas/{name}.v1.json does not exist.")
    raws = [json.loads(item.read_text(encoding="utf-8")) for item in found]
    newest = max(raws, key=lambda raw: int(raw["version"]))
    return pa.schema([(field["name"], _kind(field["type"])) for field in newest["fields"]])


def _kind(told: Any) -> pa.DataType:
    """An Arrow type from the JSON of Spark's."""
    if isinstance(told, str):
        return _KINDS[told]
    if told["type"] == "array":
        return pa.list_(_kind(told["elementType"]))
    if told["type"] == "map":
        return pa.map_(_kind(told["keyType"]), _kind(told["valueType"]))
    return pa.struct([(field["name"], _kind(field["type"])) for field in told["fields"]])
