"""Tar shards of a published manifest: what is asked for, what is read, and a line a split."""

import argparse
import sys
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession

from pipeline.manifest.reader.row_groups import open_split
from pipeline.manifest.shards.source import refuse_existing
from pipeline.manifest.shards.write import ShardSettings, describe_left_out, write_shards
from pipeline.manifest.tree.publish import SPLITS
from pipeline.runtime import failures, files
from pipeline.runtime.cli import run_command, whole
from pipeline.runtime.config import SparkConfig
from pipeline.runtime.errors import InputError
from pipeline.runtime.job_parser import READ, WORK, WRITE, JobParser, job_parser
from pipeline.runtime.places import PathsConfig, refuse_plain
from pipeline.runtime.session import default_storage, settings, start_session

_PICTURES = {"image_id": "string", "bytes": "binary"}
# Rows with pictures are large: thousands of them at once, Spark's usual batch, would not fit in memory.
_FEW_AT_A_TIME = {
    "spark.sql.execution.arrow.maxBytesPerBatch": "16m",
    "spark.sql.parquet.columnarReaderBatchSize": "32",
}


def run_shards(doc: str, argv: Sequence[str] | None = None) -> int:
    """Write splits of a published manifest as a WebDataset; gives the exit code: 0 done, 2 unusable input.

    Args:
        doc: what the job does, for --help.
        argv: arguments; those of the process where None.
    """
    return run_command(_parser(doc), argv, _write)


def read_pictures(spark: SparkSession, path: str) -> DataFrame:
    """A table of pictures.

    Args:
        spark: the session.
        path: Parquet, a file or a folder, of image_id string and bytes binary.

    Raises:
        InputError: it is not there, or has other columns.
    """
    if not files.exists(path):
        raise InputError(f"{path}: no such table of pictures. Give a Parquet file or folder by --pictures.")
    table = spark.read.parquet(files.absolute(path))
    found = dict(table.dtypes)
    for name, kind in _PICTURES.items():
        if found.get(name) != kind:
            has = f"has {name} {found[name]}" if name in found else f"has only {', '.join(found)}"
            raise InputError(f"{path}: {has}, expected a column {name} {kind}. Write the table with it.")
    return table.select(*_PICTURES)


def recorded_roots(manifest: str) -> tuple[str, ...]:
    """The folders to which the run that made a manifest was held; none where it might read anywhere."""
    config = (files.read_json(files.join(manifest, "run.json")) or {}).get("config", {})
    return tuple(config.get("paths", {}).get("allowed_roots", ()))


@failures.raised_by_workers()
def _write(parsed: argparse.Namespace) -> None:
    splits = list(dict.fromkeys(parsed.split))
    opened = [open_split(parsed.manifest, split) for split in splits]  # before Spark: a mistake is told at once
    for split in splits:
        refuse_existing(parsed.out, split)
    asked = parsed.allowed_roots
    roots = PathsConfig(allowed_roots=recorded_roots(parsed.manifest) if asked is None else tuple(asked)).allowed_roots
    config = SparkConfig()
    spark = start_session(config, "shards", {**settings(config), **_FEW_AT_A_TIME})
    try:
        given = {"--manifest": parsed.manifest, "--out": parsed.out, "--pictures": parsed.pictures or ""}
        refuse_plain(default_storage(spark), given)
        pictures = read_pictures(spark, parsed.pictures) if parsed.pictures else None
        for split, source in zip(splits, opened, strict=True):
            rows = spark.read.parquet(files.absolute(files.join(parsed.manifest, "data", split)))
            wanted = ShardSettings(
                manifest=files.absolute(parsed.manifest),
                split=split,
                run_id=source.made_by,
                sampling=parsed.sampling,
                rows_per_shard=parsed.rows_per_shard,
                max_picture_bytes=parsed.max_picture_bytes,
                allowed_roots=roots,
            )
            record = write_shards(rows, pictures, parsed.out, wanted)
            sys.stdout.write(
                f"{split}: {len(record['shards']):,} shards, {record['rows']:,} rows, {record['bytes'] / 1e6:,.1f} MB: "
                f"{files.join(parsed.out, record['pattern'] or '')}; left out: {describe_left_out(record)}\n"
            )
    finally:
        spark.stop()


def _parser(doc: str) -> JobParser:
    parser = job_parser(doc)
    read, write, work = (parser.group(title) for title in (READ, WRITE, WORK))
    read.add_argument("--manifest", required=True, metavar="DIR", help="folder of a published manifest")
    write.add_argument("--out", required=True, metavar="DIR", help="where shards are written, local or remote")
    read.add_argument(
        *("--split",), nargs="+", choices=SPLITS, default=["train"], help="one or both splits (default: train)"
    )
    write.add_argument(
        *("--rows-per-shard",), type=whole, default=10_000, metavar="N", help="about so many (default: 10,000)"
    )
    read.add_argument(
        *("--pictures",),
        metavar="TABLE.parquet",
        help="pictures as columns image_id (string) and bytes (binary); an image that it lacks is read from image_uri",
    )
    work.add_argument(
        "--sampling",
        choices=("all", "kept"),
        default="all",
        help="all images, or those that the cap keeps: sample_u < keep_prob (default: all)",
    )
    work.add_argument(
        *("--max-picture-bytes",),
        type=whole,
        default=20_000_000,
        metavar="N",
        help="larger pictures are left out (default: 20,000,000)",
    )
    read.add_argument(
        *("--allowed-roots",),
        nargs="*",
        metavar="DIR",
        help="folders outside of which no picture is opened; anywhere where none is named (default: as in the run)",
    )
    return parser
