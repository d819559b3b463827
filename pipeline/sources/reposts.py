"""Reposts by perceptual hash: pictures that look the same are one image, together with what duplicate_of says.

Two relations are united: an image and the end of its chain of duplicate_of, and images of one hash (or, with a
distance, of hashes near one common hash). Each connected component is one image. Its original is the one that most of
its reposts name by duplicate_of, else the smallest image_id. Nothing here depends on partitions or on order.

The functions are single steps; whoever repeats them until they settle is the stage.
"""

import itertools
import math
from collections.abc import Sequence
from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType, IntegralType, StringType

BITS = 64
FLAT = (0, -1)  # all bits off or on: what a flat picture hashes to, whatever it shows
BUCKET = 1_000  # distinct hashes that are compared with one another; half a million pairs
_MOST_AGREE = 6


def is_hash(kind: DataType) -> bool:
    """Whether a column of this type can hold hashes: text, or whole numbers."""
    return isinstance(kind, StringType | IntegralType) or (isinstance(kind, DecimalType) and kind.scale == 0)


def read_hash(stated: Column, kind: DataType) -> Column:
    """The hash as a signed long of the same 64 bits; null where it is none.

    Args:
        stated: text (16 hexadecimal digits, or 0x and up to 16; never decimal, which looks the same), or a whole
            number, signed or not.
        kind: type of the column; see `is_hash`.
    """
    if isinstance(kind, StringType):
        text = F.lower(F.trim(stated))
        digits = F.when(text.rlike("^(0x[0-9a-f]{1,16}|[0-9a-f]{16})$"), F.regexp_replace(text, "^0x", ""))
        return F.conv(digits, 16, -10).try_cast("long")  # base -10: read as two's complement
    if isinstance(kind, DecimalType):
        wide = stated.cast("decimal(38,0)")
        wraps = (wide >= F.lit(Decimal(2**63))) & (wide < F.lit(Decimal(2**64)))
        return F.when(wraps, wide - F.lit(Decimal(2**64))).otherwise(wide).try_cast("long")
    return stated.cast("long")


def hash_fault(stated: Column, number: Column) -> Column:
    """Why a stated hash tells nothing; null where it does, and where none is stated."""
    return F.when(stated.isNotNull() & number.isNull(), "bad_perceptual_hash").when(
        number.isin(*FLAT), "flat_perceptual_hash"
    )


def count_hashes(images: DataFrame) -> DataFrame:
    """(perceptual_hash, images): a hash on a million images is one row."""
    hashed = images.where("perceptual_hash is not null")
    return hashed.groupBy("perceptual_hash").agg(F.count(F.lit(1)).alias("images"))


def choose_agreement(hashes: int, distance: int) -> int:
    """How many bands should be equal before two hashes are compared, so that the work is least.

    Fewer equal bands are fewer keys a hash; more are longer keys, and fewer strangers under each.
    """

    def work(agree: int) -> float:
        strangers = hashes / 2 ** (BITS * agree / (distance + agree))
        return math.comb(distance + agree, agree) * (1 + strangers)

    return min(range(1, _MOST_AGREE + 1), key=work)


