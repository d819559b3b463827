"""What a run makes of a text: its words, the phrases found in it, and the labels that they speak for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.labeling.match import hiding_phrases, match_batch
from pipeline.labeling.nested import nested_phrases
from pipeline.review.explain.image_texts import boilerplate, without_segments
from pipeline.review.explain.label import unassigned_reasons
from pipeline.review.explain.label_names import NamedLabel, read_labels
from pipeline.review.explain.near import ascending_ids, in_ids
from pipeline.review.explain.reasons import in_words
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.config import MatchConfig, MineConfig, NormalizeConfig
from pipeline.text.clean import Cleaner
from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import KeySet

MATCHED, NESTED, DENIED, COVERED = "matched", "counts in a longer one", "denied", "covered by a longer one"
FOREIGN = "of another language"


@dataclass(frozen=True, slots=True)
class FoundPhrase:
    """A candidate that stands in a text.

    Attributes:
        phrase: its words.
        language: of the candidate.
        images: that say it in the run.
        state: `MATCHED`, `NESTED` (inside a longer match, its label being broader), `DENIED`, `COVERED` (inside a
            longer match, and does not count), `FOREIGN` (not of the language of the text), or why it has no label.
        meaning: the reason in words; empty where it has a label.
        label: that it speaks for; None where it does not.
        coverage: share of the text's words, where it speaks for a label.
    """

    phrase: str
    language: str
    images: int
    state: str
    meaning: str
    label: NamedLabel | None
    coverage: float | None


@dataclass(frozen=True, slots=True)
class TextFinding:
    """What becomes of a text.

    Attributes:
        raw: as given.
        text: normalized, ` | ` where signs part it.
        language: of it.
        tokens: its words.
        flags: what normalization met.
        reason: why it is of no use, in words; empty where it is.
        cut: segments that the run takes for boilerplate.
        phrases: candidates in it, those that speak for labels first, then the most frequent ones.
        labels: that it speaks for.
        unknown: its words that are no candidates in its language.
    """

    raw: str
    text: str
    language: str
    tokens: tuple[str, ...]
    flags: tuple[str, ...]
    reason: str
    cut: tuple[str, ...]
    phrases: tuple[FoundPhrase, ...]
    labels: tuple[NamedLabel, ...]
    unknown: tuple[str, ...]


def find_text(run: StoredRun, raw: str, language: str | None = None) -> TextFinding:
    """Clean a text with the settings of a run, and match it as the run does.

    Args:
        run: whose settings, candidates and labels.
        raw: the text.
        language: that a source would state of it; detected by default.
    """
    clean = Cleaner(run.section("normalize", NormalizeConfig)).clean([raw], [language])[0]
    segments = boilerplate(run)
    text = without_segments(clean.text, segments)
    parts = clean.text.split(" | ")
    reason = clean.reason or ("" if text else "boilerplate")
    words = word_arrays.read_words(pa.array([text]), pa.array([clean.language]))
    rows = _candidates(run, words) if text and run.has("candidates") else []
    phrases = _phrases(run, words, clean.language, rows) if not reason else ()
    known = {row["phrase"] for row in rows if row["language"] == clean.language}
    return TextFinding(
        raw,
        text,
        clean.language,
        tuple(token for token in text.split(" ") if token not in ("", word_arrays.BREAK)),
        tuple(clean.flags),
        in_words(reason, run.settings) if reason else "",
        tuple(part for part in parts if part in segments),
        phrases,
        tuple({item.label.label_id: item.label for item in phrases if item.label}.values()),
        tuple(dict.fromkeys(token for token in text.split(" ") if token not in ("", word_arrays.BREAK, *known))),
    )


def _candidates(run: StoredRun, words: word_arrays.Words) -> list[dict[str, Any]]:
    """The candidates of any language that stand in a text, longest first."""
    most = run.section("mine", MineConfig).max_words
    spelled = {
        ngrams.spell(words, int(start), gram.n) for gram in ngrams.grams(words, most) for start in gram.start.tolist()
    }
    where = ds.field("phrase").isin(pa.array(sorted(spelled), pa.string()))
    columns = ["phrase_id", "phrase", "language", "n_words", "images", "kept", "reason"]
    rows = run.rows("candidates", columns, where)
    return sorted(rows, key=lambda row: (-row["n_words"], -row["images"], row["phrase"], row["language"]))


def _phrases(
    run: StoredRun, words: word_arrays.Words, language: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[FoundPhrase, ...]:
    label_of, states, coverage = _matches(run, words) if run.has("members") else ({}, {}, {})
    labels = read_labels(run, list(label_of.values()))
    kept = [row["phrase"] for row in rows if row["kept"] and row["phrase_id"] not in label_of]
    unassigned = unassigned_reasons(run, kept)
    config = run.settings
    found = []
    for row in rows:
        phrase_id = row["phrase_id"]
        state, meaning = states.get(phrase_id), ""
        if row["language"] != language:
            state = FOREIGN
        elif state is None and phrase_id in label_of:
            state = COVERED
        elif state is None:
            state = row["reason"] or unassigned.get(row["phrase"], "unknown")
            meaning = in_words(state, config)
        speaks = state in (MATCHED, NESTED)
        label = labels.get(label_of[phrase_id]) if speaks else None
        share = coverage.get(phrase_id) if speaks else None
        found.append(FoundPhrase(row["phrase"], row["language"], row["images"], state, meaning, label, share))
    return tuple(sorted(found, key=lambda item: item.label is None))


def _matches(run: StoredRun, words: word_arrays.Words) -> tuple[dict[int, int], dict[int, str], dict[int, float]]:
    """phrase_id -> label_id of members in a text, -> what the matcher says of those that it finds, -> coverage."""
    members = ascending_ids(run, "members")
    config, most = run.section("match", MatchConfig), run.section("mine", MineConfig).max_words
    hiding = None
    if not config.modifiers:
        kept = run.read("candidates", ["phrase_id", "phrase", "language"], ds.field("kept"))
        hiding = KeySet(hiding_phrases(kept, members))
    states: dict[int, str] = {}
    coverage: dict[int, float] = {}
    for n, _, keys, denied in match_batch(words, KeySet(members), most, hiding):
        for phrase_id, is_denied in zip(keys.tolist(), denied.tolist(), strict=True):
            states[phrase_id] = DENIED if is_denied else MATCHED
            coverage[phrase_id] = round(n / int(words.lengths[0]), 4)
    said = np.concatenate([gram.key for gram in ngrams.grams(words, most)])
    inside = np.intersect1d(members, said).tolist()
    where = in_ids("phrase_id", inside)
    rows = run.rows("members", ["phrase_id", "label_id", "phrase"], where)
    label_of = {row["phrase_id"]: row["label_id"] for row in rows}
    for outer, inner in _nested(run, rows, config):
        if states.get(outer) == MATCHED and inner not in states:
            states[inner] = NESTED
            share = _length(rows, inner) / max(1, _length(rows, outer))
            coverage[inner] = round(max(coverage.get(inner, 0.0), coverage[outer] * share), 4)
    return label_of, states, coverage


def _nested(run: StoredRun, rows: Sequence[Mapping[str, Any]], config: MatchConfig) -> list[tuple[int, int]]:
    """(phrase, phrase inside it that counts too) of the members in a text."""
    if not config.nested_by or not rows:
        return []
    spoken = run.rows("candidates", ["phrase_id", "language"], in_ids("phrase_id", [row["phrase_id"] for row in rows]))
    language = {row["phrase_id"]: row["language"] for row in spoken}
    members = pa.Table.from_pylist([{**row, "language": language.get(row["phrase_id"], "und")} for row in rows])
    forest = run.read("vocabulary", ["label_id", "parent", "parent_how"])
    found = nested_phrases(members, forest, config.nested_by)
    return list(zip(found["phrase_id"].to_pylist(), found["inner"].to_pylist(), strict=True))


def _length(rows: Sequence[Mapping[str, Any]], phrase_id: int) -> int:
    return next(len(row["phrase"].split(" ")) for row in rows if row["phrase_id"] == phrase_id)
