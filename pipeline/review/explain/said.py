"""Where texts say something that is no candidate: how many texts, on how many images, and why it is not counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.review.explain.near import in_ids
from pipeline.review.stored_run import StoredRun

_SHOWN = 3  # texts
_MOST_TEXTS = 100_000  # whose images are counted; what so many texts say is a candidate


@dataclass(frozen=True, slots=True)
class SaidOfImages:
    """What texts say of images.

    Attributes:
        texts: distinct texts that say it.
        images: distinct images of these texts, reposts folded.
        signals: kind of text -> mentions.
        languages: language of the texts -> texts.
        examples: some of the texts, the shortest first.
    """

    texts: int
    images: int
    signals: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]
    examples: tuple[str, ...]


def texts_with(run: StoredRun, words: str, language: str | None = None) -> SaidOfImages:
    """Look a phrase up in all texts of a run; a phrase crosses no break.

    Args:
        run: whose texts.
        words: of the phrase, one space between them.
        language: of the texts; any by default.
    """
    ids = [np.zeros(0, dtype=np.int64)]
    languages: dict[str, int] = {}
    shortest: list[tuple[int, str]] = []
    for batch in run.batches("texts", ["text_id", "text", "language"]):
        padded = pc.binary_join_element_wise("", batch["text"], "", " ")
        chosen = batch.filter(pc.match_substring(padded, f" {words} "))
        if language is not None:
            chosen = chosen.filter(pc.equal(chosen["language"], language))
        ids.append(chosen["text_id"].to_numpy())
        for item in chosen["language"].value_counts().to_pylist():
            languages[item["values"]] = languages.get(item["values"], 0) + item["counts"]
        shortest += [(len(text), text) for text in chosen["text"].to_pylist()]
        shortest = sorted(set(shortest))[:_SHOWN]
    found = np.unique(np.concatenate(ids))
    images, signals = _images_of(run, found[:_MOST_TEXTS].tolist())
    ranked = sorted(languages.items(), key=lambda item: (-item[1], item[0]))
    return SaidOfImages(len(found), images, signals, tuple(ranked), tuple(text for _, text in shortest))


def _images_of(run: StoredRun, texts: Sequence[int]) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Distinct images of some texts, and mentions of each kind of text."""
    if not texts:
        return 0, ()
    images = pa.array([], pa.string())
    signals: dict[str, int] = {}
    for batch in run.batches("mentions", ["image_id", "signal"], in_ids("text_id", texts)):
        images = pc.unique(pa.concat_arrays([images, batch["image_id"]]))
        for item in batch["signal"].value_counts().to_pylist():
            signals[item["values"]] = signals.get(item["values"], 0) + item["counts"]
    return len(images), tuple(sorted(signals.items(), key=lambda item: (-item[1], item[0])))
