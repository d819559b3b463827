"""What is new, with all that was said before of the same images."""

import functools

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.errors import RunError
from pipeline.runtime.history import History, source_files
from pipeline.runtime.road import Run
from pipeline.text import boilerplate, regrouping

BEFORE = "before"  # part of the table texts: what was said before, and is not said anew
_IMAGE = ("image_id", "image_uri", "duplicate_of")


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
    found = found.localCheckpoint()  # else its plan stands twice in what follows, and so in that, and so on
    originals = found.where("duplicate_of is not null").select(F.col("duplicate_of").alias("image_id")).distinct()
    return found.unionByName(known.join(F.broadcast(originals), "image_id", "left_semi")).distinct()


def touched_images(images: DataFrame, earlier: DataFrame, signals: DataFrame) -> DataFrame:
    """The images of which something is new, and those that these repost.

    Args:
        images: the table images of the new sources, joined with what was known.
        earlier: what was known of them, from `earlier_images`.
        signals: the new signals.
    """
    same = [F.col(f"new.{name}").eqNullSafe(F.col(f"old.{name}")) for name in _IMAGE]
    alike = functools.reduce(lambda one, other: one & other, same)
    changed = images.alias("new").join(earlier.alias("old"), alike, "left_anti").select("image_id")
    said = changed.unionByName(signals.select("image_id")).distinct()
    touched = images.join(said, "image_id", "left_semi")
    originals = touched.where("duplicate_of is not null").select(F.col("duplicate_of").alias("image_id"))
    return images.join(said.unionByName(originals).distinct(), "image_id", "left_semi")


def known_segments(history: History) -> list[str]:
    """The boilerplate that the first of the runs found: a day's texts are too few to tell."""
    rejects = history.origin.tables.read("rejects")
    segments = rejects.where((F.col("unit") == "segment") & (F.col("reason") == boilerplate.REASON))
    return sorted(row.raw for row in segments.select("raw").collect())


def write_with_earlier(run: Run, texts: DataFrame, mentions: DataFrame) -> None:
    """Publish the texts and mentions of the run's images: the new ones, and those of earlier runs.

    Texts that are said anew are one part of the table, the others another one.

    Args:
        run: it grows from another one.
        texts: the new texts, as in their table.
        mentions: the new mentions, likewise.
    """
    assert run.history is not None
    images, most = run.read("images"), run.config.normalize.max_contributors
    said = earlier_mentions(run.history, images).persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    every = regrouping.join_texts(texts.unionByName(texts_of(run.history, said))).persist(StorageLevel.MEMORY_AND_DISK)
    new = F.broadcast(texts.select("text_id"))
    run.tables.write("texts", every.join(new, "text_id", "left_semi"))
    run.tables.write("texts", every.join(new, "text_id", "left_anti"), part=BEFORE)
    run.tables.write("mentions", regrouping.join_mentions(mentions.unionByName(said), images, most))
    for frame in (said, every):
        frame.unpersist()


def earlier_mentions(history: History, images: DataFrame) -> DataFrame:
    """What earlier runs know to be said of these images."""
    wanted = F.broadcast(images.select("image_id"))
    return history.newest("mentions", "image_id").join(wanted, "image_id", "left_semi")


def texts_of(history: History, mentions: DataFrame) -> DataFrame:
    """The texts of these mentions, which are of earlier runs."""
    wanted = F.broadcast(mentions.select("text_id").distinct())
    return history.newest("texts", "text_id").join(wanted, "text_id", "left_semi")
