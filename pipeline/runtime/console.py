"""What a run shows: lines, JSON for machines, or errors alone; `terminal` has the form for people at a terminal.

A console is a handler of the root logger that shows what is told (see `events`) in its form.

With --json, standard output has one object a line. Of each stage:

    event "stage", run_id, stage, status "done" or "done before" (by an earlier try of the run), unit, rows_in,
    rows_out, rejected, rejects (unit/reason -> how many), seconds, cpu_seconds, peak_memory_mb, shuffle_mb, spill_mb

and at the end, whatever happens:

    event "end", run_id, status "done", "failed" or "stopped", exit_code, error (null, or the message), seconds (of all
    stages on record), wall_seconds (of this process), peak_memory_mb, and the paths folder, tables, log, manifest and
    report; what there is not is null
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

from pipeline.runtime.errors import UserError
from pipeline.runtime.events import PLACES, Event, RunBegins, RunEnds, StageEnds, Tasks, log, said
from pipeline.runtime.secrets import mask_text

DONE, FAILED, UNUSABLE = 0, 1, 2


class Console(logging.Handler):
    """Plain lines, as pipes and files get them; the other forms inherit from it.

    Args:
        out: where lines go; standard output where None.
        level: what is less important is not shown.

    Attributes:
        run_id: of the run, once it is known.
    """

    def __init__(self, out: TextIO | None = None, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.out = out
        self.run_id: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, without its trace, which stands in the log; what cannot be written ends no run."""
        if record.exc_info and Path(record.pathname).parent.name == "py4j":
            return  # a call to Java that was broken off; whoever called it says why
        event = getattr(record, "event", None)
        if isinstance(event, RunBegins):
            self.run_id = event.run_id
        try:
            self.show(record, event)
        except BrokenPipeError:  # nobody reads on
            pass
        except Exception:
            self.handleError(record)

    def show(self, record: logging.LogRecord, event: Event | None) -> None:
        """Write a record in this console's form."""
        if not isinstance(event, RunBegins):
            self.write(said(record))

    def write(self, line: str) -> None:
        """Write one line."""
        out = self.out or sys.stdout
        out.write(f"{line}\n")
        out.flush()

    def running(
        self, name: str, place: str = "", look: Callable[[], Tasks] | None = None
    ) -> AbstractContextManager[None]:
        """While the block runs, show that it does; nothing where this console has no such line.

        Args:
            name: what runs.
            place: which of how many it is, such as 3/9.
            look: how far it is; called about twice a second from another thread, and must not raise.
        """
        return nullcontext()

    def finish(self, status: str, exit_code: int, error: str | None) -> None:
        """The job ends: `done`, `failed` or `stopped`."""

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Call `finish` once, however the block ends; errors go on as they are."""
        try:
            yield
        except UserError as error:
            self.finish("failed", UNUSABLE, mask_text(str(error)))
            raise
        except KeyboardInterrupt:
            self.finish("stopped", FAILED, "stopped by the user")
            raise
        except Exception as error:
            self.finish("failed", FAILED, mask_text(f"{type(error).__name__}: {error}"))
            raise
        self.finish("done", DONE, None)


class JsonConsole(Console):
    """One JSON object a stage and one at the end; warnings go to standard error."""

    def __init__(self, out: TextIO | None = None) -> None:
        super().__init__(out)
        self._began = time.monotonic()
        self._end: RunEnds | None = None

    def show(self, record: logging.LogRecord, event: Event | None) -> None:
        """Write a stage; keep what the end will say."""
        if isinstance(event, StageEnds):
            status = {"event": "stage", "run_id": self.run_id, "status": "done before" if event.before else "done"}
            self._put({**status, **event.stage})
        elif isinstance(event, RunEnds):
            self._end = event
        elif event is None and record.levelno >= logging.WARNING:
            sys.stderr.write(f"{said(record)}\n")

    def finish(self, status: str, exit_code: int, error: str | None) -> None:
        """Write the last object."""
        stages = self._end.stages if self._end else []
        places = self._end.places if self._end else {}
        self._put(
            {
                "event": "end",
                "run_id": self.run_id,
                "status": status,
                "exit_code": exit_code,
                "error": error,
                "seconds": round(sum(stage["seconds"] for stage in stages), 2),
                "wall_seconds": round(time.monotonic() - self._began, 2),
                "peak_memory_mb": max((stage["peak_memory_mb"] for stage in stages), default=0),
                **{name: places.get(name) for name in PLACES},
            }
        )

    def _put(self, value: Mapping[str, Any]) -> None:
        self.write(json.dumps(value, ensure_ascii=False))


@contextmanager
def showing(quiet: bool = False, as_json: bool = False) -> Iterator[Console]:
    """The console that fits the wish and the place, while the block runs.

    Args:
        quiet: errors alone, on standard error.
        as_json: one JSON object a line.
    """
    console = _choose(quiet, as_json)
    root = logging.getLogger()
    root.addHandler(console)
    level = log.level
    log.setLevel(logging.INFO)
    try:
        yield console
    finally:
        log.setLevel(level)
        root.removeHandler(console)


def _choose(quiet: bool, as_json: bool) -> Console:
    if as_json:
        return JsonConsole()
    if quiet:
        return Console(sys.stderr, logging.ERROR)
    if sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown"):
        from pipeline.runtime.terminal import TerminalConsole  # needs rich, which no pipe has to wait for

        return TerminalConsole()
    return Console()
