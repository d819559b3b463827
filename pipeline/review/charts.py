"""Charts of a run as SVG for the page: they take its colours, its fonts and its light or dark mode."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib
import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

Sizes = Mapping[int, int]
Curve = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

# matplotlib cannot write `var(--ink)`; it draws in these, and the finished SVG gets the page's variables.
INK, FAINT = "#010101", "#020202"
_VARIABLES = {INK: "var(--ink)", FAINT: "var(--line)", "#030303": "var(--before)", "#040404": "var(--after)"}
BEFORE, AFTER = "#030303", "#040404"
_POINTS = 300  # of a curve: finer than a screen shows, and a page of a million phrases stays small


@dataclass(frozen=True, slots=True)
class Series:
    """One curve of a chart.

    Attributes:
        name: as in the legend.
        sizes: images -> how many things have so many.
        colour: BEFORE or AFTER.
    """

    name: str
    sizes: Sizes
    colour: str


def rank_curve(sizes: Sizes, points: int = _POINTS) -> Curve:
    """Rank and images of a rank-frequency curve, from a histogram.

    Args:
        sizes: images -> how many phrases or labels have so many; nothing on 0 images is drawn.
        points: about the most steps that are kept, at even distances on a log axis.

    Returns:
        Ranks (rising from 1) and images (falling), int64, both of shape (n,). Each kept size stands at its first and
        its last rank, so that a straight line between neighbours is exact where no size was left out.
    """
    images = np.array(sorted((size for size in sizes if size > 0), reverse=True), dtype=np.int64)
    if not images.size:
        return images, images
    last = np.cumsum([sizes[int(size)] for size in images], dtype=np.int64)
    first = np.concatenate(([1], last[:-1] + 1))
    if images.size > points:
        even = np.geomspace(1, last[-1], points)
        chosen = np.unique(np.searchsorted(last, even).clip(max=images.size - 1))
        images, first, last = images[chosen], first[chosen], last[chosen]
    ranks = np.stack([first, last], axis=1).ravel()
    return ranks, np.repeat(images, 2)


def rank_chart(name: str, title: str, things: str, series: tuple[Series, ...], marks: Mapping[str, int]) -> Markup:
    """Rank against images on log axes, as SVG markup.

    Args:
        name: prefix of the ids inside the SVG, another one for each chart of a page.
        title: what the chart shows, for those who hear the page.
        things: what is ranked, for the axis.
        series: one to four curves.
        marks: name -> images of horizontal lines, such as a threshold.

    Returns:
        Markup of an `<svg>`: equal input, equal bytes. Empty where no curve has a point.
    """
    curves = [(item, *rank_curve(item.sizes)) for item in series]
    if not any(ranks.size for _, ranks, _ in curves):
        return Markup("")
    # Texts stay texts, ids are hashes of what is drawn.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 9.5}):
        figure = Figure(figsize=(5.0, 3.5), layout="constrained")
        axes = figure.add_subplot()
        for item, ranks, images in curves:
            dashes = "-" if item.colour == AFTER else (0, (4, 1.5))  # told apart without colours too
            axes.plot(ranks, images, color=item.colour, linewidth=1.8, linestyle=dashes, label=item.name)
        _style(axes, things)
        for text, size in marks.items():
            axes.axhline(size, color=INK, linewidth=0.6, alpha=0.6)
            place = axes.get_yaxis_transform()
            axes.text(0.012, size, text, transform=place, color=INK, alpha=0.8, fontsize=8, va="bottom")
        axes.legend(frameon=False, labelcolor=INK, loc="upper right", handlelength=2.2)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return as_markup(out.getvalue(), name, title)


def _style(axes: Axes, things: str) -> None:
    """Log axes with plain numbers, hairlines only."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(10.0))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.9), high * 1.6)
    axes.set_xlabel(f"rank of {things}", color=INK)
    axes.set_ylabel("images", color=INK)
    axes.grid(visible=True, color=FAINT, linewidth=0.7)
    axes.tick_params(colors=INK, length=0)
    axes.patch.set_visible(False)
    axes.figure.patch.set_visible(False)
    for side in axes.spines.values():
        side.set_visible(False)


def _short(value: float) -> str:
    """1, 10, 1k, 1M: log axes have powers of ten only."""
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.0f}{letter}"
    return f"{value:g}"


def as_markup(svg: str, name: str, title: str) -> Markup:
    """The SVG document as an element of the page: its own ids, no metadata, the page's colours and fonts."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"(\bid=\"|href=\"#|url\(#)", rf"\g<1>{name}-", svg)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px; font-family: inherit", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    # Width and height in points would not shrink with a phone.
    head, body = svg.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    # The title comes from the page's own code, but quotes in it must not end the attribute.
    return Markup(head) + Markup(' role="img" aria-label="{}">').format(title) + Markup(body)
