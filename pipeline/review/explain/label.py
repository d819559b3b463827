"""Everything that a run knows of a label."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline.review.explain.label_images import LabelImages, Sample, label_images, with_evidence
from pipeline.review.explain.label_names import NamedLabel, read_labels
from pipeline.review.explain.near import ascending_ids, in_ids, nearest_phrases, vector_of
from pipeline.review.explain.reasons import in_words
from pipeline.review.stored_run import StoredRun

MEMBERS, CHILDREN, TOGETHER, SAMPLES, NEAR = 40, 15, 8, 6, 8  # rows of each table, at most
_WEIGHTS = ("keep_prob", "repeat_factor", "target_images", "expected_images", "class_weight")


@dataclass(frozen=True, slots=True)
class MemberPhrase:
    """A phrase of a label. `images` say it, `how` it came, `similarity` is the cosine to the label's first phrase."""

    phrase: str
    language: str
    how: str
    similarity: float
    images: int


@dataclass(frozen=True, slots=True)
class Related:
    """Another label. `how` is why it is parent or child; `share` and `lift` are of images with both, where they are."""

    label: NamedLabel
    how: str = ""
    images: int = 0
    share: float = 0.0
    lift: float = 0.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A phrase near a label that has none, its cosine to the label's name, why it has none, and what that means."""

    phrase: str
    language: str
    images: int
    cosine: float | None
    reason: str
    meaning: str


@dataclass(frozen=True, slots=True)
class LabelFinding:
    """What is known of a label.

    Attributes:
        label: number, key, name, language, band, images.
        display: the name as people write it.
        names: language -> best name in it.
        support: images that say any of its phrases.
        weights: what training uses of it; empty before the run is published.
        above: its parent, and so on upwards, nearest first.
        children: those with the most images.
        children_in_all: how many it has.
        members: most images first.
        members_in_all: how many it has.
        signals: kinds of text of the run.
        on: its images; None before the run is published.
        trust: signal -> reliability for labels of its band; empty before labels are assigned.
        specificity: how rare it is, in [0, 1]; None before labels are assigned.
        together: labels on the same images.
        samples: images of it, drawn by their `sample_u`.
        left_out: phrases near it without a label.
        learnt: what trusted images taught of it; None where nothing.
    """

    label: NamedLabel
    display: str
    names: Mapping[str, str]
    support: int | None
    weights: Mapping[str, float]
    above: tuple[Related, ...]
    children: tuple[Related, ...]
    children_in_all: int
    members: tuple[MemberPhrase, ...]
    members_in_all: int
    signals: tuple[str, ...]
    on: LabelImages | None
    trust: Mapping[str, float]
    specificity: float | None
    together: tuple[Related, ...]
    samples: tuple[Sample, ...]
    left_out: tuple[LeftOut, ...]
    learnt: Mapping[str, Any] | None


def find_label(run: StoredRun, label: NamedLabel) -> LabelFinding:
    """Look a label up in all tables that the run has."""
    own = ds.field("label_id") == label.label_id
    published, weighed = run.has("labels"), run.has("trust")
    columns = ["display", *_WEIGHTS] if published else []
    row = run.rows("labels" if published else "vocabulary", ["name_languages", "names", *columns], own)[0]
    support = run.rows("vocabulary", ["support"], own)
    members = run.rows("members", ["phrase_id", "phrase", "how", "similarity"], own)
    on = label_images(run, label.label_id, TOGETHER, SAMPLES) if run.has("manifest") else None
    trust = run.rows("trust", ["specificity", "trust"], own) if weighed else []
    learnt = ["images", "threshold", "precision", "recall", "new"]
    taught = run.rows("learnt", learnt, own) if run.has("learnt") else []
    children, in_all = _children(run, label.label_id)
    return LabelFinding(
        label,
        row.get("display") or label.name,
        dict(zip(row["name_languages"], row["names"], strict=True)),
        support[0]["support"] if support else None,
        {name: row[name] for name in _WEIGHTS if row.get(name) is not None},
        _above(run, label.label_id),
        children,
        in_all,
        _members(run, members),
        len(members),
        tuple(run.signals),
        on,
        dict(zip(run.signals, trust[0]["trust"], strict=False)) if trust else {},
        trust[0]["specificity"] if trust else None,
        _together(run, on),
        with_evidence(run, label.label_id, on.samples) if on else (),
        _left_out(run, label, members),
        taught[0] if taught else None,
    )


