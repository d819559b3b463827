"""What a run of another size, on other machines, will take: hours, bytes and memory, and what does not fit."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.review.estimate.forecast import Forecast, StageForecast, Target
from pipeline.review.estimate.growth import Cost, Power, bound_cost, fit_cost, fit_power
from pipeline.review.estimate.memory import find_memory
from pipeline.review.estimate.runs import ASSUMED, STAGES, Measured, column, in_order, seconds
from pipeline.runtime.config import EmbedConfig
from pipeline.vocabulary.encoding.encoders import ALL, known_languages

# Seconds of each stage on 1,000 signals, on two cores: nearly all of it planning, compiling and starting. They are the
# fixed costs where one run alone was given.
TINY = {
    "ingest": 9.0,
    "normalize": 22.0,
    "mine_candidates": 31.0,
    "embed": 10.0,
    "cluster": 7.0,
    "match": 4.0,
    "assign": 5.0,
    "publish": 12.0,
    "report": 6.0,
}
# Share of the time in which executors' cores work: the last tasks of a stage leave the others idle.
BUSY = 0.8
_PARTITION = 128 << 20  # bytes of a shuffle that a task takes at once with ease
_QUADRATIC = 2.0  # clustering compares phrases with each other
_FAR = 100  # times the largest run, beyond which a forecast is a guess


def fit_counts(runs: Sequence[Measured]) -> dict[str, Power]:
    """How each count grows with the number of signals."""
    signals = column(runs, "signals")
    return {
        name: fit_power(signals, column(runs, name), 1.0 if len(runs) > 1 else ASSUMED.get(name, 1.0))
        for name in runs[-1].counts
    }


def counts_at(
    runs: Sequence[Measured], growth: Mapping[str, Power], signals: float, languages: int
) -> dict[str, float]:
    """Each count for so many signals; kept phrases as many as mine.max_phrases allows, and what follows from them.

    Encoded are those of the languages that the encoder knows, which may be full before the others.
    """
    counts = {name: law.at(signals) for name, law in growth.items()}
    a_language = float(runs[-1].config["mine"]["max_phrases"])
    most = max(a_language * languages, runs[-1].counts["kept"])  # the runs may have shown that there are more languages
    held = min(1.0, most / counts["kept"]) if counts["kept"] else 1.0
    config = runs[-1].config["embed"]
    known = known_languages(EmbedConfig(encoder=config["encoder"], languages=tuple(config["languages"])))
    of_known = held * counts["encoded"] if known == ALL else max(a_language * len(known), runs[-1].counts["encoded"])
    for name in ("kept", "labels"):
        counts[name] *= held
    counts["encoded"] = min(counts["encoded"], of_known, counts["kept"])
    return counts


def fit_stage(runs: Sequence[Measured], name: str) -> Cost:
    """Fixed and growing seconds of a stage, by what drives it.

    Clustering compares phrases with each other, so that its exponent may be above 1.
    """
    part = STAGES[name]
    highest = 1.0 if part.distributed else _QUADRATIC
    return fit_cost(column(runs, part.driven_by), seconds(runs, name), TINY[name], highest)


def forecast(measured: Sequence[Measured], target: Target, busy: float = BUSY) -> Forecast:
    """Foretell a run.

    Work that Spark's tasks do is divided by the cores, of which the share `busy` works at a time. A stage takes that
    time, or what its bytes need on disks or network where that is longer, and its fixed seconds. What the driver does
    alone is not divided. Every byte of a shuffle is written to a disk once and read once, and crosses the network but
    for the share that stays on its executor.

    Args:
        measured: finished runs of the same data and settings, in any order.
        target: what is to be run.
        busy: share of the cores that work at a time, beside the waiting that the runs' own seconds hold.
    """
    runs = in_order(measured)
    growth = fit_counts(runs)
    counts = counts_at(runs, growth, target.signals, target.languages)
    stages = [_stage(runs, name, counts, target, busy) for name in STAGES]
    config = runs[-1].config
    memory = find_memory(counts, config, _width(runs[-1]), target.cores)
    shuffles = [stage.shuffle_bytes or 0.0 for stage in stages]
    partitions = max(int(config["spark"]["shuffle_partitions"]), math.ceil(max(shuffles) / _PARTITION))
    faults = memory.faults(target.memory_gb, target.driver_memory_gb, config)
    if partitions > config["spark"]["shuffle_partitions"]:
        faults.append(
            f"spark.shuffle_partitions = {config['spark']['shuffle_partitions']}: tasks would take "
            f"{max(shuffles) / config['spark']['shuffle_partitions'] / 1e9:,.1f} GB each. Set it to {partitions:,}."
        )
    return Forecast(target, counts, growth, stages, memory, partitions, faults, _warnings(runs, target, stages, counts))


def _stage(
    runs: Sequence[Measured], name: str, counts: Mapping[str, float], target: Target, busy: float
) -> StageForecast:
    part, last = STAGES[name], runs[-1]
    x, y = column(runs, part.driven_by), seconds(runs, name)
    cost = fit_stage(runs, name)
    bound, units = bound_cost(x, y), counts[part.driven_by]
    ratio = units / x[-1] if x[-1] else 0.0
    shuffle, spill = (_bytes(runs, name, kind, ratio) for kind in ("shuffle_mb", "spill_mb"))
    tables = sum(_table_bytes(runs, table, counts, part.driven_by) for table in part.writes)
    if not part.distributed:
        works = {"driver": cost.growing(units)}
        most = bound.at(units)
    else:
        share = last.cores / (target.all_cores * busy)
        moved = 2 * (shuffle or 0.0) + 2 * (spill or 0.0) + tables
        crossing = (shuffle or 0.0) * (target.executors - 1) / target.executors
        works = {
            "cores": cost.growing(units) * share,
            "disk": moved / (target.executors * target.disk_mb_s * 1e6),
            "network": crossing / (target.executors * target.network_mb_s * 1e6),
        }
        if name == "embed" and target.phrases_per_second:
            works["cores"] = units / target.phrases_per_second
            most = works["cores"] + cost.fixed
        else:
            most = bound.at(units) * share
        most += works["disk"] + works["network"]
    longest = max(works, key=lambda kind: works[kind])
    hours = (cost.fixed + works[longest]) / 3600
    return StageForecast(
        stage=name,
        hours=hours,
        most_hours=max(most / 3600, hours),
        fixed_hours=cost.fixed / 3600,
        driver=longest if works[longest] > cost.fixed else "fixed",
        shuffle_bytes=shuffle,
        spill_bytes=spill,
        table_bytes=tables,
    )


def _bytes(runs: Sequence[Measured], stage: str, kind: str, ratio: float) -> float | None:
    """Bytes that grow as the work does; None where no run recorded any shuffle."""
    if not any(run.figure(name, "shuffle_mb") for run in runs for name in STAGES):
        return None
    return runs[-1].figure(stage, kind) * 1e6 * ratio


def _table_bytes(runs: Sequence[Measured], table: str, counts: Mapping[str, float], driven_by: str) -> float:
    """Bytes of a table, which grow as what drives its stage; those of phrases, as the phrases."""
    count = {"candidates": "frequent", "contexts": "kept", "embeddings": "encoded"}.get(table, driven_by)
    count = {"images": "images", "mentions": "mentions", "evidence": "mentions"}.get(table, count)
    known = runs[-1].counts[count]
    return runs[-1].tables.get(table, 0.0) * (counts[count] / known if known else 0.0)


def _width(run: Measured) -> int:
    """Dimensions of the vectors, told from their bytes: float32 hardly shrink."""
    rows = run.counts["encoded"]
    return round(run.tables.get("embeddings", 0.0) / rows / 4) if rows else 0


def _warnings(
    runs: Sequence[Measured], target: Target, stages: Sequence[StageForecast], counts: Mapping[str, float]
) -> list[str]:
    largest, told = runs[-1].counts["signals"], []
    if target.signals > _FAR * largest:
        told.append(
            f"The target has {target.signals / largest:,.0f} times the signals of the largest run ({largest:,.0f}). "
            f"Measure {target.signals / _FAR:,.0f} signals before you rely on this."
        )
    spread = column(runs, "signals")
    if spread[-1] < 2 * spread[0]:
        told.append("One size was measured: fixed costs are those of a tiny run, and growth of counts is assumed.")
    slow = [name for name in STAGES if len(runs) > 1 and _shrinks(runs, name)]
    if slow:
        told.append(f"{', '.join(slow)}: no slower at the larger size, so that only the upper bound tells of growth.")
    if all(stage.shuffle_bytes is None for stage in stages):
        told.append("The runs did not record what was shuffled: disks and network are left out.")
    if any(run.cores != runs[-1].cores for run in runs):
        told.append("The runs had different numbers of cores: growth is told as if they had not.")
    if counts["texts"] > 1 << 26:
        told.append("Mining has 2^26 counters, fewer than texts: they sieve less, and more is counted than foreseen.")
    return told


def _shrinks(runs: Sequence[Measured], name: str) -> bool:
    x, y = column(runs, STAGES[name].driven_by), seconds(runs, name)
    return bool(x[-1] > 1.2 * x[0] and fit_stage(runs, name).each == 0.0 and np.all(y > 0))
