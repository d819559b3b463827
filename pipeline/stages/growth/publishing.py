"""The manifest of all images: the new ones, and those of the base with the weights that their labels have by now."""

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.manifest import carried, rows
from pipeline.manifest.balance import expected
from pipeline.manifest.tree import publish
from pipeline.manifest.tree.card import CardFacts
from pipeline.manifest.tree.origins import find_origins
from pipeline.review.report import collect
from pipeline.review.report import page as report
from pipeline.runtime import files
from pipeline.runtime.errors import RunError
from pipeline.runtime.history import History
from pipeline.runtime.road import Run
from pipeline.stages import publishing
from pipeline.stages.growth.phrases import history_of
from pipeline.vocabulary import display

_WORKED_ON = {"images": "image_id", "mentions": "image_id", "assignments": "image_id", "texts": "text_id"}


def publish_grown(run: Run) -> tuple[int, int]:
    """New and earlier labelled images to the published tree."""
    history, plan = history_of(run), run.config.publish
    found, lost = publishing.hold_out(run, run.read("assignments"))
    touched = F.broadcast(run.read("images").select("image_id"))
    before = history.read("manifest")
    staying = before.join(touched, "image_id", "left_anti")
    replaced = before.select("image_id", "label_ids", "split").join(touched, "image_id", "left_semi")
    replaced = replaced.persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    old = history.read("labels").toArrow()
    counts = _count(old, carried.count_labels(replaced).toArrow(), rows.count_labels(found).toArrow())
    images = before.count() - replaced.count() + found.select("image_id").distinct().count()
    named = rows.with_learnt(_displayed(run, old), run.read("learnt").toArrow())
    table = rows.label_table(named, counts, plan, images)
    known = run.spark.createDataFrame(table.select(["label_id", "images", "keep_prob", "repeat_factor"]))
    fresh = rows.manifest_rows(found, run.read("images"), known, run.record.signals, plan)
    was = replaced.select("image_id", F.col("split").alias("was"))
    # What was held out once is never trained on.
    fresh = fresh.join(was, "image_id", "left").withColumns({"split": F.coalesce("was", "split")}).drop("was")
    fresh = fresh.persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    labelled = [frame.where("split = 'train'").select("label_ids") for frame in (staying, fresh)]
    outcome = expected.expected_outcomes(labelled[0].unionByName(labelled[1]), rows.weighed_labels(table), [plan])[0]
    table = rows.with_expected(table, outcome)
    run.record.content["growth"] = {
        "base": history.base.run_id,
        "images": images,
        "images_worked_on": run.tables.rows("images"),
        "signals_waiting": run.tables.rows("waiting"),
        "labels": table.num_rows,
        "new_labels": table.num_rows - old.num_rows,
        "new_members": run.tables.pointer("members", run.run_id)["rows"],
    }
    run.tables.write("labels", run.spark.createDataFrame(table))
    lines = carried.reweigh(staying, table).unionByName(fresh.sortWithinPartitions("image_id"))
    run.tables.write("manifest", lines, known=[item.tables for item in history.runs], in_order=True)
    for frame in (fresh, replaced):
        frame.unpersist()
    files.remove(run.manifest)  # of a try that was stopped before it went on record
    _write_tree(run, history, found, table, publishing.count_reasons(lost))
    files.write_json(files.join(run.root, "manifest", "current.json"), {"run_id": run.run_id})
    said = run.read("assignments").select("image_id").distinct().count()
    return said, found.select("image_id").distinct().count()


def report_grown(run: Run) -> tuple[int, int]:
    """The page that shows the run with all that it grew from."""
    history = history_of(run)

    def read(table: str) -> DataFrame:
        return whole(run, history, table)

    audit = publishing.audited(run.config.publish.audit)
    data = collect.collect_report(read, run.record.content, run.config.report, audit)
    files.write_text(run.report, report.render_report(data))
    images = run.read("manifest").count()
    return images, images


def whole(run: Run, history: History, table: str) -> DataFrame:
    """A table of the run and all that it grew from; of each image or text what the newest run says."""
    key = _WORKED_ON.get(table)
    own = run.read(table)
    if key is None:
        return own
    worked_on = run.read("images" if key == "image_id" else "texts").select(key)
    return own.unionByName(history.newest(table, key).join(F.broadcast(worked_on), key, "left_anti"))


def _count(old: pa.Table, gone: pa.Table, new: pa.Table) -> pa.Table:
    """(label_id, images): those of the base, less those of the images that were worked on again, and theirs."""
    signed = [(old, 1), (gone, -1), (new, 1)]
    parts = [
        pa.table({"label_id": part["label_id"], "images": pa.array(part["images"].to_numpy() * sign)})
        for part, sign in signed
    ]
    summed = pa.concat_tables(parts).group_by("label_id", use_threads=False).aggregate([("images", "sum")])
    return summed.rename_columns({"images_sum": "images"})


def _displayed(run: Run, old: pa.Table) -> pa.Table:
    """The vocabulary with the spellings of the base, and of new labels those of the new signals."""
    vocabulary = run.read("vocabulary").toArrow().sort_by("label_id")
    known, new = vocabulary.slice(0, old.num_rows), vocabulary.slice(old.num_rows)
    words = run.spark.createDataFrame(display.words_of(new))
    spelled = display.choose_spellings(display.count_spellings(run.read("signals"), words).toArrow())
    shown = old.sort_by("label_id")["display"]
    return pa.concat_tables([known.append_column("display", shown), display.add_display(new, spelled)])


def _write_tree(run: Run, history: History, found: DataFrame, table: pa.Table, drops: dict[str, int]) -> None:
    folder = files.join(run.root, "manifest", history.base.run_id, "evidence")
    if not files.exists(folder):
        raise RunError(f"{folder}: the evidence of the base is not there. Restore its manifest, or run without --base.")
    manifest = run.read("manifest")
    said = rows.kept_evidence(run.read("evidence"), found).persist(StorageLevel.DISK_ONLY)  # read twice
    old = run.spark.read.schema(said.schema).parquet(files.absolute(folder))
    touched = F.broadcast(run.read("images").select("image_id"))
    origins = find_origins(manifest, run.read("origins"))
    publish.write_tree(
        *(run.manifest, manifest, run.spark.createDataFrame(table), run.read("members"), said),
        *(run.record.content, run.config.publish),
        CardFacts(origins=origins, audit=publishing.audited(run.config.publish.audit), drops=drops),
        publish.FileRows(
            publishing.rows_per_file(run.tables, "manifest"),
            publishing.rows_per_file(history.origin.tables, "evidence"),
        ),
        old.join(touched, "image_id", "left_anti"),
    )
    said.unpersist()
