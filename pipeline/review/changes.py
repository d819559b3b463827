"""What became of the labels of an earlier run: a table for people, and a remap table for programs."""

import argparse
import sys
from collections.abc import Sequence

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from pipeline.runtime import files
from pipeline.runtime.cli import run_command
from pipeline.runtime.config import SparkConfig
from pipeline.runtime.errors import RunError
from pipeline.runtime.job_parser import CONSOLE, READ, WRITE, JobParser, job_parser
from pipeline.runtime.session import start_session
from pipeline.runtime.tables import Tables
from pipeline.vocabulary.versions import Labels, describe, match_labels


def run_versions(doc: str, argv: Sequence[str] | None = None) -> int:
    """Compare the labels of two runs; gives the exit code: 0 done, 2 unusable input.

    Args:
        doc: what the job does, for --help.
        argv: arguments; those of the process where None.
    """
    return run_command(_parser(doc), argv, _compare)


def require_labels(folder: str, purpose: str) -> None:
    """Check that a folder is one of a run that has labels.

    Raises:
        RunError: it is not.
    """
    if not files.exists(files.join(files.absolute(folder), "run.json")):
        raise RunError(f"{folder}: {purpose} needs the folder of a run (RUN_ROOT/RUN_ID), and this is none.")
    if not files.exists(files.join(files.absolute(folder), "tables", "vocabulary.json")):
        raise RunError(f"{folder}: {purpose} needs labels, and the run has none. Finish its stage cluster first.")


def read_labels(spark: SparkSession, folder: str, purpose: str) -> Labels:
    """The labels of a run, with the images of their phrases.

    Args:
        spark: the session.
        folder: of the run, local or remote.
        purpose: what needs them, for messages.

    Raises:
        RunError: there is no such run, it has no labels yet, or a file of it was damaged.
    """
    require_labels(folder, purpose)
    tables = Tables(spark, folder)
    images = tables.read("candidates").select("phrase_id", "images")
    members = tables.read("members").select("phrase_id", "label_id").join(images, "phrase_id")
    return Labels(tables.read("vocabulary").toArrow(), members.toArrow())


def _compare(parsed: argparse.Namespace) -> None:
    if parsed.out and files.exists(parsed.out):
        raise RunError(f"{parsed.out}: the file exists. Move or delete it, or give another --out.")
    for folder in (parsed.old, parsed.new):  # before Spark: a mistake is told at once
        require_labels(folder, "the comparison")
    spark = start_session(SparkConfig(), "versions")
    try:
        old, new = (read_labels(spark, folder, "the comparison") for folder in (parsed.old, parsed.new))
    finally:
        spark.stop()
    remap = match_labels(old, new)
    if parsed.out:
        system, inside = files.open_storage(parsed.out)
        pq.write_table(remap, inside, filesystem=system)
    sys.stdout.write(f"{describe(remap, parsed.examples)}\n")


def _parser(doc: str) -> JobParser:
    parser = job_parser(doc)
    read = parser.group(READ)
    read.add_argument("old", metavar="OLD_RUN", help="folder of the earlier run: RUN_ROOT/RUN_ID")
    read.add_argument("new", metavar="NEW_RUN", help="folder of the later run")
    parser.group(WRITE).add_argument(
        "--out", metavar="FILE", help="the remap table, as Parquet: old labels to new ones"
    )
    parser.group(CONSOLE).add_argument(
        "--examples", type=int, default=5, metavar="N", help="labels shown of each kind of change (default: 5)"
    )
    return parser
