"""What is new, of the images of which enough is new: what is new of others waits for a later run.

An image of which thousands of texts are known would be worked on with all of them for each text more. It waits until
what is new is a given share of what is known: over time 1 + 1 / share texts are worked on for each new one.
"""

import dataclasses
import functools

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.errors import InputError, RunError
from pipeline.runtime.history import History, source_files
from pipeline.runtime.road import Run, log
from pipeline.runtime.schema import load_schema
from pipeline.sources import mapping, readers
from pipeline.stages import ingesting
from pipeline.stages.growth.phrases import history_of
from pipeline.stages.ingesting import cut

_IMAGE = ("image_id", "image_uri", "duplicate_of")


def ingest_grown(run: Run) -> tuple[int, int]:
    """Sources, and what waited before, to signals and images that are worked on, and signals that wait.

    Raises:
        RunError: a file of texts was read before.
        InputError: no row can be used, or all wait.
    """
    history, share = history_of(run), run.config.growth.rework_share
    refuse_known(run, history)
    found, late = ingesting.read_sources(run), _late(run, history)
    found = dataclasses.replace(found, facts=found.facts.persist(StorageLevel.DISK_ONLY))  # read several times
    with readers.readable("sources"):
        rows_in, rows_out = found.facts.count(), found.usable.count()
        ingesting.write_lost(run, found)
        pictures = [*found.images, ingesting.as_images(found.usable), ingesting.as_images(late)]
        known = cut(mapping.collect_images(pictures))
    before = cut(earlier_images(history, known))
    hashed = before.withColumns({"perceptual_hash": F.lit(None).cast("long")})
    known = ingesting.follow_originals(cut(mapping.collect_images([known, hashed])))
    known = cut(ingesting.fold_pictures(known, found.distance).drop("perceptual_hash"))
    signals = found.signals.unionByName(late.select(*found.signals.columns))
    changed = cut(changed_images(known, before))
    touched = cut(touched_images(known, changed, signals))
    waiting = cut(waiting_images(history, touched, changed, signals, share))
    run.tables.write("images", touched.join(waiting, "image_id", "left_anti"))
    taken = run.tables.write("signals", signals.join(waiting, "image_id", "left_anti"))
    left = run.tables.write("waiting", signals.join(waiting, "image_id", "left_semi"))
    run.spark.catalog.clearCache()  # nothing that was held is read again
    if not rows_out:
        raise InputError(ingesting.NOTHING)
    if not taken:
        raise InputError(
            f"all {left:,} signals are about images of which too little is new (growth.rework_share = {share}). "
            f"Give them once more together with later ones, or lower the share."
        )
    if left:
        log.info("  %s signals about %s images wait until more is new of them", f"{left:,}", f"{waiting.count():,}")
    return rows_in, rows_out


def refuse_known(run: Run, history: History) -> None:
    """Check that no file of texts was read before: its texts would count twice.

    Raises:
        RunError: one was.
    """
    before = history.read_files()
    for size, told, path in source_files(run.tables.folder):
        if (size, told) in before:
            earlier, name = before[size, told]
            raise RunError(
                f"{path}: run {earlier} has read the same file ({name}). With --base, sources hold only what is new."
            )


def earlier_images(history: History, listed: DataFrame) -> DataFrame:
    """What earlier runs know of the listed images, and of those that these repost: rows of the table images.

    Args:
        history: the earlier runs.
        listed: image_id, duplicate_of.
    """
    known = history.newest("images", "image_id")
    named = listed.select(F.explode(F.array("image_id", "duplicate_of")).alias("image_id"))
    found = known.join(F.broadcast(named.where("image_id is not null").distinct()), "image_id", "left_semi")
    found = cut(found)  # else its plan stands twice in what follows, and so in that, and so on
    originals = found.where("duplicate_of is not null").select(F.col("duplicate_of").alias("image_id")).distinct()
    return found.unionByName(known.join(F.broadcast(originals), "image_id", "left_semi")).distinct()


def changed_images(images: DataFrame, earlier: DataFrame) -> DataFrame:
    """(image_id) of the images that are new, or of which something other than texts is.

    Args:
        images: the table images of the new sources, joined with what was known.
        earlier: what was known of them, from `earlier_images`.
    """
    same = [F.col(f"new.{name}").eqNullSafe(F.col(f"old.{name}")) for name in _IMAGE]
    alike = functools.reduce(lambda one, other: one & other, same)
    return images.alias("new").join(earlier.alias("old"), alike, "left_anti").select("image_id")


def touched_images(images: DataFrame, changed: DataFrame, signals: DataFrame) -> DataFrame:
    """The images of which something is new, and those that these repost.

    Args:
        images: the table images of the new sources, joined with what was known.
        changed: from `changed_images`.
        signals: the new signals.
    """
    said = changed.unionByName(signals.select("image_id")).distinct()
    touched = images.join(said, "image_id", "left_semi")
    originals = touched.where("duplicate_of is not null").select(F.col("duplicate_of").alias("image_id"))
    return images.join(said.unionByName(originals).distinct(), "image_id", "left_semi")


def waiting_images(
    history: History, touched: DataFrame, changed: DataFrame, signals: DataFrame, share: float
) -> DataFrame:
    """(image_id) of the images of which too few signals are new; an image waits with all its reposts, or none.

    Args:
        history: the earlier runs.
        touched: from `touched_images`.
        changed: from `changed_images`; none of these waits.
        signals: the new signals, with those that have waited.
        share: of what was said before of an image, in signals, that its new ones must be.
    """
    named = touched.select("image_id", F.coalesce("duplicate_of", "image_id").alias("original"))
    fresh = signals.join(named, "image_id").groupBy("original").agg(F.count(F.lit(1)).alias("fresh"))
    fresh = fresh.join(named.join(changed, "image_id"), "original", "left_anti")
    said = history.newest("mentions", "image_id").select(F.col("image_id").alias("original"), "facts")
    known = said.join(F.broadcast(fresh), "original").groupBy("original", "fresh").agg(F.sum("facts").alias("facts"))
    few = known.where(F.col("fresh") < share * F.col("facts"))
    return named.join(F.broadcast(few), "original", "left_semi").select("image_id")


def _late(run: Run, history: History) -> DataFrame:
    """The signals that the base left waiting, with the columns of signals and an empty image_uri."""
    tables = history.base.tables
    if "" in tables.parts("waiting"):
        rows = tables.read("waiting")
    else:
        rows = run.spark.createDataFrame([], load_schema("waiting").struct)
    return rows.withColumns({"image_uri": F.lit(None).cast("string")})
