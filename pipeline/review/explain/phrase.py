"""Everything that a run knows of a phrase: who says it, its scores, whether it was kept, and which label it joined."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline.review.explain.label import unassigned_reasons
from pipeline.review.explain.label_names import NamedLabel, fold, hint, read_labels
from pipeline.review.explain.near import ascending_ids, in_ids, nearest_phrases, vector_of
from pipeline.review.explain.nearest import nearest_names
from pipeline.review.explain.reasons import in_words
from pipeline.review.explain.said import SaidOfImages, texts_with
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.config import MineConfig
from pipeline.runtime.errors import RunError

RIVALS, LONGER = 3, 6  # rows of each table, at most
SCORES = ("completeness", "cohesion", "freedom", "independence", "visibility", "specificity", "score")
_COLUMNS = ("phrase_id", "phrase", "language", "n_words", "images", "contributors", "signal_images", *SCORES)


@dataclass(frozen=True, slots=True)
class Joined:
    """The label that a phrase joined: how, and its cosine to the label's first phrase (1 for exact ways)."""

    label: NamedLabel
    how: str
    similarity: float


@dataclass(frozen=True, slots=True)
class PhraseFinding:
    """What is known of a phrase in one language.

    Attributes:
        phrase_id: None where it is no candidate.
        images: distinct images, reposts folded.
        contributors: distinct voices.
        signals: kind of text -> images.
        scores: by the names of `SCORES`.
        pinned: whether the user's dictionary keeps it.
        kept: whether it went on to clustering.
        reason: why it has no label, in words; empty where it has one.
        joined: its label.
        rivals: labels whose names are nearest to it by vectors alone, with the cosine; its own is left out.
        longer: longer candidates that hold it, with their images.
    """

    phrase: str
    language: str
    phrase_id: int | None
    images: int
    contributors: int
    signals: Mapping[str, int]
    scores: Mapping[str, float | None]
    pinned: bool
    kept: bool
    reason: str
    joined: Joined | None
    rivals: tuple[tuple[NamedLabel, float], ...]
    longer: tuple[tuple[str, int], ...]
    said: SaidOfImages | None = None


def find_phrases(run: StoredRun, asked: str, language: str | None = None) -> list[PhraseFinding]:
    """Look a phrase up in each language that has it, most images first.

    Args:
        run: whose phrases.
        asked: as a user writes it.
        language: of the phrase; any by default.

    Raises:
        RunError: no text says it; the nearest phrases are told.
    """
    words = fold(asked)
    where = ds.field("phrase") == words
    if language is not None:
        where &= ds.field("language") == language
    rows = run.rows("candidates", [*_COLUMNS, "pinned", "kept", "reason"], where)
    if rows:
        found = [_of_candidate(run, row) for row in rows]
        return sorted(found, key=lambda item: (-item.images, item.language))
    said = texts_with(run, words, language) if words else None
    if said is None or not said.texts:
        spoken = "" if language is None else f" of language {language}"
        near = hint(nearest_names(words, _phrases(run)))
        raise RunError(f"no text{spoken} of run {run.run_id} says {asked!r}, and so it is no phrase.{near}")
    return [_of_texts(run, words, language, said)]


def _of_candidate(run: StoredRun, row: dict[str, Any]) -> PhraseFinding:
    phrase_id = row["phrase_id"]
    own = (
        run.rows("members", ["label_id", "how", "similarity"], ds.field("phrase_id") == phrase_id) if _has(run) else []
    )
    labels = read_labels(run, [item["label_id"] for item in own])
    joined = [
        Joined(labels[item["label_id"]], item["how"], round(item["similarity"], 4))
        for item in own
        if item["label_id"] in labels
    ]
    return PhraseFinding(
        row["phrase"],
        row["language"],
        phrase_id,
        row["images"],
        row["contributors"],
        dict(sorted(row["signal_images"], key=lambda item: (-item[1], item[0]))),
        {name: row[name] for name in SCORES},
        row["pinned"],
        row["kept"],
        "" if joined else _why_without(run, row),
        joined[0] if joined else None,
        _rivals(run, phrase_id, joined[0].label.label_id if joined else None),
        _longer(run, row["phrase"], row["language"]),
    )


def _of_texts(run: StoredRun, words: str, language: str | None, said: SaidOfImages) -> PhraseFinding:
    """A phrase that texts say and that is no candidate."""
    config = run.section("mine", MineConfig)
    length = len(words.split(" "))
    if length > config.max_words:
        reason = f"{length} words, more than mine.max_words = {config.max_words}"
    elif said.images < config.min_images:
        reason = f"no candidate: on {said.images:,} images, fewer than mine.min_images = {config.min_images}"
    elif len(said.languages) > 1:
        spoken = ", ".join(f"{name} {texts:,}" for name, texts in said.languages)
        reason = f"no candidate: too few images in each language (texts: {spoken})"
    else:
        reason = "no candidate, though enough images say it; the run may have been mined with other settings"
    spoken = language or said.languages[0][0]
    scores = dict.fromkeys(SCORES)
    return PhraseFinding(
        words, spoken, None, said.images, 0, dict(said.signals), scores, False, False, reason, None, (), (), said
    )


def _why_without(run: StoredRun, row: dict[str, Any]) -> str:
    config = run.settings
    if not row["kept"]:
        return in_words(row["reason"] or "", config)
    if not _has(run):
        return "the run has no labels yet"
    reason = unassigned_reasons(run, [row["phrase"]]).get(row["phrase"])
    return in_words(reason, config) if reason else "without a label"


def _rivals(run: StoredRun, phrase_id: int, own: int | None) -> tuple[tuple[NamedLabel, float], ...]:
    """The labels whose naming phrases are nearest by vectors, its own left out."""
    vector = vector_of(run, phrase_id) if _has(run) else None
    if vector is None:
        return ()
    names = ascending_ids(run, "members", ds.field("how") == "self")
    near = dict(nearest_phrases(run, vector, RIVALS + 2, among=names))
    rows = run.rows("members", ["phrase_id", "label_id"], in_ids("phrase_id", list(near)))
    labels = read_labels(run, [row["label_id"] for row in rows])
    ranked = sorted(rows, key=lambda row: (-near[row["phrase_id"]], row["label_id"]))
    found = [(labels[row["label_id"]], near[row["phrase_id"]]) for row in ranked if row["label_id"] in labels]
    return tuple((label, cosine) for label, cosine in found if label.label_id != own)[:RIVALS]


def _longer(run: StoredRun, phrase: str, language: str) -> tuple[tuple[str, int], ...]:
    """The most frequent longer candidates that hold a phrase."""
    best: list[tuple[int, str]] = []
    for batch in run.batches("candidates", ["phrase", "images"], ds.field("language") == language):
        padded = pc.binary_join_element_wise("", batch["phrase"], "", " ")
        holds = pc.match_substring(padded, f" {phrase} ").to_numpy(zero_copy_only=False)
        holds &= pc.not_equal(batch["phrase"], phrase).to_numpy(zero_copy_only=False)
        chosen = batch.filter(pa.array(holds))
        best += zip(np.negative(chosen["images"].to_numpy()).tolist(), chosen["phrase"].to_pylist(), strict=True)
        best = sorted(best)[:LONGER]
    return tuple((name, -images) for images, name in best)


def _phrases(run: StoredRun) -> Iterator[pa.Array]:
    for batch in run.batches("candidates", ["phrase"]):
        yield batch["phrase"]


def _has(run: StoredRun) -> bool:
    return run.has("members")
