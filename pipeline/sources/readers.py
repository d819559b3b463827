"""Open a table of a user: any format that Spark knows, with its broken rows kept for counting.

What Spark passes over in silence is found here: files in folders below, a quote that stays open at the end of a line,
what follows on an object of JSON, columns and types that only some files have, text in another encoding.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime import failures, files
from pipeline.runtime.errors import InputError
from pipeline.runtime.places import check_places
from pipeline.runtime.secrets import mask_text, resolve, secret_values
from pipeline.sources import delimited, json_lines
from pipeline.sources.broken import BROKEN, CHOOSING

__all__ = ["BROKEN", "format_of", "literal", "printable", "read_table", "readable"]

_SUFFIXES = {"csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "json", "ndjson": "json", "orc": "orc"}
_SUFFIXES |= {"parquet": "parquet", "pq": "parquet"}
_PACKED = ("gz", "bz2", "zst", "lz4", "snappy", "deflate", "xz")
_MAGIC = {
    b"\x1f\x8b": "compressed by gzip: name it .gz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: name it .zst",
    b"BZh": "compressed by bzip2: name it .bz2",
    b"PK\x03\x04": "a zip archive: unpack it",
    b"PAR1": "Parquet: set format to parquet",
    b"ORC": "ORC: set format to orc",
    b"\xff\xfe": "UTF-16: set options.encoding to UTF-16, or convert it to UTF-8",
    b"\xfe\xff": "UTF-16: set options.encoding to UTF-16, or convert it to UTF-8",
}


def format_of(path: str) -> str:
    """The format that the ending of a file's name stands for; parquet where it says nothing."""
    return _format_by_name(path) or "parquet"


def read_table(
    spark: SparkSession, name: str, path: str, format: str, options: Mapping[str, str], roots: Sequence[str] = ()
) -> DataFrame:
    """The rows of a source as they are; a row that its format cannot parse has its text in the column `_broken_row`.

    Args:
        spark: the session.
        name: the source, for messages.
        path: file, folder or glob; a file whose name looks like a glob is taken as that file.
        format: parquet, json (one object a line), csv, tsv, orc, or any Spark data source.
        options: options of Spark's reader, which go before ours.
        roots: folders below which the path must lead, now too: a link may be new; anywhere where empty.

    Raises:
        InputError: the path does not exist, holds no data or data that would be passed over, or is not readable in
            that format.
        ConfigError: an option refers to a variable of the environment that is not set, or the path leads out of the
            roots.
    """
    what = f"source {name!r}: {path} as {format}"
    if set(options) & {"path", "paths"}:
        raise InputError(f"source {name!r}: options.path stands beside the setting path. Name all files by path.")
    options = resolve(options, f"source {name!r}")
    check_places({f"source {name!r} path": path}, roots)
    with readable(what, secret_values(options)):
        if format not in ("csv", "tsv", "json", "parquet", "orc"):
            return spark.read.format(format).options(**options).load(path)
        place = literal(path)
        listed = _list(spark, place, options)
        _check_files(what, format, listed, options)
        if format in ("csv", "tsv"):
            table = delimited.read_delimited(spark, place, listed, "\t" if format == "tsv" else ",", options)
        elif format == "json":
            table = json_lines.read_json(spark, what, place, options)
        else:
            # Else the columns of one file stand for all of them.
            table = spark.read.format(format).options(**{"mergeSchema": "true", **options}).load(place)
        below = sorted(set(listed) - set(_names(table)))
        if below:
            raise InputError(
                f"{what}: {len(below)} of its files would not be read, such as {unquote(below[0])}: they lie in "
                f"folders below. Name them by a glob, or set options.recursiveFileLookup = 'true'."
            )
        return table


def literal(path: str) -> str:
    """The path for Spark, which takes [ and { for a pattern also where a file has that name."""
    if "://" in path or not re.search(r"[\[\]{}*?\\]", path) or not os.path.lexists(path):
        return files.absolute(path)
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", files.absolute(path))


def _list(spark: SparkSession, path: str, options: Mapping[str, str]) -> list[str]:
    """Every data file at the path, those in folders below too."""
    chosen = {key: value for key, value in options.items() if key in CHOOSING}
    return _names(spark.read.format("binaryFile").options(**{**chosen, "recursiveFileLookup": "true"}).load(path))


