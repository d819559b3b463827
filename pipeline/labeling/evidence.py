"""What texts say of images, phrase by phrase: counted, with who says it and one text to look at."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def collect_evidence(matches: DataFrame, mentions: DataFrame, members: DataFrame) -> DataFrame:
    """The table `evidence`: each member phrase that a kind of text says of an image.

    All aggregates are partial before the shuffle, so an image with millions of texts, or a text on millions of images,
    sends few rows; the only list that grows is that of distinct contributors, which Spark counts by sorting.

    Args:
        matches: text_id, phrase_id, coverage; each pair of text and phrase once, from `match`.
        mentions: the table mentions.
        members: the table members, small enough to be sent to every worker.
    """
    named = F.broadcast(members.select("phrase_id", "label_id", "phrase"))
    said = matches.join(mentions.select("text_id", "image_id", "signal", "count", "contributors"), "text_id")
    # One row a contributor; the count stands on the first of them alone.
    voiced = said.select(
        *("image_id", "phrase_id", "signal", "count", "coverage", "text_id"),
        F.posexplode_outer("contributors").alias("place", "contributor"),
    )
    anonymous = F.col("contributor").isNull()
    where = F.struct((-F.col("coverage")).alias("less"), "text_id")
    counted = voiced.groupBy("image_id", "phrase_id", "signal").agg(
        F.sum(F.when(F.coalesce("place", F.lit(0)) == 0, F.col("count")).otherwise(0)).alias("count"),
        F.sum(F.when(anonymous, F.col("count")).otherwise(0)).alias("unnamed"),
        F.count_distinct("contributor").alias("named"),
        F.min("contributor").alias("first"),
        F.min(where).alias("where"),
    )
    alone = (F.col("named") == 1) & (F.col("unnamed") == 0)
    return counted.join(named, "phrase_id").select(
        *("image_id", "label_id", "phrase_id", "signal", "phrase", "count"),
        (F.col("named") + F.col("unnamed")).alias("voices"),
        F.when(alone, F.col("first")).alias("owner"),
        (-F.col("where.less")).alias("coverage"),
        F.col("where.text_id").alias("text_id"),
    )


def add_nested(matches: DataFrame, nested: DataFrame, members: DataFrame) -> DataFrame:
    """The matches, and those inside them that the hierarchy lets count: each pair of text and phrase once.

    Args:
        matches: text_id, phrase_id, coverage; read twice.
        nested: phrase_id and inner, from `nested.nested_phrases`; small.
        members: the table members.
    """
    words = members.select("phrase_id", F.size(F.split("phrase", " ")).alias("words"))
    outer, inner = words, words.select(F.col("phrase_id").alias("inner"), F.col("words").alias("fewer"))
    share = F.col("fewer") / F.col("words")
    parts = nested.join(outer, "phrase_id").join(inner, "inner").select("phrase_id", "inner", share.alias("share"))
    inside = matches.join(F.broadcast(parts), "phrase_id").select(
        "text_id", F.col("inner").alias("phrase_id"), (F.col("coverage") * F.col("share")).alias("coverage")
    )
    return matches.unionByName(inside).groupBy("text_id", "phrase_id").agg(F.max("coverage").alias("coverage"))


def pair_voices(evidence: DataFrame, signals: Sequence[str]) -> DataFrame:
    """(image_id, label_id, label_bits, image_bits, voice): which signals give an image a label, and whose voice it is.

    A contributor who alone stands behind a label of an image is the voice; else it is the image itself.

    Args:
        evidence: the table evidence.
        signals: kinds of text; the place of each is its bit.
    """
    bits = F.create_map(*(F.lit(item) for i, signal in enumerate(signals) for item in (signal, 1 << i)))
    pairs = evidence.groupBy("image_id", "label_id").agg(
        F.bit_or(bits[F.col("signal")].cast("long")).alias("label_bits"),
        F.min("owner").alias("low"),
        F.max("owner").alias("high"),
        F.count_if(F.col("owner").isNull()).alias("several"),
    )
    images = pairs.groupBy("image_id").agg(F.bit_or("label_bits").alias("image_bits"))
    alone = (F.col("low") == F.col("high")) & (F.col("several") == 0)
    voice = F.when(alone, F.col("low")).otherwise(F.xxhash64("image_id"))
    return pairs.join(images, "image_id").select(
        "image_id", "label_id", "label_bits", "image_bits", voice.alias("voice")
    )


def count_votes(pairs: DataFrame, bands: DataFrame) -> DataFrame:
    """(band, image_bits, label_bits, pairs): how many image-label pairs each set of signals gives.

    A voice counts once for a label, on however many images the same signals say so: the owner of one board is no
    thousand witnesses.

    Args:
        pairs: from `pair_voices`.
        bands: label_id, band (int); small.
    """
    voices = pairs.select("label_id", "image_bits", "label_bits", "voice").distinct()
    known = voices.join(F.broadcast(bands), "label_id")
    return known.groupBy("band", "image_bits", "label_bits").agg(F.count(F.lit(1)).alias("pairs"))


def count_labels(pairs: DataFrame, signals: int) -> DataFrame:
    """(label_id, images, by_signal): on how many images a label stands, in all and by each signal, array<long>."""
    said = [F.count_if(F.getbit("label_bits", F.lit(i)) == 1) for i in range(signals)]
    return pairs.groupBy("label_id").agg(F.count(F.lit(1)).alias("images"), F.array(*said).alias("by_signal"))


def count_images(pairs: DataFrame, signals: int) -> DataFrame:
    """(images, by_signal): how many images have a label, in all and by each signal; one row."""
    images = pairs.select("image_id", "image_bits").distinct()
    said = [F.count_if(F.getbit("image_bits", F.lit(i)) == 1) for i in range(signals)]
    return images.agg(F.count(F.lit(1)).alias("images"), F.array(*said).alias("by_signal"))
