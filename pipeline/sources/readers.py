"""Open a table of a user: any format that Spark knows, with its broken rows kept for counting.

What Spark passes over in silence is found here: files in folders below, a quote that stays open at the end of a line,
what follows on an object of JSON, columns and types that only some files have, text in another encoding.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from pipeline.runtime import failures, files
from pipeline.runtime.errors import InputError

BROKEN = "_broken_row"  # holds the text of a row that its format cannot parse

# Quotes are doubled inside quotes (RFC 4180); every column is read, or broken rows would pass where few are asked for.
_CSV = {"header": "true", "quote": '"', "escape": '"', "columnPruning": "false", "enforceSchema": "false"}
_SUFFIXES = {"csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "json", "ndjson": "json", "orc": "orc"}
_SUFFIXES |= {"parquet": "parquet", "pq": "parquet"}
_PACKED = ("gz", "bz2", "zst", "lz4", "snappy", "deflate", "xz")
_FILES = ("pathGlobFilter", "recursiveFileLookup", "modifiedBefore", "modifiedAfter")  # options that choose files
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
_EMPTY = 100  # files that may be empty before the first with a header
_MAX_KEYS = 20_000  # more are no columns but data, such as objects keyed by id


def format_of(path: str) -> str:
    """The format that the ending of a file's name stands for; parquet where it says nothing."""
    return _format_by_name(path) or "parquet"


def read_table(spark: SparkSession, name: str, path: str, format: str, options: Mapping[str, str]) -> DataFrame:
    """The rows of a source as they are; a row that its format cannot parse has its text in the column `_broken_row`.

    Args:
        spark: the session.
        name: the source, for messages.
        path: file, folder or glob; a file whose name looks like a glob is taken as that file.
        format: parquet, json (one object a line), csv, tsv, orc, or any Spark data source.
        options: options of Spark's reader, which go before ours.

    Raises:
        InputError: the path does not exist, holds no data or data that would be passed over, or is not readable in
            that format.
    """
    what = f"source {name!r}: {path} as {format}"
    if set(options) & {"path", "paths"}:
        raise InputError(f"source {name!r}: options.path stands beside the setting path. Name all files by path.")
    with readable(what):
        if format not in ("csv", "tsv", "json", "parquet", "orc"):
            return spark.read.format(format).options(**options).load(path)
        place = literal(path)
        listed = _list(spark, place, options)
        _check_files(what, format, listed, options)
        if format in ("csv", "tsv"):
            table = _read_delimited(spark, place, listed, {"sep": "\t" if format == "tsv" else ",", **_CSV, **options})
        elif format == "json":
            table = _read_json(spark, what, place, options)
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
    chosen = {key: value for key, value in options.items() if key in _FILES}
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


def _read_delimited(spark: SparkSession, path: str, listed: Sequence[str], options: Mapping[str, str]) -> DataFrame:
    encoding = options.get("encoding", options.get("charset", "UTF-8")).upper()
    if encoding.startswith(("UTF-16", "UTF-32", "UTF16", "UTF32")):
        options = {"multiLine": "true", **options}  # Spark finds the ends of lines in single bytes
    head, holder = _header(spark, listed, options)
    schema = StructType([*head.fields, StructField(BROKEN, StringType())])
    parse = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": BROKEN, **options}
    mark = options["quote"]
    if options.get("multiLine", "").lower() == "true" or mark != options["escape"] or len(mark) != 1 or not head.fields:
        return spark.read.options(**parse).schema(schema).csv(path)
    # Whole lines first: Spark takes a quote that is still open at the end of a line for closed there. The mark that no
    # text has keeps the line in one piece; where it is there all the same, the line is broken.
    whole = {**options, "sep": "\x01", "quote": "", "escape": "\x02", "mode": "PERMISSIVE"}
    whole = {key: value for key, value in whole.items() if key not in ("nullValue", "emptyValue", "inferSchema")}
    first = spark.read.options(**whole).csv(holder).schema.fields[0].name
    lines = StructType([StructField(first, StringType()), StructField(BROKEN, StringType())])
    read = spark.read.options(**{**whole, "columnNameOfCorruptRecord": BROKEN}).schema(lines).csv(path)
    parts = read.columns[2:]  # what folders are named by
    own = [field for field in schema if field.name not in parts]
    ddl = ", ".join(f"{_quoted(field.name)} {field.dataType.simpleString()}" for field in own)
    line, cut = F.col("_line"), F.col("_cut")
    damaged = F.when(cut.isNotNull() | _open_quote(line, mark, options["sep"]), F.coalesce(cut, line))
    named = read.toDF("_line", "_cut", *parts)
    parsed = named.select(F.from_csv(line, ddl, parse).alias("_row"), damaged.alias("_damaged"), *map(_quoted, parts))
    # By star: thousands of columns named one by one take Spark minutes.
    rows = parsed.select("_row.*", "_damaged", *map(_quoted, parts))
    return rows.withColumns({BROKEN: F.coalesce("_damaged", BROKEN)}).drop("_damaged")


