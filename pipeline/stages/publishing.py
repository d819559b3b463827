"""Labelled images to the published tree and the page that shows the run."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.labeling.judgements import read_judgements
from pipeline.labeling.spoken import spoken_members
from pipeline.manifest import held_out, rows, split
from pipeline.manifest.balance import expected
from pipeline.manifest.tree import publish
from pipeline.manifest.tree.card import CardFacts
from pipeline.manifest.tree.origins import find_origins
from pipeline.review import precision, stored_evaluation
from pipeline.review.report import collect
from pipeline.review.report import page as report
from pipeline.runtime import files
from pipeline.runtime.config import Config, PublishConfig
from pipeline.runtime.errors import InputError
from pipeline.runtime.road import Run, log
from pipeline.runtime.tables import Tables
from pipeline.stages.rejects import as_rejects, null, write_rejects
from pipeline.vocabulary import display


@dataclass(frozen=True, slots=True)
class Published:
    """What is published of a run under one plan.

    Attributes:
        assignments: those that are not held out.
        labels: the table `labels`, sorted by label_id.
        manifest: the table `manifest`, kept on disk until it is unpersisted.
    """

    assignments: DataFrame
    labels: pa.Table
    manifest: DataFrame


def publish_manifest(run: Run) -> tuple[int, int]:
    """Labelled images to the published tree."""
    found, config = run.read("assignments"), run.config
    said, lost = hold_out(run, found)
    made = weigh(run.tables, said, run.record.signals, config)
    run.tables.write("labels", run.spark.createDataFrame(made.labels))
    rows_out = run.tables.write("manifest", made.manifest)
    made.manifest.unpersist()
    files.remove(run.manifest)  # of a try that was stopped before it went on record
    written = Published(said, made.labels, run.read("manifest"))
    write(run.tables, written, run.record.content, config.publish, run.manifest, count_reasons(lost))
    files.write_json(files.join(run.root, "manifest", "current.json"), {"run_id": run.run_id})
    return found.select("image_id").distinct().count(), rows_out


def hold_out(run: Run, found: DataFrame) -> tuple[DataFrame, DataFrame | None]:
    """What `leave_out` gives of a run's assignments; what leaves is counted.

    Raises:
        InputError: there are no assignments.
    """
    if not found.head(1):
        raise InputError("no image has a label. Lower assign.min_confidence, or cluster.min_images.")
    said, lost = leave_out(run.tables, found, run.config)
    if lost is not None or "publish" in run.tables.parts("rejects"):
        none = found.where("false").select("image_id", F.lit("").alias("reason"))
        drops = (none if lost is None else lost).select(null("source"), "reason", F.col("image_id").alias("raw"))
        write_rejects(run, "publish", [as_rejects("image", drops)])
    return said, lost


def leave_out(tables: Tables, assignments: DataFrame, config: Config) -> tuple[DataFrame, DataFrame | None]:
    """Assignments without what a benchmark holds out, and (image_id, reason) of images that leave for it."""
    if not config.publish.held_out:
        return assignments, None
    guard = held_out.read_held_out(assignments.sparkSession, config.publish.held_out)
    learnt = tables.read("learnt").select("label_id", F.col("display").alias("phrase"), "language").toArrow()
    members = spoken_members(tables.read("members"), tables.read("candidates"))
    names = [(row["label_id"], row["phrase"], row["language"]) for row in [*members.to_pylist(), *learnt.to_pylist()]]
    labels, unknown = held_out.find_labels(guard.phrases, names)
    known = tables.read("images").select("image_id", F.coalesce("duplicate_of", "image_id").alias("original"))
    images = guard.images.join(known, "image_id").select(F.col("original").alias("image_id")).distinct()
    log.info(
        "  held out: %s labels by %s phrases, of which %s name none; %s images",
        *(f"{n:,}" for n in (len(labels), len(guard.phrases), len(unknown), images.count())),
    )
    return held_out.leave_out(assignments, labels, images, whole_images=config.publish.held_out_images)


def weigh(tables: Tables, assignments: DataFrame, signals: list[str], config: Config) -> Published:
    """Balance labels and images under the plan of section [publish].

    Raises:
        InputError: all is held out.
    """
    spark, plan = assignments.sparkSession, config.publish
    counts = rows.count_labels(assignments).toArrow()
    if not counts.num_rows:
        raise InputError(f"{plan.held_out}: all images are held out, and none is left to train on.")
    named = rows.with_learnt(_displayed(tables), tables.read("learnt").toArrow())
    table = rows.label_table(named, counts, plan, assignments.select("image_id").distinct().count())
    own = F.col("signal").isin(*config.normalize.individual_signals)
    owners = split.owners(tables.read("mentions"), own) if plan.split_by == "contributor" else None
    known = spark.createDataFrame(table.select(["label_id", "images", "keep_prob", "repeat_factor"]))
    lines = rows.manifest_rows(assignments, tables.read("images"), known, signals, plan, owners)
    lines = lines.persist(StorageLevel.DISK_ONLY)  # read for its expectation, and written
    train = lines.where("split = 'train'")
    outcome = expected.expected_outcomes(train, rows.weighed_labels(table), [plan])[0]
    return Published(assignments, rows.with_expected(table, outcome), lines)


def write(
    tables: Tables,
    made: Published,
    record: dict[str, object],
    config: PublishConfig,
    folder: str,
    drops: Mapping[str, int],
) -> None:
    """Write the published tree of a run into a fresh folder.

    Args:
        tables: of the run.
        made: what is published.
        record: run.json.
        config: its plan.
        folder: where to.
        drops: reason -> images that are held out.
    """
    origins = find_origins(made.manifest, tables.read("origins"))
    said = rows.kept_evidence(tables.read("evidence"), made.assignments).persist(StorageLevel.DISK_ONLY)
    labels = made.manifest.sparkSession.createDataFrame(made.labels)
    publish.write_tree(
        *(folder, made.manifest, labels, tables.read("members"), said, record, config),
        CardFacts(origins=origins, audit=audited(config.audit), drops=drops),
        publish.FileRows(*(rows_per_file(tables, name) for name in ("manifest", "evidence"))),
    )
    said.unpersist()


def rows_per_file(tables: Tables, name: str) -> int:
    """Rows of a file of the published tree, told from the run's own files."""
    pointer = tables.pointer(name)
    sizes = pointer["files"]
    assert isinstance(sizes, dict)
    return publish.rows_per_file(int(str(pointer["rows"])), sum(sizes.values()))


