"""How long publishing takes, in how much memory, and what its files are like.

    python tests/benchmarks/publishing.py make build/publishing --images 5000000
    python tests/benchmarks/publishing.py run build/publishing

`make` writes the tables of a run as the stages before leave them: so many images with about five labels each of 20,000,
as frequent as 1 / rank, with evidence, texts, boards and 100,000 contributors. `run` runs jobs/publish.py on them in a
process of its own, and prints its seconds, the memory of all its processes together as seen from outside, sizes of
files and row groups, and how evenly images are spread over files.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from watch import watch

from pipeline.manifest.split import uniform
from pipeline.runtime import files
from pipeline.runtime.config import Config, SparkConfig
from pipeline.runtime.inputs import SourceConfig
from pipeline.runtime.lineage import open_record
from pipeline.runtime.load import render_config
from pipeline.runtime.schema import load_schema
from pipeline.runtime.session import start_session
from pipeline.runtime.tables import Tables

_JOB = Path(__file__).parents[2] / "jobs" / "publish.py"
_LABELS, _TEXTS, _PEOPLE = 20_000, 100_000, 100_000
_RUN = "bench"
_SIGNALS = ["board", "title"]


def make(folder: Path, images: int) -> None:
    """Write the tables of a run."""
    config = Config(sources=(SourceConfig(path="nowhere.parquet", signal="title"),), spark=SparkConfig())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.toml").write_text(render_config(config))
    root = str(folder.absolute())
    spark = start_session(config.spark, "make")
    tables = Tables(spark, files.join(root, _RUN))
    for name, rows in _tables(spark, images).items():
        sys.stdout.write(f"{name:16} {tables.write(name, rows):>12,} rows\n")
    record = open_record(files.join(root, _RUN), _RUN, config)
    record.signals = _SIGNALS
    record.save()
    spark.stop()


def _tables(spark: SparkSession, images: int) -> dict[str, DataFrame]:
    """Every table that publishing reads, and those that they point to."""
    number = spark.range(images, numPartitions=16)
    image = number.select(F.concat(F.lit("https://i.example/"), "id").alias("image_id"), "id")
    draws = [F.floor(F.exp(uniform("id", F.lit(k), seed=0) * np.log(_LABELS + 1))).cast("int") - 1 for k in range(6)]
    pairs = image.select("image_id", "id", F.explode(F.array_distinct(F.array(*draws))).alias("label_id"))
    phrase = F.concat(F.lit("phrase "), F.col("label_id").cast("string"))
    confidence = (0.3 + 0.69 * uniform("image_id", "label_id", seed=1)).cast("float")
    said = F.array(
        F.struct(F.lit("title").alias("signal"), phrase.alias("phrase"), F.lit(1).cast("long").alias("count"))
    )
    person = F.array(F.pmod(F.xxhash64("id"), F.lit(_PEOPLE)))
    text_id = F.pmod(F.xxhash64("id", F.lit(1)), F.lit(_TEXTS))
    mention = image.select("image_id", "id", F.explode(F.array(*map(F.lit, _SIGNALS))).alias("signal"))
    label = spark.range(_LABELS).select(F.col("id").cast("int").alias("label_id"))
    named = label.withColumns({"phrase": phrase, "phrase_id": F.col("label_id").cast("long")})
    words = spark.range(_TEXTS).select("id", F.concat(F.lit("Phrase "), F.pmod("id", F.lit(_LABELS))).alias("text"))
    frames = {
        "images": image.select("image_id", F.col("image_id").alias("image_uri"), _null("duplicate_of", "string")),
        "signals": image.select(
            *("image_id", F.lit("title").alias("signal"), F.concat(F.lit("Phrase "), "id").alias("text")),
            *(F.lit("en").alias("language"), _one("count"), _null("contributor", "string"), F.lit("s").alias("source")),
        ),
        "texts": words.select(
            *(F.col("id").alias("text_id"), F.lower("text").alias("text"), F.lit("en").alias("language")),
            *(F.split(F.lower("text"), " ").alias("tokens"), F.array().cast("array<string>").alias("flags")),
        ),
        "mentions": mention.select(
            *("image_id", text_id.alias("text_id"), "signal", _one("count"), _one("facts")),
            person.alias("contributors"),
        ),
        "vocabulary": named.select(
            *("label_id", F.format_string("%016x", F.col("label_id").cast("long")).alias("label_key")),
            *(F.col("phrase").alias("name"), F.array(F.lit("en")).alias("name_languages")),
            *(F.array("phrase").alias("names"), F.lit("en").alias("language"), F.lit(10).cast("long").alias("support")),
            *(F.lit(1).alias("phrases"), _parent().alias("parent")),
            F.when(_parent().isNotNull(), "containment").alias("parent_how"),
        ),
        "members": named.select(
            *(
                "phrase_id",
                "label_id",
                "phrase",
                F.lit("self").alias("how"),
                F.lit(1.0).cast("float").alias("similarity"),
            )
        ),
        "learnt": spark.createDataFrame([], load_schema("learnt").struct),
        "evidence": pairs.select(
            *(
                "image_id",
                "label_id",
                F.col("label_id").cast("long").alias("phrase_id"),
                F.lit("title").alias("signal"),
            ),
            *(phrase.alias("phrase"), _one("count"), _one("voices"), _null("owner", "long")),
            *(F.lit(0.5).alias("coverage"), text_id.alias("text_id")),
        ),
        "assignments": pairs.select(*("image_id", "label_id", confidence.alias("confidence"), said.alias("evidence"))),
    }
    return {"candidates": _candidates(spark), **frames}


def _candidates(spark: SparkSession) -> DataFrame:
    """The phrases of all labels; of their measures nothing is read."""
    known = {"phrase_id": F.col("id"), "phrase": F.concat(F.lit("phrase "), "id"), "language": F.lit("en")}
    return spark.range(_LABELS).select(
        *(
            known.get(field.name, F.lit(None) if field.nullable else _zero(field.dataType.typeName()))
            .cast(field.dataType)
            .alias(field.name)
            for field in load_schema("candidates").struct
        )
    )


def _zero(kind: str) -> Column:
    known = {"string": F.lit(""), "boolean": F.lit(True), "array": F.array(), "map": F.create_map()}
    return known.get(kind, F.lit(0))


def _parent() -> Column:
    """Nine of ten labels are below one that is ten times as frequent."""
    return F.when(F.pmod("label_id", F.lit(10)) != 0, (F.col("label_id") / 10).cast("int"))


def _one(name: str) -> Column:
    return F.lit(1).cast("long").alias(name)


def _null(name: str, kind: str) -> Column:
    return F.lit(None).cast(kind).alias(name)


def run(folder: Path) -> int:
    """Publish, and print what it cost and what came out."""
    record = files.join(str(folder), _RUN, "run.json")
    files.write_json(record, {**(files.read_json(record) or {}), "stages": []})  # of a publishing before
    command = [_JOB, "--config", folder / "run.toml", "--run-root", folder, "--run-id", _RUN]
    seen = watch([sys.executable, *map(str, command)])
    sys.stdout.write(f"{seen.output}\nall: {seen.seconds:.1f} s, {seen.peak_mb:,} MB\n\n")
    if seen.code:
        return seen.code
    tree = folder / "manifest" / _RUN
    rows = ["| files | number | MB, smallest to largest | row groups a file | rows a group | MB a group, in memory |"]
    rows.append("| --- | ---: | ---: | ---: | ---: | ---: |")
    for place in ("data/train", "data/validation", "evidence", "labels", "members"):
        found = [pq.read_metadata(path) for path in sorted((tree / place).glob("*.parquet"))]
        sizes = sorted(path.stat().st_size / 1e6 for path in (tree / place).glob("*.parquet"))
        groups = [meta.row_group(i) for meta in found for i in range(meta.num_row_groups)]
        counts, bytes_ = sorted(g.num_rows for g in groups), sorted(g.total_byte_size / 1e6 for g in groups)
        rows.append(
            f"| {place} | {len(found)} | {sizes[0]:.1f} to {sizes[-1]:.1f} | {len(groups) / len(found):.1f} "
            f"| {counts[0]:,} to {counts[-1]:,} | {bytes_[0]:.1f} to {bytes_[-1]:.1f} |"
        )
    sys.stdout.write("\n".join(rows) + "\n")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Make the tables, or publish them; 1 or 2 where that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "run"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=5_000_000)
    parsed = parser.parse_args(argv)
    if parsed.what == "make":
        make(parsed.folder, parsed.images)
        return 0
    return run(parsed.folder)


if __name__ == "__main__":
    sys.exit(main())