def _header(spark: SparkSession, listed: Sequence[str], options: Mapping[str, str]) -> tuple[StructType, str]:
    """The columns of the first file that is not empty, and its path; Spark itself would open every file for them."""
    for file in listed[:_EMPTY]:
        path = re.sub(r"([\[\]{}*?\\])", r"\\\1", unquote(file))
        schema = spark.read.options(**options).csv(path).schema
        if schema.fields:
            break
    return schema, path


def _open_quote(line: Column, mark: str, sep: str) -> Column:
    """Whether a field of the line begins with a quote and does not end with one."""
    q, s = re.escape(mark), re.escape(sep)
    single = F.replace(line, F.lit(mark * 2), F.lit(""))  # quotes in quotes, and empty fields
    rest = F.regexp_replace(single, f"(^|{s}){q}[^{q}]*{q}(?={s}|$)", "$1")
    return rest.rlike(f"(^|{s}){q}")


def _read_json(spark: SparkSession, what: str, path: str, options: Mapping[str, str]) -> DataFrame:
    """One row per object; a list of objects on one line is as many rows.

    Spark's own reader takes the first object of a line and drops what follows, writes lists into texts as JSON where
    lines differ, and does not come back from a schema that is some hundred levels deep.
    """
    encoding = options.get("encoding", options.get("charset", "UTF-8")).upper()
    if encoding not in ("UTF-8", "UTF8"):
        raise InputError(f"{what}: JSON is read as UTF-8 alone, options.encoding is {encoding}. Convert the files.")
    chosen = {key: value for key, value in options.items() if key in (*_FILES, "lineSep", "compression")}
    whole = options.get("multiLine", "").lower() == "true"
    lines = spark.read.options(**chosen).text(path, wholetext=whole).where(r"value rlike '\\S'")
    settings = {key: value for key, value in options.items() if key not in chosen}

    def boxed(left: str, right: str) -> Column:
        return F.from_json(F.concat(F.lit(left), "value", F.lit(right)), "variant", settings)

    # What follows on a value breaks one of the two boxes, and is passed over without a box.
    parsed = lines.select("value", boxed('{"w":', "}").alias("braced"), boxed("[", "]").alias("listed"))
    single = F.expr("cardinality(try_variant_get(listed, '$', 'array<variant>')) = 1")
    sound = F.coalesce(single & F.col("braced").isNotNull(), F.lit(False))
    values = F.expr("try_variant_get(braced, '$.w', 'variant')")
    listed = F.expr("try_variant_get(braced, '$.w', 'array<variant>')")
    each = parsed.select("value", F.explode(F.when(sound, F.coalesce(listed, F.array(values)))).alias("item")).select(
        "value", F.expr("try_variant_get(item, '$', 'map<string,variant>')").alias("item")
    )
    broken = parsed.where(~sound)
    kinds = each.select(F.explode("item").alias("key", "kind")).select("key", _kind("kind").alias("kind"))
    found = kinds.distinct().orderBy("key", "kind").limit(_MAX_KEYS + 1).collect()
    if len(found) > _MAX_KEYS:
        raise InputError(f"{what}: more than {_MAX_KEYS:,} keys. Write one object a row, with the same keys.")
    keys: dict[str, set[str]] = {}
    for row in found:
        keys.setdefault(row.key, set()).add(row.kind)
    columns = [_typed(F.element_at("item", F.lit(key)), kinds - {"VOID"}).alias(key) for key, kinds in keys.items()]
    whole_rows = each.select(*columns, F.when(F.col("item").isNull(), F.col("value")).alias(BROKEN))
    return whole_rows.unionByName(broken.select(F.col("value").alias(BROKEN)), allowMissingColumns=True)


def _kind(value: str | Column) -> Column:
    """What a value of JSON is: BIGINT, STRING, ARRAY, OBJECT and so on."""
    return F.regexp_extract(F.schema_of_variant(value), "^[A-Z]+", 0)


def _typed(value: Column, kinds: set[str]) -> Column:
    """A value of JSON in the one type that holds all kinds of it; what is nested deeper than a list is null."""

    def plain(item: Column) -> Column:
        return F.when(~_kind(item).isin("ARRAY", "OBJECT", "VOID"), F.try_variant_get(item, "$", "string"))

    if kinds == {"OBJECT"}:
        return value
    if kinds == {"BIGINT"}:
        return F.try_variant_get(value, "$", "bigint")
    if "ARRAY" in kinds:
        items = F.transform(F.try_variant_get(value, "$", "array<variant>"), plain)
        return F.coalesce(items, F.array(plain(value)))
    return plain(value)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn an error of Spark or of the disk about an input into one message for its owner.

    Raises:
        InputError: where reading failed inside the block.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        if known := failures.recognize(error, failures.MACHINE):  # a full disk is no fault of the input
            raise known from None
        raise InputError(f"{what}: {_explain(error)}") from None
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
