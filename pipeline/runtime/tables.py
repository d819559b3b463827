"""The only table I/O: read, check, write, publish.

A table is written into a fresh folder, checked there against `schemas/<table>.v<N>.json` (columns and types, nulls,
key, references), and becomes visible by one small pointer file, written last. The pointer records rows, and size and
fingerprint of every file, so that a truncated, swapped or foreign file is found by name before it is read.
"""

import functools
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructType

from pipeline.runtime import files
from pipeline.runtime.errors import RunError, SchemaError
from pipeline.runtime.fingerprint import fingerprint

_READERS = 8  # files that are looked at side by side


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table of the house, as its JSON file states it."""

    name: str
    version: int
    description: str
    key: tuple[str, ...]
    references: tuple[tuple[str, tuple[str, ...]], ...]  # (column, tables to whose keys together it points)
    struct: StructType

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that are never null."""
        return tuple(field.name for field in self.struct if not field.nullable)


@functools.cache
def load_schema(name: str) -> TableSchema:
    """The newest version of a table's schema.

    Raises:
        SchemaError: there is no such table.
    """
    found = sorted(
        (json.loads(item.read_text(encoding="utf-8")) for item in _schema_files(name)), key=lambda item: item["version"]
    )
    if not found:
        raise SchemaError(f"no table {name!r}: schemas/{name}.v1.json does not exist.")
    raw = found[-1]
    columns = dict.fromkeys(item["column"] for item in raw["references"])
    references = tuple(
        (column, tuple(item["table"] for item in raw["references"] if item["column"] == column)) for column in columns
    )
    return TableSchema(
        raw["table"], raw["version"], raw["description"], tuple(raw["key"]), references, StructType.fromJson(raw)
    )


def _schema_files(name: str) -> Iterator[resources.abc.Traversable]:
    return (item for item in resources.files("schemas").iterdir() if item.name.startswith(f"{name}.v"))


def conform(df: DataFrame, schema: TableSchema) -> DataFrame:
    """The columns of the schema, in its order.

    Raises:
        SchemaError: with every missing, surplus or mistyped column at once.
    """
    found = {field.name: field.dataType for field in df.schema}
    wanted = {field.name: field.dataType for field in schema.struct}
    faults = [f"column {name!r} is missing" for name in wanted if name not in found]
    faults += [f"column {name!r} is not in the schema" for name in found if name not in wanted]
    faults += [
        f"column {name!r} is {found[name].simpleString()}, expected {wanted[name].simpleString()}"
        for name in wanted
        if name in found and _plain(found[name]) != _plain(wanted[name])
    ]
    if faults:
        raise SchemaError(
            f"{schema.name} v{schema.version}: {'; '.join(faults)}. "
            f"Fix the producer or add schemas/{schema.name}.v{schema.version + 1}.json."
        )
    return df.select(*wanted)


def _plain(kind: DataType) -> str:
    return kind.simpleString()  # without nullability: Spark turns every field nullable on reading


