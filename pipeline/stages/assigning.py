"""Texts and labels to labelled images."""

import numpy as np
from pyspark import StorageLevel
from pyspark.sql import functions as F

from pipeline.labeling import assign, match, reliability
from pipeline.runtime.road import Run, log
from pipeline.stages.rejects import as_rejects, null, write_rejects
from pipeline.vocabulary import hierarchy


def assign_labels(run: Run) -> tuple[int, int]:
    """Texts and labels to labelled images."""
    texts, mentions, members = run.read("texts"), run.read("mentions"), run.read("members")
    config, signals = run.config.assign, run.record.signals
    ids = np.sort(members.select("phrase_id").toArrow()["phrase_id"].to_numpy())
    wanted = run.spark.sparkContext.broadcast(ids.tobytes())
    matches = match.match_texts(texts, wanted, run.config.mine.max_words)
    evidence = assign.collect_evidence(matches, mentions, members).persist(StorageLevel.MEMORY_AND_DISK)
    votes = (
        assign.count_votes(evidence, signals)
        .toArrow()
        .sort_by([("image_bits", "ascending"), ("label_bits", "ascending")])
    )
    image_bits, label_bits, pairs = (votes[name].to_numpy() for name in ("image_bits", "label_bits", "pairs"))
    chances, confirmed = reliability.confirmations(image_bits, label_bits, pairs, len(signals))
    trust = reliability.estimate(
        chances,
        confirmed,
        best=config.best_reliability,
        weight=config.agreement_weight,
        prior=config.prior_reliability,
        strength=config.prior_strength,
    )
    log.info("  reliability: %s", ", ".join(f"{s} {p:.2f}" for s, p in zip(signals, trust, strict=True)))
    ranked = assign.weigh(evidence, signals, [round(float(p), 6) for p in trust], config)
    if config.closure:
        forest = run.read("vocabulary").select("label_id", "parent", "parent_how").toArrow()
        above = hierarchy.ancestors(forest, config.closure, config.closure_by)
        ranked = assign.add_ancestors(ranked, run.spark.createDataFrame(above), config)
    ranked = ranked.withColumns({"reason": assign.rejection(config)}).persist(StorageLevel.MEMORY_AND_DISK)
    run.tables.write("assignments", ranked.where("reason is null").drop("place", "reason"))
    assignments = run.read("assignments")
    dropped = (
        ranked.where("reason is not null")
        .groupBy("reason")
        .count()
        .select(null("source"), "reason", null("raw"), "count")
    )
    lost = assign.unlabelled(mentions, evidence, assignments)
    images = lost.select(null("source"), "reason", F.col("image_id").alias("raw"))
    write_rejects(run, "assign", [as_rejects("pair", dropped), as_rejects("image", images)])
    ranked.unpersist()
    evidence.unpersist()
    wanted.destroy()
    return mentions.select("image_id").distinct().count(), assignments.select("image_id").distinct().count()
