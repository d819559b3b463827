"""Labels of images: votes of signals, weighed by how far each can be trusted, with the evidence kept."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipeline.runtime.config import AssignConfig

DERIVED = "derived"  # signal of evidence that comes from a label below; no bit of label_sources


def collect_evidence(matches: DataFrame, mentions: DataFrame, members: DataFrame) -> DataFrame:
    """(image_id, label_id, signal, phrase, count, coverage): each member phrase that a signal says of an image.

    `coverage` is the largest share that the phrase has of one of these texts.
    """
    named = F.broadcast(members.select("phrase_id", "label_id", "phrase"))
    said = matches.join(mentions.select("text_id", "image_id", "signal", "count"), "text_id").join(named, "phrase_id")
    return said.groupBy("image_id", "label_id", "signal", "phrase").agg(
        F.sum("count").alias("count"), F.max("coverage").alias("coverage")
    )


def count_votes(evidence: DataFrame, signals: Sequence[str]) -> DataFrame:
    """(image_bits, label_bits, pairs): how many image-label pairs each set of signals gives, by the image's signals."""
    bits = F.create_map(*(F.lit(item) for i, signal in enumerate(signals) for item in (signal, 1 << i)))
    bit = bits[F.col("signal")].cast("long")
    pairs = evidence.groupBy("image_id", "label_id").agg(F.bit_or(bit).alias("label_bits"))
    images = pairs.groupBy("image_id").agg(F.bit_or("label_bits").alias("image_bits"))
    return pairs.join(images, "image_id").groupBy("image_bits", "label_bits").agg(F.count(F.lit(1)).alias("pairs"))


def weigh(evidence: DataFrame, signals: Sequence[str], reliability: Sequence[float], config: AssignConfig) -> DataFrame:
    """(image_id, label_id, confidence, evidence, place): every label of every image, most confident first.

    confidence = 1 - prod over signals of (1 - w)^log2(1 + count), w = reliability * (1 + coverage) / 2: independent
    voices add up, repetition of one voice counts by its logarithm, and a label that is the whole text counts twice one
    that is a word among many. Of two labels of equal confidence the rarer one comes first: it says more, and needs the
    image more.
    """
    trust = F.create_map(*(F.lit(item) for pair in zip(signals, reliability, strict=True) for item in pair))
    voice = F.struct("count", "phrase", "coverage")
    by_signal = evidence.groupBy("image_id", "label_id", "signal").agg(
        F.sum("count").alias("count"),
        F.max("coverage").alias("coverage"),
        F.array_sort(F.collect_list(voice)).alias("said"),
    )
    weight = trust[F.col("signal")] * (1 + F.col("coverage")) / 2
    doubt = F.pow(1 - weight, F.log2(F.col("count") + 1))
    entry = F.struct(doubt.alias("doubt"), "signal", F.slice(F.reverse("said"), 1, config.max_evidence).alias("said"))
    pairs = by_signal.groupBy("image_id", "label_id").agg(F.array_sort(F.collect_list(entry)).alias("votes"))
    # Sorted before it is multiplied: the product does not depend on the order in which rows arrive.
    product = F.aggregate("votes", F.lit(1.0), lambda total, vote: total * vote["doubt"])
    confidence = F.round(1 - product, 4).cast("float")
    return _rank(
        pairs.select("image_id", "label_id", confidence.alias("confidence"), _kept_evidence(config).alias("evidence"))
    )


