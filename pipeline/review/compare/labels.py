"""What became of the labels of one run in another, by their phrases, keys and names, and how their phrases moved."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.review.stored_run import StoredRun
from pipeline.vocabulary.versions import KINDS, Labels, match_labels

BANDS = ("head", "torso", "tail")
_Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one label: `kind` as in `versions.KINDS`; `share` of the old one's images went to the new one."""

    kind: str
    old: str
    new: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Move:
    """A phrase that has another label now, or none any more, or one at last; empty where it has none."""

    phrase: str
    images: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class LabelChanges:
    """The labels of two runs.

    Attributes:
        old, new: how many there are.
        by_phrases: kind -> labels, by the phrases that they share.
        by_key: kept, renamed, added, removed -> labels, by label_key.
        by_name: kept, added, removed -> labels, by name.
        examples: some of each kind but the kept ones, most images first.
        bands: band -> labels of the old run, labels of the new one.
        band_moves: (old band, new band) -> labels that go on.
        phrases: stays, moved, lost, gained -> member phrases.
        moves: phrases that do not stay, those of most images first, some of each kind.
        heirs: label_id of each old label in the new run, int64 [old labels]; -1 where it does not go on.
    """

    old: int
    new: int
    by_phrases: Mapping[str, int]
    by_key: Mapping[str, int]
    by_name: Mapping[str, int]
    examples: tuple[Change, ...]
    bands: Mapping[str, tuple[int, int]]
    band_moves: Mapping[tuple[str, str], int]
    phrases: Mapping[str, int]
    moves: tuple[Move, ...]
    heirs: _Ids


def compare_labels(old: StoredRun, new: StoredRun, examples: int) -> LabelChanges:
    """Compare the labels of two runs.

    A label goes on in the label that continues it by their phrases; where none does, in the one with its key.

    Args:
        old: a run with labels.
        new: another one.
        examples: rows shown of each kind.
    """
    before, after = _names(old), _names(new)
    members = [_members(run) for run in (old, new)]
    remap = match_labels(Labels(_vocabulary(old), members[0]), Labels(_vocabulary(new), members[1]))
    heirs = _heirs(remap, before, after)
    rows = remap.to_pylist()
    kinds = [row["kind"] for row in rows]
    some = [
        Change(row["kind"], row["old_name"] or "", row["new_name"] or "", row["share"])
        for kind in KINDS[1:]
        for row in [row for row in rows if row["kind"] == kind][:examples]
    ]
    bands, moves = _bands(old, new, heirs)
    phrases, moved = _moves(members, heirs, before, after, examples)
    return LabelChanges(
        before.num_rows,
        after.num_rows,
        {kind: kinds.count(kind) for kind in KINDS},
        _by(before, after, "label_key"),
        _by(before, after, "name"),
        tuple(some),
        bands,
        moves,
        phrases,
        moved,
        heirs,
    )


def _names(run: StoredRun) -> pa.Table:
    """label_id, label_key, name of all labels, those that were learnt too; by label_id."""
    table = "labels" if run.has("labels") else "vocabulary"
    return run.read(table, ["label_id", "label_key", "name"]).sort_by("label_id")


def _vocabulary(run: StoredRun) -> pa.Table:
    return run.read("vocabulary", ["label_id", "label_key", "name"])


def _members(run: StoredRun) -> pa.Table:
    """phrase_id, label_id, phrase, images of each member; by phrase_id."""
    images = run.read("candidates", ["phrase_id", "images"])
    members = run.read("members", ["phrase_id", "label_id", "phrase"])
    return members.join(images, "phrase_id", join_type="inner").combine_chunks().sort_by("phrase_id")


def _heirs(remap: pa.Table, before: pa.Table, after: pa.Table) -> _Ids:
    heirs = np.full(int(pc.max(before["label_id"]).as_py() or 0) + 1, -1, dtype=np.int64)
    same = remap.filter(pc.is_in(remap["kind"], pa.array(["kept", "renamed"])))
    heirs[same["old_label_id"].to_numpy()] = same["new_label_id"].to_numpy()
    taken = set(heirs[heirs >= 0].tolist())
    by_key = dict(zip(after["label_key"].to_pylist(), after["label_id"].to_pylist(), strict=True))
    for label_id, key in zip(before["label_id"].to_pylist(), before["label_key"].to_pylist(), strict=True):
        other = by_key.get(key, -1)
        if heirs[label_id] < 0 <= other and other not in taken:
            heirs[label_id] = other
            taken.add(other)
    return heirs


