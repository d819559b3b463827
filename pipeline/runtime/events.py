"""What happens in a run, as it is told: by loggers, each event with its record, as the attribute `event`.

Consoles and logs are handlers: each shows records in its own form.
"""

import logging
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.runtime.secrets import mask_text

log = logging.getLogger("pipeline")

PLACES = ("folder", "tables", "log", "manifest", "report")
_OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode categories of what moves a cursor or turns the direction of text


@dataclass(frozen=True, slots=True)
class Tasks:
    """How far Spark is with a stage: tasks done, of all that have begun so far, and rows read from files."""

    done: int = 0
    begun: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class RunBegins:
    """A run begins, or goes on where it had finished stages before.

    Attributes:
        run_id: its name.
        folder: of the run.
        command: how the job was started.
        resumed: whether it goes on.
        log: its log; None where there is none.
    """

    run_id: str
    folder: str
    command: str = ""
    resumed: bool = False
    log: str | None = None

    @property
    def line(self) -> str:
        """Of the log; plain lines leave it out."""
        return f"run {self.run_id} {'goes on' if self.resumed else 'begins'} in {self.folder}: {self.command}"


@dataclass(frozen=True, slots=True)
class StageEnds:
    """A stage is done, now or before.

    Attributes:
        stage: from `recorded`.
        before: whether an earlier try of the run did it.
    """

    stage: Mapping[str, Any]
    before: bool = False

    @property
    def line(self) -> str:
        """One line, whose form scripts may rely on."""
        name, unit = self.stage["stage"], self.stage["unit"]
        if self.before:
            return f"{name:<16} done before"
        rows_in, rows_out, rejected = (f"{self.stage[key]:,}" for key in ("rows_in", "rows_out", "rejected"))
        return (
            f"{name:<16} {rows_in:>11} {unit}s in {rows_out:>11} out {rejected:>11} rejected "
            f"{self.stage['seconds']:8.1f} s {self.stage['peak_memory_mb']:7d} MB"
        )


@dataclass(frozen=True, slots=True)
class RunEnds:
    """All stages that were asked for are done.

    Attributes:
        run_id: its name.
        stages: all on record, from `recorded`.
        places: name of `PLACES` -> path, of what there is.
        whole: whether several stages were asked for.
    """

    run_id: str
    stages: Sequence[Mapping[str, Any]]
    places: Mapping[str, str]
    whole: bool = True

    @property
    def line(self) -> str:
        """Where the results are, a line each."""
        shown = [name for name in ("manifest", "report", "tables", "log") if name in self.places]
        return "\n".join(f"{name:<16} {self.places[name]}" for name in shown)


Event = RunBegins | StageEnds | RunEnds


def tell(event: Event) -> None:
    """Tell an event: every console and log shows it in its own form."""
    log.info("%s", event.line, extra={"event": event})


def recorded(stage: Mapping[str, Any]) -> dict[str, Any]:
    """A stage of run.json as events have it: with its rejects as one number, and what older records lack."""
    own = f"{stage['unit']}/"
    rejected = sum(count for name, count in stage["rejects"].items() if name.startswith(own))
    return {"cpu_seconds": 0.0, "shuffle_mb": 0, "spill_mb": 0, "tables": [], **stage, "rejected": rejected}


def said(record: logging.LogRecord) -> str:
    """What a record says, without trace and secrets, and with nothing in it that a terminal would obey."""
    return printable(mask_text(record.getMessage()))


def printable(text: str) -> str:
    """The text with control and direction marks as their numbers; line ends and tabs stay."""
    return "".join(
        mark if mark in "\n\t" or unicodedata.category(mark) not in _OBEYED else f"\\u{ord(mark):04x}" for mark in text
    )
