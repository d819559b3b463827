"""The README as tests read it: its lines that start a program, its settings, its table of jobs."""

import re
import shlex
from pathlib import Path

from pipeline.docs.blocks import read_blocks

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def command_lines() -> list[str]:
    """Indented lines of the README that start a program, those that go on with a backslash as one."""
    text = re.sub(r"\\\n\s*", "", README)
    lines = [line.strip() for line in re.findall(r"^    (\S.*)$", text, re.MULTILINE)]
    return [line for line in lines if re.match(r"(make|\.venv/bin/python|spark-submit|[A-Z_]+=\S+ )", line)]


def without_comment(line: str) -> str:
    """A command without what is said of it."""
    return re.sub(r"\s+#\s.*$", "", line)


def settings_block() -> str:
    """The block of settings with sources."""
    return next(block.text for block in read_blocks(README) if block.language == "toml" and "[[sources]]" in block.text)


def program() -> str:
    """The block of Python that reads a manifest."""
    return next(block.text for block in read_blocks(README) if block.language == "python")


def table_commands() -> list[list[str]]:
    """Words of each command in the table of jobs; code that follows another in a cell is the same job, asked otherwise.

    Example:
        "| `jobs/explain.py label "sofa"`, `image ID` | .. |" are two: [jobs/explain.py, label, sofa] and
        [jobs/explain.py, image, ID].
    """
    found = []
    for cell in re.findall(r"^\| (`jobs/.*?) \|", README, re.MULTILINE):
        first, *others = (shlex.split(span) for span in re.findall(r"`([^`]+)`", cell))
        found += [first, *([first[0], *words] for words in others)]
    return found
