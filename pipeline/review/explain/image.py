"""Everything that a run knows of an image: what is said of it, and which labels that gave it and did not give it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.review.explain.image_texts import ImageText, image_texts, with_phrases
from pipeline.review.explain.label_names import NamedLabel, hint, read_labels
from pipeline.review.explain.near import in_ids
from pipeline.review.explain.nearest import nearest_names
from pipeline.review.explain.reasons import in_words
from pipeline.review.explain.recount import recount
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.config import AssignConfig
from pipeline.runtime.errors import RunError

DUPLICATES = 20  # shown
_LINE = ("label_ids", "label_confidences", "primary_label", "keep_prob", "repeat_factor", "sample_u", "split")
_SAID = ("label_id", "phrase_id", "signal", "phrase", "count", "voices", "coverage", "text_id")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A phrase that a kind of text says of an image: how often, by how many voices."""

    signal: str
    phrase: str
    count: int
    voices: int


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """A label that the texts of an image speak for.

    Attributes:
        label: which one.
        confidence: None where it cannot be told again.
        reason: why it is not on the image; empty where it is.
        meaning: the reason in words; empty where it is.
        evidence: who says it; strongest first for labels on the image.
    """

    label: NamedLabel
    confidence: float | None
    reason: str
    meaning: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class ImageFinding:
    """What is known of an image.

    Attributes:
        image_id: the image; where a repost was asked for, the one that it reposts.
        asked: the image that was asked for.
        uri: where the picture is.
        duplicates: images that repost it; at most `DUPLICATES`.
        duplicates_in_all: how many there are.
        texts: what is said of it and of its reposts.
        texts_in_all: how many there are.
        waiting: signals about it that a later run will take up, see `growth.rework_share`.
        labels: on the image, most confident first.
        dropped: labels that its texts speak for and that it does not have.
        line: its row of the manifest: primary_label, keep_prob, repeat_factor, sample_u, split; None without one.
        in_capped_set: whether it is; None without a row in the manifest.
        reason: why it has no label, in words; empty where it has one.
    """

    image_id: str
    asked: str
    uri: str | None
    duplicates: tuple[str, ...]
    duplicates_in_all: int
    texts: tuple[ImageText, ...]
    texts_in_all: int
    waiting: int
    labels: tuple[ImageLabel, ...]
    dropped: tuple[ImageLabel, ...]
    line: Mapping[str, Any] | None
    in_capped_set: bool | None
    reason: str


def find_image(run: StoredRun, asked: str) -> ImageFinding:
    """Look an image up in all tables that the run has.

    Raises:
        RunError: the run has no such image; the nearest names are told.
    """
    columns = ["image_id", "image_uri", "duplicate_of"]
    rows = run.rows("images", columns, ds.field("image_id") == asked)
    if not rows:
        raise RunError(f"run {run.run_id} has no image {asked!r}.{hint(nearest_names(asked, _image_ids(run)))}")
    image_id, uri = rows[0]["duplicate_of"] or asked, rows[0]["image_uri"]
    if image_id != asked:
        first = run.rows("images", columns, ds.field("image_id") == image_id)
        uri = first[0]["image_uri"] if first else uri
    reposts = sorted(row["image_id"] for row in run.rows("images", ["image_id"], ds.field("duplicate_of") == image_id))
    texts, in_all = image_texts(run, [image_id, *reposts])
    named = ds.field("image_id").isin([image_id, *reposts])
    late = run.rows("waiting", ["image_id"], named) if run.has("waiting") else []
    lines = run.rows("manifest", _LINE, ds.field("image_id") == image_id) if run.has("manifest") else []
    said = run.rows("evidence", _SAID, ds.field("image_id") == image_id) if run.has("evidence") else []
    labels, dropped = _labels(run, image_id, said, lines[0]["label_ids"] if lines else None)
    line = {name: lines[0][name] for name in _LINE[2:]} if lines else None
    return ImageFinding(
        image_id,
        asked,
        uri,
        tuple(reposts[:DUPLICATES]),
        len(reposts),
        tuple(with_phrases(texts, ((row["signal"], row["phrase"]) for row in said))),
        in_all,
        len(late),
        labels,
        dropped,
        line,
        line["sample_u"] < line["keep_prob"] if line else None,
        "" if labels else _why_none(run, image_id),
    )


