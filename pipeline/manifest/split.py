"""Draws and splits: hashes of values, so that they are the same under any partitioning and any retry."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

_STEPS = 1 << 53  # every multiple of 2^-53 is exact in a double
_LEAST = 10  # units of a stratum from which one is held out, whatever the share
_LARGE = 1_000  # units of a stratum from which a draw of each alone comes near enough to the share


def uniform(*cols: Column | str, seed: int) -> Column:
    """Stable draw in [0, 1) from the values and the seed alone.

    Args:
        cols: columns or their names; null is a value of its own, not skipped.
        seed: another seed gives independent draws.

    Returns:
        Double, a multiple of 2^-53.
    """
    parts = [F.col(item) if isinstance(item, str) else item for item in cols]
    # xxhash64 skips nulls, so that (null, "a") and ("a", null) would draw alike.
    values = [F.coalesce(part.cast("string"), F.lit("\x00")) for part in parts]
    return F.pmod(F.xxhash64(F.lit(seed).cast("long"), *values), F.lit(_STEPS)) / F.lit(float(_STEPS))


def held_out_units(units: DataFrame, share: float, seed: int, stratify: bool) -> DataFrame:
    """Which images, or groups of them, are the validation split.

    Each draws on its own, or within its stratum, which is its rarest label: then of n units of a stratum as many are
    held out as the share says, rounded by a draw, and at least one of ten. So rare labels are there to be validated. A
    larger share holds out the same units and more. The draw is salted: with the same seed it is independent of the one
    that fills `sample_u`.

    Args:
        units: unit string, and rarest, anything that sorts: one row an image. Images of one unit stay together.
        share: of all units, in [0, 1].
        seed: another seed gives an independent split.
        stratify: whether strata are looked at.

    Returns:
        (unit) of those that are held out, each once.
    """
    drawn = (
        units.groupBy("unit")
        .agg(F.min("rarest").alias("stratum"))
        .withColumns({"u": uniform(F.lit("split"), "unit", seed=seed)})
    )
    alone = F.col("u") < share
    if not stratify or share == 0:
        return drawn.where(alone).select("unit")
    sizes = drawn.groupBy("stratum").agg(F.count(F.lit(1)).alias("n"))
    # Ranks are needed in small strata alone: large ones are broken up, so that no task has to sort one of them.
    part = F.when(F.col("n") > _LARGE, F.pmod(F.xxhash64("unit"), F.ceil(F.col("n") / _LARGE))).otherwise(0)
    within = Window.partitionBy("stratum", "part").orderBy("u", "unit")
    rounding = uniform(F.lit("stratum"), "stratum", seed=seed)
    quota = F.greatest(F.floor(F.col("n") * share + rounding), F.when(F.col("n") >= _LEAST, 1).otherwise(0))
    return (
        drawn.join(F.broadcast(sizes), "stratum")
        .withColumns({"part": part})
        .withColumns({"place": F.row_number().over(within)})
        .where(F.when(F.col("n") > _LARGE, alone).otherwise(F.col("place") <= quota))
        .select("unit")
    )


def owners(mentions: DataFrame, individual: Column) -> DataFrame:
    """Whose each image is: who said most of it in texts written for one image, else who said most.

    Args:
        mentions: the table `mentions`.
        individual: whether a mention is of a text that was written for one image.

    Returns:
        (image_id, unit): the contributor, of images that have one.
    """
    said = mentions.select("image_id", F.explode("contributors").alias("who"), individual.cast("int").alias("own"))
    counted = said.groupBy("image_id", "who").agg(F.sum("own").alias("own"), F.count(F.lit(1)).alias("all"))
    most = F.max(F.struct("own", "all", "who")).alias("most")
    return counted.groupBy("image_id").agg(most).select("image_id", F.concat(F.lit("by "), "most.who").alias("unit"))
