"""What people see at a terminal: a live line of what runs, a line a stage, and a table at the end."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich import box
from rich.console import Console as RichConsole
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.runtime.console import Console
from pipeline.runtime.events import Event, RunBegins, RunEnds, StageEnds, Tasks, said

log = logging.getLogger(__name__)

_EVERY = 0.5  # seconds between two looks at Spark
_PATIENCE = 2.0  # seconds that the end of a stage waits for a look that has begun
_WIDE = 100  # columns from which a stage's line says everything in words
_WIDEST_TABLE = 120  # and from which the last table has room for what a stage cost and why it dropped rows
_SPINNER, _PLAIN_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
_NOTHING = Tasks()


class TerminalConsole(Console):
    """Colours, a live line, and a table at the end, in whatever width the window has.

    Args:
        shown: where to; standard output where None. It leaves colours out where NO_COLOR is set.
    """

    def __init__(self, shown: RichConsole | None = None) -> None:
        super().__init__()
        self._shown = shown or RichConsole(markup=False, emoji=False, highlight=False)
        self._began = time.monotonic()
        self._log: str | None = None

    def show(self, record: logging.LogRecord, event: Event | None) -> None:
        """Print a record above the live line."""
        if isinstance(event, RunBegins):
            self._log = event.log
            verb = "goes on" if event.resumed else "begins"
            self._print(Text.assemble("run ", (event.run_id, "bold"), f" {verb} in {event.folder}"))
            self._print(Text("starting Spark", style="dim"))  # no live line yet: Java writes to the terminal itself
        elif isinstance(event, StageEnds):
            self._shown.print(stage_line(event, self._shown.width), no_wrap=True, overflow="ellipsis", crop=True)
        elif isinstance(event, RunEnds):
            if event.whole:
                self._shown.print(summary(event.stages, self._shown.width))
            for name in ("manifest", "report", "tables", "log"):
                if name in event.places:
                    self._print(Text.assemble((f"{name:<10}", "bold"), event.places[name]))
            self._print(Text(f"done in {clock(time.monotonic() - self._began)}", style="green"))
        else:
            self._note(record)

    def finish(self, status: str, exit_code: int, error: str | None) -> None:
        """Where something went wrong, say where all that was told stands; the error itself is told after it."""
        if error is not None and self._log is not None:
            self._print(Text.assemble((f"{'log':<10}", "bold"), self._log))

    def _print(self, text: Text) -> None:
        """Print what may be copied: a long path is not broken by us."""
        self._shown.print(text, soft_wrap=True)

    def _note(self, record: logging.LogRecord) -> None:
        style = "red" if record.levelno >= logging.ERROR else "yellow" if record.levelno >= logging.WARNING else "dim"
        told = said(record)
        indent = len(told) - len(told.lstrip(" "))
        for line in Text(told.strip(), style=style).wrap(self._shown, max(self._shown.width - indent, 1)):
            self._shown.print(Text(" " * indent).append_text(line))

    @contextmanager
    def running(self, name: str, place: str = "", look: Callable[[], Tasks] | None = None) -> Iterator[None]:
        """Show a live line while the block runs; it never ends a run, and costs a look at Spark twice a second."""
        stop = threading.Event()
        apart = not sys.stderr.isatty()  # what goes into a file stays there
        with Live(console=self._shown, auto_refresh=False, transient=True, redirect_stderr=not apart) as live:
            self._shown.show_cursor(True)  # a process that is killed would leave it hidden
            thread = threading.Thread(target=self._refresh, args=(live, stop, name, place, look), daemon=True)
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join(_PATIENCE)

    def _refresh(
        self, live: Live, stop: threading.Event, name: str, place: str, look: Callable[[], Tasks] | None
    ) -> None:
        began, tick = time.monotonic(), 0
        while True:
            try:
                tasks = look() if look else _NOTHING
                if not stop.is_set():
                    spinner = _SPINNER if self._shown.encoding.lower().startswith("utf") else _PLAIN_SPINNER
                    line = live_line(name, place, time.monotonic() - began, tasks, self._shown.width)
                    live.update(Text.assemble((f"{spinner[tick % len(spinner)]} ", "cyan"), line), refresh=True)
            except Exception:  # no run fails since its progress cannot be shown
                log.debug("no live line", exc_info=True)
            if stop.wait(_EVERY):
                return
            tick += 1


def live_line(name: str, place: str, seconds: float, tasks: Tasks, width: int) -> Text:
    """What runs, for how long, how many of Spark's tasks are done, and rows read; as much as fits on one line.

    Args:
        name: of the stage.
        place: such as 3/9; may be empty.
        seconds: since it began.
        tasks: how far Spark is.
        width: of the window; two columns are left for a mark before the line.
    """
    line = Text.assemble((f"{place} " if place else "", "dim"), (name, "bold"), f"  {clock(seconds)}")
    parts = []
    if tasks.begun:
        parts.append(f"{amount(tasks.done)} of {amount(tasks.begun)} tasks")
    if tasks.rows:
        parts.append(f"{amount(tasks.rows)} rows read")
        parts.append(f"{amount(round(tasks.rows / max(seconds, 0.1)))}/s")
    for part in parts:
        if line.cell_len + len(part) + 5 > width:
            break
        line.append("  ")
        line.append(part, style="cyan")
    line.truncate(max(width - 3, 1), overflow="ellipsis")
    return line


def stage_line(event: StageEnds, width: int) -> Text:
    """What a finished stage took in, gave out and dropped, on one line that fits the window."""
    stage, name = event.stage, event.stage["stage"]
    if event.before:
        return Text.assemble((f"{name:<16}", "bold"), (" done before", "dim"))
    dropped = stage["rejected"]
    style = "yellow" if dropped else "dim"
    if width >= _WIDE:
        return Text.assemble(
            (f"{name:<16}", "bold"),
            f" {stage['rows_in']:>11,}",
            (f" {stage['unit']}s in", "dim"),
            f" {stage['rows_out']:>11,}",
            (" out", "dim"),
            (f" {dropped:>11,} rejected", style),
            f" {stage['seconds']:8.1f} s",
            f" {stage['peak_memory_mb']:7,} MB",
        )
    return Text.assemble(
        (f"{name:<15}", "bold"),
        f" {amount(stage['rows_in']):>9}",
        (f" {stage['unit'] + 's':<7} to", "dim"),
        f" {amount(stage['rows_out']):>9}",
        (f" {'-' if dropped else ''}{amount(dropped)}".rjust(10), style),
        f" {stage['seconds']:7.1f} s",
        f" {stage['peak_memory_mb']:6,} MB",
    )


def summary(stages: Sequence[Mapping[str, Any]], width: int) -> Table:
    """All stages of a run with their total; in a wide window also what they cost, and the most frequent reason.

    Args:
        stages: from `recorded`.
        width: of the window.
    """
    wide = width >= _WIDEST_TABLE
    seconds = sum(stage["seconds"] for stage in stages)
    most = max((stage["peak_memory_mb"] for stage in stages), default=0)
    table = Table(box=box.SIMPLE, padding=(0, 1), pad_edge=False, show_footer=True, header_style="bold")
    table.add_column("stage", "total", no_wrap=True, style="bold")
    table.add_column("in", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, style="dim")
    table.add_column("out", justify="right", no_wrap=True)
    table.add_column("dropped", justify="right", no_wrap=True)
    table.add_column("seconds", f"{seconds:,.1f}", justify="right", no_wrap=True)
    table.add_column("memory", f"{most:,} MB", justify="right", no_wrap=True)
    if wide:
        table.add_column("CPU s", f"{sum(stage['cpu_seconds'] for stage in stages):,.1f}", justify="right")
        table.add_column("shuffled", f"{sum(stage['shuffle_mb'] for stage in stages):,} MB", justify="right")
        table.add_column("most dropped for", no_wrap=True, overflow="ellipsis", style="dim")
    for stage in stages:
        dropped = Text(amount(stage["rejected"]), style="yellow" if stage["rejected"] else "dim")
        row = [stage["stage"], amount(stage["rows_in"]), f"{stage['unit']}s", amount(stage["rows_out"]), dropped]
        row += [f"{stage['seconds']:,.1f}", f"{stage['peak_memory_mb']:,} MB"]
        if wide:
            row += [f"{stage['cpu_seconds']:,.1f}", f"{stage['shuffle_mb']:,} MB", main_reason(stage)]
        table.add_row(*row)
    return table


def main_reason(stage: Mapping[str, Any]) -> str:
    """The reason for which a stage dropped most of its own unit, and how many; empty where it dropped nothing."""
    unit = f"{stage['unit']}/"
    own = [(-count, name.removeprefix(unit)) for name, count in stage["rejects"].items() if name.startswith(unit)]
    count, reason = min(own, default=(0, ""))  # the most, then by name
    return f"{reason} {amount(-count)}" if count else ""


def amount(number: float) -> str:
    """A number with commas; from ten millions on, in millions."""
    return f"{number:,}" if number < 10_000_000 else f"{number / 1e6:,.1f} M"


def clock(seconds: float) -> str:
    """Minutes and seconds, and hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
