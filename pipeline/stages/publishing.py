"""Labelled images to the published tree and the page that shows the run."""

import pyarrow as pa

from pipeline.manifest import publish, rows
from pipeline.review import collect, report
from pipeline.runtime import files
from pipeline.runtime.errors import InputError
from pipeline.runtime.road import Run
from pipeline.vocabulary import display


def publish_manifest(run: Run) -> tuple[int, int]:
    """Labelled images to the published tree."""
    assignments, config = run.read("assignments"), run.config.publish
    if not assignments.head(1):
        raise InputError("no image has a label. Lower assign.min_confidence, or cluster.min_images.")
    counts = rows.count_labels(assignments).toArrow()
    named = rows.with_learnt(_displayed(run), run.read("learnt").toArrow())
    table = rows.label_table(named, counts, config)
    run.tables.write("labels", run.spark.createDataFrame(table))
    weighed = run.read("labels")
    lines = rows.manifest_rows(assignments, run.read("images"), weighed, run.record.signals, config)
    rows_out = run.tables.write("manifest", lines)
    files.remove(run.manifest)  # of a try that was stopped before it went on record
    publish.write_tree(
        *(run.manifest, run.read("manifest"), weighed, run.read("members")),
        rows.kept_evidence(run.read("evidence"), assignments),
        *(run.record.content, config),
    )
    files.write_json(files.join(run.root, "manifest", "current.json"), {"run_id": run.run_id})
    return assignments.select("image_id").distinct().count(), rows_out


def _displayed(run: Run) -> pa.Table:
    """The vocabulary with its names as people write them."""
    vocabulary = run.read("vocabulary").toArrow()
    words = run.spark.createDataFrame(display.words_of(vocabulary))
    counts = display.count_spellings(run.read("signals"), words).toArrow()
    return display.add_display(vocabulary, display.choose_spellings(counts))


def write_report(run: Run) -> tuple[int, int]:
    """The page that shows the run."""
    page = report.render_report(collect.collect_report(run.read, run.record.content, run.config.report))
    files.write_text(run.report, page)
    images = run.read("manifest").count()
    return images, images
