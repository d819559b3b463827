"""Evidence to labelled images."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.labeling import assign, confidence, evidence, propagate, reliability
from pipeline.labeling.agreement import find_agreement
from pipeline.manifest.balance import caps
from pipeline.runtime.road import Run, log
from pipeline.stages import learning
from pipeline.stages.growth.labels import trust_grown
from pipeline.stages.rejects import as_rejects, null, write_rejects
from pipeline.vocabulary import hierarchy
from pipeline.vocabulary.encoding.matrix import as_matrix


def assign_labels(run: Run) -> tuple[int, int]:
    """Evidence to labelled images."""
    said, mentions, config = run.read("evidence"), run.read("mentions"), run.config.assign
    ranked = confidence.weigh(
        *(said, run.record.signals, trust_grown(run, said) if run.history else _trust_labels(run, said), config),
        completeness=run.read("candidates").select("phrase_id", "completeness"),
        agreement=_agreement(run, said),
    )
    if config.closure:
        forest = run.read("vocabulary").select("label_id", "parent", "parent_how").toArrow()
        above = hierarchy.ancestors(forest, config.closure, config.closure_by)
        belief = run.spark.createDataFrame(propagate.belief_in_ancestors(above, config.closure_discount))
        ranked = propagate.add_labels(ranked, belief, propagate.DERIVED, config)
    if config.implications:
        rules = run.spark.createDataFrame(propagate.find_implications(ranked, config).toArrow())
        log.info("  %d labels follow from others", rules.count())
        ranked = propagate.add_labels(ranked, rules, propagate.IMPLIED, config)
    ranked, described = learning.add_learnt(run, ranked)
    ranked = ranked.withColumns({"reason": assign.rejection(config)}).persist(StorageLevel.MEMORY_AND_DISK)
    run.tables.write("assignments", ranked.where("reason is null").drop("place", "reason"))
    assignments = run.read("assignments")
    dropped = (
        ranked.where("reason is not null")
        .groupBy("reason")
        .count()
        .select(null("source"), "reason", null("raw"), "count")
    )
    lost = assign.unlabelled(mentions, said, assignments)
    images = lost.select(null("source"), "reason", F.col("image_id").alias("raw"))
    write_rejects(run, "assign", [as_rejects("pair", dropped), as_rejects("image", images)])
    for frame in [ranked] if described is None else [ranked, described]:
        frame.unpersist()
    return mentions.select("image_id").distinct().count(), assignments.select("image_id").distinct().count()


def _trust_labels(run: Run, said: DataFrame) -> DataFrame:
    """The table trust of the run."""
    run.tables.write("trust", run.spark.createDataFrame(_label_facts(run, said)))
    return run.read("trust")


def _label_facts(run: Run, said: DataFrame) -> pa.Table:
    """How rare each label is, and how far each signal is trusted for its band."""
    config, signals = run.config, run.record.signals
    pairs = evidence.pair_voices(said, signals).persist(StorageLevel.MEMORY_AND_DISK)  # read three times
    counted = evidence.count_labels(pairs, len(signals)).toArrow().sort_by("label_id")
    labels, images = counted["label_id"].to_numpy(), counted["images"].to_numpy()
    all_images, by_signal = evidence.count_images(pairs, len(signals)).first() or (0, [])
    named = caps.bands(images, config.publish.head_share, config.publish.tail_band_share)
    bands = np.searchsorted(_BANDS, named)
    trust = _trust(run, pairs, counted, np.asarray(by_signal, dtype=np.int64), bands)
    for place, name in enumerate(_BANDS):
        told = ", ".join(f"{signal} {p:.2f}" for signal, p in zip(signals, trust[place], strict=True))
        log.info("  reliability, %s: %s", name, told)
    pairs.unpersist()
    return confidence.label_facts(labels, images, bands, trust, all_images)


_BANDS = ("head", "tail", "torso")  # sorted


def _trust(
    run: Run, pairs: DataFrame, counted: pa.Table, said: npt.NDArray[np.int64], bands: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Reliability of each signal for each band, float64 [bands, signals]."""
    config = run.config.assign
    labels = counted["label_id"].to_numpy()
    known = pa.table({"label_id": pa.array(labels, pa.int32()), "band": pa.array(bands, pa.int32())})
    names = ("band", "image_bits", "label_bits", "pairs")
    votes = evidence.count_votes(pairs, run.spark.createDataFrame(known)).toArrow()
    votes = votes.sort_by([(name, "ascending") for name in names])
    images = np.array(counted["by_signal"].to_pylist(), dtype=np.int64).reshape(len(labels), len(said))
    row, signal = np.nonzero(images)
    expected = reliability.expected_agreement(
        labels[row].astype(np.int64), signal, images[row, signal], said, bands[row], len(_BANDS)
    )
    return reliability.estimate_bands(
        reliability.BandVotes(*(votes[name].to_numpy().astype(np.int64) for name in names)),
        expected,
        best=config.best_reliability,
        weight=config.agreement_weight,
        prior=config.prior_reliability,
        strength=config.prior_strength,
        band_strength=config.band_strength,
    )


def _agreement(run: Run, said: DataFrame) -> DataFrame | None:
    """How well each phrase goes with the rest of its image; None where that term is off."""
    if "agreement" not in run.config.assign.terms:
        return None
    ids, vectors = read_vectors(run, run.read("members").select("phrase_id"))
    return find_agreement(said, run.spark.sparkContext.broadcast((ids, vectors)))


def read_vectors(run: Run, phrases: DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Ascending phrase_ids int64 [phrases] and unit vectors float32 [phrases, d] of those that have one."""
    table = run.read("embeddings").join(phrases, "phrase_id").select("phrase_id", "vector").toArrow()
    table = table.sort_by("phrase_id")
    return table["phrase_id"].to_numpy(), as_matrix(table["vector"])
