"""What people see at terminals of 80 and 160 columns: lines, the live line, the table at the end."""

import io
import logging
import sys

import pytest
from rich.console import Console as RichConsole
from told import NAMES, PLACES, stage

from pipeline.runtime.errors import RunError
from pipeline.runtime.events import RunBegins, RunEnds, StageEnds, Tasks, recorded, tell
from pipeline.runtime.terminal import TerminalConsole, amount, clock, live_line, main_reason, stage_line, summary

log = logging.getLogger("pipeline.some.module")
pytestmark = pytest.mark.usefixtures("all_is_told")


def record_at(width: int) -> tuple[TerminalConsole, RichConsole]:
    shown = RichConsole(
        width=width, record=True, file=io.StringIO(), force_terminal=True, highlight=False, markup=False
    )
    return TerminalConsole(shown), shown


@pytest.mark.parametrize("width", [80, 160])
def test_a_terminal_shows_lines_and_a_table_that_fit(width: int) -> None:
    console, shown = record_at(width)
    logging.getLogger().addHandler(console)
    try:
        tell(RunBegins("one", "/r/one"))
        for name in NAMES:
            tell(StageEnds(recorded(stage(name, 1_234_567_890, 234_567_890, seconds=12_345.6, peak_memory_mb=123_456))))
        log.info("  a note of many words %s", "word " * 60)
        tell(RunEnds("one", [recorded(stage(name, 1_234_567_890, 234_567_890)) for name in NAMES], PLACES))
    finally:
        logging.getLogger().removeHandler(console)
    text = shown.export_text()
    assert all(len(line.rstrip()) <= width for line in text.splitlines()), text
    for name in NAMES:
        lines = [line for line in text.splitlines() if line.split()[:1] == [name]]
        assert len(lines) >= 2, text
        assert all("…" not in line for line in lines if width >= 160)
        assert "123,456 MB" in lines[0]
    assert ("rejected" in text) == (width == 160)
    assert ("too_rare 234.6 M" in text) == (width == 160)
    assert "/r/one/log.txt" in text
    assert "total" in text
    assert "done in 0:0" in text


def test_a_long_path_is_not_broken() -> None:
    console, shown = record_at(80)
    path = "/a/long/way/" + "x" * 120
    logging.getLogger().addHandler(console)
    try:
        tell(RunEnds("one", [], {"log": path}, whole=False))
    finally:
        logging.getLogger().removeHandler(console)
    assert path in shown.export_text()


def test_a_run_that_fails_at_a_terminal_says_where_its_log_is() -> None:
    console, shown = record_at(80)
    logging.getLogger().addHandler(console)
    try:
        tell(RunBegins("one", "/r/one", log="/r/one/log.txt"))
        with pytest.raises(RunError), console.ending():
            raise RunError("no space")
    finally:
        logging.getLogger().removeHandler(console)
    assert shown.export_text().splitlines()[-1] == "log       /r/one/log.txt"


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    console, shown = record_at(80)
    logging.getLogger().addHandler(console)
    try:
        log.info("  [bold]not bold[/bold] :smile: [/]")
    finally:
        logging.getLogger().removeHandler(console)
    assert "  [bold]not bold[/bold] :smile: [/]" in shown.export_text()


def test_colours_go_where_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    TerminalConsole(RichConsole(file=out, force_terminal=True, width=80)).emit(
        logging.makeLogRecord({"msg": "x", "event": StageEnds(recorded(stage()))})
    )
    assert "[33m" not in out.getvalue()
    assert "mine_candidates" in out.getvalue()


@pytest.mark.parametrize("width", [20, 40, 80, 160])
def test_the_live_line_never_needs_a_second_line(width: int) -> None:
    line = live_line("mine_candidates", "3/9", 3_725, Tasks(12_345, 67_890, 9_876_543_210), width)
    assert line.cell_len + 2 <= width
    assert "\n" not in line.plain
    assert ("9,876.5 M rows read" in line.plain) == (width >= 80)
    assert line.plain.endswith("/s") == (width >= 160)


def test_the_usual_live_line_says_all_in_80_columns() -> None:
    told = live_line("mine_candidates", "3/9", 31.4, Tasks(120, 168, 1_234_567), 80).plain
    assert told == "3/9 mine_candidates  0:31  120 of 168 tasks  1,234,567 rows read  39,317/s"


def test_the_live_line_leaves_out_what_is_not_known() -> None:
    assert live_line("embed", "", 5, Tasks(), 80).plain == "embed  0:05"


def test_a_stage_that_dropped_nothing_has_no_minus() -> None:
    assert " -0" not in stage_line(StageEnds(recorded(stage(dropped=0))), 80).plain
    assert " -713" in stage_line(StageEnds(recorded(stage())), 80).plain


def test_the_main_reason_is_of_the_stages_own_unit_and_the_first_of_equals() -> None:
    found = recorded(stage(rejects={"text/unsafe": 99, "phrase/b": 7, "phrase/a": 7, "phrase/c": 1}))
    assert found["rejected"] == 15
    assert main_reason(found) == "a 7"
    assert main_reason(recorded(stage(dropped=0))) == ""


def test_older_records_lack_what_a_stage_cost() -> None:
    old = {key: value for key, value in stage().items() if key not in ("cpu_seconds", "shuffle_mb", "spill_mb")}
    assert recorded(old)["cpu_seconds"] == 0.0
    shown = RichConsole(width=160, record=True, file=io.StringIO())
    shown.print(summary([recorded(old)], 160))
    assert "0 MB" in shown.export_text()


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0:00"), (59.9, "0:59"), (61, "1:01"), (3_600, "1:00:00"), (360_000, "100:00:00")]
)
def test_clock(seconds: float, told: str) -> None:
    assert clock(seconds) == told


@pytest.mark.parametrize(("number", "told"), [(0, "0"), (9_999_999, "9,999,999"), (10_000_000, "10.0 M")])
def test_amount(number: int, told: str) -> None:
    assert amount(number) == told


def test_a_live_line_that_fails_ends_nothing_and_leaves_no_line() -> None:
    def look() -> Tasks:
        raise RuntimeError("Spark has gone")

    console, shown = record_at(80)
    before = sys.stdout, sys.stderr
    with console.running("embed", "4/9", look):
        pass
    assert shown.export_text().strip() == ""
    with pytest.raises(ValueError, match="mine"), console.running("embed", "4/9"):
        raise ValueError("mine")
    assert (sys.stdout, sys.stderr) == before
