"""Any table of texts about images as signals: columns by configuration, a reason for every row that cannot be used."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    AtomicType,
    BinaryType,
    BooleanType,
    DataType,
    DecimalType,
    FractionalType,
    VariantType,
)

from pipeline.runtime.errors import InputError
from pipeline.runtime.inputs import ImagesConfig, SourceConfig
from pipeline.sources import reposts
from pipeline.sources.readers import BROKEN, printable

_MAX_COUNT = 10**12  # no fact is seen more often, and sums of nine million such still fit 64 bits
_MAX_ID = 4096  # characters: any URL fits; longer is a text in the wrong column, and slows every join
_MAX_RAW = 2000  # characters of a rejected row that are kept for masking
_NAMED = 30  # columns that a message names


def to_facts(rows: DataFrame, source: SourceConfig) -> DataFrame:
    """One row per fact: the columns of signals, image_uri, and `reason` and `raw` where the fact cannot be used.

    Raises:
        InputError: a column that the configuration names is missing or of a type that cannot be text, or an id.
    """
    names = [source.image_id, source.text, source.signal_column, source.count, source.contributor]
    require_columns(rows, source.name, [*names, source.language, source.image_uri])
    _require_ids(rows, source.name, source.image_id)
    plain = (source.signal_column, source.count, source.contributor, source.language, source.image_uri)
    _require_plain(rows, source.name, plain)
    kind = rows.schema[source.text].dataType
    if isinstance(kind, ArrayType) and _is_plain(kind.elementType):
        text: Column = F.explode_outer(_column(source.text).cast("array<string>"))
    elif _is_plain(kind):
        text = _column(source.text).cast("string")
    else:
        raise InputError(
            f"source {source.name!r}: column {source.text!r} is {_name(kind)}, expected a string or a list of strings."
        )
    signal = _column(source.signal_column) if source.signal_column else F.lit(source.signal)
    count = _column(source.count) if source.count else F.lit(1)
    broken = F.col(BROKEN) if BROKEN in rows.columns else F.lit(None)
    kept = F.struct(*(_column(name) for name in dict.fromkeys(filter(None, names))))
    facts = rows.select(
        text.alias("text"),
        _trimmed(_column(source.image_id)).alias("image_id"),
        F.lower(_trimmed(signal)).alias("signal"),
        count.cast("string").alias("stated"),
        _optional(source.contributor).alias("contributor"),
        _optional(source.language).alias("language"),
        _optional(source.image_uri).alias("image_uri"),
        broken.cast("string").alias("broken"),
        F.lit(BROKEN in rows.columns).alias("decoded"),
        F.to_json(kept).alias("row"),
    )
    # By way of double, so that 3.0 is 3, and NaN, words, 2.5 and what is too large for a sum are null.
    whole = F.expr("try_cast(try_cast(stated AS DOUBLE) AS BIGINT)")
    number = F.when((whole == F.expr("try_cast(stated AS DOUBLE)")) & (whole <= _MAX_COUNT), whole)
    counted = facts.withColumns({"count": F.when(F.col("stated").isNull(), 1).otherwise(number)})
    return counted.select(
        "image_id",
        "signal",
        "text",
        F.lower(F.regexp_extract("language", r"^\s*([A-Za-z]{2,3})", 1)).alias("language"),
        "count",
        "contributor",
        F.lit(source.name).alias("source"),
        "image_uri",
        _fault().alias("reason"),
        F.substring(F.coalesce("broken", "row"), 1, _MAX_RAW).alias("raw"),
    ).withColumns({"language": F.when(~F.col("language").isin("", "und", "mul", "zxx", "mis"), F.col("language"))})


def to_images(rows: DataFrame, source: ImagesConfig) -> DataFrame:
    """A table of images as (image_id, image_uri, duplicate_of, perceptual_hash, source, reason, hash_reason, hash_raw).

    perceptual_hash is a long, null where it cannot tell pictures apart; hash_reason and hash_raw say why, of an image
    that stays. An image with a reason does not.

    Raises:
        InputError: a column that the configuration names is missing, or cannot be a hash.
    """
    names = [source.image_id, source.image_uri, source.duplicate_of, source.perceptual_hash]
    require_columns(rows, source.name, names)
    _require_ids(rows, source.name, source.image_id, source.duplicate_of)
    _require_plain(rows, source.name, [source.image_uri])
    stated, number, fault = F.lit(None).cast("string"), F.lit(None).cast("long"), F.lit(None).cast("string")
    if source.perceptual_hash:
        kind = rows.schema[source.perceptual_hash].dataType
        if not reposts.is_hash(kind):
            raise InputError(
                f"source {source.name!r}: column {source.perceptual_hash!r} is {_name(kind)}, expected a string of 16 "
                f"hexadecimal digits or a whole number of 64 bits."
            )
        stated = _optional(source.perceptual_hash)
        number = reposts.read_hash(_column(source.perceptual_hash), kind)
        fault = reposts.hash_fault(stated, number)
    image = _trimmed(_column(source.image_id))
    original = _optional(source.duplicate_of)
    broken = F.col(BROKEN) if BROKEN in rows.columns else F.lit(None)
    return rows.select(
        image.alias("image_id"),
        _optional(source.image_uri).alias("image_uri"),
        F.when(original != image, original).alias("duplicate_of"),
        F.when(fault.isNull(), number).alias("perceptual_hash"),
        F.lit(source.name).alias("source"),
        F.when(broken.isNotNull(), "broken_row")
        .when(image.isNull(), "no_image_id")
        .when(F.length(image) > _MAX_ID, "long_image_id")
        .alias("reason"),
        F.when(image.isNotNull(), fault).alias("hash_reason"),
        stated.alias("hash_raw"),
    )


def collect_images(parts: Sequence[DataFrame]) -> DataFrame:
    """One row per image; where sources differ, the smallest value counts, so that the order of sources does not.

    Args:
        parts: tables with the columns image_id, image_uri, duplicate_of, perceptual_hash.
    """
    every = parts[0]
    for part in parts[1:]:
        every = every.unionByName(part)
    images = every.groupBy("image_id").agg(
        F.min("image_uri").alias("image_uri"),
        F.min("duplicate_of").alias("original"),
        F.min("perceptual_hash").alias("perceptual_hash"),
    )
    return images.withColumnRenamed("original", "duplicate_of")


def chained(links: DataFrame) -> DataFrame:
    """The links (image_id, duplicate_of) that lead to an image which is a repost itself."""
    return links.join(links.select(F.col("image_id").alias("duplicate_of")), "duplicate_of", "left_semi")


def follow(links: DataFrame) -> DataFrame:
    """The same reposts, each led twice as far; a link that comes back to its own image is a circle, and none."""
    onward = links.toDF("duplicate_of", "beyond")
    further = links.join(onward, "duplicate_of", "left").select(
        "image_id", F.coalesce("beyond", "duplicate_of").alias("duplicate_of")
    )
    return further.where("image_id != duplicate_of")


def point_to_originals(images: DataFrame, links: DataFrame) -> DataFrame:
    """The table images, with duplicate_of out of the links; one that still leads to a repost is part of a circle."""
    settled = links.join(chained(links), "image_id", "left_anti")
    return images.drop("duplicate_of").join(settled, "image_id", "left")


def require_columns(rows: DataFrame, name: str, columns: Sequence[str | None]) -> None:
    """Check that the named columns exist.

    Raises:
        InputError: naming every missing column and those that there are, or one whose name is there twice.
    """
    missing = [repr(column) for column in columns if column and column not in rows.columns]
    if missing:
        there = [printable(column)[:100] for column in rows.columns if column != BROKEN]
        more = f" and {len(there) - _NAMED:,} more" if len(there) > _NAMED else ""
        raise InputError(
            f"source {name!r}: no column {', '.join(missing)}. It has: {', '.join(there[:_NAMED]) or 'none'}{more}."
        )
    for column in filter(None, columns):
        alike = [other for other in rows.columns if other.lower() == column.lower()]
        if len(alike) > 1:
            raise InputError(f"source {name!r}: columns {', '.join(alike)} differ in case alone. Rename all but one.")


def _require_ids(rows: DataFrame, name: str, *columns: str | None) -> None:
    """Raise where a column cannot hold ids: numbers with a point lose digits, and two images become one."""
    for column in filter(None, columns):
        kind = rows.schema[column].dataType
        inexact = isinstance(kind, FractionalType) and not isinstance(kind, DecimalType)
        if not _is_plain(kind) or inexact or isinstance(kind, BooleanType):
            raise InputError(
                f"source {name!r}: column {column!r} is {_name(kind)}, which cannot be an id. "
                f"Write ids as strings or whole numbers."
            )


def _require_plain(rows: DataFrame, name: str, columns: Sequence[str | None]) -> None:
    """Raise where a column holds lists, objects or bytes in place of single values."""
    for column in filter(None, columns):
        kind = rows.schema[column].dataType
        if not _is_plain(kind):
            raise InputError(f"source {name!r}: column {column!r} is {_name(kind)}, expected a string or a number.")


def _is_plain(kind: DataType) -> bool:
    return isinstance(kind, AtomicType) and not isinstance(kind, BinaryType | VariantType)


def _fault() -> Column:
    """Why a fact cannot be used; null where it can."""
    return (
        F.when(F.col("broken").isNotNull(), "broken_row")
        .when(F.col("image_id").isNull(), "no_image_id")
        .when(F.length("image_id") > _MAX_ID, "long_image_id")
        .when(F.col("text").isNull(), "null_text")
        .when(_miscoded("text") | _miscoded("image_id"), "bad_encoding")
        .when(F.trim("text") == "", "empty_text")
        .when(F.col("signal").isNull(), "no_signal")
        .when(F.col("count").isNull() | (F.col("count") < 1), "bad_count")
    )


def _miscoded(name: str) -> Column:
    """Whether bytes were no UTF-8; a format of text has put U+FFFD in their place already."""
    return ~F.is_valid_utf8(name) | (F.col("decoded") & F.contains(F.col(name), F.lit("\ufffd")))


def _column(name: str | None) -> Column:
    return F.col("`" + str(name).replace("`", "``") + "`")


def _optional(name: str | None) -> Column:
    return _trimmed(_column(name)) if name else F.lit(None).cast("string")


def _trimmed(column: Column) -> Column:
    """As text without surrounding space; null where nothing is left."""
    return F.nullif(F.trim(column.cast("string")), F.lit(""))


def _name(kind: DataType) -> str:
    return kind.simpleString()
