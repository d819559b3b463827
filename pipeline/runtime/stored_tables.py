"""The published tables of a run, read without Spark: by the files that its pointers name, streamed.

For jobs that look a few rows up: starting Spark would take longer than the answer. Sizes of files are compared with
what the run recorded; their contents are not, as `tables.Tables` does.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.runtime import files
from pipeline.runtime.errors import RunError
from pipeline.runtime.pointers import Pointers
from pipeline.runtime.schema_files import arrow_schema

ROWS = 1 << 16  # of a batch: a column of it stays small, whatever the table


class StoredTables(Pointers):
    """The tables of one run that nobody writes meanwhile.

    Args:
        folder: of the run, local or remote.
    """

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self._seen: list[str] | None = None
        self._known: dict[str, ds.Dataset] = {}

    def has(self, name: str) -> bool:
        """Whether the table is published, in whole or in part."""
        return bool(self.parts(name))

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

    def _dataset(self, name: str) -> ds.Dataset:
        if name not in self._known:
            paths = []
            for pointer in self.pointers(name):
                inside = files.open_storage(self.locate(pointer))[1]
                paths += [f"{inside}/{file}" for file in sorted(pointer["files"])]
            system = files.open_storage(self.folder)[0]
            try:
                self._known[name] = ds.dataset(paths, schema=arrow_schema(name), format="parquet", filesystem=system)
            except (pa.ArrowInvalid, OSError) as error:
                raise RunError(f"{self.folder}: table {name!r} cannot be read ({error}).") from None
        return self._known[name]

    def _stems(self) -> list[str]:
        if self._seen is None:  # one look at the folder serves all tables
            self._seen = super()._stems()
        return self._seen