def _labels(
    run: StoredRun, image_id: str, said: list[dict[str, Any]], published: list[int] | None
) -> tuple[tuple[ImageLabel, ...], tuple[ImageLabel, ...]]:
    """The labels on an image, and those that its texts speak for and that it does not have.

    Args:
        run: whose labels.
        image_id: the image.
        said: its evidence.
        published: label_ids of its row in the manifest; None where it has none.
    """
    columns, own = ["label_id", "confidence", "evidence"], ds.field("image_id") == image_id
    assigned = run.rows("assignments", columns, own) if run.has("assignments") else []
    known = read_labels(run, [row["label_id"] for row in [*said, *assigned]])
    by_label: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(said, key=lambda row: (row["signal"], row["phrase"], row["phrase_id"])):
        by_label.setdefault(row["label_id"], []).append(row)
    labels: list[ImageLabel] = []
    dropped: list[ImageLabel] = []
    for row in sorted(assigned, key=lambda row: (-row["confidence"], -row["label_id"])):
        label_id = row["label_id"]
        given = tuple(
            Evidence(item["signal"], item["phrase"], item["count"], _voices(by_label.get(label_id, ()), item))
            for item in row["evidence"]
        )
        if label_id not in known:
            continue
        out = run.has("manifest") and label_id not in (published or ())
        why = ("held_out", in_words("held_out", run.settings)) if out else ("", "")
        found = ImageLabel(known[label_id], round(row["confidence"], 4), *why, given)
        (dropped if out else labels).append(found)
    taken = {row["label_id"] for row in assigned}
    dropped += _dropped(run, {key: rows for key, rows in by_label.items() if key not in taken}, said, known)
    return tuple(labels), tuple(dropped)


def _dropped(
    run: StoredRun,
    by_label: Mapping[int, list[dict[str, Any]]],
    said: list[dict[str, Any]],
    known: Mapping[int, NamedLabel],
) -> list[ImageLabel]:
    """The labels that texts speak for and that were not assigned, surest first, each with its reason."""
    if not by_label or not run.has("trust"):
        return []
    config = run.section("assign", AssignConfig)
    among = ds.field("label_id").isin(pa.array(sorted({row["label_id"] for row in said}), pa.int32()))
    facts = {
        row["label_id"]: (row["specificity"], row["trust"])
        for row in run.rows("trust", ["label_id", "specificity", "trust"], among)
    }
    where = in_ids("phrase_id", [row["phrase_id"] for row in said])
    rows = run.rows("candidates", ["phrase_id", "completeness"], where)
    sure = recount(said, run.signals, facts, config, {row["phrase_id"]: row["completeness"] for row in rows}) or {}
    taught = run.rows("learnt", ["label_id"], among) if run.has("learnt") else []
    learnt = {row["label_id"] for row in taught}
    found = []
    for label_id, rows in by_label.items():
        confidence = sure.get(label_id)
        if label_id in learnt:
            reason = "unlearnt"
        elif confidence is None:
            reason = "low_confidence_or_beyond_max_labels"
        elif confidence >= config.min_confidence:
            reason = "beyond_max_labels"
        else:
            reason = "low_confidence"
        evidence = tuple(Evidence(row["signal"], row["phrase"], row["count"], row["voices"]) for row in rows)
        if label_id in known:
            meaning = in_words(reason, run.settings)
            found.append(ImageLabel(known[label_id], confidence, reason, meaning, evidence))
    return sorted(found, key=lambda item: (-(item.confidence or 0.0), -item.label.label_id))


def _voices(rows: Any, item: Mapping[str, Any]) -> int:
    """Voices of one piece of evidence; 0 where texts did not give it."""
    return sum(row["voices"] for row in rows if (row["signal"], row["phrase"]) == (item["signal"], item["phrase"]))


def _why_none(run: StoredRun, image_id: str) -> str:
    if not run.has("assignments"):
        return "the run has assigned no labels yet"
    where = (ds.field("unit") == "image") & (ds.field("raw") == image_id)
    rows = run.rows("rejects", ["stage", "reason"], where) if run.has("rejects") else []
    reasons = sorted({in_words(row["reason"], run.settings) for row in rows})
    return "; ".join(reasons) or "nothing usable is said of it"


def _image_ids(run: StoredRun) -> Iterator[pa.Array]:
    for batch in run.batches("images", ["image_id"]):
        yield batch["image_id"]
