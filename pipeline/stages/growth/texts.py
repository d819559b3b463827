"""What is new, with all that was said before of the same images."""

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.history import History
from pipeline.runtime.road import Run
from pipeline.text import boilerplate, origins, regrouping

BEFORE = "before"  # part of the table texts: what was said before, and is not said anew


def known_segments(history: History) -> list[str]:
    """The boilerplate that the first of the runs found: a day's texts are too few to tell."""
    rejects = history.origin.tables.read("rejects")
    segments = rejects.where((F.col("unit") == "segment") & (F.col("reason") == boilerplate.REASON))
    return sorted(row.raw for row in segments.select("raw").collect())


def write_with_earlier(run: Run, texts: DataFrame, mentions: DataFrame) -> None:
    """Publish the texts and mentions of the run's images, new and earlier ones, and the origins of all that is said.

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
    now = [(origins.count_origins(run.read("mentions"), every), 1), (origins.count_origins(said, every), -1)]
    run.tables.write("origins", origins.sum_origins([(run.history.read("origins"), 1), *now]))
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
