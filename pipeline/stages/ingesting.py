"""Sources to signals and images."""

import dataclasses
import functools
import logging
from collections.abc import Sequence

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from pipeline.runtime.errors import ConfigError, InputError
from pipeline.runtime.inputs import ImagesConfig
from pipeline.runtime.road import Run
from pipeline.sources import corpora, mapping, readers, reposts
from pipeline.stages.rejects import as_rejects, null, write_rejects

log = logging.getLogger("pipeline")

_IMAGE = ("image_id", "image_uri", "duplicate_of", "perceptual_hash")
NOTHING = "no usable row in any source; the reasons are in the table rejects of the run."
_ROUNDS = 64  # the steps below settle in a few rounds, about the logarithm of what they join


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What stands in the sources of a run.

    Attributes:
        facts: the columns of `signals`, image_uri, and reason and raw of what cannot be used.
        images: image_id, image_uri, duplicate_of and perceptual_hash, of each table that lists images.
        rejects: rows for `rejects`, of these tables.
        distance: bits by which the hashes of reposts may differ; None where no table has hashes.
    """

    facts: DataFrame
    images: list[DataFrame]
    rejects: list[DataFrame]
    distance: int | None

    @property
    def usable(self) -> DataFrame:
        """The facts that can be used."""
        return self.facts.where("reason is null")

    @property
    def signals(self) -> DataFrame:
        """The table signals."""
        return self.usable.drop("image_uri", "reason", "raw")


def ingest(run: Run) -> tuple[int, int]:
    """Sources to signals and images."""
    found, seen = read_sources(run), Observation("facts")
    with readers.readable("sources"):
        signals = dataclasses.replace(found, facts=found.facts.observe(seen, F.count(F.lit(1)).alias("rows"))).signals
        rows_out = run.tables.write("signals", signals)
        write_lost(run, found)
        known = mapping.collect_images([*found.images, as_images(found.usable)])
        if any(images.duplicate_of for images in run.config.images):
            known = follow_originals(known)
        known = fold_pictures(known, found.distance)
        run.tables.write("images", known.drop("perceptual_hash"))
        run.spark.catalog.clearCache()  # nothing that was held is read again
    if not rows_out:
        raise InputError(NOTHING)
    return int(seen.get["rows"]), rows_out


def read_sources(run: Run) -> Found:
    """What the configuration names, read when it is used.

    Raises:
        ConfigError: tables of images do not go together.
        InputError: a table has not the columns that the configuration names.
    """
    distance, roots = hash_distance(run.config.images), run.config.paths.allowed_roots
    facts, pictures, lost = [], [], []
    for source in run.config.sources:
        if source.corpus:
            corpus = corpora.read_corpus(source.corpus)
            table, listed = run.spark.createDataFrame(corpus.signals), run.spark.createDataFrame(corpus.images)
            pictures.append(as_images(listed))
            source = dataclasses.replace(
                source, signal_column="signal", count="count", contributor="contributor", language="language"
            )
        else:
            table = readers.read_table(run.spark, source.name, str(source.path), source.format, source.options, roots)
        facts.append(mapping.to_facts(table, source))
    for images in run.config.images:
        table = readers.read_table(run.spark, images.name, images.path, images.format, images.options, roots)
        listed = mapping.to_images(table, images)
        pictures.append(listed.where("reason is null").select(*_IMAGE))
        lost.append(listed.where("reason is not null").select("source", "reason", null("raw")))
        hashless = listed.where("hash_reason is not null")  # these images stay
        lost.append(hashless.select("source", F.col("hash_reason").alias("reason"), F.col("hash_raw").alias("raw")))
    return Found(functools.reduce(DataFrame.unionByName, facts), pictures, lost, distance)


def write_lost(run: Run, found: Found) -> None:
    """Put on record what of the sources cannot be used."""
    rejects = [as_rejects("row", found.facts.where("reason is not null").drop("count"))]
    write_rejects(run, "ingest", [*rejects, *(as_rejects("image", frame) for frame in found.rejects)])


def as_images(rows: DataFrame) -> DataFrame:
    """(image_id, image_uri) as images of which no repost is known."""
    return rows.select("image_id", "image_uri", null("duplicate_of"), F.lit(None).cast("long").alias("perceptual_hash"))


def follow_originals(images: DataFrame) -> DataFrame:
    """The images, with duplicate_of followed to its end."""
    return mapping.point_to_originals(images, _follow_reposts(images))


def hash_distance(tables: Sequence[ImagesConfig]) -> int | None:
    """Bits by which the hashes of reposts may differ; None where no table has hashes.

    Raises:
        ConfigError: tables whose hashes are compared with each other want different distances.
    """
    wanted = {table.name: table.max_distance for table in tables if table.perceptual_hash}
    if len(set(wanted.values())) > 1:
        said = ", ".join(f"{distance} in {name!r}" for name, distance in wanted.items())
        raise ConfigError(f"[[images]]: max_distance is {said}. Hashes of all tables are compared: give all the same.")
    return next(iter(wanted.values()), None)


def fold_pictures(images: DataFrame, distance: int | None) -> DataFrame:
    """The images (with perceptual_hash; duplicate_of followed to its end), those that look the same folded into one.

    Args:
        images: read by several steps.
        distance: bits by which the hashes of reposts may differ; None where there are none.
    """
    if distance is None:
        return images
    images = images.persist()
    stars = _find_stars(reposts.count_hashes(images), distance) if distance else None
    chains = cut(reposts.chain_groups(images, stars))
    links = _settle_links(reposts.link_groups(chains))
    return reposts.fold(images, reposts.name_originals(chains, links))


def _find_stars(hashes: DataFrame, distance: int) -> DataFrame:
    """(perceptual_hash, centre) of the hashes that are near to one on more images."""
    hashes = cut(hashes)
    masks = reposts.band_masks(distance, reposts.choose_agreement(hashes.count(), distance))
    buckets = reposts.bucket_hashes(hashes, distance, masks)
    sizes = cut(reposts.size_buckets(buckets))
    crowded = sizes.where(F.col("size") > reposts.BUCKET).agg(F.count(F.lit(1)), F.max("size")).first()
    if crowded and crowded[0]:
        log.warning(
            "%s groups of bits are shared by more than %s perceptual hashes (one by %s): such hashes are not compared "
            "there, and near ones may be missed; equal ones are not. A smaller max_distance compares longer groups.",
            *(f"{number:,}" for number in (crowded[0], reposts.BUCKET, crowded[1])),
        )
    pairs = cut(reposts.compare(buckets, sizes, distance))
    most, size = _counted(reposts.ruled_out(pairs))
    for _ in range(_ROUNDS):
        least, certain = _counted(reposts.ruled_out(pairs, most))
        if certain == size:
            break
        most, size = _counted(reposts.ruled_out(pairs, least))
    else:
        log.warning(
            "%s perceptual hashes near to others are left apart, their order is too long.", f"{size - certain:,}"
        )
    return cut(reposts.to_stars(pairs, most))


def _settle_links(links: DataFrame) -> DataFrame:
    """The same links, each leading to the smallest node of its component."""
    links = cut(links)
    for _ in range(_ROUNDS):
        if not reposts.unsettled(links).head(1):
            return links
        links = cut(reposts.shorten(links))
    raise RuntimeError(f"reposts: links of groups have not settled after {_ROUNDS} rounds")


def _counted(frame: DataFrame) -> tuple[DataFrame, int]:
    """The frame, computed and held, and its rows."""
    held = cut(frame)
    return held, held.count()


def cut(frame: DataFrame) -> DataFrame:
    """The frame, computed, without the plan behind it, which a step that reads its input twice doubles each round."""
    return frame.localCheckpoint()


def _follow_reposts(images: DataFrame) -> DataFrame:
    """(image_id, duplicate_of) of the reposts, followed until none leads to a repost; circles are left chained."""
    links = cut(images.where("duplicate_of is not null").select("image_id", "duplicate_of"))
    for _ in range(16):  # each round doubles the reach: chains of 65,536 links
        if not mapping.chained(links).head(1):
            break
        links = cut(mapping.follow(links))
    return links
