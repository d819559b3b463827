"""Labels from run to run: which one is which, by the phrases that they share; keys stay with them.

Two labels are the same where each is the other's best match, the new one has most of the old one, and they overlap
enough: weighted Jaccard of their phrases, each phrase counting as its images (the larger number of both runs).
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.vocabulary.merging.phrases import Index

SAME = 0.3  # Jaccard: a label that grew threefold is still the one it was
MOSTLY = 0.5  # share of a label's images in another label, from which it went there or came from there
KINDS = ("kept", "renamed", "split", "merged", "added", "removed")
REMAP = pa.schema(
    [
        ("kind", pa.string()),
        ("old_label_id", pa.int32()),
        ("old_label_key", pa.string()),
        ("old_name", pa.string()),
        ("new_label_id", pa.int32()),
        ("new_label_key", pa.string()),
        ("new_name", pa.string()),
        ("share", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one run.

    Attributes:
        vocabulary: the table vocabulary; label_id, label_key and name are used.
        members: phrase_id, label_id, and images of the phrase.
    """

    vocabulary: pa.Table
    members: pa.Table


def match_labels(old: Labels, new: Labels) -> pa.Table:
    """What became of each old label and where each new one comes from, as `REMAP`.

    Every label is in at least one row. Kinds: kept (the same label), renamed (the same under another name), split (most
    of the new label comes from an old one that is another label now, or none), merged (most of the old label went into
    a new one that is the heir of another), added, removed. `share` is the part of the old label's images that went
    there, upper bounds counted by phrases; null where there is no old label.

    Returns:
        Rows by kind, old label_id and new label_id.
    """
    before, after = old.vocabulary.sort_by("label_id"), new.vocabulary.sort_by("label_id")
    pairs = _overlap(old.members, new.members, before.num_rows, after.num_rows)
    name_of = [before["name"].to_pylist(), after["name"].to_pylist()]
    rows: list[tuple[str, int | None, int | None, float | None]] = []
    heirs: set[int] = set()
    settled: set[int] = set()
    for i in np.flatnonzero(pairs.same).tolist():
        one, other = int(pairs.old[i]), int(pairs.new[i])
        kind = "kept" if name_of[0][one] == name_of[1][other] else "renamed"
        rows.append((kind, one, other, float(pairs.of_old[i])))
        settled.add(one)
        heirs.add(other)
    came, went = set(heirs), set(settled)
    for i in np.lexsort((pairs.new, pairs.old, -pairs.of_new)).tolist():
        one, other = int(pairs.old[i]), int(pairs.new[i])
        if other not in came and pairs.of_new[i] >= MOSTLY:
            rows.append(("split", one, other, float(pairs.of_old[i])))
            came.add(other)
            went.add(one)
    for i in np.lexsort((pairs.old, pairs.new, -pairs.of_old)).tolist():
        one, other = int(pairs.old[i]), int(pairs.new[i])
        if one not in went and pairs.of_old[i] >= MOSTLY:
            rows.append(("merged", one, other, float(pairs.of_old[i])))
            went.add(one)
            came.add(other)
    rows += [("added", None, other, None) for other in range(after.num_rows) if other not in came]
    rows += [("removed", one, None, 0.0) for one in range(before.num_rows) if one not in went]
    rows.sort(key=lambda row: (KINDS.index(row[0]), *(-1 if label is None else label for label in row[1:3])))
    columns = [pa.array([row[0] for row in rows], pa.string())]
    for side, table in enumerate((before, after), start=1):
        labels = pa.array([row[side] for row in rows], pa.int64())
        columns += [table[name].combine_chunks().take(labels) for name in ("label_id", "label_key", "name")]
    columns.append(pa.array([row[3] for row in rows], pa.float64()))
    return pa.table(columns, schema=REMAP)


def carry_keys(old: Labels, new: Labels) -> pa.Table:
    """The new vocabulary, in which labels that continue an old one have its key.

    The others keep the keys that they have, unless the old run used one of these: then they get another.
    """
    remap = match_labels(old, new).to_pylist()
    heirs = {row["new_label_id"]: row["old_label_key"] for row in remap if row["kind"] in ("kept", "renamed")}
    ids, keys = new.vocabulary["label_id"].to_pylist(), new.vocabulary["label_key"].to_pylist()
    others = [place for place, label in enumerate(ids) if label not in heirs]
    fresh = distinct_keys([keys[place] for place in others], old.vocabulary["label_key"].to_pylist())
    given = dict(zip(others, fresh, strict=True))
    carried = [given.get(place) or heirs[label] for place, label in enumerate(ids)]
    place = new.vocabulary.schema.get_field_index("label_key")
    return new.vocabulary.set_column(place, new.vocabulary.schema.field(place), pa.array(carried, pa.string()))


