"""Reliability diagrams: of pairs said with some confidence, how many are right. One SVG, complete in itself."""

import io
from collections.abc import Mapping
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_INK, _FAINT, _RAW, _CALIBRATED = "#1d1f23", "#c9c9c5", "#b0702a", "#2f6aa8"
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
            _draw(axes, way, found)
        for axes in panels[len(ways) :]:
            axes.set_axis_off()
        named = {name: line for axes in panels for line, name in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(
            list(named.values()), list(named), loc="outside lower center", ncols=3, frameon=False, labelcolor=_INK
        )
        out = io.StringIO()
        metadata = {"Title": "Confidence against precision", "Date": None, "Creator": None}
        figure.savefig(out, format="svg", metadata=metadata)
    return out.getvalue()


def _draw(axes: Axes, way: str, found: Mapping[str, Any]) -> None:
    fits = [(found["raw"], "raw, all images", "o-", _RAW)]  # marks and dashes tell them apart without colours too
    if found["calibrated"]:
        fits.append((found["calibrated"]["after"], "calibrated, other half", "s--", _CALIBRATED))
    axes.plot([0, 1], [0, 1], color=_FAINT, linewidth=1, label="true")
    for fit, name, style, colour in fits:
        confidence, precision = ([item[key] for item in fit["bins"]] for key in ("confidence", "precision"))
        axes.plot(confidence, precision, style, color=colour, linewidth=1.5, markersize=4, label=name)
    errors = ", ".join(f"{fit['ece']:.3f}" for fit, *_ in fits)
    axes.set_title(f"{way}\nECE {errors}; {found['pairs']:,} pairs", color=_INK, fontsize=9)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_xlabel("mean confidence", color=_INK)
    axes.set_ylabel("precision", color=_INK)
    axes.label_outer()
    axes.tick_params(colors=_INK, length=0)
    for side in axes.spines.values():
        side.set_color(_FAINT)
