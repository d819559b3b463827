"""The tutorial as a reader follows it: every file written, every command run, every answer compared, in its order."""

import itertools
import re
import sys
from pathlib import Path

import pytest
from small_run import as_reader

from pipeline.docs.blocks import Block, commands, read_blocks
from pipeline.docs.site import PAGES

ROOT = Path(__file__).parents[2]
NUMBER = r"\d[\d,]*(?:\.\d+)?"


def is_said(expected: str, line: str) -> bool:
    """Whether a line is the expected one: `...` is anything, spaces are alike, figures may differ by a tenth."""
    pattern, figures = "", []
    for token in re.split(rf"(\.\.\.|{NUMBER}|\s+)", expected.strip()):
        if token == "...":
            pattern += ".*?"
        elif re.fullmatch(NUMBER, token):
            pattern += f"({NUMBER})"
            figures.append(token)
        else:
            pattern += r"\s+" if token.isspace() else re.escape(token)
    found = re.fullmatch(pattern, line.strip())
    return found is not None and all(map(is_near, figures, found.groups()))


def is_near(expected: str, figure: str) -> bool:
    one, other = (float(text.replace(",", "")) for text in (expected, figure))
    return abs(one - other) <= max(abs(one) / 10, 0.05 if "." in expected else 1)


def missing(expected: list[str], lines: list[str]) -> str:
    """The first expected line that is not there in its place; a line `...` stands for any number of lines."""
    place, free = 0, False
    for wanted in expected:
        if wanted.strip() == "...":
            free = True
            continue
        near = range(place, len(lines)) if free else range(place, min(place + 1, len(lines)))
        found = next((i for i in near if is_said(wanted, lines[i])), None)
        if found is None:
            return wanted
        place, free = found + 1, False
    return "" if free or place == len(lines) else f"(nothing more, but: {lines[place]})"


@pytest.mark.parametrize(
    ("expected", "lines", "fault"),
    [
        (["a  1,000 b"], ["a 1,050   b"], ""),
        (["a 1,000"], ["a 2,000"], "a 1,000"),
        (["a ... c"], ["a b b c"], ""),
        (["a", "...", "z"], ["a", "b", "c", "z"], ""),
        (["a", "z"], ["a", "b", "z"], "z"),
        (["a"], ["a", "b"], "(nothing more, but: b)"),
        (["0.50"], ["0.53"], ""),
        (["a"], [], "a"),
    ],
)
def test_answers_are_compared_with_what_is_stated(expected: list[str], lines: list[str], fault: str) -> None:
    assert missing(expected, lines) == fault


def run(command: list[str], folder: Path, where: str) -> list[str]:
    """Lines of a command's answer, errors that it names first."""
    done = as_reader(command, folder, where)
    said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return [*said, *done.stdout.rstrip().splitlines()]


def follow(block: Block, answer: list[str] | None, folder: Path) -> None:
    """Do what a block says, and compare its answer with what the page states."""
    where = f"tutorial.md, line {block.line}"
    for mark, mode in (("file", "w"), ("append", "a")):
        if mark in block.marks:
            path = folder / block.marks[mark]
            path.parent.mkdir(exist_ok=True)
            with path.open(mode, encoding="utf-8") as file:
                file.write(block.text)
            return
    if block.language == "python":
        lines = run([str(folder / ".venv/bin/python"), "-c", block.text], folder, where)
        assert answer is not None, f"{where}: a program without its output"
        assert missing(answer, lines) == "", f"{where}\n" + "\n".join(lines)
    elif block.language == "console":
        for command in commands(block):
            lines = run(["bash", "-c", command.text], folder, f"{where}: {command.text}")
            expected = [line for line in command.output if line.strip()]
            lines = [line for line in lines if line.strip()]
            assert missing(expected, lines) == "", f"{where}: {command.text}\n" + "\n".join(lines)


def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "jobs").symlink_to(ROOT / "jobs")
    blocks = read_blocks((PAGES / "tutorial.md").read_text(encoding="utf-8"))
    assert {block.language for block in blocks} == {"python", "toml", "text", "console", "output"}
    for block, after in itertools.zip_longest(blocks, blocks[1:]):
        answer = after.text.splitlines() if after is not None and after.language == "output" else None
        follow(block, answer, tmp_path)
    report = tmp_path / "tutorial/runs/first/report.html"
    assert report.stat().st_size > 10_000