def hash_key(text: str) -> str:
    """16 hexadecimal digits of a text."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def distinct_keys(keys: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """The keys, each that was used before or is taken replaced by the next of its series that is free."""
    used = set(taken)
    distinct = []
    for key in keys:
        fresh, again = key, 1
        while fresh in used:
            again += 1
            fresh = hash_key(f"{key}#{again}")
        used.add(fresh)
        distinct.append(fresh)
    return distinct


def describe(remap: pa.Table, examples: int = 5) -> str:
    """What changed, for people: labels by kind with examples, and how many of the old keys are still in use.

    Args:
        remap: what `match_labels` gives.
        examples: rows shown of each kind; of what was kept none.
    """
    rows = remap.to_pylist()
    old = {row["old_label_id"] for row in rows} - {None}
    lines = [f"{len(old):,} old labels, {len({row['new_label_id'] for row in rows} - {None}):,} new labels"]
    for kind in KINDS:
        found = [row for row in rows if row["kind"] == kind]
        lines.append(f"{kind:<10}{len(found):>10,}")
        if kind != "kept":
            lines += [f"    {_example(row)}" for row in found[:examples]]
    keys = {row["old_label_key"] for row in rows} - {None}
    still = len(keys & {row["new_label_key"] for row in rows})
    lines.append(f"{still:,} of {len(keys):,} old keys in use ({still / max(1, len(keys)):.2%})")
    return "\n".join(lines)


def _example(row: dict[str, object]) -> str:
    if row["old_name"] is None:
        return str(row["new_name"])
    if row["new_name"] is None:
        return str(row["old_name"])
    return f"{row['old_name']} -> {row['new_name']} ({row['share']:.0%} of its images)"


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of an old and a new label that share a phrase; arrays of one length.

    Attributes:
        old, new: labels, int64.
        same: whether the new one continues the old one, bool.
        of_old, of_new: share of each one's images that the phrases of both have, float64.
    """

    old: Index
    new: Index
    same: npt.NDArray[np.bool_]
    of_old: npt.NDArray[np.float64]
    of_new: npt.NDArray[np.float64]


def _overlap(old: pa.Table, new: pa.Table, before: int, after: int) -> _Pairs:
    label = [side["label_id"].to_numpy().astype(np.int64) for side in (old, new)]
    weight = [side["images"].to_numpy().astype(np.int64) for side in (old, new)]
    _, here, there = np.intersect1d(
        old["phrase_id"].to_numpy(), new["phrase_id"].to_numpy(), assume_unique=True, return_indices=True
    )
    common = np.maximum(weight[0][here], weight[1][there])
    weight[0][here], weight[1][there] = common, common
    size = [np.bincount(label[0], weight[0], before), np.bincount(label[1], weight[1], after)]
    pair, place = np.unique(label[0][here] * after + label[1][there], return_inverse=True)
    both = np.bincount(place, common, len(pair))
    one, other = pair // max(1, after), pair % max(1, after)
    jaccard = both / (size[0][one] + size[1][other] - both)
    best = [_best(one, jaccard, other, before), _best(other, jaccard, one, after)]
    rows = np.arange(len(pair))
    of_old, of_new = both / size[0][one], both / size[1][other]
    same = (best[0][one] == rows) & (best[1][other] == rows) & (jaccard >= SAME) & (of_old >= MOSTLY)
    return _Pairs(one, other, same, of_old, of_new)


def _best(label: Index, score: npt.NDArray[np.float64], partner: Index, labels: int) -> Index:
    """Row of each label's best pair, int64 [labels]; of equal ones that of the lower, so more frequent, partner."""
    order = np.lexsort((partner, -score, label))
    found, first = np.unique(label[order], return_index=True)
    best = np.full(labels, -1)
    best[found] = order[first]
    return best
