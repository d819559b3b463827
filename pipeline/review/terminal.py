"""Facts and tables on the console: in colour and as wide as the window, or as plain lines where no one looks.

Every text comes from strangers. Control and direction marks are written out, so that none reaches the terminal, and
brackets are no markup.
"""

import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.review.page import visible
from pipeline.review.sheet import Block, Facts, Grid

_PLAIN_WIDTH = 120  # where there is no window and COLUMNS does not say
_LONGEST = 400  # characters of a cell
_BETWEEN = 3  # columns of the window between two of a table


def show(blocks: Sequence[Block], stream: TextIO, width: int | None = None) -> None:
    """Write facts and tables; plain text without escape codes where the stream is no terminal.

    Args:
        blocks: in the order shown.
        stream: where to.
        width: columns; those of the window by default.
    """
    is_window = stream.isatty()
    target = stream if is_window else io.StringIO()
    if width is None and not is_window:
        width = int(os.environ.get("COLUMNS") or 0) or _PLAIN_WIDTH
    console = Console(
        file=target, width=width, force_terminal=is_window, highlight=False, markup=False, emoji=False, soft_wrap=False
    )
    for block in blocks:
        console.print(Text(_cell(block.title), style="bold"))
        _show_facts(console, block) if isinstance(block, Facts) else _show_grid(console, block)
        console.print()
    if isinstance(target, io.StringIO) and not is_window:
        stream.write("\n".join(line.rstrip() for line in target.getvalue().split("\n")))


@contextmanager
def to_reader(stream: TextIO) -> Iterator[None]:
    """Write to who reads; where that one has gone, as `head` does, what is left is thrown away."""
    try:
        yield
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # else Python complains once more when it ends


def _show_facts(console: Console, block: Facts) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in block.rows:
        table.add_row(Text(_cell(name)), Text(_cell(value)))
    console.print(table)


def _show_grid(console: Console, block: Grid) -> None:
    if not block.rows:
        console.print(Text(block.note or "none", style="dim"))
        return
    for part in _parts(block, console.width):
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
        for place in part:
            column = block.columns[place]
            widest = max(len(row[place]) for row in block.rows)
            right = column in block.numbers
            # Numbers and short words stay on one line, so that what is long gets the room.
            table.add_column(
                Text(column), justify="right" if right else "left", no_wrap=right or widest <= 12, overflow="fold"
            )
        for row in block.rows:
            table.add_row(*(Text(_cell(row[place])) for place in part))
        console.print(table)
        if part[-1] < len(block.columns) - 1:
            console.print()
    for line in block.note.splitlines():
        console.print(Text(_cell(line), style="dim"))


def _parts(block: Grid, width: int) -> list[list[int]]:
    """Places of the columns of each part of a table; one part where it fits, or may not be broken."""
    every = range(len(block.columns))
    if not block.heads:
        return [list(every)]
    wide = [max(cell_len(_cell(text)) for text in (block.columns[i], *(row[i] for row in block.rows))) for i in every]
    heads = list(every[: block.heads])
    parts = [list(heads)]
    for place in every[block.heads :]:
        needed = sum(wide[i] + _BETWEEN for i in [*parts[-1], place]) - _BETWEEN
        if needed > width and len(parts[-1]) > len(heads):
            parts.append(list(heads))
        parts[-1].append(place)
    return parts


def _cell(value: str) -> str:
    """A text on one line, at most `_LONGEST` characters of it."""
    line = visible(re.sub(r"\s+", " ", value).strip())
    return str(line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…")
