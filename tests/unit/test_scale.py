import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_estimate import made, write_run

from pipeline.review.estimate.runs import STAGES
from pipeline.runtime.progress import Meter

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))  # scripts, no package

import draws
import generate
import scale
import scale_mixture
import scale_table
from scale_mixture import Mixture

WORDS = draws.spell()
LEXICON = scale_mixture.read_lexicon(WORDS)
REAL = Mixture(foreign=0.2, unstated=0.3)


def table_of(mixture: Mixture, rows: int = 20_000, start: int = 0, signals: int = 50_000) -> pa.Table:
    lexicon = LEXICON if mixture.real_words else None
    return generate.make_batch(draws.Draw(0), start, rows, signals, WORDS, mixture, lexicon).table


def test_a_mixture_of_nothing_changes_no_byte() -> None:
    plain = generate.make_batch(draws.Draw(0), 0, 500, 1_000, WORDS).table
    assert plain.equals(table_of(Mixture(), 500, signals=1_000))


def test_mixed_rows_do_not_depend_on_how_they_are_cut_into_files() -> None:
    every = Mixture(0.3, 0.3, 0.3, 0.3)
    whole = table_of(every, 300)
    assert whole.to_pylist() == table_of(every, 100).to_pylist() + table_of(every, 200, start=100).to_pylist()


def test_shares_of_languages_are_as_asked_for() -> None:
    stated = table_of(REAL)["language"].to_pandas()
    assert stated.isna().mean() == pytest.approx(0.3, abs=0.02)
    assert (stated.dropna() != "en").mean() == pytest.approx(0.2, abs=0.04)
    assert set(stated.dropna()) == {"en", *scale_mixture.LANGUAGES}


def test_words_are_those_of_the_language() -> None:
    found = table_of(Mixture(foreign=0.5)).to_pandas()
    cyrillic = found["text"].str.contains("[а-я]")
    assert cyrillic[found["language"] == "ru"].mean() > 0.9
    assert not cyrillic[found["language"] == "en"].any()


def test_japanese_has_no_spaces_and_other_languages_have() -> None:
    found = table_of(Mixture(foreign=0.8)).to_pandas().query("signal == 'description'")
    spaced = found["text"].str.contains(" ")
    assert not spaced[found["language"] == "ja"].any()
    assert spaced[found["language"] != "ja"].all()


def test_an_image_speaks_one_language_beside_english() -> None:
    found = table_of(Mixture(foreign=0.5)).to_pandas().query("language != 'en'")
    assert found.groupby("image_id")["language"].nunique().max() == 1


def test_dirty_rows_are_as_many_and_of_the_kinds_that_are_stated() -> None:
    clean, dirty = (table_of(Mixture(dirty=share)).to_pandas() for share in (0.0, 0.2))
    text = dirty["text"]
    shares = {
        "file": text.str.fullmatch(r"IMG_\d{4}\.JPG").mean(),
        "url": text.str.contains("https://").mean(),
        "mail": text.str.contains("@").mean(),
        "empty": (text == "").mean(),
        "null": dirty["image_id"].isna().mean(),
    }
    assert shares == {kind: pytest.approx(0.2 * share, abs=0.006) for kind, share in scale_mixture.DIRT.items()}
    assert (clean["text"] != text).mean() == pytest.approx(0.2 * 0.95, abs=0.02)


def test_reposts_lead_to_images_that_were_there_before() -> None:
    found = scale_mixture.make_images(draws.Draw(0), 0, 20_000, 0.1).to_pandas()
    copies = found.dropna(subset="duplicate_of")
    assert len(copies) / len(found) == pytest.approx(0.1, abs=0.01)
    number = [column.str[1:].astype(int) for column in (copies["duplicate_of"], copies["image_id"])]
    assert (number[0] < number[1]).all()
    assert copies["duplicate_of"].value_counts().max() > 10  # popular ones are reposted most


def test_images_do_not_depend_on_how_they_are_cut_into_files() -> None:
    draw = draws.Draw(0)
    parts = [scale_mixture.make_images(draw, 0, 70, 0.5), scale_mixture.make_images(draw, 70, 30, 0.5)]
    assert pa.concat_tables(parts).equals(scale_mixture.make_images(draw, 0, 100, 0.5).combine_chunks())


def test_the_script_writes_signals_and_all_their_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, images = tmp_path / "signals", tmp_path / "images"
    options = ["--signals", "4000", "--dirty", "0.1", "--reposts", "0.2", "--images", str(images)]
    assert generate.main([str(out), *options]) == 0
    assert "4,000 signals" in capsys.readouterr().out
    said, listed = pq.read_table(out)["image_id"], pq.read_table(images)["image_id"]
    assert listed.to_pylist() == [f"i{n}" for n in range(500)]
    assert set(said.drop_null().to_pylist()) <= set(listed.to_pylist())


def test_reposts_without_a_table_of_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        generate.main([str(tmp_path / "x"), "--reposts", "0.1"])


def results_of(out: Path, sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)) -> dict[str, Any]:
    """Results of runs whose stages cost 5 s and 1 s for each 10,000 units."""
    found: dict[str, Any] = {"machine": {"cores": 2, "memory_gb": 8, "system": "test"}, "mixture": {}, "sizes": {}}
    for size in sizes:
        folder = write_run(out / str(size) / "runs", "bench", made(float(size)))
        (folder / "tables" / "texts.json").unlink()
        stages = json.loads((folder / "run.json").read_text())["stages"]
        tables = {"texts": {"rows": round(size**0.9), "bytes": size}}
        one = {"signals": size, "seconds": 60.0, "peak_mb": 900, "settings": [], "stages": stages, "tables": tables}
        found["sizes"][str(size)] = one
    return found


