"""What jobs that explain and compare show, before it is decided where: lists of facts, and tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, a line each.

    Attributes:
        title: what they are about.
        rows: name and value.
    """

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes:
        title: what its rows are.
        columns: their names.
        rows: one cell a column.
        numbers: columns that stand to the right.
        note: what is to be known beside it, in lines; none where empty.
        heads: columns at the front that each part repeats where a window is too narrow for the table; with 0 it is not
            broken, and its cells are.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()
    note: str = ""
    heads: int = 0


Block = Facts | Grid


def facts(title: str, *rows: tuple[str, str | None]) -> Facts:
    """Facts without those that have no value."""
    return Facts(title, tuple((name, value) for name, value in rows if value))


def grid(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = (), note: str = ""
) -> Grid:
    """A table of any sequences."""
    return Grid(title, tuple(columns), tuple(tuple(row) for row in rows), frozenset(numbers), note)


def of_all(shown: int, total: int, what: str) -> str:
    """A note where not all are shown; empty where all are."""
    return f"{shown:,} of {total:,} {what} shown" if shown < total else ""


def meanings(reasons: Iterable[tuple[str, str]]) -> str:
    """A line for each reason that its own words do not tell, with what it means."""
    known = {reason.replace("_", " "): meaning for reason, meaning in reasons if reason}
    return "\n".join(f"{reason}: {meaning}" for reason, meaning in sorted(known.items()) if reason != meaning)


def number(value: float | None, digits: int | None = None) -> str:
    """A number with commas between thousands, or rounded to some digits; a dash for none."""
    if value is None:
        return "-"
    return f"{value:,}" if digits is None else f"{value:,.{digits}f}"
