"""A split of a published manifest, with its pictures, as a WebDataset: tar shards that any loader reads in order.

Which shard an image is in, and where, is a draw of its id. Tasks write shards under temporary names; when all are done
the driver gives them their numbers, without gaps, and writes SPLIT.json last. So a shard that is seen is whole, and a
SPLIT.json that is seen has all its shards.
"""

import itertools
import math
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import fs
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.datasource import DataSource, DataSourceArrowWriter, WriterCommitMessage
from pyspark.sql.types import StructType

from pipeline.manifest import tar
from pipeline.manifest.split import uniform
from pipeline.runtime import files
from pipeline.runtime.errors import ConfigError, InputError, RunError

_FORMAT = "webdataset"
_MOST_SHARDS = 1_000_000  # as many as six digits can name
_MOST_TASKS = 10_000  # a task may write several shards; Spark's driver keeps a record of each task
_COLUMNS = ("image_id", "image_uri", "label_ids", "label_confidences", "primary_label", "keep_prob", "repeat_factor")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardSettings:
    """What decides the bytes of the shards, beside the rows and the pictures.

    Attributes:
        manifest: folder of the published tree, for the names of its labels.
        split: of the rows.
        run_id: of the run that published them.
        sampling: `all` rows, or those `kept` by sample_u < keep_prob.
        rows_per_shard: about how many rows with pictures a shard has.
        max_picture_bytes: a larger picture is left out.
    """

    manifest: str
    split: str
    run_id: str
    sampling: str = "all"
    rows_per_shard: int = 10_000
    max_picture_bytes: int = 20_000_000


def write_shards(
    rows: DataFrame, pictures: DataFrame | None, out: str, settings: ShardSettings, partitions: int | None = None
) -> dict[str, Any]:
    """Write one split as tar shards, and OUT/SPLIT.json last.

    Args:
        rows: of the table `manifest`, of one split.
        pictures: (image_id string, bytes binary), each image once; where it has none for an image, its URI is read.
        out: folder, local or remote; other splits may be there.
        settings: see there.
        partitions: of Spark, which nothing depends on; one a shard where None.

    Returns:
        What OUT/SPLIT.json says: run_id, split, sampling, rows, bytes, classes, pattern, left_out (reason -> rows) and
        shards (name, rows, bytes).

    Raises:
        RunError: the split is in OUT already, or the tree has no names of labels.
        InputError: an image has two pictures, or no image has any.
        ConfigError: there would be too many shards.
    """
    refuse_existing(out, settings.split)
    classes = len(_label_names(settings.manifest))
    kept = rows.where("sample_u < keep_prob") if settings.sampling == "kept" else rows
    expected, likely = _count(kept, pictures)
    shards = max(1, math.ceil(likely / settings.rows_per_shard))
    if shards > _MOST_SHARDS:
        raise ConfigError(
            f"{likely:,} pictures would make {shards:,} shards, and {_MOST_SHARDS:,} can be named. "
            f"Raise --rows-per-shard from {settings.rows_per_shard:,}."
        )
    placed = place_rows(kept, pictures, shards, settings.max_picture_bytes, partitions or min(shards, _MOST_TASKS))
    temporary = files.join(files.absolute(out), f"_temporary-{uuid.uuid4().hex}")
    system, inside = files.open_storage(temporary)
    # Here and not in the tasks: one that goes on after the end cannot bring the folder back.
    system.create_dir(inside, recursive=True)
    try:
        rows.sparkSession.dataSource.register(ShardSource)
        told = {name: str(getattr(settings, name)) for name in ShardSettings.__slots__}
        written = placed.write.format(_FORMAT).mode("append").options(**told)
        written = written.options(out=files.absolute(out), temporary=temporary)
        written.options(expected=str(expected), classes=str(classes)).save()
    finally:
        files.remove(temporary)
    path = files.join(out, f"{settings.split}.json")
    record = files.read_json(path)
    assert record is not None
    if expected and not record["rows"]:
        files.remove(path)
        raise InputError(f"{settings.split}: none of {expected:,} images has a picture: {describe_left_out(record)}.")
    return record


