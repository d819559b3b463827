"""Which phrases go on: shape, cohesion, fragments, spread over contributors, and one score with documented terms."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipeline.runtime.config import MineConfig
from pipeline.text.stopwords import stop_words
from pipeline.vocabulary import ngrams

_SHAPES = pa.schema([("phrase_id", pa.int64()), ("fault", pa.string()), ("parts", pa.list_(pa.list_(pa.int64())))])
_SHAPES_DDL = "phrase_id long, fault string, parts array<array<long>>"


def judge(counted: DataFrame, mentions: DataFrame, config: MineConfig) -> DataFrame:
    """The table candidates: each phrase with its score, and the reason where it does not go on.

    Args:
        counted: phrase_id, phrase, language, n_words and what `candidates.count_support` gives.
        mentions: for the number of all images.
        config: section [mine].
    """
    shapes = counted.select("phrase_id", "phrase", "language").mapInArrow(_shape_batches, _SHAPES_DDL)
    everything = mentions.agg(F.count_distinct("image_id").alias("all_images"))
    cohesion = _cohesion(counted, shapes, everything)
    judged = (
        counted.join(shapes.select("phrase_id", "fault"), "phrase_id")
        .join(cohesion, "phrase_id", "left")
        .crossJoin(F.broadcast(everything))
        .withColumns({"cohesion": F.coalesce("cohesion", F.lit(1.0))})
        .withColumns({"reason": _fault(config)})
    )
    fragments = _fragments(judged, shapes, config)
    reason = F.coalesce("reason", F.when(F.col("fragment"), "fragment"))
    scored = judged.join(fragments, "phrase_id", "left").withColumns({"reason": reason, "score": _score()})
    ranked = Window.partitionBy("language", F.col("reason").isNull()).orderBy(F.desc("score"), "phrase_id")
    beyond = F.when(F.row_number().over(ranked) > config.max_phrases, "beyond_max_phrases")
    final = scored.withColumns({"reason": F.coalesce("reason", beyond)})
    return final.select(
        "phrase_id",
        "phrase",
        "language",
        "n_words",
        "images",
        "signal_images",
        "contributors",
        "completeness",
        "cohesion",
        "score",
        "image_keys",
        F.col("reason").isNull().alias("kept"),
        "reason",
    )


def _fault(config: MineConfig) -> Column:
    """Why a phrase leaves, seen by itself alone; null where it may stay."""
    return (
        F.when(F.col("fault").isNotNull(), F.col("fault"))
        .when(F.col("contributors") < config.min_contributors, "few_contributors")
        .when(F.col("images") > config.max_image_share * F.col("all_images"), "too_general")
        .when((F.col("n_words") > 1) & (F.col("cohesion") < config.min_cohesion), "low_cohesion")
    )


def _score() -> Column:
    """log2(1 + images), halved for phrases that are never a whole text, and halved for words that met by chance."""
    cohesion = 0.5 + 0.5 * F.greatest(F.col("cohesion"), F.lit(0.0))
    return F.round(F.log2(F.col("images") + 1) * (0.5 + 0.5 * F.col("completeness")) * cohesion, 6)


def _cohesion(counted: DataFrame, shapes: DataFrame, everything: DataFrame) -> DataFrame:
    """NPMI of each phrase's weakest cut: log(p(xy) / p(x)p(y)) / -log p(xy), with p = share of images (Bouma 2009)."""
    images = counted.select("phrase_id", "images")
    cuts = shapes.select("phrase_id", F.explode("parts").alias("cut"))
    cuts = cuts.select("phrase_id", F.col("cut")[0].alias("left_id"), F.col("cut")[1].alias("right_id"))
    whole, total = F.col("images"), F.col("all_images")
    npmi = F.when(whole == total, 1.0).otherwise(
        F.log(whole * total / (F.col("left_images") * F.col("right_images"))) / -F.log(whole / total)
    )
    return (
        cuts.join(images, "phrase_id")
        .join(images.toDF("left_id", "left_images"), "left_id")
        .join(images.toDF("right_id", "right_images"), "right_id")
        .crossJoin(F.broadcast(everything))
        .groupBy("phrase_id")
        .agg(F.round(F.min(npmi), 6).alias("cohesion"))
    )


def _fragments(judged: DataFrame, shapes: DataFrame, config: MineConfig) -> DataFrame:
    """Phrases that are said almost only inside one longer phrase, and almost never alone: 'york city'."""
    longer = judged.where("reason is null and n_words > 1").select("phrase_id", F.col("images").alias("longer_images"))
    # Only the cuts that take one word off: longer chains follow link by link.
    parts = shapes.select("phrase_id", F.array(_part(-1, 0), _part(1, 1)).alias("part"))
    inside = longer.join(parts, "phrase_id").select(F.explode("part").alias("phrase_id"), "longer_images")
    most = inside.groupBy("phrase_id").agg(F.max("longer_images").alias("longer_images"))
    alone = F.col("completeness") > 1 - config.nested_share
    swallowed = F.col("longer_images") >= config.nested_share * F.col("images")
    return judged.join(most, "phrase_id").select("phrase_id", (swallowed & ~alone).alias("fragment"))


def _part(cut: int, side: int) -> Column:
    """Key of the left (0) or right (1) part of a phrase at its first (1) or last (-1) cut; null for one word."""
    return F.try_element_at("parts", F.lit(cut))[side]


def _shape_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What the words of a phrase say of it, and the keys of its parts for each cut."""
    for batch in batches:
        faults, parts = [], []
        for phrase, language in zip(
            batch.column("phrase").to_pylist(), batch.column("language").to_pylist(), strict=True
        ):
            words = phrase.split(" ")
            faults.append(shape_fault(words, language))
            parts.append([[int(left[0]), int(right[0])] for left, right in ngrams.phrase_keys(words, language)])
        yield pa.record_batch(
            [batch.column("phrase_id"), pa.array(faults, pa.string()), pa.array(parts, _SHAPES.field("parts").type)],
            schema=_SHAPES,
        )


def shape_fault(words: Sequence[str], language: str) -> str | None:
    """Why these words are no phrase, or None: a stop word at an edge, a number, one letter."""
    stops = stop_words(language)
    if words[0] in stops or words[-1] in stops:
        return "stop_word" if len(words) == 1 else "stop_word_edge"
    if all(not any(letter.isalpha() for letter in word) for word in words):
        return "number"
    if len(words) == 1 and len(words[0]) == 1 and words[0].isascii():
        return "single_letter"
    return None
