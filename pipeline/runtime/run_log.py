"""log.txt of a run folder: all that the run told, with its time, for whoever asks later what happened.

On a local disk every line is there at once; on other storage, which cannot append, the file is written as a whole when
a stage ends and at the end. A run that goes on appends to what there is. No secret stands in it, no table and no digest
depends on it, and a log that cannot be written ends no run.
"""

import contextlib
import datetime
import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TextIO

from pipeline.runtime import files
from pipeline.runtime.config import Config
from pipeline.runtime.errors import ConfigError, RunError, UserError
from pipeline.runtime.events import printable
from pipeline.runtime.inputs import ImagesConfig, SourceConfig
from pipeline.runtime.secrets import mask_text, resolve, secret_values

NAME = "log.txt"


class RunLog(logging.Handler):
    """Keeps what is logged while its block runs: all of the product, and what libraries warn of.

    Args:
        folder: of the run, local or remote.
        known: secrets that are hidden wherever they stand, beside those that `mask_text` finds.
        check: called before the file is written as a whole; raises where this process may not.

    Attributes:
        path: of the file.
    """

    def __init__(self, folder: str, known: Iterable[str] = (), check: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.path = files.join(folder, NAME)
        self._known = tuple(known)
        self._check_right = check
        self._local: Path | None = files.local_path(self.path)
        self._lines: list[str] = []  # of a file that is written as a whole
        self._out: TextIO | None = None

    def __enter__(self) -> "RunLog":
        with _forgiven():
            if self._local is not None:
                self._local.parent.mkdir(parents=True, exist_ok=True)
                cut = self._local.is_file() and not self._local.read_bytes().endswith(b"\n")
                self._out = self._local.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
                if cut and self._local.stat().st_size:  # a killed process was in the middle of a line
                    self._out.write("\n")
            else:
                self._lines = (files.read_text(self.path) or "").splitlines()
        logging.getLogger().addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.getLogger().removeHandler(self)
        if error is not None:
            self._add(datetime.datetime.now(datetime.UTC), logging.ERROR, "pipeline", _told(error))
        self.save()
        if self._out is not None:
            with _forgiven():
                self._out.close()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        self._add(moment, record.levelno, record.name, _FORM.format(record))
        if hasattr(record, "event"):
            self.save()

    def save(self) -> None:
        """Write the file as a whole, where lines cannot be appended."""
        if self._local is None and self._lines:
            with _forgiven():
                if self._check_right is not None:
                    self._check_right()
                files.write_text(self.path, "\n".join(self._lines) + "\n")

    def _add(self, moment: datetime.datetime, level: int, logger: str, text: str) -> None:
        head, *more = printable(mask_text(text, self._known)).split("\n")
        stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines = [f"{stamp} {logging.getLevelName(level):<7} {logger}: {head}", *(f"    {line}" for line in more)]
        if self._local is None:
            self._lines += lines
        elif self._out is not None:
            with _forgiven():
                self._out.write("\n".join(lines) + "\n")


def command_line() -> str:
    """How this process was started, as it goes into the log."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])


def option_secrets(config: Config) -> list[str]:
    """What stands as a secret in the options of a run's sources and images."""
    found: list[str] = []
    tables: list[SourceConfig | ImagesConfig] = [*config.sources, *config.images]
    for table in tables:
        found += secret_values(table.options)
        with contextlib.suppress(ConfigError):  # a variable that is not set is told by who reads the table
            found += secret_values(resolve(table.options, table.name))
    return found


def _told(error: BaseException) -> str:
    """An error as the log has it: with its trace where it is a defect."""
    if isinstance(error, KeyboardInterrupt):
        return "stopped by the user"
    return str(error) if isinstance(error, UserError) else "".join(traceback.format_exception(error)).rstrip()


@contextlib.contextmanager
def _forgiven() -> Iterator[None]:
    """What the storage refuses here, the next table will meet."""
    try:
        yield
    except (OSError, RunError, ValueError):  # ValueError: the file is closed
        return


_FORM = logging.Formatter("%(message)s")
