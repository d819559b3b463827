"""The job that explains: its arguments, exit codes and output, in a window, in a pipe, and as JSON."""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from fake_run import shop, write_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.review.explain.job import make_parser, run_explain
from pipeline.review.sheet import Grid, facts, grid, meanings, number, of_all
from pipeline.review.terminal import show

HOSTILE = "\x1b[31mred\x1b[0m [bold]no markup[/bold] \u202egpj.exe\r\nnext\tcell \x07 :smile:"


class Window(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def root(tmp_path: Path) -> str:
    write_run(tmp_path, "a", shop())
    return str(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["label", "furniture"], "Label furniture"),
        (["label", "sofa", "--language", "de"], "Label sofa (de)"),
        (["image", "i1"], "Red Sofa"),
        (["phrase", "couch"], "cluster.min_images = 4"),
        (["text", "kitchen table", "--language", "en"], "Phrases in it"),
        (["label", "furniture", "--run-id", "a"], "dddddddddddddddd"),
    ],
)
def test_what_is_found_is_shown(root: str, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert run_explain("", [*arguments, "--run-root", root]) == 0
    out = capsys.readouterr().out
    assert said in out
    assert "\x1b" not in out
    assert not any(line.endswith(" ") for line in out.splitlines())


@pytest.mark.parametrize("what", ["label", "image", "phrase"])
def test_what_is_not_found_is_one_line_and_exit_code_2(
    root: str, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert run_explain("", [what, "no such thing", "--run-root", root]) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.startswith("error: ")
    assert len(seen.err.splitlines()) == 1


def test_several_labels_are_listed_and_one_is_asked_for(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_explain("", ["label", "sofa", "--run-root", root]) == 2
    seen = capsys.readouterr()
    assert "aaaaaaaaaaaaaaaa" in seen.out
    assert "bbbbbbbbbbbbbbbb" in seen.out
    assert "Give --language, or the id or key of one." in seen.err


@pytest.mark.parametrize("arguments", [["label", "furniture"], ["image", "i2"], ["phrase", "sofa"], ["text", "a sofa"]])
def test_json_is_one_object_and_nothing_else(
    root: str, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run_explain("", [*arguments, "--json", "--run-root", root]) == 0
    got = json.loads(capsys.readouterr().out)
    assert got["run_id"] == "a"
    assert got["asked"] == {arguments[0]: arguments[1]}
    assert len(got["found"]) == (2 if arguments[0] == "phrase" else 1)  # sofa is a phrase of two languages


def test_neither_spark_nor_what_else_is_slow_to_load_is_loaded() -> None:
    code = (
        "import sys, pipeline.review.explain.job, pipeline.review.explain.image, pipeline.review.explain.text;"
        "print(*{'pyspark', 'scipy', 'faiss', 'sklearn', 'torch', 'matplotlib', 'nltk'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == ""


def test_an_unknown_kind_and_a_lacking_name_are_told_by_the_parser() -> None:
    for arguments in (["board", "x"], ["label"], []):
        with pytest.raises(SystemExit) as stop:
            make_parser("").parse_args(arguments)
        assert stop.value.code == 2


def test_a_name_that_is_no_utf_8_is_told(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_explain("", ["label", "sofa\udcff", "--run-root", root]) == 2
    assert "no UTF-8" in capsys.readouterr().err


def test_a_text_of_strangers_neither_colours_nor_moves_nor_marks(root: str) -> None:
    blocks = [facts(HOSTILE, (HOSTILE, HOSTILE)), grid("t", ["a"], [[HOSTILE]], note=HOSTILE)]
    plain, window = io.StringIO(), Window()
    show(blocks, plain, 200)
    show(blocks, window, 200)
    assert "\x1b" not in plain.getvalue()
    for text in (plain.getvalue(), window.getvalue()):
        assert text.count("[bold]no markup[/bold]") == 5
        assert "<U+001B>[31mred" in text
        assert "<U+202E>gpj.exe" in text
        assert "\r" not in text
        assert "\x07" not in text
        assert ":smile:" in text


def test_names_of_strangers_in_messages_are_written_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = [{**row, "name": f"furniture\x1b[31m {row['label_id']}"} for row in shop()["labels"]]
    write_run(tmp_path, "a", shop(labels=labels))
    assert run_explain("", ["label", "furnitur 3", "--run-root", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "furniture<U+001B>[31m 3" in err
    assert "\x1b" not in err


def test_a_window_gets_colours_and_a_pipe_none() -> None:
    plain, window = io.StringIO(), Window()
    for stream in (plain, window):
        show([facts("title", ("name", "value"))], stream, 40)
    assert "\x1b[1m" in window.getvalue()
    assert "\x1b" not in plain.getvalue()


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_line_is_wider_than_the_window_and_nothing_is_lost(width: int) -> None:
    words = " ".join(f"word{i}" for i in range(40))
    stream = io.StringIO()
    show([facts("t", ("name", words)), grid("t", ["left", "n"], [[words, "123,456"]], ["n"])], stream, width)
    lines = stream.getvalue().splitlines()
    assert max(len(line) for line in lines) <= width
    assert "123,456" in stream.getvalue()
    assert all(stream.getvalue().count(f"word{i}") >= 2 for i in (0, 39))


def test_a_table_too_wide_is_broken_between_columns_and_each_part_repeats_the_first() -> None:
    budgets = [f"{place}00,000 images" for place in range(1, 7)]
    table = Grid(
        "t", ("", *budgets), (("cap t", *(f"{place}.5" for place in range(1, 7))),), frozenset(budgets), heads=1
    )
    narrow, wide = io.StringIO(), io.StringIO()
    show([table], narrow, 60)
    show([table], wide, 160)
    assert max(len(line) for line in narrow.getvalue().splitlines()) <= 60
    assert [line.split() for line in narrow.getvalue().splitlines() if "cap" in line] == [
        *(["cap", "t", "1.5", "2.5", "3.5"], ["cap", "t", "4.5", "5.5", "6.5"])
    ]
    assert wide.getvalue().count("cap t") == 1


def test_a_very_long_text_is_cut_and_an_empty_table_says_so() -> None:
    stream = io.StringIO()
    show([facts("t", ("name", "x" * 10_000)), grid("t", ["a"], [])], stream, 80)
    assert stream.getvalue().count("x") < 500
    assert "…" in stream.getvalue()
    assert stream.getvalue().rstrip().endswith("none")


def test_a_pipe_is_as_wide_as_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (60, 100):
        monkeypatch.setenv("COLUMNS", str(width))
        stream = io.StringIO()
        show([facts("t", ("name", "ab " * 130))], stream)
        assert width - 6 <= max(len(line) for line in stream.getvalue().splitlines()) <= width


def test_facts_without_a_value_are_left_out_and_numbers_are_written_for_people() -> None:
    assert facts("t", ("a", None), ("b", ""), ("c", "0")).rows == (("c", "0"),)
    assert [number(None), number(12345), number(0.5, 3)] == ["-", "12,345", "0.500"]
    assert [of_all(3, 3, "x"), of_all(3, 4000, "x")] == ["", "3 of 4,000 x shown"]
    assert meanings([("few_images", "why"), ("few_images", "why"), ("", ""), ("odd", "odd")]) == "few images: why"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["label", "image", "phrase", "text"]), st.text(max_size=30))
def test_whatever_is_asked_for_is_found_or_told(root: str, what: str, name: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run_explain("", [what, "--run-root", root, "--", name])
    assert code in (0, 2)
    assert bool(err.getvalue()) == (code == 2)
    assert "\x1b" not in out.getvalue()
