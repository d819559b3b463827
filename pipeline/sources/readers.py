"""Open a table of a user: any format that Spark knows, with its broken rows kept for counting."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StringType, StructField, StructType

from pipeline.runtime.errors import InputError

BROKEN = "_broken_row"  # holds the text of a row that its format cannot parse

# Quotes are doubled inside quotes (RFC 4180); every column is read, or broken rows would pass where few are asked for.
_CSV = {"header": "true", "quote": '"', "escape": '"', "columnPruning": "false", "enforceSchema": "false"}
_SUFFIXES = {"csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "json", "orc": "orc"}


def format_of(path: str) -> str:
    """The format that the ending of a file's name stands for; parquet where it says nothing."""
    return _SUFFIXES.get(path.rstrip("/").rpartition(".")[2].lower(), "parquet")


def read_table(spark: SparkSession, name: str, path: str, format: str, options: Mapping[str, str]) -> DataFrame:
    """The rows of a source as they are; a row that its format cannot parse has its text in the column `_broken_row`.

    Args:
        spark: the session.
        name: the source, for messages.
        path: file, folder or glob.
        format: parquet, json (one object a line), csv, tsv, orc, or any Spark data source.
        options: options of Spark's reader, which go before ours.

    Raises:
        InputError: the path does not exist, or is not readable in that format.
    """
    with readable(f"source {name!r}: {path} as {format}"):
        if format in ("csv", "tsv"):
            return _read_delimited(spark, path, {"sep": "\t" if format == "tsv" else ",", **_CSV, **options})
        if format == "json":
            return spark.read.options(columnNameOfCorruptRecord=BROKEN, **options).json(path)
        return spark.read.format(format).options(**options).load(path)


def _read_delimited(spark: SparkSession, path: str, options: Mapping[str, str]) -> DataFrame:
    head = spark.read.options(**options).csv(path).schema
    schema = StructType([*head.fields, StructField(BROKEN, StringType())])
    return spark.read.options(mode="PERMISSIVE", columnNameOfCorruptRecord=BROKEN, **options).schema(schema).csv(path)


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn Spark's error about an input into one message for its owner.

    Raises:
        InputError: where Spark failed inside the block.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        raise InputError(f"{what}: {_explain(error)}") from None


def _explain(error: PySparkException | Py4JJavaError) -> str:
    """What Spark says of an input, on one line, without codes and stack."""
    if isinstance(error, PySparkException) and error.getCondition() == "PATH_NOT_FOUND":
        return "there is no such file or folder. Mend the path in the configuration."
    messages = [str(error)] if isinstance(error, PySparkException) else _messages(error)
    # What failed first is the innermost cause; a failed job only says that a task of it failed.
    told = [message for message in messages if message and not message.startswith("Job aborted")]
    plain = [re.sub(r"^\[[A-Z0-9_.]+\] | SQLSTATE: .*$", "", message) for message in told]
    said = " — ".join(dict.fromkeys(message.strip() for message in plain))
    return f"{said[:600]} Restore the file, or mend path, format and options."


def _messages(error: Py4JJavaError) -> list[str]:
    """The first lines of a Java error and of its innermost cause, each joined to one line."""
    found, cause = [], error.java_exception
    while cause is not None:
        text = str(cause.getMessage() or "").split("\n\tat ")[0]
        found.append("; ".join(line.strip() for line in text.splitlines()[:4] if line.strip()))
        cause = cause.getCause()
    return [found[0], found[-1]]
