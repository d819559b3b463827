"""What was measured at several sizes, as Markdown and as a chart, and what smaller sizes foretell of larger ones."""

import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[2]))  # the product, where it is not installed

from pipeline.review.estimate.forecast import Target
from pipeline.review.estimate.growth import slope, slope_over_all
from pipeline.review.estimate.plan import fit_stage, forecast
from pipeline.review.estimate.runs import STAGES, Measured, read_measured
from pipeline.review.scoreboard import render_table

matplotlib.use("Agg")
import matplotlib.pyplot as plt

_FIGURES = (
    ("seconds", "seconds", "Seconds"),
    ("peak_memory_mb", "MB", "Peak memory, all processes together"),
    ("cpu_seconds", "CPU seconds", "CPU seconds of all processes"),
    ("shuffle_mb", "MB", "Written by shuffles"),
    ("spill_mb", "MB", "Spilled"),
)


def render_results(out: Path, results: dict[str, Any]) -> str:
    """All figures of all sizes, and how they grow.

    An exponent is d log(seconds) / d log(signals). Fixed and growing parts are fitted as the forecast does: seconds =
    fixed + each x units, of what drives the stage.

    Args:
        out: folder of the results, with the records of the runs.
        results: scale.json.
    """
    sizes = sorted(results["sizes"].values(), key=lambda item: item["signals"])
    machine = results["machine"]
    lines = [f"{machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}", ""]
    changed = sorted({one for item in sizes for one in item["settings"]})
    lines += [f"Settings: defaults{', but ' + ', '.join(changed) if changed else ''}.", ""]
    whole = "; ".join(f"{item['signals']:,}: {item['seconds']:,.0f} s, {item['peak_mb']:,} MB" for item in sizes)
    lines += [f"Whole processes as seen from outside, start included: {whole}.", ""]
    for key, unit, title in _FIGURES:
        rows = []
        for name in [*STAGES, "all"]:
            values = [_figure(item, name, key) for item in sizes]
            growth = [_exponent(found(_signals(sizes), np.array(values))) for found in (slope, slope_over_all)]
            rows.append([name, *(f"{value:,.1f}" if value < 100 else f"{value:,.0f}" for value in values), *growth])
        if any(_figure(item, name, key) for item in sizes for name in STAGES):
            heads = [f"{item['signals']:,} signals" for item in sizes]
            lines += [f"{title} ({unit})", "", render_table(["stage", *heads, "exponent, last two", "all"], rows), ""]
    lines += [
        "What grows",
        "",
        _render_tables(sizes),
        "",
        "Seconds a stage, by what drives it",
        "",
        _render_costs(_runs(out, results)),
    ]
    return "\n".join(lines)


def draw_chart(results: dict[str, Any], path: Path) -> None:
    """Seconds and peak memory of each stage against signals, both axes logarithmic; SVG or PNG by the path's end."""
    sizes = sorted(results["sizes"].values(), key=lambda item: item["signals"])
    plt.rcParams["svg.hashsalt"] = "scale"  # the same file from the same figures
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for panel, (key, unit, title) in zip(panels, _FIGURES[:2], strict=True):
        for name in [*STAGES, "all"]:
            values = [_figure(item, name, key) for item in sizes]
            style = {"color": "black", "linewidth": 2} if name == "all" else {"linewidth": 1}
            panel.plot(_signals(sizes), values, marker="o", markersize=3, label=name, **style)
        panel.set(xscale="log", yscale="log", xlabel="signals", ylabel=unit, title=title)
        panel.grid(visible=True, which="major", linewidth=0.3)
    panels[1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def render_predictions(out: Path, results: dict[str, Any]) -> str:
    """Each size but the smallest, foretold from all smaller ones on the same machine, beside what was measured."""
    sizes = sorted(int(size) for size in results["sizes"])
    cores = results["machine"]["cores"]
    parts = []
    for place, size in enumerate(sizes[1:], start=1):
        runs = _runs(out, results)[:place]
        # The runs' own cores were as busy as they were: nothing is added for tasks that wait.
        target = Target(signals=size, executors=1, cores=cores, disk_mb_s=1e6, network_mb_s=1e6, languages=17)
        found = forecast(runs, target, busy=1.0)
        measured = results["sizes"][str(size)]
        rows, all_seconds = [], 0.0
        for item in found.stages:
            real = _figure(measured, item.stage, "seconds")
            all_seconds += real
            rows.append(_compare(item.stage, item.hours * 3600, item.most_hours * 3600, real))
        rows.append(_compare("all", found.hours * 3600, found.most_hours * 3600, all_seconds))
        known = ", ".join(f"{one:,}" for one in sizes[:place])
        parts += [f"{size:,} signals, from {known}", ""]
        parts += [render_table(["stage", "foretold s", "at most s", "measured s", "error"], rows), ""]
    return "\n".join(parts) if parts else "One size was measured, and nothing can be foretold of it."


def _compare(name: str, foretold: float, most: float, real: float) -> list[str]:
    error = f"{foretold / real - 1:+.0%}" if real else "-"
    return [name, f"{foretold:,.1f}", f"{most:,.1f}", f"{real:,.1f}", error]


def _render_tables(sizes: list[dict[str, Any]]) -> str:
    names = [name for name in sizes[-1]["tables"] if name != "rejects"]
    rows = []
    for name in names:
        values = [item["tables"].get(name, {"rows": 0, "bytes": 0}) for item in sizes]
        counts = np.array([value["rows"] for value in values], dtype=np.float64)
        cells = [f"{value['rows']:,} ({value['bytes'] / 1e6:,.1f} MB)" for value in values]
        rows.append([name, *cells, _exponent(slope(_signals(sizes), counts))])
    return render_table(["table", *(f"{item['signals']:,} signals" for item in sizes), "exponent, last two"], rows)


def _render_costs(runs: list[Measured]) -> str:
    rows = []
    for name, part in STAGES.items():
        cost = fit_stage(runs, name)
        grown = cost.growing(runs[-1].counts[part.driven_by])
        rows.append([name, part.driven_by, f"{cost.fixed:,.1f}", f"{grown:,.1f}", f"{cost.exponent:.2f}"])
    return render_table(["stage", "driven by", "fixed s", "growing s, largest size", "exponent"], rows)


def _runs(out: Path, results: dict[str, Any]) -> list[Measured]:
    """Records of all sizes, the smallest first."""
    cores = int(results["machine"]["cores"])
    return [
        read_measured(str(out / str(size) / "runs" / "bench"), cores) for size in sorted(map(int, results["sizes"]))
    ]


def _signals(sizes: list[dict[str, Any]]) -> npt.NDArray[np.float64]:
    return np.array([item["signals"] for item in sizes], dtype=np.float64)


def _exponent(found: float | None) -> str:
    return "-" if found is None else f"{found:.2f}"


def _figure(item: dict[str, Any], stage: str, key: str) -> float:
    """One figure of one size; of all stages, the sum, and the most of memory."""
    values = {one["stage"]: float(one.get(key, 0.0)) for one in item["stages"]}
    if stage != "all":
        return values.get(stage, 0.0)
    return max(values.values()) if key == "peak_memory_mb" else sum(values.values())
