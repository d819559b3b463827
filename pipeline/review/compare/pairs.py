"""The image-label pairs of two runs: which are in both, by band, and how confidence moved; memory is bounded.

Both manifests are read in passes: each pass takes the images of one share by their hashes, and compares these alone.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from pipeline.review.compare.labels import BANDS, bands_of
from pipeline.review.stored_run import StoredRun
from pipeline.vocabulary.mining.word_arrays import hash_strings

MOST = 2_000_000  # pairs of a run that are held at once, 0.2 GB each side
_STEPS = 10_000  # confidence has 4 decimals: shifts are whole numbers of so many parts
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_Hashes = npt.NDArray[np.uint64]
_Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BandPairs:
    """Pairs of labels of one band.

    Attributes:
        old: pairs of the old run whose label is of the band there.
        old_in_new: of these, in the new run too.
        new: pairs of the new run whose label is of the band there.
        new_in_old: of these, in the old run too.
        shift: mean change of confidence of `old_in_new`; None where there are none.
    """

    old: int
    old_in_new: int
    new: int
    new_in_old: int
    shift: float | None


@dataclass(frozen=True, slots=True)
class PairChanges:
    """The pairs of two runs.

    Attributes:
        images: labelled images of the old run, of the new one, and of both.
        bands: `all` and each band -> its pairs.
        confidence: mean over all pairs of the old run, of the new one.
        quantiles: 10 %, 50 % and 90 % of the change of confidence of pairs in both; None where there are none.
        surer, less_sure: of the pairs in both.
    """

    images: tuple[int, int, int]
    bands: Mapping[str, BandPairs]
    confidence: tuple[float, float]
    quantiles: tuple[float, float, float] | None
    surer: int
    less_sure: int


@dataclass(frozen=True, slots=True)
class _Side:
    """One share of a run's pairs: image and label as one hash uint64, place of the band int8, confidence int64."""

    images: _Hashes
    pairs: _Hashes
    band: npt.NDArray[np.int8]
    steps: _Ids


def compare_pairs(old: StoredRun, new: StoredRun, heirs: _Ids, most: int = MOST) -> PairChanges:
    """Compare the manifests of two runs.

    Args:
        old: a run with a manifest.
        new: another one.
        heirs: label_id of each old label in the new run, -1 where it does not go on.
        most: pairs of a run that are held at once.
    """
    own = np.arange(len(bands_of(new)), dtype=np.int64)
    passes = max(1, math.ceil(max(_pairs(old), _pairs(new)) / most))
    counts = np.zeros((len(BANDS), 4), dtype=np.int64)
    shifts, images, sums = np.zeros(2 * _STEPS + 1, dtype=np.int64), np.zeros(3, dtype=np.int64), np.zeros(2, np.int64)
    by_band = np.zeros(len(BANDS), dtype=np.int64)
    for share in range(passes):
        one, other = _read(old, heirs, share, passes), _read(new, own, share, passes)
        images += (len(one.images), len(other.images), len(np.intersect1d(one.images, other.images)))
        sums += (one.steps.sum(), other.steps.sum())
        _, here, there = np.intersect1d(one.pairs, other.pairs, return_indices=True)
        shift = other.steps[there] - one.steps[here]
        shifts += np.bincount(shift + _STEPS, minlength=len(shifts))
        for i in range(len(BANDS)):
            both = one.band[here] == i, other.band[there] == i
            counts[i] += ((one.band == i).sum(), both[0].sum(), (other.band == i).sum(), both[1].sum())
            by_band[i] += shift[both[0]].sum()
    whole = counts.sum(axis=0)
    bands = {"all": _band(whole, int(by_band.sum()))}
    bands |= {name: _band(counts[i], int(by_band[i])) for i, name in enumerate(BANDS)}
    return PairChanges(
        (int(images[0]), int(images[1]), int(images[2])),
        bands,
        tuple(round(int(sums[i]) / _STEPS / max(1, int(whole[2 * i])), 4) for i in range(2)),  # type: ignore[arg-type]
        _quantiles(shifts),
        int(shifts[_STEPS + 1 :].sum()),
        int(shifts[:_STEPS].sum()),
    )


def _read(run: StoredRun, heirs: _Ids, share: int, shares: int) -> _Side:
    """The pairs of one share of the images, labels by their numbers in the new run."""
    band_of = bands_of(run)
    images, pairs, bands, steps = [], [], [], []
    for hashes, parent, label, confidence in _batches(run):
        chosen = hashes % np.uint64(shares) == share
        images.append(hashes[chosen])
        flat = chosen[parent]
        label, parent = label[flat], parent[flat]
        number = np.where(label < len(heirs), heirs[np.minimum(label, len(heirs) - 1)], -1)
        # A label that does not go on has a number that no label of the other run has.
        number = np.where(number < 0, -1 - label, number)
        pairs.append((hashes[parent] ^ (number.view(np.uint64) * _FACTOR)) * _FACTOR)
        bands.append(band_of[label])
        steps.append(np.rint(confidence[flat].astype(np.float64) * _STEPS).astype(np.int64))
    none = np.zeros(0, dtype=np.uint64)
    return _Side(
        np.concatenate([none, *images]),
        np.concatenate([none, *pairs]),
        np.concatenate([np.zeros(0, dtype=np.int8), *bands]),
        np.concatenate([np.zeros(0, dtype=np.int64), *steps]),
    )


def _batches(run: StoredRun) -> Iterator[tuple[_Hashes, _Ids, _Ids, npt.NDArray[np.float32]]]:
    """Hash of each image of a batch, and of each pair the place of its image, label_id and confidence."""
    for batch in run.batches("manifest", ["image_id", "label_ids", "label_confidences"]):
        names = batch["image_id"].to_numpy(zero_copy_only=False)
        parent = pc.list_parent_indices(batch["label_ids"]).to_numpy().astype(np.int64)
        label = pc.list_flatten(batch["label_ids"]).to_numpy().astype(np.int64)
        yield hash_strings(names), parent, label, pc.list_flatten(batch["label_confidences"]).to_numpy()


def _pairs(run: StoredRun) -> int:
    """Image-label pairs of a run's manifest, as its labels count them."""
    return sum(int(batch["images"].to_numpy().sum()) for batch in run.batches("labels", ["images"]))


def _band(counts: _Ids, steps: int) -> BandPairs:
    old, old_in_new, new, new_in_old = (int(count) for count in counts)
    shift = round(steps / _STEPS / old_in_new, 4) if old_in_new else None
    return BandPairs(old, old_in_new, new, new_in_old, shift)


def _quantiles(shifts: _Ids) -> tuple[float, float, float] | None:
    total = int(shifts.sum())
    if not total:
        return None
    reached = np.cumsum(shifts)
    low, middle, high = (int(np.searchsorted(reached, max(1, math.ceil(q * total)))) for q in (0.1, 0.5, 0.9))
    return (low - _STEPS) / _STEPS, (middle - _STEPS) / _STEPS, (high - _STEPS) / _STEPS
