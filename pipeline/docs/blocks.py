"""The fenced blocks of a page: commands, settings, programs and what they print; tests run what pages claim."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

_ENDS = ("&&", "||", ";", "|", ">", ">>", "<", "2>", "2>&1", "&")  # what ends the arguments of a command in a shell
_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes:
        language: the first word behind the fence, such as toml; empty where there is none.
        text: between the fences.
        marks: the words `name=value` behind the language, such as file=run.toml.
        line: of the page, from 1.
    """

    language: str
    text: str
    marks: dict[str, str]
    line: int


@dataclass(slots=True)
class Command:
    """One command of a block, and what the block says that it prints.

    Attributes:
        text: on one line, without the prompt.
        output: the lines after it.
    """

    text: str
    output: list[str] = field(default_factory=list)


def read_blocks(page: str) -> list[Block]:
    """All fenced blocks of a page, in order.

    Args:
        page: Markdown.
    """
    found = []
    for match in _FENCE.finditer(page):
        words = match["info"].split()
        marks = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        line = page.count("\n", 0, match.start()) + 1
        found.append(Block(words[0] if words else "", match["text"], marks, line))
    return found


def commands(block: Block) -> list[Command]:
    r"""The commands of a block of kind console: lines after a prompt, where a `\` goes on in the next line.

    Example:
        >>> commands(Block("console", "$ ls \\\n    -l\ntotal 0\n", {}, 1))
        [Command(text='ls -l', output=['total 0'])]
    """
    found: list[Command] = []
    more = False
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:].rstrip("\\").strip()))
        elif more:
            found[-1].text += " " + line.rstrip("\\").strip()
        elif found:
            found[-1].output.append(line)
        more = line.endswith("\\")
    return found


def job_calls(command: str) -> Iterator[tuple[str, list[str]]]:
    """Job and arguments of each job that a command line starts, by Python or by spark-submit.

    Example:
        >>> list(job_calls("spark-submit --master yarn jobs/mine.py --config a.toml"))
        [('mine.py', ['--config', 'a.toml'])]
    """
    words = shlex.split(re.sub(r"\s#\s.*", "", command))  # a # inside a word is none of a comment
    starts = [place for place, word in enumerate(words) if re.fullmatch(r"(\S*/)?jobs/\w+\.py", word)]
    for start, end in zip(starts, [*starts, len(words)][1:], strict=True):
        arguments = words[start + 1 : end]
        stop = next((place for place, word in enumerate(arguments) if word in _ENDS), len(arguments))
        yield words[start].rpartition("/")[2], arguments[:stop]
