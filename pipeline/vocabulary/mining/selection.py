"""Which phrases go on, and why the others do not: one score with documented terms, one reason for each that leaves."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipeline.runtime.config import MineConfig


def measure(shaped: DataFrame, all_images: int, config: MineConfig, signatures: DataFrame | None = None) -> DataFrame:
    """Each phrase with its cohesion, and the reason why it leaves, as far as it can be told of the phrase by itself.

    cohesion: NPMI of its weakest cut, log(p(xy) / p(x)p(y)) / -log p(xy), p = share of images (Bouma 2009); 1 for a
    word.

    Args:
        shaped: phrase_id, phrase, language, n_words, what `candidates.count_support` gives, specificity, pinned,
            blocked, synonym_of, and what `shape.add_shapes` adds.
        all_images: distinct images with any mention.
        config: section [mine].
        signatures: (phrase_id), each once, from `contributors.find_signatures`; None where no contributor is stated.
    """
    signed = shaped.withColumns({"signed": F.lit(False)})
    if signatures is not None:
        signed = shaped.join(signatures.withColumns({"signed": F.lit(True)}), "phrase_id", "left")
    return (
        signed.join(_cohesion(shaped, all_images), "phrase_id", "left")
        .withColumns({"cohesion": F.coalesce("cohesion", F.lit(1.0))})
        .withColumns({"reason": _fault(all_images, config)})
    )


def judge(measured: DataFrame, config: MineConfig) -> DataFrame:
    """The table candidates: each phrase with its score, and the reason where it does not go on.

    - freedom: how freely words change at its tighter edge. Branching entropy (Jin and Tanaka-Ishii 2006) of the words
      before or after it on its images, by the log of its images, the least of both sides; what is too rare to be
      counted, and the end of a text, count as a different word each time. In [0, 1].
    - independence: its images less the mean of those longer phrases that hold it, by its images: the C-value's
      discount of nested terms (Frantzi et al. 2000). In [0, 1].

    score = log2(1 + images x independence) x (1 + completeness) / 2 x (1 + max(cohesion, 0)) / 2 x (1 + freedom) / 2 x
    (1 + visibility) / 2: support by itself, halved at most by each doubt.

    Args:
        measured: what `measure` gives; read twice.
        config: section [mine].
    """
    nested = measured.join(_nesting(measured), "phrase_id", "left").withColumns(
        {name: F.coalesce(name, F.lit(1.0)) for name in ("freedom", "independence")}
    )
    fragment = (F.col("freedom") < config.min_freedom) & (F.col("completeness") <= config.min_freedom)
    reason = F.coalesce("reason", F.when(fragment & ~F.col("pinned"), "fragment"))
    scored = nested.withColumns({"reason": reason, "score": _score()})
    first = F.col("reason").isNull()
    ranked = Window.partitionBy("language", first).orderBy(F.desc("pinned"), F.desc("score"), "phrase_id")
    beyond = F.when((F.row_number().over(ranked) > config.max_phrases) & ~F.col("pinned"), "beyond_max_phrases")
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
        "freedom",
        "independence",
        "visibility",
        "specificity",
        "score",
        "image_keys",
        "pinned",
        "synonym_of",
        F.col("reason").isNull().alias("kept"),
        "reason",
    )


def _fault(all_images: int, config: MineConfig) -> Column:
    """Why a phrase leaves, seen by itself alone; null where it may stay. What a user asked for always stays."""
    # What can be seen may go with many things (a tree); what cannot has to tell something (a day, business).
    unspecific = F.col("specificity") < config.min_specificity * (2.0 - F.col("visibility"))
    return (
        F.when(F.col("blocked"), "blocked")
        .when(F.col("pinned"), F.lit(None))
        .when(F.col("fault").isNotNull(), F.col("fault"))
        .when(F.col("signed"), "contributor_name")
        .when(F.col("contributors") < config.min_contributors, "few_contributors")
        .when((F.col("images") > config.max_image_share * all_images) | unspecific, "too_general")
        .when(F.col("visibility") < config.min_visibility, "not_visible")
        .when((F.col("n_words") > 1) & (F.col("cohesion") < config.min_cohesion), "low_cohesion")
    )


def _score() -> Column:
    doubts = [F.col(name) for name in ("completeness", "freedom", "visibility")]
    doubts.append(F.greatest(F.col("cohesion"), F.lit(0.0)))
    score = F.log2(1 + F.col("images") * F.col("independence"))
    for doubt in doubts:
        score = score * (1 + doubt) / 2
    return F.round(score, 6)


def _cohesion(shaped: DataFrame, all_images: int) -> DataFrame:
    """(phrase_id, cohesion) of phrases of two words and more."""
    images = shaped.select("phrase_id", "images")
    cuts = shaped.select("phrase_id", "images", F.explode("parts").alias("cut"))
    cuts = cuts.select("phrase_id", "images", F.col("cut")[0].alias("left_id"), F.col("cut")[1].alias("right_id"))
    whole = F.col("images")
    npmi = F.when(whole == all_images, 1.0).otherwise(
        F.log(whole * all_images / (F.col("left_images") * F.col("right_images"))) / -F.log(whole / all_images)
    )
    return (
        cuts.join(images.toDF("left_id", "left_images"), "left_id")
        .join(images.toDF("right_id", "right_images"), "right_id")
        .groupBy("phrase_id")
        .agg(F.round(F.min(npmi), 6).alias("cohesion"))
    )


def _nesting(measured: DataFrame) -> DataFrame:
    """(phrase_id, freedom, independence) of phrases that a longer one opens or ends with, from those that stay.

    Only the next longer phrases are looked at: longer ones follow link by link.
    """
    longer = measured.where("reason is null and n_words > 1")
    sides = F.explode(F.array(_inside("opening", "after"), _inside("ending", "before"))).alias("inside")
    inside = longer.select(F.col("images").alias("with"), sides).select("with", "inside.*")
    spread = F.sum((F.col("with") * F.log("with")).cast("decimal(24,6)")).cast("double")
    by_side = inside.groupBy("phrase_id", "side").agg(
        spread.alias("spread"), F.sum("with").alias("total"), F.count(F.lit(1)).alias("ways")
    )
    images = measured.select("phrase_id", "images")
    # An image may have two of the longer phrases, and so their sum be more than the phrase's own images.
    free = F.greatest(F.lit(0.0), 1 - F.col("spread") / (F.col("images") * F.log("images")))
    alone = 1 - F.col("total") / (F.col("ways") * F.col("images"))
    both = by_side.join(images, "phrase_id").withColumns({"free": F.when(F.col("images") > 1, free).otherwise(0.0)})
    return (
        both.groupBy("phrase_id", "images")
        .agg(F.min("free").alias("freedom"), F.sum("total").alias("total"), F.sum("ways").alias("ways"))
        .select("phrase_id", F.round("freedom", 6).alias("freedom"), F.round(alone, 6).alias("independence"))
    )


def _inside(name: str, side: str) -> Column:
    """The phrase inside a longer one, and on which side of it the other words are."""
    return F.struct(F.col(name).alias("phrase_id"), F.lit(side).alias("side"))