def test_the_table_shows_every_stage_and_how_it_grows(tmp_path: Path) -> None:
    told = scale_table.render_results(tmp_path, results_of(tmp_path))
    assert all(told.count(name) >= 3 for name in STAGES)
    line = next(line for line in told.splitlines() if line.startswith("| texts"))
    assert line.split("|")[-2].strip() == "0.90"
    assert "Settings: defaults." in told


def test_exact_laws_are_foretold_without_error(tmp_path: Path) -> None:
    told = scale_table.render_predictions(tmp_path, results_of(tmp_path))
    last = told[told.index("1,000,000 signals, from 10,000, 100,000") :]
    errors = [line.split("|")[-2].strip() for line in last.splitlines() if line.startswith(("| ingest", "| match"))]
    assert {abs(int(error.rstrip("%"))) for error in errors} == {0}


def test_one_size_foretells_nothing(tmp_path: Path) -> None:
    assert "nothing can be foretold" in scale_table.render_predictions(tmp_path, results_of(tmp_path, (10_000,)))


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_chart_is_the_same_file_from_the_same_figures(tmp_path: Path, kind: str) -> None:
    results = results_of(tmp_path)
    first, second = tmp_path / f"a.{kind}", tmp_path / f"b.{kind}"
    for path in (first, second):
        scale_table.draw_chart(results, path)
    assert first.read_bytes() == second.read_bytes()
    assert len(first.read_bytes()) > 10_000


def test_a_size_that_was_measured_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scale.json").write_text(json.dumps(results_of(tmp_path)))
    asked: list[int] = []
    monkeypatch.setattr(scale, "measure", lambda folder, size, settings, keep: asked.append(size))
    assert scale.main(["run", str(tmp_path), "--sizes", "10000", "1e5"]) == 0
    assert asked == []
    assert scale.main(["run", str(tmp_path), "--sizes", "2e5"]) == 1  # measured nothing, as where a run fails
    assert asked == [200_000]
    assert (tmp_path / "scale.md").exists()


def test_tables_in_parts_count_together(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    for part, rows in (("a", 3), ("b", 4)):
        pointer = {"table": "rejects", "rows": rows, "files": {"x.parquet": 10, "y.parquet": 5}}
        (tmp_path / "tables" / f"rejects.{part}.json").write_text(json.dumps(pointer))
    assert scale.table_sizes(tmp_path) == {"rejects": {"rows": 7, "bytes": 30}}


@pytest.mark.parametrize("reaped", [True, False])  # Spark's daemon of Python workers lets the system reap them
def test_cpu_time_of_a_child_that_has_ended_counts(reaped: bool) -> None:
    work = "import time\nend = time.process_time() + 0.7\nwhile time.process_time() < end: pass"
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL if reaped else signal.SIG_IGN)
    try:
        with Meter(every=0.02) as meter:
            subprocess.Popen([sys.executable, "-c", work]).wait()
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert 0.5 <= meter.cpu_seconds < 5
    assert meter.peak_mb > 0


def test_waiting_takes_seconds_and_no_cpu_time() -> None:
    # In a process of its own: where other tests have started a Java, it collects garbage at any time.
    script = """if True:
        import time
        from pipeline.runtime.progress import Meter
        with Meter(every=10.0) as meter:
            time.sleep(0.3)
        print(meter.seconds, meter.cpu_seconds, meter.shuffle_bytes, meter.spilled_bytes)
        """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    seconds, cpu_seconds, *spark = map(float, done.stdout.split())
    assert seconds >= 0.3
    assert cpu_seconds < 0.25
    assert spark == [0, 0]


class Stage:
    """One of Spark's stages, as its status store tells it."""

    def __init__(self, number: int) -> None:
        self.number = number

    def stageId(self) -> int:
        return self.number

    def shuffleWriteBytes(self) -> int:
        return 10**self.number

    def diskBytesSpilled(self) -> int:
        return 1

    def executorRunTime(self) -> int:
        return 60_000


class Stages:
    """Newest first, as a Scala iterator."""

    def __init__(self, numbers: list[int]) -> None:
        self.left = [Stage(number) for number in numbers]

    def hasNext(self) -> bool:
        return bool(self.left)

    def next(self) -> Stage:
        return self.left.pop(0)


class Session:
    """As much of a Spark session as the meter looks at."""

    class sparkContext:
        master = "yarn"


@pytest.mark.parametrize(("master", "seconds"), [("yarn", 120.0), ("local[2]", 0.0)])
def test_stages_of_the_block_alone_count(monkeypatch: pytest.MonkeyPatch, master: str, seconds: float) -> None:
    answers = [[1, 0], [3, 2, 1, 0]]
    monkeypatch.setattr("pipeline.runtime.progress._stages", lambda spark: Stages(answers.pop(0)))
    monkeypatch.setattr(Session.sparkContext, "master", master)
    with Meter(Session(), every=10.0) as meter:  # type: ignore[arg-type]
        pass
    assert (meter.shuffle_bytes, meter.spilled_bytes) == (1_100, 2)
    assert meter.cpu_seconds == pytest.approx(seconds, abs=1.0)


def test_a_session_that_does_not_answer_fails_nothing() -> None:
    with Meter(Session(), every=10.0) as meter:  # type: ignore[arg-type]
        np.zeros(10)
    assert (meter.shuffle_bytes, meter.spilled_bytes) == (0, 0)


def test_an_error_in_the_block_goes_on_as_it_is() -> None:
    with pytest.raises(ValueError, match="mine"), Meter(Session(), every=10.0):  # type: ignore[arg-type]
        raise ValueError("mine")
