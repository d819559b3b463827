"""Words that a site, a person or a batch puts on every image: found by their repetition, and taken out.

A title or caption is meant to be written for one image. A segment of such texts (what stands between breaks) that one
host, contributor or source repeats on many images says something about who wrote it, not about the picture. Boards,
queries and tags repeat by nature: they are not counted, and no word or two is ever taken from them.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.config import NormalizeConfig
from pipeline.text.facts import RAW, as_facts

MOST_SEGMENTS = 10_000  # most frequent first; the rest is rare, and what is sent to every task stays small
REASON = "boilerplate"
FLAG = "boilerplate"  # of a whole text that is boilerplate in individual signals
_OWN_SHARE = 0.8  # a segment is that of a host or contributor where so much of it is there
_LONG = 3  # words from which a segment is no name of a thing
_COPIED = 8  # words from which a segment on many images was copied, not written anew
_HOST = r"^https?://(?:[^/?#@]*@)?(?:www\.)?([^/?#:]+)"


def find_segments(signals: DataFrame, cleaned: DataFrame, images: DataFrame, config: NormalizeConfig) -> DataFrame:
    """(segment, source, count) of the boilerplate, most frequent first, at most `MOST_SEGMENTS` rows.

    In one scope (a contributor, the host of the image, a source) it stands on at least `boilerplate_images` facts and
    on at least `boilerplate_share` of the facts of individual signals. Of a contributor's or host's, 80 % lie there.
    In a source it has three words, or is a whole text that fewer than two named contributors wrote. Shorter segments
    count as whole texts only. Eight words and more, of fewer than two named contributors, are copied for certain: a
    fifth of `boilerplate_images` is enough. `source` is the greatest name among the sources that have it.

    Args:
        signals: the table signals.
        cleaned: (raw, stated, text, reason) of the raw texts.
        images: the table images.
        config: the settings of normalization.
    """
    known = cleaned.where("reason is null").select(*RAW, "text")
    host = F.nullif(F.lower(F.regexp_extract("image_uri", _HOST, 1)), F.lit(""))
    # A number, since the least and the greatest of strings would be told by sorting all rows.
    voice = F.when(F.col("contributor").isNotNull(), F.xxhash64("contributor"))
    facts = (
        as_facts(signals.where(F.col("signal").isin(*config.individual_signals)), "image_id", "source", "contributor")
        .join(known, RAW)
        .join(images.select("image_id", host.alias("host")), "image_id", "left")
        .select(voice.alias("voice"), "text", F.explode(_scopes()).alias("scope"))
    )
    totals = facts.groupBy("scope").agg(F.count(F.lit(1)).alias("total"))
    parts = _segments("text")
    counted = (
        facts.select("*", (F.size(parts) == 1).alias("whole"), F.explode(F.array_distinct(parts)).alias("segment"))
        .where(F.col("whole") | (_words("segment") >= _LONG))
        .groupBy("scope", "segment")
        .agg(F.count(F.lit(1)).alias("facts"), F.min("voice").alias("first"), F.max("voice").alias("last"))
    )
    everywhere = (
        counted.where("scope.kind = 'source'")
        .groupBy("segment")
        .agg(F.sum("facts").alias("everywhere"), F.max("scope.name").alias("source"))
    )
    one_voice = F.col("first").isNull() | (F.col("first") == F.col("last"))
    of_source = (_words("segment") >= _LONG) | one_voice  # shorter ones are whole texts
    copied = (_words("segment") >= _COPIED) & one_voice & (F.col("facts") * 5 >= config.boilerplate_images)
    many = (F.col("facts") >= config.boilerplate_images) & (F.col("facts") >= config.boilerplate_share * F.col("total"))
    own = F.col("facts") >= _OWN_SHARE * F.col("everywhere")
    return (
        counted.where(F.col("facts") * 5 >= config.boilerplate_images)
        .join(totals, "scope")
        .where(many | copied)
        .join(everywhere, "segment")
        .where(F.when(F.col("scope.kind") == "source", of_source).otherwise(own))
        .groupBy("segment")
        .agg(F.max("source").alias("source"), F.max("everywhere").alias("count"))
        .orderBy(F.desc("count"), "segment")
        .limit(MOST_SEGMENTS)
    )


def cut_segments(cleaned: DataFrame, segments: Sequence[str]) -> DataFrame:
    """The cleaned texts without boilerplate.

    Segments of three words or more are cut (flag `boilerplate_removed`); a text of which nothing is left is rejected.
    A whole text of fewer words gets the flag `boilerplate`: `is_boilerplate` tells of which signals it is rejected.

    Args:
        cleaned: from `pipeline.text.normalize`.
        segments: at most a few thousand.
    """
    long = F.array(*[F.lit(segment) for segment in segments if len(segment.split()) >= _LONG]).cast("array<string>")
    short = F.array(*[F.lit(segment) for segment in segments if len(segment.split()) < _LONG]).cast("array<string>")
    usable, parts = F.col("reason").isNull(), _segments("text")
    cut = usable & F.arrays_overlap(parts, long)
    text = F.when(cut, F.array_join(F.array_except(parts, long), " | ")).otherwise(F.col("text"))
    flag = (
        F.when(cut, F.array(F.lit("boilerplate_removed")))
        .when(usable & F.arrays_overlap(F.array("text"), short), F.array(F.lit(FLAG)))
        .otherwise(F.array().cast("array<string>"))
    )
    words = F.transform(F.split("text", " "), lambda word: F.when(word == "|", "").otherwise(word))
    return (
        cleaned.withColumns({"text": text, "_cut": cut, "flags": F.array_sort(F.array_union("flags", flag))})
        .withColumns(
            {
                "tokens": F.when(F.col("_cut"), words).otherwise(F.col("tokens")),
                "reason": F.when(F.col("_cut") & (F.col("text") == ""), REASON).otherwise(F.col("reason")),
            }
        )
        .drop("_cut")
    )


def is_repeated() -> Column:
    """The column `repeated` of cleaned texts: whether the whole text is boilerplate in individual signals."""
    return F.array_contains("flags", FLAG).alias("repeated")


def is_boilerplate(config: NormalizeConfig) -> Column:
    """Whether a fact (signal, and `is_repeated` of its text) is nothing but boilerplate of a word or two."""
    return F.col("repeated") & F.col("signal").isin(*config.individual_signals)


def _segments(text: str) -> Column:
    return F.split(text, r" \| ")


def _words(segment: str) -> Column:
    return F.size(F.split(segment, " "))


def _scopes() -> Column:
    """The scopes that a fact lies in, one to three."""
    named = [
        F.struct(F.lit(kind).alias("kind"), F.col(kind).alias("name")) for kind in ("source", "contributor", "host")
    ]
    return F.filter(F.array(*named), lambda scope: scope["name"].isNotNull())
