"""log.txt of a run: what stands in it, that it grows, that no secret does, and that no run fails by it."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.runtime import files
from pipeline.runtime.errors import RunError
from pipeline.runtime.events import RunBegins, tell
from pipeline.runtime.load import parse_config
from pipeline.runtime.run_log import NAME, RunLog, option_secrets

log = logging.getLogger("pipeline")


@pytest.fixture(autouse=True)
def all_is_told() -> Iterator[None]:
    level = log.level
    log.setLevel(logging.INFO)
    yield
    log.setLevel(level)


@pytest.fixture(params=["appended", "whole"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A local folder; the second time as if it were storage that cannot append."""
    if request.param == "whole":
        monkeypatch.setattr("pipeline.runtime.run_log.files.local_path", lambda path: None)
    return str(tmp_path / "one")


def lines(folder: str) -> list[str]:
    return (Path(folder) / NAME).read_text(encoding="utf-8").splitlines()


def test_every_line_has_its_time_level_and_logger(folder: str) -> None:
    with RunLog(folder):
        log.info("  a note")
        logging.getLogger("pipeline.text").warning("two\nlines")
        logging.getLogger("a.library").info("not worth it")
        logging.getLogger("a.library").warning("worth it")
    first, second, more, third = lines(folder)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO    pipeline:   a note", first)
    assert second.endswith("Z WARNING pipeline.text: two")
    assert more == "    lines"
    assert third.endswith("Z WARNING a.library: worth it")


def test_a_run_that_goes_on_appends(folder: str) -> None:
    for number in (1, 2):
        with RunLog(folder):
            log.info("try %d", number)
    assert [line.rpartition(": ")[2] for line in lines(folder)] == ["try 1", "try 2"]


def test_after_a_kill_in_the_middle_of_a_line_the_next_begins_anew(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("2026-11-26T06:00:00.000Z INFO    pipeline: hal", encoding="utf-8")
    with RunLog(str(tmp_path)):
        log.info("whole")
    assert len(lines(str(tmp_path))) == 2


def test_an_event_is_there_at_once_on_any_storage(folder: str) -> None:
    with RunLog(folder):
        tell(RunBegins("one", folder, "mine.py --corpus icons"))
        assert "run one begins in" in lines(folder)[0]
        assert lines(folder)[0].endswith("mine.py --corpus icons")


def test_secrets_are_masked_also_in_errors_and_their_traces(folder: str) -> None:
    secret = "qwertz77"
    told = f"reads s3://user:hunter22@host/x?sig=abcdef99 by {secret}"
    with RunLog(folder, [secret]):
        log.info(told)
    with pytest.raises(ZeroDivisionError), RunLog(folder, [secret]):
        raise ZeroDivisionError(f"password=hunter22 {secret}")
    text = "\n".join(lines(folder))
    assert "ERROR   pipeline: Traceback" in text
    assert "ZeroDivisionError" in text
    for hidden in ("hunter22", "abcdef99", secret):
        assert hidden not in text


@pytest.mark.parametrize(
    ("error", "told"), [(RunError("no such run"), "no such run"), (KeyboardInterrupt(), "stopped by the user")]
)
def test_what_ended_the_run_is_one_line(folder: str, error: BaseException, told: str) -> None:
    with pytest.raises(type(error)), RunLog(folder):
        raise error
    (line,) = lines(folder)
    assert line.endswith(f"ERROR   pipeline: {told}")


def test_a_text_forges_no_line_and_no_colour(folder: str) -> None:
    with RunLog(folder):
        log.info("label a\n2026-11-26T06:00:00.000Z ERROR   pipeline: forged\r\x1b[2J")
    _, second = lines(folder)
    assert second.startswith("    2026")
    assert second.endswith("forged\\u000d\\u001b[2J")


def test_a_log_that_cannot_be_written_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with RunLog(str(tmp_path)):
        log.info("lost")
    assert list((tmp_path / NAME).iterdir()) == []


def test_who_lost_the_run_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        raise RunError("another process has it")

    monkeypatch.setattr("pipeline.runtime.run_log.files.local_path", lambda path: None)
    files.write_text(str(tmp_path / NAME), "of the other one\n")
    with RunLog(str(tmp_path), check=check):
        log.info("too late")
    assert lines(str(tmp_path)) == ["of the other one"]


def test_nothing_is_kept_after_the_block(folder: str) -> None:
    with RunLog(folder):
        log.info("inside")
    log.info("outside")
    assert len(lines(folder)) == 1


def test_secrets_of_options_are_known_as_they_stand_and_as_the_environment_has_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter22")
    table = {"path": "x", "format": "jdbc", "signal": "title", "options": {"password": "${DB_PASSWORD}"}}
    other = {"path": "y", "format": "jdbc", "signal": "title", "options": {"token": "abcdef99", "key": "${NOT_SET}"}}
    found = option_secrets(parse_config({"sources": [table, other]}, "test"))
    assert {"hunter22", "abcdef99"} <= set(found)
