"""Candidates and vectors to labels and members."""

import dataclasses

import pyarrow as pa
from pyspark.sql import functions as F

from pipeline.review import changes
from pipeline.runtime.errors import InputError
from pipeline.runtime.road import Run, log
from pipeline.runtime.workers import end_idle
from pipeline.stages.rejects import as_rejects, null, write_rejects
from pipeline.vocabulary import labels, versions
from pipeline.vocabulary.clustering import calibrate
from pipeline.vocabulary.clustering.memory import Load
from pipeline.vocabulary.encoding import encoders
from pipeline.vocabulary.merging import phrases

COLUMNS = ("phrase_id", "phrase", "language", "images", "image_keys", "pinned", "synonym_of")  # of a candidate


def cluster(run: Run) -> tuple[int, int]:
    """Kept candidates and vectors to labels and members."""
    kept, vectors, config = (
        run.read("candidates").where("kept").select(*COLUMNS),
        run.read("embeddings"),
        run.config.cluster,
    )
    if config.base:
        changes.require_labels(config.base, "cluster.base")
    amount = kept.count()
    if not amount:
        raise InputError("no phrase was kept. Lower mine.min_images or mine.min_contributors, or add sources.")
    width = vectors.select(F.max(F.size("vector"))).first()[0] or 0  # type: ignore[index]
    load = Load(amount, vectors.count(), width, config.neighbours, run.config.mine.rare_images, config.method)
    load.require(config.max_memory_gb)
    log.info("  clustering %d phrases needs at most %.2f GB", amount, load.gigabytes)
    end_idle(run.spark)  # from here on this process does the work
    ranked = phrases.rank_phrases(
        kept.toArrow(), vectors.select("phrase_id", "vector").toArrow(), run.read("contexts").toArrow()
    )
    found = calibrate.find_thresholds(ranked, config, run.config.embed.encoder)
    log.info("  %s", found)
    run.record.content["thresholds"] = dataclasses.asdict(found)
    joined = encoders.joined_languages(run.config.embed, config.join_languages)
    thresholds = calibrate.with_thresholds(config, found)
    vocabulary, members, unassigned = labels.build_vocabulary(ranked, thresholds, joined)
    if config.base:
        support = pa.table({"phrase_id": ranked.ids, "images": ranked.images})
        earlier = changes.read_labels(run.spark, config.base, "cluster.base")
        vocabulary = versions.carry_keys(earlier, versions.Labels(vocabulary, members.join(support, "phrase_id")))
    run.tables.write("vocabulary", run.spark.createDataFrame(vocabulary))
    rows_out = run.tables.write("members", run.spark.createDataFrame(members))
    lost = run.spark.createDataFrame(unassigned).select(null("source"), "reason", F.col("phrase").alias("raw"))
    write_rejects(run, "cluster", [as_rejects("phrase", lost)])
    if not vocabulary.num_rows:
        raise InputError(f"no label has cluster.min_images = {config.min_images} images. Lower it, or add sources.")
    return amount, rows_out
