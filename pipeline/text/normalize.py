"""Normalization by Spark: every distinct raw text is cleaned once, then images are joined to what it became."""

import functools
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.config import NormalizeConfig
from pipeline.runtime.tasks import map_batches
from pipeline.text import boilerplate
from pipeline.text.batches import clean_batch
from pipeline.text.boilerplate import is_boilerplate, is_repeated
from pipeline.text.clean import Cleaner
from pipeline.text.facts import RAW, as_facts
from pipeline.text.hygiene import mask

_CLEANED_DDL = (
    "raw string, stated string, text string, language string, flags array<string>, reason string, "
    "rivals map<string,double>"
)


def clean_distinct(signals: DataFrame, config: NormalizeConfig) -> DataFrame:
    """What each distinct raw text and stated language ('' = none) became.

    Columns raw, stated, text, language, tokens, flags, reason and rivals, which is null but for an unsure language.

    Python, since Unicode normalization, mojibake repair and language detection have no Spark functions; distinct texts
    only, since board names and queries repeat enormously.
    """
    distinct = as_facts(signals).distinct()
    return _clean(distinct, config)


def clean_voted(votes: DataFrame, cleaned: DataFrame, config: NormalizeConfig) -> DataFrame:
    """The texts of `cleaned`, and those that other texts gave another language (flag `language_voted`).

    Args:
        votes: from `pipeline.text.voting.vote`.
        cleaned: from `clean_distinct`.
        config: the settings that it was cleaned by.
    """
    wanted = votes.select("raw", F.col("voted").alias("stated")).distinct()
    fresh = wanted.join(cleaned.select(RAW), RAW, "left_anti")
    again = _clean(fresh, config, detect=False)
    flags = F.array_sort(F.array_append("flags", F.lit("language_voted")))
    return cleaned.unionByName(again.withColumns({"flags": flags}))


def distinct_texts(cleaned: DataFrame) -> DataFrame:
    """The table texts: what the accepted raw texts became, each once."""
    flags = F.array_sort(F.array_distinct(F.flatten(F.collect_set("flags"))))
    return (
        cleaned.where("reason is null")
        .groupBy("text", "language")
        .agg(flags.alias("flags"))
        .select(_text_id().alias("text_id"), "text", "language", tokens_of().alias("tokens"), "flags")
    )


def fold_mentions(signals: DataFrame, cleaned: DataFrame, images: DataFrame, config: NormalizeConfig) -> DataFrame:
    """The table mentions: who says which text of which image, reposts folded into the image that they repost."""
    known = cleaned.where("reason is null").select(*RAW, is_repeated(), _text_id().alias("text_id"))
    reposts = images.where("duplicate_of is not null").select("image_id", "duplicate_of")
    facts = as_facts(signals, "image_id", "signal", "count", "contributor")
    # The hash of null is a number too; nobody named must stay null, which collect_set leaves out.
    voiced = F.when(F.col("contributor").isNotNull(), F.xxhash64("contributor"))
    voices = F.slice(F.array_sort(F.collect_set(voiced)), 1, config.max_contributors).alias("contributors")
    return (
        facts.join(known, RAW)
        .where(~is_boilerplate(config))
        .join(reposts, "image_id", "left")
        .groupBy(F.coalesce("duplicate_of", "image_id").alias("image_id"), "text_id", "signal")
        .agg(F.sum("count").alias("count"), F.count(F.lit(1)).alias("facts"), voices)
    )


def rejected_facts(signals: DataFrame, cleaned: DataFrame, config: NormalizeConfig) -> DataFrame:
    """(source, reason, raw) of each fact whose text cannot be used."""
    reason = F.when(F.col("reason").isNull() & is_boilerplate(config), boilerplate.REASON).otherwise(F.col("reason"))
    known = cleaned.where(F.col("reason").isNotNull() | is_repeated())
    facts = as_facts(signals, "source", "signal")
    return (
        facts.join(known.select(*RAW, "reason", is_repeated()), RAW)
        .select("source", reason.alias("reason"), "raw")
        .where("reason is not null")
    )


def mask_raw(rejects: DataFrame) -> DataFrame:
    """The same rows with personal data in `raw` masked and at most 200 characters of it kept."""

    def masked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            place = batch.schema.get_field_index("raw")
            texts = [None if text is None else mask(text)[:200] for text in batch.column("raw").to_pylist()]
            yield batch.set_column(place, batch.schema.field("raw"), pa.array(texts, pa.string()))

    return map_batches(rejects, masked, rejects.schema)


def tokens_of() -> Column:
    """The words of the column `text`, an empty one for each break."""
    # Signs part words by a bar of its own, which no word holds.
    words = F.split(F.replace("text", F.lit("|"), F.lit("")), " ")
    return F.when(F.col("text") == "", F.array().cast("array<string>")).otherwise(words)


def _text_id() -> Column:
    return F.xxhash64("text", "language")


def _clean(distinct: DataFrame, config: NormalizeConfig, detect: bool = True) -> DataFrame:
    found = map_batches(distinct, functools.partial(_clean_batches, config=config, detect=detect), _CLEANED_DDL)
    return found.select("raw", "stated", "text", "language", tokens_of().alias("tokens"), "flags", "reason", "rivals")


def _clean_batches(
    batches: Iterator[pa.RecordBatch], config: NormalizeConfig, detect: bool = True
) -> Iterator[pa.RecordBatch]:
    cleaner = _cleaner(config)
    for batch in batches:
        raw, stated = (batch.column(name).cast(pa.string()) for name in ("raw", "stated"))
        yield from clean_batch(cleaner, raw, stated, detect=detect)


@functools.lru_cache(maxsize=1)
def _cleaner(config: NormalizeConfig) -> Cleaner:
    return Cleaner(config)  # holds the language model: once a worker
