"""The page of a run: what it holds, and its HTML. Spark-free; `collect` reads the tables.

Every text on the page comes from strangers. Jinja escapes all of it, marks that could disguise a text are written out,
and a Content-Security-Policy lets nothing run and nothing load.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from pipeline.review.charts import AFTER, BEFORE, Series, Sizes, rank_chart
from pipeline.review.page import is_link, make_environment
from pipeline.runtime.secrets import mask


@dataclass(frozen=True, slots=True)
class Member:
    """A phrase of a label. `images` carry it, `how` it came: self, inflection, order, spacing or embedding."""

    phrase: str
    how: str
    similarity: float
    images: int


@dataclass(frozen=True, slots=True)
class Said:
    """A text that says a label of an image: `phrase` is the part of `text` that does; seen `count` times."""

    signal: str
    text: str
    phrase: str
    count: int


@dataclass(frozen=True, slots=True)
class Example:
    """An image of a label. `picture` is a data URI, or None where there is none to show."""

    image_id: str
    uri: str | None
    confidence: float
    said: tuple[Said, ...]
    picture: str | None


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """A label on the page.

    Attributes:
        key: stable across runs.
        images: that carry it in the manifest.
        kept: of these, in the capped set.
        phrases: number of its members, of which `members` are the most frequent.
        signals: signal -> images on which it says the label.
    """

    key: str
    name: str
    language: str
    band: str
    images: int
    kept: int
    parent: str | None
    repeat_factor: float
    class_weight: float
    phrases: int
    members: tuple[Member, ...]
    signals: tuple[tuple[str, int], ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Labels of one band, and their image-label pairs: all, and in the capped set."""

    name: str
    labels: int
    pairs: int
    kept: int


@dataclass(frozen=True, slots=True)
class Language:
    """What one language has: distinct texts, phrases that went into clustering, labels, image-label pairs."""

    language: str
    texts: int
    phrases: int
    labels: int
    pairs: int


@dataclass(frozen=True, slots=True)
class ReportData:
    """All that the page shows; bounded, whatever the size of the run.

    Attributes:
        record: run.json: run_id, created, config, digest, versions, signals, stages.
        images: distinct images of the sources, reposts folded.
        labelled: images with at least one label.
        kept: labelled images in the capped set.
        validation: labelled images that are held out.
        cap: images a label that are kept for sure (t); None where no label has more.
        phrases: images -> phrases that went into clustering.
        labels: images -> labels.
        capped: images in the capped set -> labels.
        ways: how -> members.
        drops: (stage, unit, reason) -> some of what was dropped, most frequent first.
    """

    record: Mapping[str, Any]
    images: int
    labelled: int
    kept: int
    validation: int
    cap: int | None
    phrases: Sizes
    labels: Sizes
    capped: Sizes
    bands: tuple[Band, ...]
    languages: tuple[Language, ...]
    ways: Mapping[str, int]
    drops: Mapping[tuple[str, str, str], tuple[str, ...]]
    largest: tuple[ShownLabel, ...]
    tail: tuple[ShownLabel, ...]


def render_report(data: ReportData) -> str:
    """The page: one HTML document that needs nothing but itself.

    Args:
        data: what to show.

    Returns:
        HTML5 without scripts; the only external references are links to pictures on the web. Equal data, equal page.
    """
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            data=data,
            run=data.record,
            sections=_settings(data.record["config"]),
            rank_chart=_phrases_and_labels(data),
            cap_chart=_whole_and_capped(data),
        )
    )


def split_at(text: str, phrase: str) -> tuple[str, str, str]:
    """Text before, at and after the first place where the phrase stands as whole words, or the text and nothing."""
    place = f" {text} ".find(f" {phrase} ")
    if not phrase or place < 0:
        return text, "", ""
    return text[:place], text[place : place + len(phrase)], text[place + len(phrase) :]


def duration(seconds: float) -> str:
    """0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def share(part: float, whole: float) -> str:
    """A share in per cent, with a digit more where it is small; only nothing is 0 % and only all is 100 %."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.05:
        return "< 0.1 %"
    if 99.5 <= percent < 100:
        return "> 99 %"
    return f"{percent:.1f} %" if 0 < percent < 9.95 else f"{percent:.0f} %"


def _environment() -> Environment:
    environment = make_environment()
    environment.filters.update(
        number=lambda value: f"{value:,}", duration=duration, link=is_link, parts=split_at, share=share
    )
    return environment


def _settings(config: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """(section, [(setting, value)]), a source or table of images as a section of its own, these first; secrets hidden.

    Sorted by name: a record that was read back from its file has another order than a fresh one.
    """
    sections: list[tuple[str, list[tuple[str, Any]]]] = []
    # Masked when it was recorded; a record of an earlier version was not.
    for name, section in sorted(
        mask(config).items(), key=lambda item: (not isinstance(item[1], list | tuple), item[0])
    ):
        tables = section if isinstance(section, list | tuple) else [section]
        for table in tables:
            title = f"{name}: {table['name']}" if table is not section else name
            sections.append((title, [(key, _in_words(value)) for key, value in sorted(table.items())]))
    return sections


def _in_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {item}" for name, item in value.items())
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple) else value


def _phrases_and_labels(data: ReportData) -> Markup:
    threshold = data.record["config"]["cluster"]["min_images"]
    before, after = (
        Series("phrases, before clustering", data.phrases, BEFORE),
        Series("labels, after", data.labels, AFTER),
    )
    title = "Images of each phrase before clustering, and of each label after it, by rank"
    return rank_chart(
        "merged", title, "phrase or label", (before, after), {f"cluster.min_images = {threshold}": threshold}
    )


def _whole_and_capped(data: ReportData) -> Markup:
    if data.cap is None:
        return Markup("")
    before, after = Series("labels, whole", data.labels, BEFORE), Series("labels, capped set", data.capped, AFTER)
    title = "Images of each label in the whole manifest and in the capped set, by rank"
    return rank_chart("capped", title, "label", (before, after), {f"t = {data.cap:,}": data.cap})
