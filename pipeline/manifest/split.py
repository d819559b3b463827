"""Draws and splits: hashes of values, so that they are the same under any partitioning and any retry."""

from pyspark.sql import Column
from pyspark.sql import functions as F

_STEPS = 1 << 53  # every multiple of 2^-53 is exact in a double


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


def split(image_id: Column | str, share: float, seed: int) -> Column:
    """`validation` for about `share` of the images, `train` for the others.

    The draw is salted: with the same seed it is independent of the draw that fills `sample_u`, so that both splits
    have the same spread of `sample_u`. A larger share holds out the same images and more.

    Args:
        image_id: the image; reposts must have been folded into the image that they repost, or they leak.
        share: of all images, in [0, 1].
        seed: another seed gives an independent split.
    """
    return F.when(uniform(F.lit("split"), image_id, seed=seed) < share, "validation").otherwise("train")
