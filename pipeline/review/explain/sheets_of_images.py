"""What was found of an image or a text, as facts and tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.review.sheet import Block, Grid, facts, grid, meanings, number, of_all

if TYPE_CHECKING:  # what looks a text up need not be loaded to show an image
    from pipeline.review.explain.image import Evidence, ImageFinding, ImageLabel
    from pipeline.review.explain.text import FoundPhrase, TextFinding


def image_blocks(found: "ImageFinding") -> list[Block]:
    """The sheet of an image."""
    line = found.line
    asked = f"{found.asked} reposts it; what is said of both counts for it" if found.asked != found.image_id else None
    reposts = ", ".join(found.duplicates)
    if found.duplicates_in_all > len(found.duplicates):
        reposts += f" and {found.duplicates_in_all - len(found.duplicates):,} more"
    chosen = None
    if line is not None:
        sign, verdict = ("<", "in") if found.in_capped_set else (">=", "not in")
        chosen = f"{verdict} it: sample_u {line['sample_u']:.4f} {sign} keep_prob {line['keep_prob']:.4f}"
    blocks: list[Block] = [
        facts(
            f"Image {found.image_id}",
            ("asked for", asked),
            ("picture", found.uri or "not stated"),
            ("reposted by", reposts or None),
            ("split", str(line["split"]) if line else "none: it is not in the manifest"),
            ("capped set", chosen),
            ("repeat", number(line["repeat_factor"], 2) if line else None),
            ("no label", found.reason),
        ),
        _texts(found),
    ]
    if found.labels:
        blocks.append(_labels("Labels", found.labels))
    if found.dropped:
        blocks.append(_labels("Labels that texts speak for and that it does not have", found.dropped))
    return blocks


def text_blocks(found: "TextFinding") -> list[Block]:
    """The sheet of a text."""
    blocks: list[Block] = [
        facts(
            "Text",
            ("raw", found.raw),
            ("normalized", found.text or "nothing"),
            ("language", found.language),
            ("words", f"{len(found.tokens):,}: {' '.join(found.tokens)}" if found.tokens else None),
            ("met", ", ".join(found.flags)),
            ("boilerplate", "; ".join(found.cut)),
            ("rejected", found.reason),
            ("labels", ", ".join(label.name for label in found.labels) or "none"),
            ("no candidate", ", ".join(found.unknown)),
        )
    ]
    if found.phrases:
        rows = [_phrase_row(item) for item in found.phrases]
        columns = ("phrase", "lang", "images", "coverage", "label", "what becomes of it")
        note = "images: that say it in the run; coverage: share of the text's words\n"
        note += meanings((item.state, item.meaning) for item in found.phrases if item.meaning)
        blocks.append(grid("Phrases in it", columns, rows, ("images", "coverage"), note))
    return blocks


def _texts(found: "ImageFinding") -> Grid:
    rows: list[tuple[str, ...]] = [
        (
            item.signal,
            item.raw,
            number(item.count),
            item.text or "-",
            item.language,
            ", ".join(item.phrases),
            ", ".join(item.flags),
            item.reason,
        )
        for item in found.texts
    ]
    columns = ["signal", "as found", "count", "normalized", "lang", "phrases", "met", "rejected"]
    notes = [of_all(len(found.texts), found.texts_in_all, "texts")]
    if found.waiting:
        notes.append(f"{number(found.waiting)} new ones wait until more is new of it (growth.rework_share)")
    met = {row[6] for row in rows}
    if len(met) == 1 and "" not in met and len(rows) > 1:
        notes.append(f"met in each: {met.pop()}")
        rows = [(*row[:6], "", row[7]) for row in rows]
    for place in (7, 6, 5):  # columns that say nothing of any text leave the room to others
        if not any(row[place] for row in rows):
            columns.pop(place)
            rows = [row[:place] + row[place + 1 :] for row in rows]
    return grid("What is said of it", columns, rows, ("count",), "\n".join(filter(None, notes)))


def _labels(title: str, labels: "Sequence[ImageLabel]") -> Grid:
    rows: list[tuple[str, ...]] = [
        (
            item.label.name,
            item.label.language,
            item.label.band or "-",
            number(item.confidence, 3),
            "; ".join(_said(said) for said in item.evidence),
            item.reason.replace("_", " "),
        )
        for item in labels
    ]
    columns = ["label", "lang", "band", "confidence", "evidence", "why not"]
    if not any(row[5] for row in rows):
        columns.pop()
        rows = [row[:5] for row in rows]
    return grid(title, columns, rows, ("confidence",), meanings((item.reason, item.meaning) for item in labels))


def _said(item: "Evidence") -> str:
    count = f" x{item.count:,}" if item.count > 1 else ""
    voices = f" by {item.voices:,}" if item.voices > 1 and item.voices != item.count else ""
    return f"{item.signal}: {item.phrase}{count}{voices}"


def _phrase_row(item: "FoundPhrase") -> tuple[str, ...]:
    label = f"{item.label.name} ({item.label.label_id})" if item.label else "-"
    share = f"{item.coverage:.0%}" if item.coverage is not None else "-"
    return item.phrase, item.language, number(item.images), share, label, item.state.replace("_", " ")
