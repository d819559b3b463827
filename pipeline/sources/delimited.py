"""CSV and TSV, one line a row, with the lines counted that Spark would read in part or in the wrong way."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from pipeline.sources.broken import BROKEN, quoted

# Quotes are doubled inside quotes (RFC 4180); every column is read, or broken rows would pass where few are asked for.
_CSV = {"header": "true", "quote": '"', "escape": '"', "columnPruning": "false", "enforceSchema": "false"}
_EMPTY = 100  # files that may be empty before the first with a header


def read_delimited(
    spark: SparkSession, path: str, listed: Sequence[str], sep: str, options: Mapping[str, str]
) -> DataFrame:
    """One row per line, every column a string.

    Args:
        spark: the session.
        path: as Spark takes it.
        listed: the files at the path.
        sep: between fields, unless the options say otherwise.
        options: of Spark's reader of CSV, which go before ours.
    """
    options = {"sep": sep, **_CSV, **options}
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
    ddl = ", ".join(f"{quoted(field.name)} {field.dataType.simpleString()}" for field in own)
    line, cut = F.col("_line"), F.col("_cut")
    damaged = F.when(cut.isNotNull() | _open_quote(line, mark, options["sep"]), F.coalesce(cut, line))
    named = read.toDF("_line", "_cut", *parts)
    parsed = named.select(F.from_csv(line, ddl, parse).alias("_row"), damaged.alias("_damaged"), *map(quoted, parts))
    # By star: thousands of columns named one by one take Spark minutes.
    rows = parsed.select("_row.*", "_damaged", *map(quoted, parts))
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
