"""A small published tree with real pictures, for tests of the libraries that read such trees."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fake_run import full_record
from PIL import Image
from pyspark.sql import SparkSession

from pipeline.manifest.rows import count_labels, kept_evidence, label_table, manifest_rows
from pipeline.manifest.tree.publish import write_tree
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.schema import load_schema

SIGNALS = ["board", "tag", "title"]
NAMES = ["red shoe", "no", "tag: yes", 'the "big" one', "it's", "чай", "茶, 緑", "#1 | {a}", "null", "~"]
IMAGES = 400
NOWHERE = 395  # the number of an image of which no source says where it is


@dataclass(frozen=True)
class Tree:
    """A published tree.

    Attributes:
        folder: of the tree.
        rows: image_id -> row of the manifest, of both splits.
        sizes: rows of each split.
    """

    folder: Path
    rows: dict[str, dict[str, Any]]
    sizes: dict[str, int]

    def of(self, split: str) -> dict[str, dict[str, Any]]:
        """The rows of a split, by image_id."""
        return {image: row for image, row in self.rows.items() if row["split"] == split}


def colour_of(n: int) -> tuple[int, int, int]:
    """The one colour of picture n."""
    return (n % 256, n // 256, 77)


def number_of(image: str) -> int:
    """The number in an image_id."""
    return int(image[5:9])


def write_pictures(folder: Path) -> None:
    """Pictures 0000.png to 0399.png, each of one colour of its own."""
    folder.mkdir(parents=True)
    for n in range(IMAGES):
        Image.new("RGB", (8, 8), colour_of(n)).save(folder / f"{n:04}.png")


def write_small_tree(spark: SparkSession, folder: Path, pictures: str) -> Tree:
    """Publish 400 images: label k on every 2**k-th, the last label on none; several files a split; one has no address.

    Args:
        spark: the session.
        folder: a fresh folder.
        pictures: address of the folder of the pictures.
    """
    ids = [f'pin "{n:04}" é' for n in range(IMAGES)]
    found = [
        (image, label, 0.25 + label / 16, [(SIGNALS[label % 3], "phrase", 1)])
        for n, image in enumerate(ids)
        for label in range(len(NAMES) - 1)
        if n % 2**label == 0
    ]
    assignments = spark.createDataFrame(found, load_schema("assignments").struct)
    config = PublishConfig(cap=100, rows_per_file=170, validation_share=0.45)
    count = len(NAMES)
    vocabulary = pa.table(
        {
            "label_id": pa.array(range(count), pa.int32()),
            "label_key": [f"{i:016x}" for i in range(count)],
            "name": NAMES,
            "display": NAMES,
            "name_languages": [["en"]] * count,
            "names": [[name] for name in NAMES],
            "language": ["en"] * count,
            "support": pa.array([IMAGES] * count, pa.int64()),
            "phrases": pa.array([1] * count, pa.int32()),
            "parent": pa.array([None] + [0] * (count - 1), pa.int32()),
            "parent_how": [None] + ["containment"] * (count - 1),
        }
    )
    labels = spark.createDataFrame(label_table(vocabulary, count_labels(assignments).toArrow(), config))
    images = [(image, None if n == NOWHERE else f"{pictures}/{n:04}.png", None) for n, image in enumerate(ids)]
    manifest = manifest_rows(
        assignments, spark.createDataFrame(images, load_schema("images").struct), labels, SIGNALS, config
    ).persist()
    members = [(10 + i, i, name, "self", 1.0) for i, name in enumerate(NAMES)]
    said = [(image, k, 10 + k, said[0][0], NAMES[k], 1, 1, None, 1.0, 7) for image, k, _, said in found]
    record = full_record("small", SIGNALS)
    write_tree(
        str(folder),
        manifest,
        labels,
        spark.createDataFrame(members, load_schema("members").struct),
        kept_evidence(spark.createDataFrame(said, load_schema("evidence").struct), assignments),
        record,
        config,
    )
    manifest.unpersist()
    rows = [row for path in sorted(folder.glob("data/*/*.parquet")) for row in pq.ParquetFile(path).read().to_pylist()]
    sizes = {split: sum(row["split"] == split for row in rows) for split in ("train", "validation")}
    return Tree(folder, {row["image_id"]: row for row in rows}, sizes)
