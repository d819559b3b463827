"""The published tree: Parquet files, class map, card, Croissant and the record of the run, in one fresh folder."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import fs
from pyspark.sql import Column, DataFrame, DataFrameWriter
from pyspark.sql import functions as F

from pipeline.manifest.split import uniform
from pipeline.manifest.tree.card import CardFacts, render_card
from pipeline.manifest.tree.croissant import describe_tree
from pipeline.manifest.tree.front_matter import SplitCount
from pipeline.runtime import files
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.errors import RunError
from pipeline.runtime.schema import load_schema

SPLITS = ("train", "validation")
_FILE_BYTES = 128e6  # what readers, object stores and Spark all like
_GROUP_BYTES = 256 << 20  # encoded, not yet compressed: such a file is one row group, and no small one trails it
_ROWS = 1 << 20  # of a file of which nothing is known


@dataclasses.dataclass(frozen=True, slots=True)
class FileRows:
    """Rows of one file of the large tables."""

    manifest: int = _ROWS
    evidence: int = _ROWS


def rows_per_file(rows: int, size: int) -> int:
    """Rows of a file of about 128 MB: a power of two, so that a little more or less of compression changes nothing.

    Args:
        rows: of a table that was written before.
        size: of its files, in bytes.
    """
    return 1 << round(math.log2(_FILE_BYTES * max(rows, 1) / max(size, 1)))


def write_tree(
    destination: str,
    manifest: DataFrame,
    labels: DataFrame,
    members: DataFrame,
    evidence: DataFrame,
    record: Mapping[str, Any],
    config: PublishConfig,
    facts: CardFacts | None = None,
    rows: FileRows | None = None,
    settled: DataFrame | None = None,
) -> None:
    """Write everything that training code and people need of a run into a fresh folder.

    Below it: `data/train/` and `data/validation/`, `labels/`, `members/` and `evidence/` (Parquet), `class_map.txt` (a
    name a line, line number = label_id), `README.md` (dataset card), `croissant.json` and `run.json`. Data files hold
    at most so many rows; which images share a file, and their order in it, are draws by their ids alone. A split
    without images is one empty file with the columns. run.json is written last: a tree without it is not complete.

    Args:
        destination: folder, local or remote.
        manifest: the table `manifest`, read twice.
        labels: the table `labels`, small enough for this machine.
        members: the table `members`.
        evidence: rows of the table `evidence`, of the pairs that are in the manifest; read twice.
        record: run.json of the run.
        config: section [publish]: rows of a file, licence, and what the card says of the plan.
        facts: what else the card tells.
        rows: of a file; what the settings say goes before it.
        settled: more rows of evidence, out of the files of an earlier tree; they stay in its order.

    Raises:
        RunError: the folder exists.
    """
    if files.exists(destination):
        raise RunError(f"{destination}: the folder exists. Move or delete it, or publish under another run id.")
    rows = rows or FileRows()
    if config.rows_per_file:
        rows = FileRows(config.rows_per_file, config.rows_per_file)
    counts = _count_splits(manifest)
    for count in counts:
        place, chosen = files.join(destination, "data", count.split), manifest.where(F.col("split") == count.split)
        _write(
            chosen.repartition(_files_for(count.images, rows.manifest), "image_id"),
            place,
            _anyhow(config),
            rows.manifest,
        )
    # One task each: these are small, and a reader who takes the files in order finds row number = label_id.
    _write(labels.coalesce(1), files.join(destination, "labels"), ["label_id"], rows.manifest)
    _write(members.coalesce(1), files.join(destination, "members"), ["phrase_id"], rows.manifest)
    said = evidence.repartition(_files_for(evidence.count(), rows.evidence), "image_id")
    place = files.join(destination, "evidence")
    _write(said, place, load_schema("evidence").key, rows.evidence)
    if settled is not None:
        _writer(settled, rows.evidence).mode("append").parquet(files.absolute(place))
    _remove_leftovers(destination)
    named = labels.toArrow().sort_by("label_id")
    files.write_text(files.join(destination, "class_map.txt"), _class_map(named))
    told = dataclasses.replace(facts or CardFacts(), held=_held_out_labels(manifest))
    files.write_text(files.join(destination, "README.md"), render_card(record, named, counts, config, told))
    described = describe_tree(record["run_id"], record["created"], config.licence)
    files.write_text(files.join(destination, "croissant.json"), json.dumps(described, indent=2, ensure_ascii=False))
    files.write_json(files.join(destination, "run.json"), record)


def _count_splits(manifest: DataFrame) -> list[SplitCount]:
    """Images, image-label pairs and images under the cap, of each split."""
    # Decimals add up to the same sum in any order; doubles do not.
    kept = F.sum(F.col("keep_prob").cast("decimal(19,18)"))
    found = manifest.groupBy("split").agg(
        F.count(F.lit(1)).alias("images"), F.sum(F.size("label_ids")).alias("pairs"), kept.alias("kept")
    )
    counts = {row.split: SplitCount(row.split, row.images, row.pairs, round(row.kept)) for row in found.collect()}
    return [counts.get(split, SplitCount(split, 0, 0, 0)) for split in SPLITS]


def _held_out_labels(manifest: DataFrame) -> frozenset[int]:
    """Labels that the validation split has."""
    held = manifest.where("split = 'validation'").select(F.explode("label_ids").alias("label_id")).distinct()
    return frozenset(held.toArrow()["label_id"].to_pylist())


def _files_for(rows: int, most: int) -> int:
    """Number of files, so that hashing by image_id fills none of them beyond `most`."""
    if rows <= most:
        return 1
    # Six standard deviations of room: a file that overflows would leave a tiny one beside it.
    return math.ceil(rows / max(1.0, most - 6 * math.sqrt(most)))


def _anyhow(config: PublishConfig) -> list[Column]:
    """An order that tells nothing: neighbours in it are strangers, and it is no draw of anything else."""
    return [uniform(F.lit("order"), "image_id", seed=config.seed), F.col("image_id")]


def _write(rows: DataFrame, folder: str, key: Sequence[Column | str], most: int) -> None:
    _writer(rows.sortWithinPartitions(*key), most).mode("errorifexists").parquet(files.absolute(folder))


def _writer(rows: DataFrame, most: int) -> DataFrameWriter:
    return rows.write.options(**{"maxRecordsPerFile": most, "parquet.block.size": _GROUP_BYTES})


def _class_map(labels: pa.Table) -> str:
    ids, names = labels["label_id"].to_numpy(), labels["name"].to_pylist()
    if not np.array_equal(ids, np.arange(len(ids))):
        raise RunError(
            "labels: label_id must run from 0 without gaps, or lines are no ids. Run the stage publish again."
        )
    return "".join(f"{name}\n" for name in names)


def _remove_leftovers(destination: str) -> None:
    """Delete what Hadoop leaves beside the data (checksums, success markers): readers would take them for data."""
    system, inside = files.open_storage(destination)
    for info in system.get_file_info(fs.FileSelector(inside, recursive=True)):
        if info.base_name.startswith(("_", ".")) and info.type is fs.FileType.File:
            system.delete_file(info.path)
