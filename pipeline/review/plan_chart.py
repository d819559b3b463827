"""How often labels are shown before and under plans, by rank, and what each band has. One SVG, complete in itself."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.manifest.balance.plan import BANDS

_INK, _FAINT = "#1d1f23", "#c9c9c5"
_COLOURS = ("#8a8a86", "#2f6aa8", "#b0702a", "#3d8457", "#8a4f9e", "#a33d3d")
_DASHES = ("-", "--", "-.", ":")
_BAND_COLOURS = ("#1f4e79", "#6fa3cf", "#c9b458")
_POINTS = 60  # of a curve: neighbours in rank are averaged, or it would be a band of noise


def plan_chart(
    plans: Sequence[dict[str, Any]], shown: Sequence[npt.NDArray[np.float64]], images: npt.NDArray[np.int64]
) -> str:
    """Showings of labels by rank, on log axes, and the share of the bands.

    Args:
        plans: from `plan_table.describe_plan`; the first shows every image once.
        shown: showings of each label under each of them, label_id = place.
        images: images of each label: their order is the rank.

    Returns:
        An SVG document: equal input, equal text.
    """
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "plan", "font.size": 9}):
        figure = Figure(figsize=(9.5, 3.9), layout="constrained", facecolor="white")
        ranks, shares = figure.subplots(1, 2, width_ratios=(3, 2))
        _draw_ranks(ranks, plans, shown, images)
        _draw_shares(shares, plans)
        for axes in (ranks, shares):
            axes.tick_params(colors=_INK, length=0)
            for side in axes.spines.values():
                side.set_color(_FAINT)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Title": "Plans of an epoch", "Date": None, "Creator": None})
    return out.getvalue()


def _draw_ranks(
    axes: Axes,
    plans: Sequence[dict[str, Any]],
    shown: Sequence[npt.NDArray[np.float64]],
    images: npt.NDArray[np.int64],
) -> None:
    order = np.argsort(-images, kind="stable")[: int((images > 0).sum())]
    edges = np.unique(np.geomspace(1, len(order) + 1, _POINTS).astype(int)) - 1
    starts, sizes = edges[:-1], np.diff(edges)
    for place, (plan, counts) in enumerate(zip(plans, shown, strict=True)):
        colour, dashes = _COLOURS[place % len(_COLOURS)], _DASHES[place % len(_DASHES)]
        axes.plot(
            starts + (sizes + 1) / 2,
            np.add.reduceat(counts[order], starts) / sizes,
            dashes,
            color=colour,
            linewidth=1.4,
            label=plan["budget"],
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("label, by rank of its images", color=_INK)
    axes.set_ylabel("showings an epoch", color=_INK)
    axes.legend(frameon=False, labelcolor=_INK, loc="lower left")


def _draw_shares(axes: Axes, plans: Sequence[dict[str, Any]]) -> None:
    places = np.arange(len(plans))[::-1]
    left = np.zeros(len(plans))
    for band, colour in zip(BANDS, _BAND_COLOURS, strict=True):
        share = np.array([plan["share"][band] for plan in plans])
        axes.barh(places, share, left=left, height=0.6, color=colour, label=band)
        left += share
    axes.set_yticks(places, [plan["budget"] for plan in plans])
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the matches shown", color=_INK)
    axes.legend(frameon=False, labelcolor=_INK, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
