"""Texts and labels to evidence: which member phrases are said of which images, by whom."""

import numpy as np
import numpy.typing as npt
from pyspark import StorageLevel
from pyspark.sql import functions as F

from pipeline.labeling import evidence, match, nested
from pipeline.runtime.road import Run
from pipeline.stages.rejects import as_rejects, counted_reasons, write_rejects


def match_members(run: Run) -> tuple[int, int]:
    """Texts and labels to evidence."""
    texts, mentions, members = run.read("texts"), run.read("mentions"), run.read("members")
    ids = np.sort(members.select("phrase_id").toArrow()["phrase_id"].to_numpy())
    wanted = run.spark.sparkContext.broadcast(ids.tobytes())
    hiding = None if run.config.match.modifiers else run.spark.sparkContext.broadcast(_hiding(run, ids).tobytes())
    found = match.match_texts(texts, wanted, run.config.mine.max_words, hiding)
    found = found.persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    said = found.where(~F.col("denied")).drop("denied")
    kinds = run.config.match.nested_by
    if kinds:
        spoken = members.join(run.read("candidates").select("phrase_id", "language"), "phrase_id")
        forest = run.read("vocabulary").select("label_id", "parent", "parent_how").toArrow()
        inside = nested.nested_phrases(spoken.toArrow(), forest, kinds)
        said = evidence.add_nested(said, run.spark.createDataFrame(inside), members)
    run.tables.write("evidence", evidence.collect_evidence(said, mentions, members))
    counts = found.agg(
        F.count_distinct(F.when(~F.col("denied"), F.col("text_id"))).alias("said"),
        F.count_distinct("text_id").alias("found"),
        F.count_if("denied").alias("denied"),
    ).first()
    assert counts is not None
    all_texts = texts.count()
    left = [("no_member_phrase", all_texts - counts.found), ("denied", counts.found - counts.said)]
    matches = [("denied", counts.denied)]
    reasons = (run.spark.createDataFrame(rows, "reason string, count long") for rows in (left, matches))
    frames = [as_rejects(unit, counted_reasons(rows)) for unit, rows in zip(("text", "match"), reasons, strict=True)]
    write_rejects(run, "match", frames)
    found.unpersist()
    wanted.destroy()
    return all_texts, counts.said


def _hiding(run: Run, members: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Phrases without a label that hide what modifies them, ascending ids int64."""
    kept = run.read("candidates").where("kept").select("phrase_id", "phrase", "language").toArrow()
    return match.hiding_phrases(kept, members)
