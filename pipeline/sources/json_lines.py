"""JSON, one object a line, with no object dropped and none read as another type than its own."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.runtime.errors import InputError
from pipeline.sources.broken import BROKEN, CHOOSING

_MAX_KEYS = 20_000  # more are no columns but data, such as objects keyed by id


def read_json(spark: SparkSession, what: str, path: str, options: Mapping[str, str]) -> DataFrame:
    """One row per object; a list of objects on one line is as many rows.

    Spark's own reader takes the first object of a line and drops what follows, writes lists into texts as JSON where
    lines differ, and does not come back from a schema that is some hundred levels deep.

    Args:
        spark: the session.
        what: the source, for messages.
        path: as Spark takes it.
        options: of Spark's reader of JSON.

    Raises:
        InputError: another encoding than UTF-8 is asked for, or there are more keys than columns can be.
    """
    encoding = options.get("encoding", options.get("charset", "UTF-8")).upper()
    if encoding not in ("UTF-8", "UTF8"):
        raise InputError(f"{what}: JSON is read as UTF-8 alone, options.encoding is {encoding}. Convert the files.")
    chosen = {key: value for key, value in options.items() if key in (*CHOOSING, "lineSep", "compression")}
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
