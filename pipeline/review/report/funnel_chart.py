"""The way of a run as a Sankey diagram, top to bottom: what goes on stays left, what is dropped leaves to the right.

Stages count in different units, and a chart of all of them in one scale would lie. Where the unit changes, the flow is
cut, the new unit is named, and it starts at full width again.
"""

import io
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from pipeline.review.charts import AFTER, BEFORE, INK, as_markup

_WIDTH = 360.0  # of the drawing, in points: what a phone shows without making its words small
_LEFT, _FLOW, _END, _WORDS = 126.0, 82.0, 224.0, 229.0  # where flow, its width, ribbons' ends and their words are
_LINE = 13.0  # between the words of two reasons
_STEP = 34.0  # of a stage that drops nothing
_CUT = 38.0  # where the unit changes
_BEND = 8.0  # inner radius of a ribbon's bow
_ROUND = 0.5523  # of a radius: how far the handles of a Bezier curve lie that looks like a quarter of a circle
_REASONS = 5  # of a stage that are named; the others are one
_LONGEST = 22  # characters of a reason
_PLURALS = {"match": "matches"}
_GIVES = {  # what the last stage of a unit gives out
    "ingest": "rows read",
    "normalize": "usable facts",
    "mine_candidates": "phrases kept",
    "cluster": "in labels",
    "match": "texts matched",
    "assign": "labelled images",
    "publish": "labelled images",
}
_STAYS = {"report"}  # reads alone: nothing leaves there


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of the flow: `rows_in` of its unit, and how many left for which reason, most first."""

    stage: str
    unit: str
    rows_in: int
    rows_out: int
    drops: tuple[tuple[str, int], ...]


def find_steps(stages: Sequence[Mapping[str, Any]]) -> list[Step]:
    """The stages of run.json that count something, each with its drops.

    A stage that only hands on what the one before it gave out, in the same unit, is left out, and so are drops in
    another unit than the stage's own: they are no part of its flow.
    """
    steps: list[Step] = []
    for stage in stages:
        unit, rows_in, rows_out = stage["unit"], int(stage["rows_in"]), int(stage["rows_out"])
        named = [(name.split("/", 1)[1], int(n)) for name, n in stage["rejects"].items() if name.startswith(f"{unit}/")]
        ranked = sorted(((reason, n) for reason, n in named if n > 0), key=lambda item: (-item[1], item[0]))
        first, rest = ranked[:_REASONS], ranked[_REASONS:]
        if len(rest) == 1:
            first, rest = ranked, []
        if rest:
            first.append((f"{len(rest)} other reasons", sum(n for _, n in rest)))
        idle = bool(steps) and not first and steps[-1].unit == unit
        if rows_in > 0 and not idle and stage["stage"] not in _STAYS:
            steps.append(Step(stage["stage"], unit, rows_in, rows_out, tuple(first)))
    return steps


def funnel_chart(name: str, stages: Sequence[Mapping[str, Any]]) -> Markup:
    """The Sankey diagram of a run as SVG markup.

    Args:
        name: prefix of the ids inside the SVG.
        stages: of run.json.

    Returns:
        Markup of an `<svg>`: equal stages, equal bytes. Empty where no stage counted anything.
    """
    steps = find_steps(stages)
    if not steps:
        return Markup("")
    height = _height(steps)
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 9}):
        figure = Figure(figsize=(_WIDTH / 72, height / 72))
        figure.patch.set_visible(False)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(height, 0)  # downwards
        _draw(axes, steps)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return as_markup(out.getvalue(), name, _told(steps))


def _height(steps: Sequence[Step]) -> float:
    return 12 + sum(_CUT + sum(_room(step, scale) for step in group) for group, scale in _groups(steps))


def _groups(steps: Sequence[Step]) -> list[tuple[list[Step], float]]:
    """Neighbours of one unit, and the points of width that one of it has."""
    groups = [list(found) for _, found in itertools.groupby(steps, key=lambda step: step.unit)]
    return [(group, _FLOW / max(step.rows_in for step in group)) for group in groups]


def _places(step: Step, scale: float) -> list[tuple[float, float, float]]:
    """Of each drop: where its ribbon begins below the top of its stage, how thick it is, where its words are."""
    places: list[tuple[float, float, float]] = []
    y, words = _BEND + 2, -_LINE
    for _, count in step.drops:
        thick = scale * count
        y = max(y, words + _LINE - thick / 2)  # words never run into those above
        words = y + thick / 2
        places.append((y, thick, words))
        y += thick
    return places


def _room(step: Step, scale: float) -> float:
    """Height of a stage: its ribbons one above the other, each with a line of words."""
    places = _places(step, scale)
    end = max(places[-1][0] + places[-1][1], places[-1][2] + _LINE / 2) if places else 0.0
    return max(_STEP, end + 14)


def _draw(axes: Axes, steps: Sequence[Step]) -> None:
    y = 0.0
    for group, scale in _groups(steps):
        y += _CUT
        _words(axes, _LEFT - 10, y - 4, _counted(group[0].rows_in, group[0].unit), bold=True)
        for step in group:
            _draw_step(axes, step, y, scale)
            y += _room(step, scale)
        last = group[-1]
        _words(axes, _LEFT - 10, y + 2, f"{_amount(last.rows_out)} {_GIVES.get(last.stage, 'go on')}", bold=True)
        axes.add_patch(Rectangle((_LEFT, y), max(scale * last.rows_out, 1), 2.5, color=AFTER, linewidth=0))


def _draw_step(axes: Axes, step: Step, top: float, scale: float) -> None:
    """One stage from `top` down."""
    room = _room(step, scale)
    _band(axes, _LEFT, scale * step.rows_out, top, top + room)
    at = _LEFT + scale * step.rows_in
    for (reason, count), (y, thick, words) in zip(step.drops, _places(step, scale), strict=True):
        _ribbon(axes, (at - thick, at), top, top + y, thick)
        _words(axes, _WORDS, top + words, f"{_amount(count)} {_short(reason)}", left=True)
        at -= thick
    _words(axes, _LEFT - 10, top + room / 2, step.stage.replace("_", " "))


def _band(axes: Axes, x: float, width: float, top: float, bottom: float) -> None:
    axes.add_patch(Rectangle((x, top), max(width, 0.5), bottom - top, color=AFTER, alpha=0.3, linewidth=0))


def _ribbon(axes: Axes, across: tuple[float, float], top: float, y: float, thick: float) -> None:
    """What leaves: from a piece of the flow's lower edge down, in a bow, to the right."""
    left, right = across
    far, near = _BEND + thick, _BEND
    turn, bend = right + near, y - near  # the middle of both circles
    points = [
        (left, top),
        (left, bend),
        *[(left, bend + _ROUND * far), (turn - _ROUND * far, y + thick), (turn, y + thick)],
        (_END, y + thick),
        (_END, y),
        (turn, y),
        *[(turn - _ROUND * near, y), (right, bend + _ROUND * near), (right, bend)],
        (right, top),
        (left, top),
    ]
    line, curve = [Path.LINETO], [Path.CURVE4] * 3
    codes = [Path.MOVETO, *line, *curve, *line * 3, *curve, *line, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=BEFORE, alpha=0.45, linewidth=0.4, edgecolor=BEFORE))


def _words(axes: Axes, x: float, y: float, text: str, *, left: bool = False, bold: bool = False) -> None:
    axes.text(
        *(x, y, text),
        color=INK,
        ha="left" if left else "right",
        va="center",
        fontsize=9,
        fontweight="bold" if bold else "normal",
        alpha=1.0 if bold or left else 0.75,
        parse_math=False,
    )


def _counted(count: int, unit: str) -> str:
    return f"{_amount(count)} {unit if count == 1 else _PLURALS.get(unit, f'{unit}s')}"


def _amount(count: int) -> str:
    """A count that fits beside the flow; the table has all of its digits."""
    return f"{count:,}" if count < 1_000_000 else f"{count / 1_000_000:,.1f} M"


def _short(reason: str) -> str:
    """A reason as words; whatever else a record may hold is no text for a chart."""
    words = re.sub(r"[^ -~]", "?", reason.replace("_", " "))
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _told(steps: Sequence[Step]) -> str:
    """The chart in words, for those who hear the page."""
    parts = [
        f"{step.stage.replace('_', ' ')}: {_counted(step.rows_in, step.unit)} in, {step.rows_out:,} go on"
        for step in steps
    ]
    return f"What goes on and what is dropped. {'; '.join(parts)}."