def _names(table: DataFrame) -> list[str]:
    return sorted(table.inputFiles())


def _format_by_name(path: str) -> str | None:
    parts = path.rstrip("/").rpartition("/")[2].lower().split(".")[1:]
    while parts and parts[-1] in _PACKED:
        parts.pop()
    return _SUFFIXES.get(parts[-1]) if parts else None


def _check_files(what: str, format: str, listed: Sequence[str], options: Mapping[str, str]) -> None:
    """Raise where there is nothing to read, or files are plainly not of the format."""
    if not listed:
        raise InputError(f"{what}: there is no data file (names that begin with . or _ do not count). Mend the path.")
    kinds = {kind: file for file in reversed(listed) if (kind := _format_by_name(file))}
    if len(kinds) > 1:
        said = ", ".join(f"{unquote(file).rpartition('/')[2]} ({kind})" for kind, file in sorted(kinds.items()))
        raise InputError(f"{what}: files of several formats lie there: {said}. Name those of one by a glob.")
    sizes = 0
    for file in listed:
        place = files.local_path(file.replace("file:///", "file:/", 1).replace("file:/", "file:///", 1))
        if place is None:
            return  # elsewhere a request for each file costs too much
        with place.open("rb") as stream:
            head = stream.read(4)
        sizes += len(head)
        if format in ("parquet", "orc"):
            if not head and format == "parquet":
                raise InputError(f"{what}: {place} is empty (0 bytes), no Parquet file. Write it anew or remove it.")
            continue
        _check_head(what, place, head, "encoding" in options or "charset" in options)
    if not sizes:
        raise InputError(f"{what}: every file is empty (0 bytes). Write it anew, or mend the path.")


def _check_head(what: str, place: Path, head: bytes, encoded: bool) -> None:
    """Raise where the first bytes are not those of a text, unless the file's ending says how it is packed."""
    for magic, kind in _MAGIC.items():
        utf16 = encoded and "UTF-16" in kind
        if head.startswith(magic) and not utf16 and place.suffix.lower().lstrip(".") not in _PACKED:
            if magic == b"ORC" and head[3:] != b"\x08"[: len(head) - 3]:  # a text may begin so
                continue
            raise InputError(f"{what}: {place} is {kind}.")


@contextmanager
def readable(what: str, secrets: Iterable[str] = ()) -> Iterator[None]:
    """Turn an error of Spark or of the disk about an input into one message for its owner, without these secrets.

    Raises:
        InputError: where reading failed inside the block.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        if known := failures.recognize(error, failures.MACHINE):  # a full disk is no fault of the input
            raise known from None
        raise InputError(mask_text(f"{what}: {_explain(error)}", secrets)) from None
    except OSError as error:
        if error.filename is None:
            raise
        raise InputError(f"{what}: {error.filename}: {error.strerror}. Restore the file, or mend the path.") from None


def _explain(error: PySparkException | Py4JJavaError) -> str:
    """What Spark says of an input, on one line, without codes and stack."""
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    if condition == "PATH_NOT_FOUND":
        return "there is no such file or folder. Mend the path in the configuration."
    messages = [str(error)] if isinstance(error, PySparkException) else _messages(error)
    if any("Relative path in absolute URI" in message for message in messages):
        return "Spark reads no file with ':' in its name. Rename it, or name the others by a glob."
    # What failed first is the innermost cause; a failed job only says that a task of it failed.
    told = [message for message in messages if message and not message.startswith("Job aborted")]
    plain = [re.sub(r"^\[[A-Z0-9_.]+\] | SQLSTATE: .*$", "", message) for message in told]
    said = printable(" — ".join(dict.fromkeys(message.strip() for message in plain)))
    return f"{said[:600]} Restore the file, or mend path, format and options."


def printable(text: str) -> str:
    """The text on one line, without the control characters of a file that is no text."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _messages(error: Py4JJavaError) -> list[str]:
    """The first lines of a Java error and of its innermost cause, each joined to one line."""
    found, cause = [], error.java_exception
    while cause is not None:
        text = str(cause.getMessage() or "").split("\n\tat ")[0]
        if not text and cause.getCause() is None:  # such as an EOFException without a word
            text = "it ends too early or is damaged"
        found.append("; ".join(line.strip() for line in text.splitlines()[:4] if line.strip()))
        cause = cause.getCause()
    return [found[0], found[-1]]
