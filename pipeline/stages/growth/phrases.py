"""Phrases of what is new that have become frequent, and the images that said them before."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import Broadcast, StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.history import History
from pipeline.runtime.road import Run
from pipeline.stages.growth import texts as growth
from pipeline.stages.ingesting import cut
from pipeline.stages.mining import context_words, find_signatures, write_contexts
from pipeline.stages.rejects import as_rejects, counted_reasons, write_rejects
from pipeline.vocabulary.mining import bundles, candidates, dictionary, selection, shape
from pipeline.vocabulary.mining import growth as frequent

FRESH, STAYING, RECALLED = "fresh", "staying", "recalled"  # parts of tables
_COUNTED = (
    *("phrase_id", "phrase", "language", "n_words", "images", "signal_images", "contributors", "completeness"),
    *("image_keys", "pinned", "synonym_of", "specificity"),
)

Keys = npt.NDArray[np.int64]


def mine_grown(run: Run) -> tuple[int, int]:
    """What the new texts say, to further candidates; those of the base stay as they are."""
    history, config = history_of(run), run.config.mine
    own = dictionary.read_dictionary(config.dictionary, run.config.normalize.default_language, config.max_words)
    opened = _open_keys(run, history)
    promoted, beside = _recall(run, history, opened, own)
    texts, mentions = run.read("texts"), run.read("mentions").unionByName(beside)
    packed = bundles.pack(candidates.weigh_texts(texts, mentions)).persist(StorageLevel.MEMORY_AND_DISK)
    mined = history.read("candidates")
    everything = np.union1d(promoted, _ids(context_words(mined)))
    wanted, sought = _send(run, promoted), _send(run, everything)
    found = candidates.find_phrases(packed, sought, config.max_words)
    spoken = candidates.by_image(found, mentions, run.record.signals).persist(StorageLevel.DISK_ONLY)
    support = candidates.count_support(spoken, run.record.signals).persist(StorageLevel.MEMORY_AND_DISK)
    tail = _send(
        run, candidates.rare_phrases(support, own["phrase_id"].to_numpy(), config.min_images, config.rare_images)
    )
    keys = candidates.keys_of_rare(spoken, tail)
    named = frequent.name_keys(packed, wanted, config.max_words)
    counted = candidates.name_phrases(named, run.spark.createDataFrame(own), support, keys, config.min_images)
    counted = counted.withColumns({"specificity": F.lit(None).cast("double")}).persist(StorageLevel.MEMORY_AND_DISK)
    all_images = history.images + _new_images(run, history)
    run.record.content["mined_images"] = all_images
    shaped = _with_parts(counted, mined).persist(StorageLevel.MEMORY_AND_DISK)  # looked at from several sides
    measured = selection.measure(shaped, all_images, config, find_signatures(run, counted, spoken))
    measured = measured.persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    judged = selection.judge(measured, config).join(F.broadcast(_frame(run, promoted)), "phrase_id", "left_semi")
    listed = run.tables.write("candidates", judged, part=FRESH)
    judged = run.tables.read("candidates", FRESH)
    staying = mined.join(F.broadcast(judged.select("phrase_id")), "phrase_id", "left_anti")
    run.tables.write("candidates", staying, part=STAYING, in_order=True)
    run.tables.adopt("contexts", history.base.tables)
    known = history.read("contexts").select("phrase_id")
    new = judged.where("kept").join(known, "phrase_id", "left_anti")
    write_contexts(run, spoken, new, mined, all_images, run.run_id)
    for frame in (measured, shaped, counted, support, spoken, packed):
        frame.unpersist()
    for sent in (wanted, sought, tail):
        sent.destroy()
    dropped = judged.where("not kept").groupBy("reason").count()
    rare = run.spark.createDataFrame([("below_min_images", len(opened) - listed)], "reason string, count long")
    write_rejects(run, "mine_candidates", [as_rejects("phrase", counted_reasons(dropped.unionByName(rare)))])
    return len(opened), judged.where("kept").count()


def _open_keys(run: Run, history: History) -> Keys:
    """Phrases of the new texts of which more images may change what was decided, ascending int64."""
    said = run.tables.read("texts", "").select("text_id", "text", "language", F.lit(1).cast("long").alias("weight"))
    keys = _ids(frequent.all_keys(bundles.pack(said), run.config.mine.max_words))
    labelled = history.read("members").select("phrase_id")
    settled = history.read("candidates").where(~frequent.is_open(run.config.mine)).select("phrase_id")
    return np.setdiff1d(keys, _ids(settled.unionByName(labelled).distinct()), assume_unique=True)


def _recall(run: Run, history: History, opened: Keys, own: pa.Table) -> tuple[Keys, DataFrame]:
    """Find the open phrases that have enough images by now, and fetch the images that said them before.

    Of images that are known too well to be worked on again for them, what says them is fetched alone: they are counted
    with it, and keep their labels until enough is new of them.

    Returns:
        The phrases, and mentions of the well-known images.
    """
    config = run.config.mine
    mentions, images = run.tables.read("mentions", ""), run.tables.read("images", "")
    texts = run.tables.read("texts", "").unionByName(run.tables.read("texts", growth.BEFORE))
    wanted = _send(run, opened)
    before, own_images = history.newest("mentions", "image_id"), F.broadcast(images.select("image_id"))
    old = frequent.find_keys(history.newest("texts", "text_id"), wanted, config.max_words)
    old = old.persist(StorageLevel.MEMORY_AND_DISK)  # the one pass over all old texts
    old.count()
    past = before.select("text_id", "image_id").join(F.broadcast(old), "text_id").select("phrase_id", "image_id")
    past = past.join(own_images, "image_id", "left_anti").persist(StorageLevel.MEMORY_AND_DISK)
    now = frequent.find_keys(texts, wanted, config.max_words).join(mentions.select("text_id", "image_id"), "text_id")
    counts = frequent.count_images(past.unionByName(now.select("phrase_id", "image_id")))
    enough = _ids(counts.where(F.col("images") >= config.min_images))
    pinned = own.filter(own["pinned"])["phrase_id"].to_numpy()
    promoted = np.union1d(enough, np.intersect1d(opened, pinned))
    named = F.broadcast(_frame(run, promoted))
    saying = old.join(named, "phrase_id").select("text_id", F.lit(True).alias("says")).distinct()
    # The run's own images are not among those of `past`, and need not be looked for in all that was said.
    said = before.join(F.broadcast(past.join(named, "phrase_id").select("image_id").distinct()), "image_id")
    said = said.join(F.broadcast(saying), "text_id", "left")
    few = F.count("says") < run.config.growth.rework_share * F.count(F.lit(1))
    known = said.groupBy("image_id").agg(few.alias("known")).persist(StorageLevel.MEMORY_AND_DISK)
    again = said.join(F.broadcast(known), "image_id").where("says or not known")
    again = again.select(*mentions.columns, "known").persist(StorageLevel.MEMORY_AND_DISK)  # read several times
    recalled = F.broadcast(known.where("not known"))
    run.tables.write(
        "images", history.newest("images", "image_id").join(recalled, "image_id", "left_semi"), part=RECALLED
    )
    told = growth.texts_of(history, again).join(texts.select("text_id"), "text_id", "left_anti")
    run.tables.write("texts", told, part=RECALLED)
    run.tables.write("mentions", again.where("not known").drop("known"), part=RECALLED)
    beside = cut(again.where("known").drop("known"))
    for frame in (old, past, known, again):
        frame.unpersist()
    wanted.destroy()
    return promoted, beside


def _with_parts(counted: DataFrame, mined: DataFrame) -> DataFrame:
    """The counted phrases with their shapes, and the earlier candidates that they are put together of."""
    shaped = shape.add_shapes(counted)
    parts = frequent.parts_of(shaped).join(counted.select("phrase_id"), "phrase_id", "left_anti")
    known = mined.join(F.broadcast(parts), "phrase_id", "left_semi").select(*_COUNTED, F.lit(False).alias("blocked"))
    return shaped.unionByName(shape.add_shapes(known.select(*counted.columns)))


def _new_images(run: Run, history: History) -> int:
    """Images of which something is said and that no earlier run knows."""
    now = run.read("mentions").select("image_id").distinct()
    return now.join(history.newest("images", "image_id").select("image_id"), "image_id", "left_anti").count()


def history_of(run: Run) -> History:
    """What a grown run grows from."""
    if run.history is None:
        raise RuntimeError(f"{run.run_id} grows from no run")
    return run.history


def _ids(frame: DataFrame) -> Keys:
    """The phrase_ids of a frame that has each once, ascending int64."""
    return np.sort(frame.select("phrase_id").toArrow()["phrase_id"].to_numpy())


def _frame(run: Run, keys: Keys) -> DataFrame:
    return run.spark.createDataFrame(pa.table({"phrase_id": pa.array(keys, pa.int64())}))


def _send(run: Run, keys: Keys) -> "Broadcast[Any]":
    return run.spark.sparkContext.broadcast(keys.tobytes())
