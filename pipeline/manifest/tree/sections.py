"""Sections of the card on where images come from, and what is biased in what was said of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.manifest.tree.origins import Origins


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table below its title; `none` where it has no rows."""
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    if not lines:
        return f"{title}\n\nNone."
    return "\n".join([title, "", "| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns), *lines])


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")


def describe_origins(found: Origins | None) -> list[str]:
    """Hosts and languages, most frequent first; nothing where they are not known."""
    if found is None:
        return []
    hosts = [*found.hosts.items(), *([("all others", found.other_hosts)] if found.other_hosts else [])]
    spoken = [*found.languages.items(), *([("all others", found.other_languages)] if found.other_languages else [])]
    return [
        table("## Where the images are", ("host", "images"), hosts),
        table("## Languages of the texts", ("language", "mentions"), spoken),
    ]


def describe_bias(record: Mapping[str, Any], origins: Origins | None) -> str:
    """What a user of the manifest must know of its making.

    Args:
        record: run.json of the run.
        origins: how far it comes from few places; not told where None.
    """
    settings = record["config"]
    taught = "trusted images were given, see run.json." if settings["labeling"]["trusted"] else "here none were given."
    languages = ", ".join("all" if name == "*" else name for name in settings["embed"]["languages"])
    points = (
        "Labels say what people wrote, not what can be seen: fashion, trade, hope and mistakes are in them.",
        "A label that is missing is no evidence that the thing is not in the picture.",
        "Images without usable text, or with rare words only, are not in the manifest; see what was dropped.",
        "Confidence comes from agreement between kinds of text. Where one is copied from another, both are wrong "
        "together, and confidence is too high. It is a probability only for labels that trusted images taught: "
        f"{taught}",
        f"Meaning was compared in these languages: {languages}. In any other, phrases of one meaning stay apart.",
        f"Words on a list of unsafe words were met with `{settings['normalize']['unsafe']}`; such a list misses much. "
        "Addresses, telephone numbers and handles were removed by pattern; names of people were not.",
        f"`label_sources` knows the strongest {settings['assign']['max_evidence']} pieces of evidence of a label.",
        *_concentration(origins),
    )
    return "## Known bias\n\n" + "\n".join(f"- {point}" for point in points)


def _concentration(origins: Origins | None) -> list[str]:
    """How much of it comes from few people and few hosts."""
    if origins is None:
        return []
    images = sum(origins.hosts.values()) + origins.other_hosts
    host, most = next(iter(origins.hosts.items()), ("none", 0))
    points = [f"Of all images {most / max(images, 1):.0%} are at one place: {host}."]
    if not origins.contributors:
        return [*points, "Who said what is not known, so that one person's habits cannot be told from a custom."]
    largest, ten = (n / origins.known for n in (origins.largest, origins.ten_largest))
    known = (
        f"{origins.contributors:,} contributors are known, of {origins.known:,} mentions (a text on an image); there "
        f"are {origins.mentions:,}. The one with most said {largest:.0%} of them, the ten with most {ten:.0%}."
    )
    return [*points, known]
