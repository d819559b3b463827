"""The page of a run as HTML. Spark-free; `collect` reads the tables.

Every text on the page comes from strangers. Jinja escapes all of it, marks that could disguise a text are written out,
and a Content-Security-Policy lets only the page's own script run, by its hash, and nothing load. The script sets texts
alone, never markup.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from pipeline.review.calibration_chart import reliability_chart
from pipeline.review.charts import AFTER, BEFORE, Series, rank_chart
from pipeline.review.evaluation import MEANINGS, OWN
from pipeline.review.page import is_link, make_environment, read_scripts, script_hash, visible
from pipeline.review.report.browser import columns_of, pack
from pipeline.review.report.contents import ReportData
from pipeline.review.report.funnel_chart import funnel_chart
from pipeline.runtime.secrets import mask

SCRIPTS = ("labels.js", "list.js", "detail.js", "map.js", "hand.js", "browser.js")


def render_report(data: ReportData) -> str:
    """The page: one HTML document that needs nothing but itself.

    Args:
        data: what to show.

    Returns:
        HTML5; the only external references are links to pictures on the web. Without its script all but the list of
        labels and the map is there. Equal data, equal page.
    """
    shown = _number_pictures(data)
    columns = columns_of(data.listed, data.record["signals"], data.labelled, shown)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            data=data,
            run=data.record,
            sections=_settings(data.record["config"]),
            rank_chart=_phrases_and_labels(data),
            cap_chart=_whole_and_capped(data),
            funnel=funnel_chart("funnel", data.record["stages"]),
            reliability=_confidence_and_precision(data),
            meanings=MEANINGS,
            grown=bool(data.record["config"].get("growth", {}).get("base")),
            numbers_of_pictures=shown,
            packed=pack(columns),
            script=read_scripts(*SCRIPTS),
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


def label_link(key: str) -> str:
    """The address on the page that opens a label."""
    return f"#label={quote(visible(key), safe='')}"


def _environment() -> Environment:
    environment = make_environment()
    environment.filters.update(
        number=lambda value: f"{value:,}", duration=duration, link=is_link, parts=split_at, share=share
    )
    environment.filters.update(hash=script_hash, label_link=label_link)
    return environment


def _number_pictures(data: ReportData) -> dict[str, int]:
    """Data URI -> number, of the pictures that stand on the page itself, in its order."""
    cards = [example for label in (*data.largest, *data.tail) for example in label.examples]
    pictures = [example.picture for example in (*(doubt.example for doubt in data.doubts), *cards)]
    return {uri: place for place, uri in enumerate(dict.fromkeys(uri for uri in pictures if uri is not None))}


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


def _confidence_and_precision(data: ReportData) -> Markup:
    kept = data.evaluation
    found = kept.evaluation.confident.get(OWN) if kept and not kept.stale else None
    if found is None:
        return Markup("")
    title = "Precision of this run's image labels by their confidence"
    return reliability_chart("reliable", title, dataclasses.asdict(found))
