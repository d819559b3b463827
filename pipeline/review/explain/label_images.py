"""The images of a label, told from the manifest in one pass: how many, who says it, what else is on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline.review.stored_run import StoredRun

_STEPS = 10_000  # confidences are whole numbers of so many parts: their sums do not depend on the order
_COLUMNS = ("image_id", "label_ids", "label_sources", "label_confidences", "keep_prob", "sample_u", "split")


@dataclass(frozen=True, slots=True)
class Sample:
    """An image of a label, with what gave it the label: signal, phrase, count."""

    image_id: str
    confidence: float
    evidence: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class LabelImages:
    """The images of one label in the manifest.

    Attributes:
        images: that carry it.
        capped: of these, in the capped set.
        validation: of these, held out.
        confidence: mean.
        signals: images on which each kind of text is evidence, in the order of the run's signals.
        together: (label_id, images with both), most images first, at most as many as asked for.
        labelled: images of the manifest.
        samples: (image_id, confidence) of the images with the lowest draws.
    """

    images: int
    capped: int
    validation: int
    confidence: float
    signals: tuple[int, ...]
    together: tuple[tuple[int, int], ...]
    labelled: int
    samples: tuple[tuple[str, float], ...]


def label_images(run: StoredRun, label_id: int, most_together: int, most_samples: int) -> LabelImages:
    """What the manifest says of a label. Memory is bounded: a count for each label, and the samples.

    Args:
        run: one with a manifest.
        label_id: the label.
        most_together: co-occurring labels given.
        most_samples: images given: those with the lowest `sample_u`, which no one has chosen.
    """
    images = capped = validation = steps = labelled = 0
    said = np.zeros(len(run.signals), dtype=np.int64)
    together = np.zeros(0, dtype=np.int64)
    drawn: list[tuple[float, str, float]] = []
    for batch in run.batches("manifest", _COLUMNS):
        labelled += batch.num_rows
        flat, row = _flat(batch, "label_ids"), pc.list_parent_indices(batch["label_ids"]).to_numpy()
        place = np.flatnonzero(flat == label_id)
        if not len(place):
            continue
        here = row[place]
        sure = _flat(batch, "label_confidences")[place].astype(np.float64)
        bits = _flat(batch, "label_sources")[place].astype(np.int64)
        u, keep = (batch[name].to_numpy()[here] for name in ("sample_u", "keep_prob"))
        images += len(here)
        capped += int((u < keep).sum())
        validation += int(pc.equal(batch["split"], "validation").to_numpy(zero_copy_only=False)[here].sum())
        steps += int(np.rint(sure * _STEPS).sum())
        said += np.array([((bits >> i) & 1).sum() for i in range(len(said))], dtype=np.int64)
        with_it = np.zeros(batch.num_rows, dtype=bool)
        with_it[here] = True
        together = _added(together, np.bincount(flat[with_it[row]]))
        lowest = np.argsort(u, kind="stable")[:most_samples]
        names = batch["image_id"].take(pa.array(here[lowest])).to_pylist()
        drawn += zip(u[lowest].tolist(), names, sure[lowest].tolist(), strict=True)
        drawn = sorted(drawn)[:most_samples]
    order = np.lexsort((np.arange(len(together)), -together))
    others = [(int(i), int(together[i])) for i in order if i != label_id and together[i]][:most_together]
    return LabelImages(
        images,
        capped,
        validation,
        round(steps / _STEPS / max(images, 1), 4),
        tuple(said.tolist()),
        tuple(others),
        labelled,
        tuple((name, round(confidence, 4)) for _, name, confidence in drawn),
    )


def with_evidence(run: StoredRun, label_id: int, drawn: Sequence[tuple[str, float]]) -> tuple[Sample, ...]:
    """Images of a label with the evidence that gave it, in the order given."""
    names = [image_id for image_id, _ in drawn]
    where = (ds.field("label_id") == label_id) & ds.field("image_id").isin(pa.array(names, pa.string()))
    found = {row["image_id"]: row["evidence"] for row in run.rows("assignments", ["image_id", "evidence"], where)}
    return tuple(
        Sample(
            image_id,
            confidence,
            tuple((item["signal"], item["phrase"], item["count"]) for item in found.get(image_id, ())),
        )
        for image_id, confidence in drawn
    )


def _flat(batch: pa.RecordBatch, column: str) -> npt.NDArray[np.generic]:
    return np.asarray(pc.list_flatten(batch[column]).to_numpy(zero_copy_only=False))


def _added(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The sum of two arrays of counts, as long as the longer one."""
    total = np.zeros(max(len(one), len(other)), dtype=np.int64)
    total[: len(one)] += one
    total[: len(other)] += other
    return total
