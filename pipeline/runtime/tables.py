"""The only table I/O: read, check, write, publish.

A table is written into a fresh folder, checked there against `schemas/<table>.v<N>.json` (columns and types, nulls,
key, references), and becomes visible by one small pointer file, written last. The pointer records rows, and size and
fingerprint of every file, so that a truncated, swapped or foreign file is found by name before it is read.
"""

import functools
import uuid
from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime import files
from pipeline.runtime.errors import RunError
from pipeline.runtime.fingerprint import fingerprints
from pipeline.runtime.pointers import Pointer, Pointers
from pipeline.runtime.schema import check_rows, conform, load_schema


class Tables(Pointers):
    """The tables of one run.

    Args:
        spark: the session.
        folder: the run's folder, local or remote.
        check: called before anything is published; raises where this process may not.

    Attributes:
        published: names of the pointers that were written by it.
    """

    def __init__(self, spark: SparkSession, folder: str, check: Callable[[], None] | None = None) -> None:
        super().__init__(folder)
        self.spark = spark
        self._check_right = check
        self.published: set[str] = set()
        self._whole: set[str] = set()  # folders whose contents were compared once

    def read(self, name: str, part: str | None = None) -> DataFrame:
        """A published table; one that was written in parts is read as one, unless one part is asked for.

        Raises:
            RunError: it is not there, or a file of it was truncated, replaced or added since.
        """
        pointers = self.pointers(name) if part is None else [self.pointer(name, part)]
        paths = [self._verified(pointer) for pointer in pointers]
        frames = [self.spark.read.schema(load_schema(name).struct).parquet(path) for path in paths]
        return functools.reduce(DataFrame.unionByName, frames)

    def write(
        self, name: str, df: DataFrame, *, part: str = "", known: Sequence["Tables"] = (), in_order: bool = False
    ) -> int:
        """Write, check and publish a table; gives its rows.

        Args:
            name: a table with a schema.
            df: its rows.
            part: the writing stage, for a table that several stages write.
            known: of other runs, to whose rows this table may point too.
            in_order: whether each partition has its rows by the key already, as those of a table that was read.

        Raises:
            SchemaError: the rows break the schema; nothing is published then.
        """
        schema = load_schema(name)
        place = "/".join(filter(None, ["tables", name, part, uuid.uuid4().hex[:12]]))
        path = files.join(self.folder, place)
        rows = conform(df, schema)
        if schema.key and not in_order:
            rows = rows.sortWithinPartitions(*schema.key)  # neighbours compress well
        rows.write.mode("errorifexists").parquet(path)
        written = self.spark.read.schema(schema.struct).parquet(path)
        count = check_rows(written, schema, lambda table: [tables.read(table) for tables in (self, *known)])
        sizes = files.sizes(path)
        pointer = {
            "table": name,
            "version": schema.version,
            "path": place,
            "rows": count,
            "files": sizes,
            "fingerprints": fingerprints(path, sizes),
        }
        self._publish(name, part, pointer)
        self._whole.add(path)
        return count

    def adopt(self, name: str, other: "Tables") -> None:
        """Publish all parts of another run's table as parts of this one's; the files stay where they are.

        Args:
            name: of the table.
            other: tables of a run in the same root, which must be kept for as long as this one.
        """
        for part in other.parts(name):
            self._publish(name, part, {"run": other.folder.rsplit("/", 1)[1], **other.pointer(name, part)})

    def sweep(self, name: str) -> None:
        """Delete what stopped tries left of a table; nobody may be reading an older version."""
        pointers = [self.pointer(name, part) for part in self.parts(name)]
        kept = {str(pointer["path"]) for pointer in pointers if "run" not in pointer}
        self._sweep(f"tables/{name}", kept)

    def _sweep(self, place: str, kept: set[str]) -> None:
        for folder in files.folders(files.join(self.folder, place)):
            inside = f"{place}/{folder}"
            if any(path.startswith(f"{inside}/") for path in kept):  # the folder of a part
                self._sweep(inside, kept)
            elif inside not in kept:
                files.remove(files.join(self.folder, inside))

    def _publish(self, name: str, part: str, pointer: Pointer) -> None:
        if self._check_right is not None:
            self._check_right()
        path = self._pointer_path(name, part)
        files.write_json(path, pointer)
        self.published.add(path.rsplit("/", 1)[1].removesuffix(".json"))

    def _verified(self, pointer: Pointer) -> str:
        """The folder of a pointer's files, sizes and contents compared with those on record."""
        path = self.locate(pointer)
        known = pointer.get("fingerprints")
        if isinstance(known, dict) and path not in self._whole:  # once a process: it reads from every file
            now = fingerprints(path, pointer["files"])
            other = [name for name in known if known[name] != now[name]]
            if other:
                raise RunError(
                    f"{path}/{other[0]}: other contents than the run recorded, of the same size: the file was replaced "
                    f"or damaged. Restore it or start a new run."
                )
            self._whole.add(path)
        return path