def count_reasons(lost: DataFrame | None) -> dict[str, int]:
    """Reason -> images."""
    return {} if lost is None else {row.reason: row["count"] for row in lost.groupBy("reason").count().collect()}


def audited(path: str) -> list[tuple[str, int, int, str, str]]:
    """Band, judged, right, precision and its interval, as the card shows them; nothing where there is no audit."""
    if not path:
        return []
    found = precision.precision(read_judgements(path))
    return [
        (item.band, item.judged, item.right, f"{item.precision:.3f}", f"{item.low:.3f} to {item.high:.3f}")
        for item in found
        if item.judged
    ]


def _displayed(tables: Tables) -> pa.Table:
    """The vocabulary with its names as people write them."""
    vocabulary, signals = tables.read("vocabulary").toArrow(), tables.read("signals")
    words = signals.sparkSession.createDataFrame(display.words_of(vocabulary))
    counts = display.count_spellings(signals, words).toArrow()
    return display.add_display(vocabulary, display.choose_spellings(counts))


def write_report(run: Run) -> tuple[int, int]:
    """The page that shows the run."""
    audit, judged = audited(run.config.publish.audit), stored_evaluation.read_kept(run.folder)
    data = collect.collect_report(run.read, run.record.content, run.config.report, audit, judged)
    files.write_text(run.report, report.render_report(data))
    images = run.read("manifest").count()
    return images, images
