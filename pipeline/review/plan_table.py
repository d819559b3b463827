"""What plans do to head, torso and tail, beside showing every image once: as a table and as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.manifest.balance.plan import BANDS, NO_REPEAT, Outcome, choose_cap
from pipeline.review.scoreboard import render_table
from pipeline.review.sheet import Facts, Grid, facts
from pipeline.runtime.config import PublishConfig

_SHOWN = 8  # names of labels below the minimum


@dataclass(frozen=True, slots=True)
class Planned:
    """One plan, and what it shows in an epoch.

    Attributes:
        name: the budget, as it was asked for.
        plan: section [publish]; None where every image is shown once.
        outcome: expected over draws.
    """

    name: str
    plan: PublishConfig | None
    outcome: Outcome


def describe_plan(
    planned: Planned, images: npt.NDArray[np.int64], bands: npt.NDArray[np.str_], minimum: float
) -> dict[str, Any]:
    """What a plan shows, as plain values for JSON.

    Args:
        planned: the plan.
        images: images of each label, label_id = place.
        bands: band of each label.
        minimum: showings that a label should have.

    Returns:
        `cap`, `repeat_threshold` (None: no label repeats), `over`, `images`, `showings`, `capped_matches`, `matches`
        and `share` (by band), `effective_classes`, and `below` (label_ids that have fewer showings than the minimum).
    """
    plan, outcome = planned.plan, planned.outcome
    shown = outcome.by_label
    total = float(shown.sum())
    cap = choose_cap(images, plan) if plan else None
    repeats = (plan.repeat_threshold or cap) if plan else None
    by_band = {band: float(shown[bands == band].sum()) for band in BANDS}
    return {
        "budget": planned.name,
        "cap": cap,
        "repeat_threshold": None if repeats is None or repeats <= NO_REPEAT else repeats,
        "over": plan.over if plan else None,
        "images": outcome.images,
        "showings": outcome.showings,
        "capped_matches": outcome.capped,
        "matches": {**by_band, "all": total},
        "share": {band: found / total if total else 0.0 for band, found in by_band.items()},
        "effective_classes": outcome.classes,
        "below": np.flatnonzero((images > 0) & (shown < minimum - 1e-6)).tolist(),
    }


def plan_blocks(found: Sequence[dict[str, Any]], names: Sequence[str], minimum: float) -> tuple[Grid, Facts]:
    """The plans side by side, and which labels stay below the minimum under each.

    Args:
        found: from `describe_plan`; the first shows every image once.
        names: of labels, label_id = place.
        minimum: showings that a label should have.
    """
    lacking = f"below {minimum:,g} showing{'' if minimum == 1 else 's'}"
    rows = [
        ["cap t", *(_number(item["cap"], 3) for item in found)],
        ["labels repeat below", *(_number(item["repeat_threshold"], 3) for item in found)],
        ["images an epoch, expected", *(_number(item["images"], 0) for item in found)],
        ["showings, with repeats", *(_number(item["showings"], 0) for item in found)],
        ["matches under the cap", *(_number(item["capped_matches"], 0) for item in found)],
        ["matches shown", *(_number(item["matches"]["all"], 0) for item in found)],
        *(
            [f"  of {band} labels", *(f"{item['matches'][band]:,.0f} ({item['share'][band]:.1%})" for item in found)]
            for band in BANDS
        ),
        ["effective number of labels", *(_number(item["effective_classes"], 0) for item in found)],
        [f"labels {lacking}", *(f"{len(item['below']):,}" for item in found)],
    ]
    budgets = [item["budget"] for item in found]
    below = [(item["budget"], _some([names[label] for label in item["below"]])) for item in found[1:]]
    return (
        Grid("Plans", ("", *budgets), tuple(map(tuple, rows)), frozenset(budgets), heads=1),
        facts(f"Labels {lacking}", *below),
    )


def render_plans(plans: Grid, below: Facts) -> str:
    """The same as a Markdown table, and a line a plan under which labels stay below the minimum."""
    lines = [f"{below.title} under {budget}: {some}" for budget, some in below.rows]
    return "\n\n".join([render_table(plans.columns, plans.rows), *lines]) + "\n"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _number(value: float | None, digits: int) -> str:
    if value is None:
        return "-"
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
