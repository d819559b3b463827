"""What was done to runs, at which stage, and what came of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One fault."""

    fault: str
    stage: str
    outcome: str
    tables: str


ROWS: list[Row] = []


def note(fault: str, stage: str, outcome: str, tables: str = "not compared") -> None:
    """Add a fault to the table."""
    ROWS.append(Row(fault, stage, " ".join(outcome.split()), tables))


def as_table() -> str:
    """All of them, as Markdown."""
    lines = ["| fault | stage | outcome | tables |", "|---|---|---|---|"]
    lines += [f"| {row.fault} | {row.stage} | {row.outcome.replace('|', '/')} | {row.tables} |" for row in ROWS]
    return "\n".join(lines) + "\n"
