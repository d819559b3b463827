"""A split of a published manifest, with its pictures, as a WebDataset: tar shards that any loader reads in order.

Which shard an image is in, and where, is a draw of its id. Tasks write shards under temporary names; when all are done
the driver gives them their numbers, without gaps, and writes SPLIT.json last. So a shard that is seen is whole, and a
SPLIT.json that is seen has all its shards.
"""

import json
import math
import uuid
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.manifest.shards import tar
from pipeline.manifest.shards.source import FORMAT, ShardSource, label_names, refuse_existing
from pipeline.manifest.split import uniform
from pipeline.runtime import files
from pipeline.runtime.errors import ConfigError, InputError
from pipeline.runtime.places import absolute_roots

_MOST_SHARDS = 1_000_000  # as many as six digits can name
_MOST_TASKS = 10_000  # a task may write several shards; Spark's driver keeps a record of each task
_HINTS = {
    tar.REMOTE: " (they are not fetched: img2dataset does that, and --pictures takes a table of image_id and bytes)",
    tar.OUTSIDE: " (they are not opened: --allowed-roots says where pictures may lie)",
}
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
        allowed_roots: folders outside of which no picture is opened; anywhere where empty.
    """

    manifest: str
    split: str
    run_id: str
    sampling: str = "all"
    rows_per_shard: int = 10_000
    max_picture_bytes: int = 20_000_000
    allowed_roots: tuple[str, ...] = ()


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
    classes = len(label_names(settings.manifest))
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
        told["allowed_roots"] = json.dumps(absolute_roots(settings.allowed_roots))
        written = placed.write.format(FORMAT).mode("append").options(**told)
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


def describe_left_out(record: dict[str, Any]) -> str:
    """How many images were left out, by reason, and what can be done about it."""
    counts = [f"{rows:,} {reason}" for reason, rows in record["left_out"].items() if rows]
    return ", ".join(text + _HINTS.get(text.rpartition(" ")[2], "") for text in counts) or "none"


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