class Tables:
    """The tables of one run.

    Args:
        spark: the session.
        folder: the run's folder, local or remote.
        check: called before anything is published; raises where this process may not.
    """

    def __init__(self, spark: SparkSession, folder: str, check: Callable[[], None] | None = None) -> None:
        self.spark = spark
        self.folder = files.absolute(folder)
        self._check_right = check
        self._whole: set[str] = set()  # folders whose contents were compared once

    def read(self, name: str, part: str | None = None) -> DataFrame:
        """A published table; one that was written in parts is read as one, unless one part is asked for.

        Raises:
            RunError: it is not there, or a file of it was truncated, replaced or added since.
        """
        pointers = [self.pointer(name, part) for part in (self.parts(name) if part is None else [part])]
        if not pointers:
            raise RunError(f"{self.folder}: no table {name!r}. Run the stage that writes it first.")
        frames = [self._verified(pointer) for pointer in pointers]
        return functools.reduce(DataFrame.unionByName, frames)

    def pointer(self, name: str, part: str = "") -> dict[str, object]:
        """What the pointer of a published table says: rows and files.

        Raises:
            RunError: the table is not published.
        """
        pointer = files.read_json(self._pointer_path(name, part))
        if pointer is None:
            raise RunError(f"{self.folder}: no table {name!r}. Run the stage that writes it first.")
        return pointer

    def rows(self, name: str) -> int:
        """Rows of a published table, by its pointers.

        Raises:
            RunError: it is not published.
        """
        return sum(int(str(self.pointer(name, part)["rows"])) for part in self.parts(name) or [""])

    def write(self, name: str, df: DataFrame, *, part: str = "", known: Sequence["Tables"] = ()) -> int:
        """Write, check and publish a table; gives its rows.

        Args:
            name: a table with a schema.
            df: its rows.
            part: the writing stage, for a table that several stages write.
            known: of other runs, to whose rows this table may point too.

        Raises:
            SchemaError: the rows break the schema; nothing is published then.
        """
        schema = load_schema(name)
        place = "/".join(filter(None, ["tables", name, part, uuid.uuid4().hex[:12]]))
        path = files.join(self.folder, place)
        rows = conform(df, schema)
        if schema.key:
            rows = rows.sortWithinPartitions(*schema.key)  # neighbours compress well
        rows.write.mode("errorifexists").parquet(path)
        written = self.spark.read.schema(schema.struct).parquet(path)
        count = self._check(written, schema, known)
        sizes = files.sizes(path)
        pointer = {
            "table": name,
            "version": schema.version,
            "path": place,
            "rows": count,
            "files": sizes,
            "fingerprints": self._fingerprints(path, sizes),
        }
        if self._check_right is not None:
            self._check_right()
        files.write_json(self._pointer_path(name, part), pointer)
        self._whole.add(path)
        return count

    def adopt(self, name: str, other: "Tables") -> None:
        """Publish all parts of another run's table as parts of this one's; the files stay where they are.

        Args:
            name: of the table.
            other: tables of a run in the same root, which must be kept for as long as this one.
        """
        if self._check_right is not None:
            self._check_right()
        for part in other.parts(name):
            pointer = {"run": other.folder.rsplit("/", 1)[1], **other.pointer(name, part)}
            files.write_json(self._pointer_path(name, part), pointer)

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

    def _pointer_path(self, name: str, part: str) -> str:
        return files.join(self.folder, "tables", f"{name}.{part}.json" if part else f"{name}.json")

    def parts(self, name: str) -> list[str]:
        """Parts of a table that are published, sorted; a table that is written as a whole is the part ''."""
        names = [path for path in files.sizes(files.join(self.folder, "tables")) if "/" not in path]
        stems = [path.removesuffix(".json") for path in names if path.endswith(".json")]
        return [stem[len(name) + 1 :] for stem in stems if stem == name or stem.startswith(f"{name}.")]

    def _owner(self, pointer: dict[str, object]) -> str:
        """Folder of the run whose files a pointer names."""
        return files.join(self.folder.rsplit("/", 1)[0], str(pointer["run"])) if "run" in pointer else self.folder

    def _verified(self, pointer: dict[str, object]) -> DataFrame:
        path = files.join(self._owner(pointer), str(pointer["path"]))
        recorded, found = pointer["files"], files.sizes(path)
        if recorded != found:
            assert isinstance(recorded, dict)
            changed = sorted(set(recorded) ^ set(found)) or [f for f in recorded if recorded[f] != found[f]]
            first = changed[0]
            raise RunError(
                f"{path}/{first}: {found.get(first, 'no')} bytes, the run recorded {recorded.get(first, 'none')}: "
                f"the file was truncated, replaced, added or deleted. Restore it or start a new run."
            )
        known = pointer.get("fingerprints")
        if isinstance(known, dict) and path not in self._whole:  # once a process: it reads from every file
            now = self._fingerprints(path, found)
            other = [name for name in known if known[name] != now[name]]
            if other:
                raise RunError(
                    f"{path}/{other[0]}: other contents than the run recorded, of the same size: the file was replaced "
                    f"or damaged. Restore it or start a new run."
                )
            self._whole.add(path)
        return self.spark.read.schema(load_schema(str(pointer["table"])).struct).parquet(path)

    def _fingerprints(self, path: str, sizes: Iterable[str]) -> dict[str, str]:
        with ThreadPoolExecutor(_READERS) as pool:
            return dict(zip(sizes, pool.map(fingerprint, (files.join(path, name) for name in sizes)), strict=True))

    def _check(self, written: DataFrame, schema: TableSchema, known: Sequence["Tables"]) -> int:
        """Check nulls, key and references by the data; gives the number of rows."""
        nulls = [F.count_if(F.col(name).isNull()).alias(name) for name in schema.required]
        totals = written.agg(F.count(F.lit(1)).alias("_rows"), *nulls).first()
        assert totals is not None
        faults = [f"{totals[name]} nulls in {name!r}" for name in schema.required if totals[name]]
        if schema.key:
            twice = written.groupBy(*schema.key).count().where("count > 1").orderBy(*schema.key).limit(3).collect()
            faults += [f"key {tuple(row[name] for name in schema.key)} on {row['count']} rows" for row in twice]
        for column, tables in schema.references:
            keys = [
                place.read(table).select(F.col(load_schema(table).key[0]).alias(column))
                for table in tables
                for place in (self, *known)
            ]
            listed = functools.reduce(DataFrame.unionByName, keys)
            distinct = written.select(column).distinct()
            lost = distinct.join(listed, column, "left_anti").orderBy(column).limit(3).collect()
            faults += [f"{column} = {row[0]!r} is not in {' or '.join(tables)}" for row in lost]
        if faults:
            raise SchemaError(f"{schema.name} v{schema.version}: {'; '.join(faults)}. Nothing was published.")
        return int(totals["_rows"])
