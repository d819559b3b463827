"""Which image labels people are asked to judge: a stratified draw, or the pairs where a judgement teaches most.

A cell is a decile of confidence within a band of labels. Pairs are ranked by rising confidence among the pairs of their
band; equal confidences share the mean of their ranks, and so a decile. A band with few distinct confidences fills fewer
than ten deciles.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from pipeline.manifest.split import uniform

PER_LABEL = 3  # pairs of one label among the most useful, or one label would fill the sheet
_PAIR = ("image_id", "label_id")
DRAWN = ("image_id", "label_id", "band", "decile", "confidence", "weight", "place")


def label_pairs(assignments: DataFrame, labels: DataFrame) -> DataFrame:
    """(image_id, label_id, confidence, band, images): every image label of a run, without its evidence."""
    known = F.broadcast(labels.select("label_id", "band", "images"))
    return assignments.select("image_id", "label_id", "confidence").join(known, "label_id")


def confidence_cells(pairs: DataFrame) -> DataFrame:
    """The cells of a run, at most ten a band.

    Args:
        pairs: as `label_pairs` gives them.

    Returns:
        (band, decile, low, high, pairs): decile from 1 (least confident) to 10, its confidences from low to high, both
        in it, and how many pairs it holds.
    """
    levels = pairs.groupBy("band", "confidence").agg(F.count(F.lit(1)).alias("equal"))
    band = Window.partitionBy("band")
    below = F.sum("equal").over(band.orderBy("confidence").rowsBetween(Window.unboundedPreceding, -1))
    ranked = levels.withColumns({"below": F.coalesce(below, F.lit(0)), "all": F.sum("equal").over(band)})
    # Integers alone, so that no rounding decides: 10 * mean rank / all, with ranks from 0.
    decile = F.expr("cast(1 + (10 * (2 * below + equal - 1)) div (2 * all) as int)")
    return (
        ranked.select("band", "confidence", "equal", decile.alias("decile"))
        .groupBy("band", "decile")
        .agg(F.min("confidence").alias("low"), F.max("confidence").alias("high"), F.sum("equal").alias("pairs"))
    )


def draw_stratified(pairs: DataFrame, per_cell: int, seed: int) -> DataFrame:
    """Up to `per_cell` pairs of each cell, by a hash of seed, image and label.

    A larger `per_cell` draws the same pairs and more.

    Args:
        pairs: as `label_pairs` gives them.
        per_cell: at least 1; a smaller cell is drawn whole.
        seed: another seed gives an independent draw.

    Returns:
        The columns of `DRAWN`. weight (double): pairs of the cell / pairs drawn of it, so that weighted shares of the
        draw estimate shares of all pairs without bias. place (long): from 1, in an order that is independent of the
        cells, so that the first pairs of a sheet are a fair sample too.
    """
    ranked = Window.partitionBy("band", "decile").orderBy(uniform("image_id", "label_id", seed=seed), *_PAIR)
    drawn = (
        _with_cells(pairs).withColumns({"turn": F.row_number().over(ranked)}).where(F.col("turn") <= per_cell)
    )  # a filter right behind the rank: Spark keeps `per_cell` pairs of a partition before it sorts
    weight = F.col("pairs") / F.least(F.col("pairs"), F.lit(per_cell))
    order = uniform(F.lit("order"), "image_id", "label_id", seed=seed)
    return _placed(drawn.withColumns({"weight": weight, "order": order}), "order")


def draw_useful(pairs: DataFrame, count: int, seed: int, per_label: int = PER_LABEL) -> DataFrame:
    """The pairs where a judgement teaches most: uncertain ones, of labels that many images carry.

    They rank by confidence * (1 - confidence) * log2(1 + images of the label), ties by a hash of seed, image and label.
    They are no sample of the run: their precision says nothing of it.

    Args:
        pairs: as `label_pairs` gives them.
        count: pairs in all.
        seed: decides ties.
        per_label: pairs of one label at most.

    Returns:
        The columns of `DRAWN`; weight is null, place (long) counts from 1 by falling use.
    """
    confidence = F.col("confidence").cast("double")
    use = confidence * (1 - confidence) * F.log2(1 + F.col("images"))
    scored = _with_cells(pairs).withColumns(
        # Rounded: the last bit of a logarithm may differ between machines, and would decide ties.
        {"order": -F.round(use, 9), "tie": uniform("image_id", "label_id", seed=seed)}
    )
    ranked = Window.partitionBy("label_id").orderBy("order", "tie", "image_id")
    best = scored.withColumns({"turn": F.row_number().over(ranked)}).where(F.col("turn") <= per_label)
    first = best.orderBy("order", "tie", *_PAIR).limit(count)
    return _placed(first.withColumns({"weight": F.lit(None).cast("double")}), "order", "tie")


def drawn_evidence(drawn: DataFrame, assignments: DataFrame, labels: DataFrame, images: DataFrame) -> DataFrame:
    """What a judge sees of the drawn pairs, beside the texts.

    Returns:
        The columns of `DRAWN`, audit_id (string, the same wherever this image and label_key are drawn), label_key,
        name, display, evidence and image_uri.
    """
    found = (
        assignments.select(*_PAIR, "evidence")
        .join(F.broadcast(drawn), list(_PAIR))
        .join(F.broadcast(labels.select("label_id", "label_key", "name", "display")), "label_id")
    )
    here = images.join(F.broadcast(drawn.select("image_id").distinct()), "image_id").select("image_id", "image_uri")
    # A letter in front: a spreadsheet would read 12e45678 as a number.
    audit_id = F.concat(F.lit("a"), F.lpad(F.lower(F.hex(F.xxhash64("image_id", "label_key"))), 16, "0"))
    columns = ("label_key", "name", "display", "evidence", "image_uri")
    return found.join(F.broadcast(here), "image_id", "left").select(*DRAWN, audit_id.alias("audit_id"), *columns)


def drawn_texts(
    drawn: DataFrame, signals: DataFrame, images: DataFrame, most: int, per_signal: int, length: int
) -> DataFrame:
    """The most frequent texts of the drawn images and their reposts, every signal's first one before second ones.

    Args:
        drawn: with image_id.
        signals: the table `signals`.
        images: the table `images`.
        most: texts of an image.
        per_signal: texts of an image and signal.
        length: characters of a text; the rest is cut off.

    Returns:
        (image_id, signal, text, count, place): place counts from 1; white space in texts is one space.
    """
    original = F.coalesce("duplicate_of", "image_id")
    wanted = (
        images.select(F.col("image_id").alias("posted"), original.alias("image_id"))
        .join(F.broadcast(drawn.select("image_id").distinct()), "image_id")
        .select("posted", "image_id")
    )
    said = signals.select(F.col("image_id").alias("posted"), "signal", "text", "count").join(wanted, "posted")
    text = F.trim(F.regexp_replace(F.substring("text", 1, 4 * length), r"\s+", " "))
    counted = (
        said.select("image_id", "signal", F.rtrim(F.substring(text, 1, length)).alias("text"), "count")
        .where("text != ''")
        .groupBy("image_id", "signal", "text")
        .agg(F.sum("count").alias("count"))
    )
    of_signal = Window.partitionBy("image_id", "signal").orderBy(F.desc("count"), F.length("text"), "text")
    turns = counted.withColumns({"turn": F.row_number().over(of_signal)}).where(F.col("turn") <= per_signal)
    of_image = Window.partitionBy("image_id").orderBy("turn", "signal")
    placed = turns.withColumns({"place": F.row_number().over(of_image)}).where(F.col("place") <= most)
    return placed.select("image_id", "signal", "text", "count", "place")


def _with_cells(pairs: DataFrame) -> DataFrame:
    """The pairs with decile and pairs of their cell; a join by range with a few rows, so no confidence is a hot key."""
    cells = F.broadcast(confidence_cells(pairs).withColumnRenamed("band", "of_band"))
    inside = (F.col("band") == F.col("of_band")) & F.col("confidence").between(F.col("low"), F.col("high"))
    return pairs.join(cells, inside).drop("of_band", "low", "high")


def _placed(drawn: DataFrame, *order: str) -> DataFrame:
    """The columns of `DRAWN`; the rows are few, so one partition may rank them."""
    place = F.row_number().over(Window.partitionBy(F.lit(0)).orderBy(*order, *_PAIR)).cast("long")
    return drawn.withColumns({"place": place}).select(*DRAWN)