def add_ancestors(ranked: DataFrame, above: DataFrame, config: AssignConfig) -> DataFrame:
    """What `weigh` gives, and the broader labels of each image's labels.

    confidence of an ancestor = 1 - (1 - its own, if it has one) * prod of (1 - confidence * closure_discount^distance)
    over the labels below it that are confident enough to stay. A label that texts gave counts once, whatever lies
    between; what is derived is no evidence for further labels. Derived evidence comes after that of texts, and has the
    signal `derived` and the strongest phrase of the label below.

    Args:
        ranked: what `weigh` gives; read twice.
        above: label_id, ancestor, distance, see `hierarchy.ancestors`; small.
        config: section [assign].
    """
    lower = ranked.where(F.col("confidence") >= config.min_confidence).join(F.broadcast(above), "label_id")
    belief = F.col("confidence").cast("double") * F.pow(F.lit(config.closure_discount), "distance")
    strongest = F.struct(
        F.lit(DERIVED).alias("signal"),
        F.col("evidence")[0]["phrase"].alias("phrase"),
        F.col("evidence")[0]["count"].alias("count"),
    )
    # A struct sorts by its fields in order; labels below one ancestor differ.
    vote = F.struct((1 - belief).alias("doubt"), "label_id", strongest.alias("said"))
    derived = (
        lower.select("image_id", F.col("ancestor").alias("label_id"), vote.alias("vote"))
        .groupBy("image_id", "label_id")
        .agg(F.array_sort(F.collect_list("vote")).alias("votes"))
    )
    product = F.aggregate("votes", F.lit(1.0), lambda total, vote: total * vote["doubt"])
    doubt = (1 - F.coalesce("confidence", F.lit(0.0).cast("float")).cast("double")) * F.coalesce(product, F.lit(1.0))
    said = F.array_distinct(F.transform("votes", lambda vote: vote["said"]))
    every = F.when(F.col("evidence").isNull(), said).when(F.col("votes").isNull(), F.col("evidence"))
    evidence = every.otherwise(F.concat("evidence", said))
    return _rank(
        ranked.drop("place")
        .join(derived, ["image_id", "label_id"], "full")
        .select(
            "image_id",
            "label_id",
            F.when(F.col("votes").isNull(), F.col("confidence"))
            .otherwise(F.round(1 - doubt, 4).cast("float"))
            .alias("confidence"),
            F.slice(evidence, 1, config.max_evidence).alias("evidence"),
        )
    )


def _rank(pairs: DataFrame) -> DataFrame:
    """The labels of each image with their `place`; of equal confidences the rarer label first."""
    ranked = Window.partitionBy("image_id").orderBy(F.desc("confidence"), F.desc("label_id"))
    return pairs.withColumns({"place": F.row_number().over(ranked)})


def rejection(config: AssignConfig) -> Column:
    """Why a label leaves an image; null where it stays."""
    return F.when(F.col("confidence") < config.min_confidence, "low_confidence").when(
        F.col("place") > config.max_labels, "beyond_max_labels"
    )


def unlabelled(mentions: DataFrame, evidence: DataFrame, assignments: DataFrame) -> DataFrame:
    """(image_id, reason) of the images with texts that end without a label."""
    images = mentions.select("image_id").distinct()
    found = evidence.select("image_id", F.lit(True).alias("found")).distinct()
    lost = images.join(assignments.select("image_id").distinct(), "image_id", "left_anti")
    reason = F.when(F.col("found"), "only_dropped_labels").otherwise("no_member_phrase")
    return lost.join(found, "image_id", "left").select("image_id", reason.alias("reason"))


def _kept_evidence(config: AssignConfig) -> Column:
    """The strongest voices of a label on an image: the first of every signal before the second of any.

    Signals come least doubtful first, and the phrases of a signal most frequent first.
    """
    ranked = F.transform(
        "votes",
        lambda vote, place: F.transform(
            vote["said"],
            lambda said, rank: F.struct(
                rank.alias("rank"),
                place.alias("place"),
                vote["signal"].alias("signal"),
                said["phrase"].alias("phrase"),
                said["count"].alias("count"),
            ),
        ),
    )
    strongest = F.slice(F.array_sort(F.flatten(ranked)), 1, config.max_evidence)
    names = ("signal", "phrase", "count")
    return F.transform(strongest, lambda entry: F.struct(*(entry[name].alias(name) for name in names)))
