"""What a run shows as lines, as JSON, and when it is to be quiet."""

import io
import json
import logging
import sys

import pytest
from told import NAMES, PLACES, stage

from pipeline.runtime.cli import Arguments, exit_code, run_job
from pipeline.runtime.console import Console, JsonConsole, showing
from pipeline.runtime.errors import RunError
from pipeline.runtime.events import RunBegins, RunEnds, StageEnds, printable, recorded, tell

log = logging.getLogger("pipeline.some.module")
pytestmark = pytest.mark.usefixtures("all_is_told")


def walk_a_little() -> None:
    """What a run of two stages tells."""
    tell(RunBegins("one", "/r/one", "mine.py --corpus icons"))
    tell(StageEnds(recorded(stage("ingest", 27_569, 0, unit="row")), before=True))
    log.info("  a note, reliability: 0.93")
    log.warning("  beware")
    logging.getLogger("a.library").warning("old style")
    tell(StageEnds(recorded(stage())))
    tell(RunEnds("one", [recorded(stage("ingest", 27_569, 0, unit="row")), recorded(stage())], PLACES))


def test_pipes_get_plain_lines_in_the_form_that_scripts_rely_on(capsys: pytest.CaptureFixture[str]) -> None:
    with showing():
        walk_a_little()
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.splitlines() == [
        "ingest           done before",
        "  a note, reliability: 0.93",
        "  beware",
        "old style",
        "mine_candidates        2,794 phrases in       2,081 out         713 rejected     31.6 s    3682 MB",
        "report           /r/one/report.html",
        "tables           /r/one/tables",
        "log              /r/one/log.txt",
    ]
    assert "\x1b" not in told.out


def test_nothing_is_shown_any_more_after_the_block(capsys: pytest.CaptureFixture[str]) -> None:
    with showing():
        pass
    tell(StageEnds(recorded(stage())))
    assert capsys.readouterr().out == ""


def test_quiet_shows_nothing_but_errors(capsys: pytest.CaptureFixture[str]) -> None:
    with showing(quiet=True) as console, console.running("ingest"):
        walk_a_little()
        log.error("broken")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "broken\n"


def test_json_is_one_object_a_stage_and_one_at_the_end_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with showing(as_json=True) as console, console.ending():
        walk_a_little()
    told = capsys.readouterr()
    first, second, end = (json.loads(line) for line in told.out.splitlines())
    assert (first["event"], first["status"], first["stage"]) == ("stage", "done before", "ingest")
    assert second == {
        **{"event": "stage", "run_id": "one", "status": "done", "stage": "mine_candidates", "unit": "phrase"},
        **{"rows_in": 2794, "rows_out": 2081, "rejected": 713, "rejects": {"phrase/too_rare": 713, "text/unsafe": 9}},
        **{"seconds": 31.62, "cpu_seconds": 40.5, "peak_memory_mb": 3682, "shuffle_mb": 12, "spill_mb": 0},
        "tables": [],  # as of a run by an older version
    }
    assert end.pop("wall_seconds") >= 0
    assert end == {
        **{"event": "end", "run_id": "one", "status": "done", "exit_code": 0, "error": None},
        **{"seconds": 63.24, "peak_memory_mb": 3682, "manifest": None, **PLACES},
    }
    assert told.err.splitlines() == ["  beware", "old style"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RunError("no such run"), "failed", 2),
        (KeyboardInterrupt(), "stopped", 1),
        (ZeroDivisionError("x"), "failed", 1),
    ],
)
def test_json_ends_with_one_object_whatever_happens(error: BaseException, status: str, code: int) -> None:
    out = io.StringIO()
    console = JsonConsole(out)
    with pytest.raises(type(error)), console.ending():
        raise error
    (line,) = out.getvalue().splitlines()
    end = json.loads(line)
    assert (end["event"], end["status"], end["exit_code"], end["run_id"]) == ("end", status, code, None)
    assert end["error"]


def test_no_secret_and_no_escape_code_of_a_text_reaches_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    with showing(), JsonConsole().ending():
        log.info("reads jdbc:pg://x?password=hunter22 \x1b[31mred \u202eturned")
    told = capsys.readouterr().out.splitlines()[0]
    assert "hunter22" not in told
    assert told.endswith("\\u001b[31mred \\u202eturned")


def test_traces_stand_in_the_log_and_not_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    with showing():
        try:
            raise ZeroDivisionError("deep inside")
        except ZeroDivisionError:
            log.exception("it failed")
            facts = {"msg": "Exception while sending command.", "pathname": "/x/py4j/java_gateway.py", "levelno": 40}
            logging.getLogger().handle(logging.makeLogRecord({**facts, "exc_info": sys.exc_info()}))
    assert capsys.readouterr().out == "it failed\n"


def test_line_ends_and_letters_of_all_scripts_stay() -> None:
    text = "a\n\tб 日本 é नमस्ते"
    assert printable(text) == text


def test_a_run_says_what_to_do_when_it_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    def work(arguments: Arguments) -> None:
        tell(RunBegins("one", "/r/one"))
        raise KeyboardInterrupt

    assert run_job("Do.", ["--corpus", "icons"], work, NAMES) == 1
    assert capsys.readouterr().err == "stopped; go on with --resume one\n"


def test_an_unusable_setting_is_one_line_and_with_json_the_end_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_job("Do.", ["--corpus", "icons", "--json", "--set", "mine.min_imges=3"], lambda _: None) == 2
    told = capsys.readouterr()
    assert told.err.startswith("error: ")
    assert "Did you mean min_images?" in json.loads(told.out)["error"]


def test_the_printed_configuration_is_no_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_job("Do.", ["--corpus", "icons", "--print-config", "--json"], lambda _: None) == 0
    assert "event" not in capsys.readouterr().out.split("[spark]")[0]


def test_the_work_gets_the_console_that_was_asked_for() -> None:
    got: list[Console] = []
    assert run_job("Do.", ["--corpus", "icons", "--json"], lambda arguments: got.append(arguments.console)) == 0
    assert isinstance(got[0], JsonConsole)


def test_exit_codes_keep_their_plain_form(capsys: pytest.CaptureFixture[str]) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    assert exit_code(lambda: None) == 0
    assert exit_code(stop) == 1
    assert exit_code(stop, "enough") == 1
    assert capsys.readouterr().err == "stopped\nenough\n"