def band_masks(distance: int, agree: int = 1) -> list[int]:
    """Masks, as signed longs, of which two hashes within the distance share the bits of at least one.

    The bits are cut into distance + agree bands; that many bits can spoil at most `distance` of them. With agree = 1
    this is multi-index hashing (Norouzi, Punjani and Fleet 2012); with more it is the tables of Manku, Jain and Das
    Sarma (2007), for collections in which a single band is too short to tell many hashes apart.
    """
    bands = distance + agree
    cuts = [BITS * band // bands for band in range(bands + 1)]
    parts = [(1 << high) - (1 << low) for low, high in itertools.pairwise(cuts)]
    return [_signed(sum(chosen)) for chosen in itertools.combinations(parts, agree)]


def bucket_hashes(hashes: DataFrame, distance: int, masks: Sequence[int]) -> DataFrame:
    """(place, part, perceptual_hash, images): each hash under each mask.

    Hashes within the distance of a flat picture's are left out: that is near to everything of little contrast.
    """
    mask = F.array(*(F.lit(mask).cast("long") for mask in masks))
    count = F.bit_count("perceptual_hash")
    keyed = hashes.where((count > distance) & (count < BITS - distance)).select(
        "perceptual_hash", "images", F.posexplode(mask).alias("place", "mask")
    )
    return keyed.select("place", F.expr("perceptual_hash & mask").alias("part"), "perceptual_hash", "images")


def size_buckets(buckets: DataFrame) -> DataFrame:
    """(place, part, size) of the buckets with more than one hash."""
    return buckets.groupBy("place", "part").agg(F.count(F.lit(1)).alias("size")).where("size > 1")


def compare(buckets: DataFrame, sizes: DataFrame, distance: int, most: int = BUCKET) -> DataFrame:
    """(first, second): pairs of hashes within the distance, of which the first is on more images.

    Of equally many images the smaller long is first. A bucket of more than `most` hashes is not compared: hashes that
    share no smaller one stay apart.

    Returns:
        both columns are structs (rank, perceptual_hash), in the order of precedence.
    """
    key = ["place", "part"]
    small = buckets.join(sizes.where(F.col("size") <= most), key, "left_semi")
    hashes = small.select(*key, F.struct((-F.col("images")).alias("rank"), "perceptual_hash").alias("first"))
    others = hashes.withColumnRenamed("first", "second")
    near = F.expr("bit_count(first.perceptual_hash ^ second.perceptual_hash)") <= distance
    return (
        hashes.join(others, key).where((F.col("first") < F.col("second")) & near).select("first", "second").distinct()
    )


def ruled_out(pairs: DataFrame, out: DataFrame | None = None) -> DataFrame:
    """(hash): the hashes that follow one which is not out; all that follow any where nothing is out.

    Repeated, this swings between too many and too few, and ends at the hashes which are near to a centre, where
    centres are taken greedily: the hash on most images first, then the next that is near to no centre, and so on.
    """
    left = pairs if out is None else pairs.join(out, pairs["first"] == out["hash"], "left_anti")
    return left.select(F.col("second").alias("hash")).distinct()


def to_stars(pairs: DataFrame, out: DataFrame) -> DataFrame:
    """(perceptual_hash, centre): each hash that is out joins the first centre near to it.

    So no group is a chain: all its hashes are within the distance of one.
    """
    led = pairs.join(out, pairs["first"] == out["hash"], "left_anti")
    nearest = led.groupBy("second").agg(F.min("first").alias("first"))
    return nearest.select("second.perceptual_hash", F.col("first.perceptual_hash").alias("centre"))


def chain_groups(images: DataFrame, stars: DataFrame | None) -> DataFrame:
    """(chain, group, votes): images by the end of their duplicate_of and by hash (its star's centre, null for none).

    `votes` are the images that name the end of the chain as theirs.
    """
    chain = F.coalesce("duplicate_of", "image_id")
    rows = images.where("duplicate_of is not null or perceptual_hash is not null")
    if stars is None:
        rows = rows.withColumns({"group": F.col("perceptual_hash")})
    else:
        rows = rows.join(stars, "perceptual_hash", "left")
        rows = rows.withColumns({"group": F.coalesce("centre", "perceptual_hash")})
    votes = F.count_if(F.col("duplicate_of").isNotNull())
    return rows.groupBy(chain.alias("chain"), "group").agg(votes.alias("votes"))


def link_groups(chains: DataFrame) -> DataFrame:
    """(node, parent): groups of hashes that a chain of duplicate_of joins, each linked to the smallest of its chain."""
    homes = chains.groupBy("chain").agg(F.min("group").alias("parent"), F.max("group").alias("most"))
    several = homes.where("parent < most").select("chain", "parent")
    links = chains.join(several, "chain").select(F.col("group").alias("node"), "parent")
    return links.where("node > parent").distinct()


def shorten(links: DataFrame) -> DataFrame:
    """One round of large-star and small-star; repeated, links of one component all lead to its smallest node.

    Links are (node, parent) with node > parent, and stay so. Kiveris, Lattanzi, Mirrokni, Rastogi and Vassilvitskii
    (2014), Connected components in MapReduce and beyond.
    """
    both = links.unionByName(links.select(F.col("parent").alias("node"), F.col("node").alias("parent")))
    lowest = both.groupBy("node").agg(F.min(F.least("node", "parent")).alias("lowest"))
    large = both.where("parent > node").join(lowest, "node")
    large = large.select(F.col("parent").alias("node"), F.col("lowest").alias("parent")).distinct()
    lowest = large.groupBy("node").agg(F.min("parent").alias("lowest"))
    small = large.join(lowest, "node").select(F.col("parent").alias("node"), F.col("lowest").alias("parent"))
    small = small.unionByName(lowest.select("node", F.col("lowest").alias("parent")))
    return small.where("node != parent").distinct()


def unsettled(links: DataFrame) -> DataFrame:
    """(node): nodes with two parents, and parents with a parent. Where there is none, the links are the components."""
    torn = links.groupBy("node").agg(F.min("parent").alias("low"), F.max("parent").alias("high")).where("low < high")
    chained = links.join(links.select(F.col("node").alias("parent")), "parent", "left_semi")
    return torn.select("node").unionByName(chained.select("node"))


def name_originals(chains: DataFrame, links: DataFrame) -> DataFrame:
    """(chain, original) of the chains that another image stands for.

    Args:
        chains: see `chain_groups`.
        links: settled links of groups.
    """
    whole = chains.groupBy("chain").agg(F.min("group").alias("group"), F.sum("votes").alias("votes"))
    placed = whole.where("group is not null").join(links.withColumnRenamed("node", "group"), "group", "left")
    placed = placed.select("chain", "votes", F.coalesce("parent", "group").alias("component"))
    first = F.min(F.struct((-F.col("votes")).alias("rank"), "chain"))
    named = placed.groupBy("component").agg(first.getField("chain").alias("original"))
    return placed.join(named, "component").where("chain != original").select("chain", "original")


def fold(images: DataFrame, originals: DataFrame) -> DataFrame:
    """The images, those of a chain that has an original pointing to it."""
    placed = images.withColumns({"chain": F.coalesce("duplicate_of", "image_id")}).join(originals, "chain", "left")
    target = F.coalesce("original", "duplicate_of")
    return placed.withColumns({"duplicate_of": F.nullif(target, F.col("image_id"))}).drop("chain", "original")


def _signed(bits: int) -> int:
    return bits - 2**BITS if bits >= 2 ** (BITS - 1) else bits
