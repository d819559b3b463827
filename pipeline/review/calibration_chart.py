"""Reliability diagrams: of pairs said with some confidence, how many are right.

One SVG that is complete in itself, with a panel for each way of labelling, or a single chart for the page of a run.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.review.charts import AFTER, BEFORE, FAINT, INK, as_markup


@dataclass(frozen=True, slots=True)
class _Colours:
    ink: str
    line: str
    true: tuple[str, float]  # of the diagonal, with its opacity
    raw: str
    calibrated: str


_PAPER = _Colours("#1d1f23", "#c9c9c5", ("#c9c9c5", 1.0), "#b0702a", "#2f6aa8")
_PAGE = _Colours(INK, FAINT, (INK, 0.6), BEFORE, AFTER)  # which become the page's own
_ACROSS, _SIDE = 4, 3.0  # panels in a row, inches of each


def reliability_diagram(ways: Mapping[str, Mapping[str, Any]]) -> str:
    """Mean confidence against precision of each tenth, one panel a way; on the diagonal confidence is true.

    Args:
        ways: way -> its `calibration.Calibration` as plain values, at least one.

    Returns:
        An SVG document: equal input, equal text.
    """
    across = min(len(ways), _ACROSS)
    down = -(-len(ways) // across)
    # Texts stay texts, ids are hashes of what is drawn.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "reliability", "font.size": 9}):
        figure = Figure(figsize=(across * _SIDE, down * _SIDE + 0.4), layout="constrained", facecolor="white")
        panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, (way, found) in zip(panels, ways.items(), strict=False):
            _draw(axes, found, _PAPER)
            errors = ", ".join(f"{fit['ece']:.3f}" for fit in _fits(found))
            axes.set_title(f"{way}\nECE {errors}; {found['pairs']:,} pairs", color=_PAPER.ink, fontsize=9)
            axes.set_aspect("equal")
            axes.label_outer()
            for side in axes.spines.values():
                side.set_color(_PAPER.line)
        for axes in panels[len(ways) :]:
            axes.set_axis_off()
        named = {name: line for axes in panels for line, name in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(
            list(named.values()), list(named), loc="outside lower center", ncols=3, frameon=False, labelcolor=_PAPER.ink
        )
        out = io.StringIO()
        metadata = {"Title": "Confidence against precision", "Date": None, "Creator": None}
        figure.savefig(out, format="svg", metadata=metadata)
    return out.getvalue()


def reliability_chart(name: str, title: str, found: Mapping[str, Any]) -> Markup:
    """The same of one way, as an element of the page of a run.

    Args:
        name: prefix of the ids inside the SVG, another one for each chart of a page.
        title: what the chart shows, for those who hear the page.
        found: a `calibration.Calibration` as plain values.
    """
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 9.5}):
        figure = Figure(figsize=(5.0, 3.5), layout="constrained")
        axes = figure.add_subplot()
        _draw(axes, found, _PAGE)
        axes.grid(visible=True, color=_PAGE.line, linewidth=0.7)
        axes.legend(frameon=False, labelcolor=INK, loc="best", handlelength=2.2)
        axes.patch.set_visible(False)
        figure.patch.set_visible(False)
        for side in axes.spines.values():
            side.set_visible(False)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return as_markup(out.getvalue(), name, title)


def _fits(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All pairs as they are, and where there is one the half that was calibrated."""
    return [found["raw"], *([found["calibrated"]["after"]] if found["calibrated"] else [])]


def _draw(axes: Axes, found: Mapping[str, Any], colours: _Colours) -> None:
    # Marks and dashes tell them apart without colours too.
    looks = (("raw, all images", "o-", colours.raw), ("calibrated, other half", "s--", colours.calibrated))
    axes.plot([0, 1], [0, 1], color=colours.true, linewidth=0.8, label="true")
    for fit, (name, style, colour) in zip(_fits(found), looks, strict=False):
        confidence, precision = ([item[key] for item in fit["bins"]] for key in ("confidence", "precision"))
        axes.plot(confidence, precision, style, color=colour, linewidth=1.5, markersize=4, label=name)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("mean confidence", color=colours.ink)
    axes.set_ylabel("precision", color=colours.ink)
    axes.tick_params(colors=colours.ink, length=0)