def _by(before: pa.Table, after: pa.Table, column: str) -> dict[str, int]:
    """Kept, renamed (by key), added and removed labels, by one column that is unique in each run."""
    old = dict(zip(before[column].to_pylist(), before["name"].to_pylist(), strict=True))
    new = dict(zip(after[column].to_pylist(), after["name"].to_pylist(), strict=True))
    shared = old.keys() & new.keys()
    renamed = sum(old[key] != new[key] for key in shared)
    counts = {"kept": len(shared) - renamed, "renamed": renamed}
    return {**counts, "added": len(new.keys() - old.keys()), "removed": len(old.keys() - new.keys())}


def bands_of(run: StoredRun) -> npt.NDArray[np.int8]:
    """Place in `BANDS` of each label's band by label_id, int8 [labels]; -1 where there is none."""
    if not run.has("labels"):
        return np.zeros(0, dtype=np.int8)
    table = run.read("labels", ["label_id", "band"])
    found = np.full(int(pc.max(table["label_id"]).as_py() or 0) + 1, -1, dtype=np.int8)
    place = pc.index_in(table["band"], pa.array(BANDS)).fill_null(-1)
    found[table["label_id"].to_numpy()] = place.to_numpy()
    return found


def _bands(
    old: StoredRun, new: StoredRun, heirs: _Ids
) -> tuple[dict[str, tuple[int, int]], dict[tuple[str, str], int]]:
    before, after = bands_of(old), bands_of(new)
    sizes = {name: (int((before == i).sum()), int((after == i).sum())) for i, name in enumerate(BANDS)}
    label = np.flatnonzero(heirs >= 0)
    label = label[(label < len(before)) & (heirs[label] < len(after))]
    moves = {
        (one, other): int(((before[label] == i) & (after[heirs[label]] == j)).sum())
        for i, one in enumerate(BANDS)
        for j, other in enumerate(BANDS)
    }
    return sizes, moves


def _moves(
    members: list[pa.Table], heirs: _Ids, before: pa.Table, after: pa.Table, examples: int
) -> tuple[dict[str, int], tuple[Move, ...]]:
    """How many member phrases stay, move, lose their label or gain one, and some of those that do not stay."""
    ids = [table["phrase_id"].to_numpy() for table in members]
    label = [table["label_id"].to_numpy().astype(np.int64) for table in members]
    names = [dict(zip(t["label_id"].to_pylist(), t["name"].to_pylist(), strict=True)) for t in (before, after)]
    _, here, there = np.intersect1d(ids[0], ids[1], assume_unique=True, return_indices=True)
    stays = heirs[label[0][here]] == label[1][there]
    lost, gained = np.flatnonzero(~np.isin(ids[0], ids[1])), np.flatnonzero(~np.isin(ids[1], ids[0]))
    counts = {"stay": int(stays.sum()), "move": int((~stays).sum()), "lose": len(lost), "gain": len(gained)}
    other = np.full(len(ids[0]), -1, dtype=np.int64)
    other[here] = there
    found: list[Move] = []
    for side, chosen in ((0, here[~stays]), (0, lost), (1, gained)):
        images = members[side]["images"].to_numpy()
        for place in sorted(chosen.tolist(), key=lambda i: (-int(images[i]), int(ids[side][i])))[:examples]:
            own = names[side].get(int(label[side][place]), "")
            partner = other[place] if side == 0 else -1
            new = names[1].get(int(label[1][partner]), "") if partner >= 0 else ""
            ends = (own, new) if side == 0 else ("", own)
            found.append(Move(members[side]["phrase"][place].as_py(), int(images[place]), *ends))
    return counts, tuple(found)
