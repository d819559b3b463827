"""What plans show in an epoch, told from the rows of a manifest in one pass for any number of plans."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.core.broadcast import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.manifest.balance.plan import Labels, Outcome, choose_cap, from_units, image_rates, to_units, weigh
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.tasks import map_batches

_KEPT, _SHOWN = -1, -2  # in place of a label: sums over all images
_SUMS = "plan int, label_id int, units bigint"

Plans = tuple[Labels, tuple[PublishConfig, ...], bool]


def expected_showings(manifest: DataFrame, labels: Labels, plans: Sequence[PublishConfig]) -> list[int]:
    """Showings an epoch under each plan, in units of `plan.to_units`: exact sums, the same under any partitioning.

    Args:
        manifest: rows with label_ids.
        labels: of the run.
        plans: sections [publish].
    """
    return [sums.get(_SHOWN, 0) for sums in _sums(manifest, labels, plans, by_label=False)]


def expected_outcomes(manifest: DataFrame, labels: Labels, plans: Sequence[PublishConfig]) -> list[Outcome]:
    """What each plan shows, label by label; the same under any partitioning.

    Args:
        manifest: rows with label_ids.
        labels: of the run.
        plans: sections [publish].
    """
    outcomes = []
    for plan, sums in zip(plans, _sums(manifest, labels, plans, by_label=True), strict=True):
        found = np.zeros(len(labels.images), dtype=np.int64)
        of_labels = {label: units for label, units in sums.items() if label >= 0}
        found[list(of_labels)] = list(of_labels.values())
        outcomes.append(
            Outcome(
                images=float(from_units(sums.get(_KEPT, 0))),
                showings=float(from_units(sums.get(_SHOWN, 0))),
                capped=float(np.minimum(labels.images, choose_cap(labels.images, plan)).sum()),
                by_label=from_units(found),
            )
        )
    return outcomes


def _sums(
    manifest: DataFrame, labels: Labels, plans: Sequence[PublishConfig], *, by_label: bool
) -> list[dict[int, int]]:
    """Of each plan: label_id -> units."""
    shared: Broadcast[Plans] = manifest.sparkSession.sparkContext.broadcast((labels, tuple(plans), by_label))
    rows = map_batches(manifest.select("label_ids"), lambda batches: _sum_task(batches, shared.value), _SUMS)
    found: list[dict[int, int]] = [{} for _ in plans]
    for row in rows.groupBy("plan", "label_id").agg(F.sum("units").alias("units")).toArrow().to_pylist():
        found[row["plan"]][row["label_id"]] = row["units"]
    shared.unpersist()
    return found


def _sum_task(batches: Iterator[pa.RecordBatch], shared: Plans) -> Iterator[pa.RecordBatch]:
    """Sums over the rows of one task."""
    labels, plans, by_label = shared
    weights = [weigh(labels, plan) for plan in plans]
    totals = np.zeros((len(plans), 2), dtype=np.int64)
    each = np.zeros((len(plans), len(labels.images) if by_label else 0), dtype=np.int64)
    for batch in batches:
        lengths = np.asarray(batch["label_ids"].value_lengths(), dtype=np.int64)
        ids = np.asarray(batch["label_ids"].flatten(), dtype=np.int64)
        for place, (keep, repeat) in enumerate(weights):
            kept, repeated = image_rates(lengths, ids, keep, repeat)
            shown = to_units(kept * repeated)
            totals[place] += (to_units(kept).sum(), shown.sum())
            if by_label:  # a batch has thousands of rows: its sums are exact in doubles
                each[place] += np.bincount(ids, np.repeat(shown, lengths), each.shape[1]).astype(np.int64)
    yield _as_rows(totals, np.array([_KEPT, _SHOWN]))
    yield _as_rows(each, np.arange(each.shape[1]))


def _as_rows(sums: npt.NDArray[np.int64], label_ids: npt.NDArray[np.int64]) -> pa.RecordBatch:
    plan, place = np.nonzero(sums)
    return pa.record_batch(
        {
            "plan": pa.array(plan, pa.int32()),
            "label_id": pa.array(label_ids[place], pa.int32()),
            "units": pa.array(sums[plan, place], pa.int64()),
        }
    )
