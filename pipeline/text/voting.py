"""Languages of texts too short to tell, decided with the other texts of their image and of its boards.

*Chat* alone may be English or French; on an image whose other texts are French, or on a board of such images, it is
French. The detector gives the likelihood of each rival language, and the context gives the prior: counts of certain
languages as pseudo-observations beside the prior that the configuration states (Dirichlet smoothing).
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipeline.runtime.config import NormalizeConfig
from pipeline.text.facts import RAW, as_facts
from pipeline.text.language import UNDETERMINED

_MOST_TEXTS = 10  # texts of an image that count: a million captions in one language are no proof for a title
_BOARD_WEIGHT = 5  # texts that a board is worth
_PARTS = 1_000_000  # shares are whole numbers of so many parts: their sums do not depend on the order


def facts_by_image(signals: DataFrame, cleaned: DataFrame) -> DataFrame:
    """(image_id, board, raw, language, rivals): what is known of each fact's language, an image's facts together.

    `board` is the text of a board, null for others; `raw` the text of an unsure language (rivals not null), null for
    others.

    Args:
        signals: the table signals.
        cleaned: from `pipeline.text.normalize.clean_distinct`.
    """
    known = cleaned.where("reason is null").select(*RAW, "language", "rivals")
    facts = as_facts(signals, "image_id", "signal").join(known, RAW)
    board = F.when(F.col("signal") == "board", F.col("raw")).alias("board")
    unsure = F.when(F.col("rivals").isNotNull(), F.col("raw")).alias("raw")
    return facts.select("image_id", board, unsure, "language", "rivals").repartition("image_id")


def vote(facts: DataFrame, config: NormalizeConfig) -> DataFrame:
    """(image_id, raw, voted) of each unsure text of an image to which the context gives another language.

    `voted` is `und` where the posterior with the context is below the least confidence. Texts of images without any
    certain text, on boards without any, keep what was detected.

    Args:
        facts: from `facts_by_image`; read three times.
        config: the prior and the least confidence.
    """
    # Of an unsure text the language is not stated, so the raw text decides all else: duplicates are equal.
    unsure = facts.where("rivals is not null").select("image_id", "raw", "language", "rivals")
    unsure = unsure.dropDuplicates(["image_id", "raw"])
    context = language_context(facts)
    decided = unsure.join(context, "image_id").select("image_id", "raw", "language", _decide(config).alias("voted"))
    return decided.where("voted != language").select("image_id", "raw", "voted")


def language_context(facts: DataFrame) -> DataFrame:
    """(image_id, weights): how many texts speak for each language on an image and its boards, a map to double.

    Only counts are summed and a map has one entry a language, so that an image with a million captions and a board of
    a million images need no more memory than others.

    Args:
        facts: image_id, board, language and rivals (null = certain), as from `facts_by_image`.
    """
    own = (
        facts.where(f"rivals is null and language != '{UNDETERMINED}'")
        .groupBy("image_id", "language")
        .agg(F.count(F.lit(1)).alias("texts"))
        .transform(_with_parts, "image_id", "texts")
    )
    pinned = facts.where("board is not null").select("image_id", "board").distinct()
    boards = (
        pinned.join(own, "image_id")
        .groupBy("board", "language")
        .agg(F.sum("parts").alias("parts"))
        .transform(_with_parts, "board", "parts")
    )
    around = (
        pinned.join(boards.select("board", "language", "parts"), "board")
        .groupBy("image_id", "language")
        .agg(F.sum("parts").alias("parts"))
        .transform(_with_parts, "image_id", "parts")
        .select("image_id", "language", (F.col("parts") * _BOARD_WEIGHT).alias("parts"))
    )
    texts = F.least("total", F.lit(_MOST_TEXTS))
    both = own.select("image_id", "language", (F.col("parts") * texts).alias("parts")).unionByName(around)
    entry = F.struct("language", (F.col("parts") / _PARTS).alias("weight"))
    return (
        both.groupBy("image_id", "language")
        .agg(F.sum("parts").alias("parts"))
        .groupBy("image_id")
        .agg(F.map_from_entries(F.array_sort(F.collect_list(entry))).alias("weights"))
    )


def apply_votes(signals: DataFrame, votes: DataFrame) -> DataFrame:
    """The signals with the voted language where none is stated."""
    named = votes.withColumnsRenamed({"raw": "text"})
    columns = [F.coalesce("language", "voted").alias(name) if name == "language" else name for name in signals.columns]
    return signals.join(named, ["image_id", "text"], "left").select(*columns)


def _with_parts(counts: DataFrame, key: str, column: str) -> DataFrame:
    """The same rows with `total` of the key and each row's share of it in `parts`; a key has a row a language."""
    total = F.sum(column).over(Window.partitionBy(key))
    parts = (F.col(column) / total * _PARTS).cast("long")
    return counts.select(key, "language", total.alias("total"), parts.alias("parts"))


def _decide(config: NormalizeConfig) -> Column:
    """The language of the greatest posterior by `rivals` and `weights`, or und below the least confidence."""
    others = max(1, len({*config.languages, config.default_language}) - 1)
    other = (1.0 - config.default_prior) / others
    scored = F.transform(F.map_entries("rivals"), lambda rival: _score(rival, config, other))
    best = F.array_max(scored)
    total = F.aggregate(scored, F.lit(0.0), lambda so_far, item: so_far + F.exp(item["score"] - best["score"]))
    return F.when(total * config.min_language_confidence <= 1.0, best["language"]).otherwise(UNDETERMINED)


def _score(rival: Column, config: NormalizeConfig, other: float) -> Column:
    prior = F.when(rival["key"] == config.default_language, config.default_prior).otherwise(other)
    weight = F.coalesce(F.try_element_at("weights", rival["key"]), F.lit(0.0))
    score = rival["value"] + F.log(F.greatest(prior + weight, F.lit(1e-9)))
    return F.struct(score.alias("score"), rival["key"].alias("language"))
