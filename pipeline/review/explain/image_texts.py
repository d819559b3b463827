"""The texts of an image: each fact as a source says it, and what normalization made of it in the run."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.review.explain.near import in_ids
from pipeline.review.explain.reasons import in_words
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.config import NormalizeConfig
from pipeline.text.clean import Cleaner, CleanText

TEXTS = 200  # of an image that are shown, the most frequent first


@dataclass(frozen=True, slots=True)
class ImageText:
    """A text said of an image.

    Attributes:
        signal: kind of text.
        source: who brought it; empty where the raw text is no longer known.
        raw: as found.
        count: how often it was seen.
        text: normalized; empty where it was rejected.
        language: of the normalized text.
        flags: what normalization met.
        reason: why it was rejected, in words; empty where it was not.
        text_id: of the normalized text; None where it was rejected.
        phrases: member phrases that this kind of text says of the image, and that stand in it.
    """

    signal: str
    source: str
    raw: str
    count: int
    text: str
    language: str
    flags: tuple[str, ...]
    reason: str
    text_id: int | None
    phrases: tuple[str, ...] = ()


def image_texts(run: StoredRun, image_ids: Sequence[str]) -> tuple[list[ImageText], int]:
    """What is said of an image and of those that repost it, most frequent first, and how many texts there are.

    The texts of the run tell what became of a raw one: the language of a short text was decided by other texts, and
    boilerplate by the whole source. The cleaner tells the others apart.

    Args:
        run: whose texts.
        image_ids: the image first, then its reposts.
    """
    where = ds.field("image_id").isin(pa.array(image_ids, pa.string()))
    columns = ["signal", "text", "language", "count", "source"]
    facts = run.rows("signals", columns, where) if run.has("signals") else []
    merged: dict[tuple[str, str, str, str], int] = {}
    for row in facts:
        key = (row["signal"], row["text"], row["language"] or "", row["source"])
        merged[key] = merged.get(key, 0) + row["count"]
    ranked = sorted(merged.items(), key=lambda item: (-item[1], item[0]))
    shown = ranked[:TEXTS]
    known = _known_texts(run, image_ids[0])
    cleaner = Cleaner(run.section("normalize", NormalizeConfig))
    cleaned = cleaner.clean([key[1] for key, _ in shown], [key[2] for key, _ in shown])
    segments = boilerplate(run)
    config = run.settings
    found = [
        _text_of(*key, count, clean, known.get(key[0], ()), segments, config)
        for (key, count), clean in zip(shown, cleaned, strict=True)
    ]
    return found, len(ranked)


def with_phrases(texts: Iterable[ImageText], said: Iterable[tuple[str, str]]) -> list[ImageText]:
    """The texts with the phrases in them, the longest first.

    Args:
        texts: of an image.
        said: (signal, phrase) of its evidence.
    """
    ranked = sorted(set(said), key=lambda item: (-len(item[1].split(" ")), item[1]))
    return [
        dataclasses.replace(
            text,
            phrases=tuple(
                phrase for signal, phrase in ranked if signal == text.signal and f" {phrase} " in f" {text.text} "
            ),
        )
        for text in texts
    ]


def boilerplate(run: StoredRun) -> frozenset[str]:
    """The segments that the run took for boilerplate."""
    if not run.has("rejects"):
        return frozenset()
    where = (ds.field("stage") == "normalize") & (ds.field("unit") == "segment")
    return frozenset(row["raw"] for row in run.rows("rejects", ["raw"], where) if row["raw"])


def without_segments(text: str, segments: Iterable[str]) -> str:
    """A normalized text without those of its segments that are boilerplate of three words or more."""
    cut = {segment for segment in segments if len(segment.split()) > 2}
    return " | ".join(part for part in text.split(" | ") if part not in cut)


def _known_texts(run: StoredRun, image_id: str) -> dict[str, list[dict[str, Any]]]:
    """Kind of text -> normalized texts of an image, in the order of their text_id."""
    if not run.has("mentions"):
        return {}
    mentions = run.rows("mentions", ["text_id", "signal"], ds.field("image_id") == image_id)
    columns = ["text_id", "text", "language", "flags"]
    rows = run.rows("texts", columns, in_ids("text_id", [row["text_id"] for row in mentions]))
    text_of = {row["text_id"]: row for row in rows}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(mentions, key=lambda row: (row["signal"], row["text_id"])):
        if row["text_id"] in text_of:
            found.setdefault(row["signal"], []).append(text_of[row["text_id"]])
    return found


def _text_of(
    signal: str,
    raw: str,
    stated: str,
    source: str,
    count: int,
    clean: CleanText,
    known: Sequence[Mapping[str, Any]],
    segments: frozenset[str],
    config: Mapping[str, Any],
) -> ImageText:
    """One fact with what became of it."""
    wanted = without_segments(clean.text, segments)
    fitting = [row for row in known if row["text"] == wanted and clean.reason is None]
    # The cleaner's own language first: the same words may be said in two.
    fitting.sort(key=lambda row: (row["language"] != clean.language, row["text_id"]))
    if fitting:
        row = fitting[0]
        return ImageText(
            signal, source, raw, count, row["text"], row["language"], tuple(row["flags"]), "", row["text_id"]
        )
    reason = clean.reason or ("boilerplate" if clean.text in segments or not wanted else "")
    told = in_words(reason, config) if reason else "not among the texts of the run"
    return ImageText(signal, source, raw, count, "", clean.language, tuple(clean.flags), told, None)
