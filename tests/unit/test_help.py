"""The help of every job: what it does, examples that work, options in groups with their defaults; and bad options."""

import argparse
import ast
import re
import runpy
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.runtime.cli import road_parser
from pipeline.runtime.completion import STAGES
from pipeline.runtime.job_parser import JobParser, job_parser, split_doc

JOBS = sorted(path for path in (Path(__file__).parents[2] / "jobs").glob("*.py") if path.name != "__init__.py")
# Jobs whose options are plain argparse's: their help has examples before the options, and neither groups nor hints.
PLAIN = {"compare", "explain"}
DOC = """Do this.

And that, too.

Examples:
  python jobs/x.py --one 1      with one
  python jobs/x.py --two a b    with two, and a long sentence that says what for
"""


class Parsed(Exception):
    """The options of a job were understood; it goes no further."""


def start(job: Path, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    """Run a job's script until it has parsed its options; gives them."""
    parse = argparse.ArgumentParser.parse_args

    def stop(self: argparse.ArgumentParser, args: Any = None, namespace: Any = None) -> None:
        raise Parsed(parse(self, args, namespace))

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    monkeypatch.setattr(sys, "argv", [str(job), *arguments])
    with pytest.raises(Parsed) as parsed:
        runpy.run_path(str(job), run_name="__main__")
    return parsed.value.args[0]  # type: ignore[no-any-return]


def help_of(job: Path, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "argv", [str(job), "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(job), run_name="__main__")
    assert end.value.code == 0
    return capsys.readouterr().out


def doc_of(job: Path) -> str:
    return ast.get_docstring(ast.parse(job.read_text(encoding="utf-8"))) or ""


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.stem)
def test_every_example_of_a_job_is_understood_by_its_own_parser(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, examples = split_doc(doc_of(job))
    assert len(examples) >= 2
    for command, _ in examples:
        words = shlex.split(command)
        place = next(place for place, word in enumerate(words) if word.endswith(".py"))
        assert words[place] == f"jobs/{job.name}", command
        assert words[:place] in (["python"], ["spark-submit"])
        start(job, *words[place + 1 :], monkeypatch=monkeypatch)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.stem)
def test_a_help_says_what_for_then_examples_then_options(
    job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = help_of(job, 120, monkeypatch, capsys)
    sentence = split_doc(doc_of(job))[0][0].split()[:3]
    what, examples = text.index(" ".join(sentence)), text.lower().index("examples:")
    options = min(text.index(line) for line in re.findall(r"^  -.*$", text, re.MULTILINE))
    assert what < examples < options
    if job.stem not in PLAIN:
        assert what == 0
        assert examples < text.index("usage: ") < options


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("job", [job for job in JOBS if job.stem not in PLAIN], ids=lambda job: job.stem)
def test_a_help_fits_the_window(
    job: Path, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = help_of(job, width, monkeypatch, capsys)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("job", [job for job in JOBS if job.stem in ("mine", *STAGES)], ids=lambda job: job.stem)
def test_options_of_a_stage_stand_in_groups_with_their_defaults(
    job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = " ".join(help_of(job, 80, monkeypatch, capsys).split())
    titles = ("what to read:", "where to write:", "which run:", "what to do:", "console:")
    assert [text.index(title) for title in titles] == sorted(text.index(title) for title in titles)
    assert "--run-root DIR where runs are kept (default: runs)" in text
    assert text.index("--help") > text.index("console:")


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.stem)
def test_jobs_are_short(job: Path) -> None:
    assert len(job.read_text(encoding="utf-8").splitlines()) < 40


def told(parser: JobParser, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        parser.parse_args(arguments)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("error: ")
    return error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--corpis", "icons"), "unknown option --corpis. Did you mean --corpus?"),
        (("--run-rot=x",), "unknown option --run-rot. Did you mean --run-root?"),
        (("--until", "clustr"), "Did you mean cluster?"),
        (("--zzz",), "unknown option --zzz. See"),
        (("--corpis=s3://a:hunter22@b",), "unknown option --corpis. Did you mean --corpus?"),
        (("--quiet", "--json"), "not allowed with argument --quiet"),
        (("icons",), "unrecognized arguments: icons."),
        (("--config",), "expected one argument."),
    ],
)
def test_a_bad_option_is_one_line_that_names_the_nearest(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = told(road_parser(DOC, ("ingest", "cluster")), capsys, *arguments)
    assert said in error
    assert "hunter22" not in error
    assert error.endswith(" --help.\n")


def test_a_misspelt_option_goes_before_the_one_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    parser = job_parser(DOC)
    parser.add_argument("--run", required=True)
    assert "Did you mean --run?" in told(parser, capsys, "--rum", "x")
    assert "required: --run" in told(parser, capsys)


def test_options_that_do_not_go_together_are_told_like_an_unknown_one(capsys: pytest.CaptureFixture[str]) -> None:
    parser = job_parser(DOC, lambda parsed: "--one needs --two" if parsed.one and not parsed.two else "")
    parser.add_argument("--one")
    parser.add_argument("--two")
    assert parser.parse_args(["--one", "1", "--two", "2"]).two == "2"
    assert told(parser, capsys, "--one", "1").startswith("error: --one needs --two. See ")


def test_usage_has_what_must_be_given_and_no_list_of_all_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    parser = job_parser(DOC)
    parser.prog = "x.py"
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("--run", required=True, metavar="DIR")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--one", nargs="+", metavar="N")
    budget.add_argument("--two", metavar="S")
    assert parser.format_usage() == "usage: x.py OLD --run DIR (--one N [N ...] | --two S) [options]\n"
    monkeypatch.setenv("COLUMNS", "42")
    assert parser.format_usage() == "usage: x.py OLD --run DIR\n       (--one N [N ...] | --two S)\n       [options]\n"
    assert job_parser(DOC).format_usage().endswith(" [options]\n")


def test_examples_stand_in_columns_where_they_fit_and_below_each_other_where_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert "  python jobs/x.py --one 1     with one\n" in job_parser(DOC).format_help()
    monkeypatch.setenv("COLUMNS", "50")
    text = job_parser(DOC).format_help()
    assert "  # with one\n  python jobs/x.py --one 1\n" in text
    monkeypatch.setenv("COLUMNS", "40")
    long = job_parser("Do.\n\nExamples:\n  python jobs/x.py --first 12345 --second a b --third\n").format_help()
    assert "  python jobs/x.py --first 12345 \\\n      --second a b --third\n" in long


def test_a_doc_without_examples_has_none() -> None:
    assert split_doc("Do this.\n") == (["Do this."], [])
    assert "examples" not in job_parser("Do this.").format_help()


def test_defaults_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    parser = job_parser("Do.")
    parser.add_argument("--a", default=3, help="so many")
    parser.add_argument("--b", default=1_000, help="so many (default: 1,000)")
    parser.add_argument("--c", action="store_true", help="or not")
    parser.add_argument("--d", action="append", default=[], help="several")
    text = parser.format_help()
    assert text.count("(default:") == 2
    assert "so many (default: 3)" in text


def test_commands_below_a_parser_are_parsers_of_the_same_kind(capsys: pytest.CaptureFixture[str]) -> None:
    parser = job_parser("Do.")
    one = parser.add_subparsers().add_parser("one", description="Do one.")
    assert isinstance(one, JobParser)
    one.add_argument("--good")
    assert "unknown option --goof. Did you mean --good?" in told(parser, capsys, "one", "--good", "1", "--goof")
