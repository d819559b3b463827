"""How tasks of Spark write shards, and how the driver makes them visible: a data source with a two-phase commit."""

import itertools
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import fs
from pyspark.sql.datasource import DataSource, DataSourceArrowWriter, WriterCommitMessage
from pyspark.sql.types import StructType

from pipeline.manifest.shards import tar
from pipeline.runtime import files
from pipeline.runtime.errors import RunError

FORMAT = "webdataset"


def refuse_existing(out: str, split: str) -> None:
    """Check that a folder has no shards of the split.

    Raises:
        RunError: it has.
    """
    system, inside = files.open_storage(out)
    if system.get_file_info(inside).type is fs.FileType.File:
        raise RunError(f"{out}: a file, and a folder is needed. Give another --out.")
    ours = re.compile(rf"{re.escape(split)}(-[0-9]+\.tar|\.json)")
    beside = system.get_file_info(fs.FileSelector(inside, allow_not_found=True))
    found = sorted(info.base_name for info in beside if ours.fullmatch(info.base_name))
    if found:
        raise RunError(f"{files.join(out, found[0])}: the split is there. Move or delete it, or give another --out.")


def label_names(manifest: str) -> list[str]:
    """Names of labels, label_id = place.

    Raises:
        RunError: the tree has none.
    """
    text = files.read_text(files.join(manifest, "class_map.txt"))
    if text is None:
        raise RunError(f"{manifest}: no class_map.txt there, so no names of labels. Publish the run again.")
    return text.split("\n")[:-1]  # not splitlines, which knows more ends of a line than a name may have


class ShardSource(DataSource):
    """The format `webdataset` of Spark; written by `write_shards` alone, which makes its options."""

    @classmethod
    def name(cls) -> str:
        """What Spark calls it."""
        return FORMAT

    def writer(self, schema: StructType, overwrite: bool) -> "ShardWriter":
        """A writer of rows from `place_rows`."""
        return ShardWriter(dict(self.options))


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard that a task has written: its number among all planned ones, its temporary name, what it holds."""

    number: int
    name: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class Written(WriterCommitMessage):
    """What one task has written, and what it left out."""

    shards: tuple[Shard, ...]
    left_out: Counter[str]


class ShardWriter(DataSourceArrowWriter):
    """Writes the shards of a partition; the driver's copy makes them visible, or nothing.

    Args:
        options: the fields of ShardSettings, out, temporary (folder below it), expected (rows) and classes (labels),
            all as text; allowed_roots as JSON.
    """

    def __init__(self, options: dict[str, str]) -> None:
        self._options = options
        self._out, self._temporary, self._split = (options[name] for name in ("out", "temporary", "split"))

    def write(self, iterator: Iterator[pa.RecordBatch]) -> Written:
        """Write the shards of one partition; a picture at a time is in memory, and a batch where Spark brings them."""
        names, limit = label_names(self._options["manifest"]), int(self._options["max_picture_bytes"])
        roots = json.loads(self._options["allowed_roots"])
        left_out: Counter[str] = Counter()
        shards = []
        for number, rows in itertools.groupby(_one_by_one(iterator), key=lambda row: int(row["shard"])):
            shard = self._write_shard(number, _samples(rows, names, limit, roots, left_out))
            shards += [shard] if shard else []
        return Written(tuple(shards), left_out)

    def commit(self, messages: Sequence[WriterCommitMessage | None]) -> None:
        """Give the shards their names, and write SPLIT.json; where that fails, take all back."""
        written = [message for message in messages if isinstance(message, Written)]
        shards = sorted((shard for task in written for shard in task.shards), key=lambda shard: shard.number)
        record = self._record(shards, sum((task.left_out for task in written), Counter()))
        if len({shard.number for shard in shards}) < len(shards):
            raise RuntimeError("two tasks wrote the same shard")
        refuse_existing(self._out, self._split)
        system, out = files.open_storage(self._out)
        temporary = files.open_storage(self._temporary)[1]
        moved: list[str] = []
        try:
            for shard, told in zip(shards, record["shards"], strict=True):
                system.move(f"{temporary}/{shard.name}", f"{out}/{told['name']}")
                moved.append(f"{out}/{told['name']}")
            files.write_json(files.join(self._out, f"{self._split}.json"), record)
        except BaseException:
            for path in moved:
                system.delete_file(path)
            raise

    def abort(self, messages: Sequence[WriterCommitMessage | None]) -> None:
        """Remove whatever tasks have written."""
        files.remove(self._temporary)

    def _record(self, shards: Sequence[Shard], left_out: Counter[str]) -> dict[str, Any]:
        rows, expected = sum(shard.rows for shard in shards), int(self._options["expected"])
        if rows + left_out.total() != expected:
            raise RuntimeError(f"{expected} rows went in, {rows} were written and {left_out.total()} left out")
        return {
            **{name: self._options[name] for name in ("run_id", "split", "sampling")},
            **{name: int(self._options[name]) for name in ("rows_per_shard", "max_picture_bytes", "classes")},
            "rows": rows,
            "bytes": sum(shard.bytes for shard in shards),
            "left_out": {reason: left_out[reason] for reason in tar.REASONS},
            "pattern": f"{self._split}-{{000000..{len(shards) - 1:06d}}}.tar" if shards else None,
            "shards": [
                {"name": f"{self._split}-{number:06d}.tar", "rows": shard.rows, "bytes": shard.bytes}
                for number, shard in enumerate(shards)
            ],
        }

    def _write_shard(self, number: int, samples: Iterator[tuple[str, dict[str, bytes]]]) -> Shard | None:
        """One tar; none where there is no sample to write."""
        first = next(samples, None)
        if first is None:
            return None
        # Every attempt at a task has names of its own: what a killed one leaves is never taken for a shard.
        name, rows = f"{number:06d}-{uuid.uuid4().hex}.tar", 0
        system, inside = files.open_storage(files.join(self._temporary, name))
        with system.open_output_stream(inside) as stream:
            with tar.open_tar(stream) as opened:
                for key, members in itertools.chain([first], samples):
                    tar.add_sample(opened, key, members)
                    rows += 1
            size = stream.tell()
        return Shard(number, name, rows, size)


def _samples(
    rows: Iterable[dict[str, Any]], names: Sequence[str], limit: int, roots: Sequence[str], left_out: Counter[str]
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Key and files of each row that has a picture; the others are counted."""
    for row in rows:
        try:
            if row["too_large"]:
                raise tar.LeftOutError(tar.TOO_LARGE)
            given = row["picture"].as_py()
            picture = tar.read_picture(row["image_uri"], limit, roots) if given is None else given
            yield tar.sample_key(row["image_id"]), tar.sample_files(row, picture, names)
        except tar.LeftOutError as error:
            left_out[error.reason] += 1


def _one_by_one(batches: Iterator[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """Rows as Python objects, but pictures as they are in Arrow's memory, without a copy."""
    for batch in batches:
        pictures = batch.column("picture")
        for place, row in enumerate(batch.drop_columns(["picture"]).to_pylist()):
            yield {**row, "picture": pictures[place]}