def place_rows(
    rows: DataFrame, pictures: DataFrame | None, shards: int, max_picture_bytes: int, partitions: int
) -> DataFrame:
    """Rows in the order in which they are written: each shard in one partition, one after the other.

    Args:
        rows: of the table `manifest`.
        pictures: (image_id, bytes).
        shards: number of them, at least 1; rows are spread evenly by a draw of their ids.
        max_picture_bytes: larger ones become null, with too_large true, so that they are not moved around.
        partitions: at least 1.
    """
    u = uniform(F.lit("shard"), "image_id", seed=0)
    drawn = rows.select(*_COLUMNS, u.alias("u"))
    if pictures is None:
        joined = drawn.withColumns({"picture": F.lit(None).cast("binary"), "too_large": F.lit(False)})
    else:
        large = F.octet_length("bytes") > max_picture_bytes
        fitting = pictures.select("image_id", F.when(~large, F.col("bytes")).alias("picture"), large.alias("too_large"))
        joined = drawn.join(fitting, "image_id", "left")
    # The product may round up to the number of shards.
    shard = F.least(F.floor(F.col("u") * shards), F.lit(shards - 1)).cast("int")
    return (
        joined.withColumns({"shard": shard})
        .repartitionById(partitions, F.pmod("shard", F.lit(partitions)))
        .sortWithinPartitions("shard", "u", "image_id")
    )


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


def describe_left_out(record: dict[str, Any]) -> str:
    """How many images were left out, by reason, and what can be done about it."""
    counts = [f"{rows:,} {reason}" for reason, rows in record["left_out"].items() if rows]
    hint = " (they are not fetched: img2dataset does that, and --pictures takes a table of image_id and bytes)"
    return ", ".join(text + hint if text.endswith(tar.REMOTE) else text for text in counts) or "none"


class ShardSource(DataSource):
    """The format `webdataset` of Spark; written by `write_shards` alone, which makes its options."""

    @classmethod
    def name(cls) -> str:
        """What Spark calls it."""
        return _FORMAT

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
            all as text.
    """

    def __init__(self, options: dict[str, str]) -> None:
        self._options = options
        self._out, self._temporary, self._split = (options[name] for name in ("out", "temporary", "split"))

    def write(self, iterator: Iterator[pa.RecordBatch]) -> Written:
        """Write the shards of one partition; a picture at a time is in memory, and a batch where Spark brings them."""
        names, limit = _label_names(self._options["manifest"]), int(self._options["max_picture_bytes"])
        left_out: Counter[str] = Counter()
        shards = []
        for number, rows in itertools.groupby(_one_by_one(iterator), key=lambda row: int(row["shard"])):
            shard = self._write_shard(number, _samples(rows, names, limit, left_out))
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
    rows: Iterable[dict[str, Any]], names: Sequence[str], limit: int, left_out: Counter[str]
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Key and files of each row that has a picture; the others are counted."""
    for row in rows:
        try:
            if row["too_large"]:
                raise tar.LeftOutError(tar.TOO_LARGE)
            given = row["picture"].as_py()
            picture = tar.read_picture(row["image_uri"], limit) if given is None else given
            yield tar.sample_key(row["image_id"]), tar.sample_files(row, picture, names)
        except tar.LeftOutError as error:
            left_out[error.reason] += 1


def _one_by_one(batches: Iterator[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """Rows as Python objects, but pictures as they are in Arrow's memory, without a copy."""
    for batch in batches:
        pictures = batch.column("picture")
        for place, row in enumerate(batch.drop_columns(["picture"]).to_pylist()):
            yield {**row, "picture": pictures[place]}


def _count(rows: DataFrame, pictures: DataFrame | None) -> tuple[int, int]:
    """Rows, and how many of them may have a picture."""
    local = F.col("image_uri").isNotNull() & ~_names_a_host("image_uri")
    times = F.lit(0)
    if pictures is not None:
        given = pictures.groupBy("image_id").agg(F.count(F.lit(1)).alias("times"))
        rows, times = rows.join(given, "image_id", "left"), F.coalesce("times", F.lit(0))
    found = rows.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count_if((times > 0) | local).alias("likely"),
        F.min(F.when(times > 1, F.col("image_id"))).alias("twice"),
    ).collect()[0]
    if found.twice is not None:
        raise InputError(f"the table of pictures has image_id {found.twice!r} more than once. Give each image one.")
    return found.rows, found.likely


def _names_a_host(uri: str) -> Column:
    """Whether a URI looks remote; what it is exactly is decided where it is read."""
    return F.col(uri).rlike(r"^[A-Za-z][A-Za-z0-9+.-]*://") & ~F.lower(uri).startswith("file:")


def _label_names(manifest: str) -> list[str]:
    text = files.read_text(files.join(manifest, "class_map.txt"))
    if text is None:
        raise RunError(f"{manifest}: no class_map.txt there, so no names of labels. Publish the run again.")
    return text.split("\n")[:-1]  # not splitlines, which knows more ends of a line than a name may have
