"""A forecast as text: hours and bytes of each stage, memory, what does not fit, what is uncertain."""

from collections.abc import Sequence

from pipeline.review.estimate.forecast import Forecast
from pipeline.review.estimate.plan import BUSY
from pipeline.review.estimate.runs import STAGES, Measured
from pipeline.review.scoreboard import render_table

_SHOWN = ("images", "texts", "mentions", "frequent", "kept", "encoded", "labels", "labelled")


def render_forecast(found: Forecast, runs: Sequence[Measured]) -> str:
    """The whole text, in Markdown.

    Args:
        found: the forecast.
        runs: that it was told from, the smallest first.
    """
    target = found.target
    sizes = ", ".join(f"{run.counts['signals']:,.0f}" for run in runs)
    head = (
        f"{target.signals:,.0f} signals of {found.counts['images']:,.0f} images, on {target.executors:,} executors of "
        f"{target.cores} cores and {target.memory_gb:g} GB each; told from runs of {sizes} signals."
    )
    parts = [
        head,
        _stages(found),
        _notes(),
        _counts(found, runs),
        _memory(found),
        _space(found),
        *(f"Does not fit: {text}" for text in found.faults),
        *(f"Beware: {text}" for text in found.warnings),
    ]
    return "\n\n".join(parts) + "\n"


def _stages(found: Forecast) -> str:
    rows = []
    for item in found.stages:
        part = STAGES[item.stage]
        rows.append(
            [
                item.stage,
                _hours(item.hours),
                _hours(item.most_hours),
                _hours(item.fixed_hours),
                item.driver,
                part.driven_by,
                _bytes(item.shuffle_bytes),
                _bytes(item.spill_bytes),
                _bytes(item.table_bytes),
                part.in_driver,
            ]
        )
    shuffles = [item.shuffle_bytes for item in found.stages if item.shuffle_bytes is not None]
    spills = [item.spill_bytes for item in found.stages if item.spill_bytes is not None]
    rows.append(
        [
            "all",
            _hours(found.hours),
            _hours(found.most_hours),
            _hours(sum(item.fixed_hours for item in found.stages)),
            max(found.stages, key=lambda item: item.hours).stage,
            "",
            _bytes(sum(shuffles) if shuffles else None),
            _bytes(sum(spills) if spills else None),
            _bytes(sum(item.table_bytes for item in found.stages)),
            "",
        ]
    )
    titles = ["stage", "hours", "at most", "fixed", "bound by", "grows with"]
    return render_table([*titles, "shuffled", "spilled", "tables", "in the driver"], rows)


def _notes() -> str:
    serial = ", ".join(name for name, part in STAGES.items() if not part.distributed)
    return (
        f"All growing work is divided by the cores, which are busy {BUSY:.0%} of the time, but for {serial}, which one "
        "process does. Fixed seconds stay. At most: as if all that was measured grew, and nothing overlapped."
    )


def _counts(found: Forecast, runs: Sequence[Measured]) -> str:
    rows = [
        [
            name,
            f"{runs[-1].counts[name]:,.0f}",
            f"{found.counts[name]:,.0f}",
            f"{found.growth[name].exponent:.2f}",
            "held by mine.max_phrases"
            if found.counts[name] < 0.999 * found.growth[name].at(found.target.signals)
            else "",
        ]
        for name in _SHOWN
    ]
    return render_table(["count", "largest run", "target", "exponent", ""], rows)


def _memory(found: Forecast) -> str:
    rows = [
        [where, *(f"{what}: {gb:.1f}" for what, gb in items.items()), f"{sum(items.values()):.1f}", f"{has:g}"]
        for where, items, has in (
            ("driver", found.memory.driver, found.target.driver_memory_gb),
            ("executor", found.memory.executor, found.target.memory_gb),
        )
    ]
    return render_table(["GB", "", "", "", "in all", "has"], rows)


def _space(found: Forecast) -> str:
    held = [item.shuffle_bytes + (item.spill_bytes or 0.0) for item in found.stages if item.shuffle_bytes is not None]
    local = max(held) / found.target.executors if held else None
    tables = sum(item.table_bytes for item in found.stages)
    return (
        f"Space: {_bytes(tables)} of tables in the run's folder, and as much again for a stage that is done anew; "
        f"{_bytes(local)} on each executor's disk for the largest stage's shuffles. "
        f"spark.shuffle_partitions: {found.partitions:,}."
    )


def _hours(hours: float) -> str:
    return f"{hours:,.1f}" if hours >= 1 else f"{hours:.3f}"


def _bytes(amount: float | None) -> str:
    if amount is None:
        return "-"
    for size, name in ((1e12, "TB"), (1e9, "GB")):
        if amount >= size:
            return f"{amount / size:,.1f} {name}"
    return f"{amount / 1e6:,.0f} MB"