def _above(run: StoredRun, label_id: int) -> tuple[Related, ...]:
    """The way up; parents close no circle."""
    found: list[Related] = []
    table, at, seen = "labels" if run.has("labels") else "vocabulary", label_id, {label_id}
    while True:
        rows = run.rows(table, ["parent", "parent_how"], ds.field("label_id") == at)
        if not rows or rows[0]["parent"] is None or rows[0]["parent"] in seen:
            return tuple(found)
        at = rows[0]["parent"]
        seen.add(at)
        known = read_labels(run, [at])
        found += [Related(known[at], rows[0]["parent_how"] or "")] if at in known else []


def _children(run: StoredRun, label_id: int) -> tuple[tuple[Related, ...], int]:
    """The largest children, and how many there are."""
    table = "labels" if run.has("labels") else "vocabulary"
    rows = run.rows(table, ["label_id", "parent_how"], ds.field("parent") == label_id)
    how = {row["label_id"]: row["parent_how"] or "" for row in rows}
    labels = sorted(read_labels(run, list(how)).values(), key=lambda item: (-item.images, item.label_id))
    return tuple(Related(item, how[item.label_id]) for item in labels[:CHILDREN]), len(labels)


def _members(run: StoredRun, members: list[dict[str, Any]]) -> tuple[MemberPhrase, ...]:
    where = in_ids("phrase_id", [row["phrase_id"] for row in members])
    told = {row["phrase_id"]: row for row in run.rows("candidates", ["phrase_id", "language", "images"], where)}
    none = {"language": "und", "images": 0}
    found = [
        MemberPhrase(
            row["phrase"],
            told.get(row["phrase_id"], none)["language"],
            row["how"],
            round(row["similarity"], 4),
            told.get(row["phrase_id"], none)["images"],
        )
        for row in members
    ]
    found.sort(key=lambda item: (item.how != "self", -item.images, item.phrase, item.language))
    return tuple(found[:MEMBERS])


def _together(run: StoredRun, on: LabelImages | None) -> tuple[Related, ...]:
    if on is None:
        return ()
    known = read_labels(run, [label_id for label_id, _ in on.together])
    return tuple(
        Related(
            known[label_id],
            images=both,
            share=round(both / on.images, 4),
            lift=round(both * on.labelled / (on.images * max(1, known[label_id].images)), 2),
        )
        for label_id, both in on.together
        if label_id in known
    )


def _left_out(run: StoredRun, label: NamedLabel, members: list[dict[str, Any]]) -> tuple[LeftOut, ...]:
    """Phrases without a label: the nearest by vectors, and the most frequent ones with its words in them."""
    labelled = ascending_ids(run, "members")
    first = min((row for row in members if row["how"] == "self"), key=lambda row: row["phrase_id"], default=None)
    vector = vector_of(run, first["phrase_id"]) if first else None
    near = dict(nearest_phrases(run, vector, NEAR, without=labelled)) if vector is not None else {}
    alike = _with_words(run, first["phrase"] if first else label.name, labelled)
    columns = ["phrase_id", "phrase", "language", "images", "kept", "reason"]
    rows = run.rows("candidates", columns, in_ids("phrase_id", [*near, *alike]))
    unassigned = unassigned_reasons(run, [row["phrase"] for row in rows if row["kept"]])
    config = run.settings
    found = []
    for row in rows:
        reason = row["reason"] or unassigned.get(row["phrase"], "unknown")
        cosine = near.get(row["phrase_id"])
        meaning = in_words(reason, config)
        found.append(LeftOut(row["phrase"], row["language"], row["images"], cosine, reason, meaning))
    return tuple(sorted(found, key=lambda item: (-(item.cosine or 0.0), -item.images, item.phrase, item.language)))


def _with_words(run: StoredRun, words: str, labelled: np.ndarray[Any, np.dtype[np.int64]]) -> list[int]:
    """phrase_ids of the most frequent candidates without a label that hold these words."""
    best: list[tuple[int, int]] = []
    for batch in run.batches("candidates", ["phrase_id", "phrase", "images"]):
        padded = pc.binary_join_element_wise("", batch["phrase"], "", " ")
        holds = pc.match_substring(padded, f" {words} ").to_numpy(zero_copy_only=False)
        holds &= ~np.isin(batch["phrase_id"].to_numpy(), labelled)
        chosen = batch.filter(pa.array(holds))
        best += zip((-chosen["images"].to_numpy()).tolist(), chosen["phrase_id"].to_pylist(), strict=True)
        best = sorted(best)[:NEAR]
    return [phrase_id for _, phrase_id in best]


def unassigned_reasons(run: StoredRun, phrases: list[str]) -> dict[str, str]:
    """Phrase -> why clustering left it without a label, of those that it did."""
    if not run.has("rejects"):
        return {}
    where = (ds.field("stage") == "cluster") & ds.field("raw").isin(pa.array(sorted(set(phrases)), pa.string()))
    return {row["raw"]: row["reason"] for row in run.rows("rejects", ["raw", "reason"], where)}
