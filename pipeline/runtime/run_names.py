"""Names of runs: which are possible, and whether a run of that name is there."""

import datetime
import re

from pipeline.runtime import files
from pipeline.runtime.errors import ConfigError, RunError


def new_run_id(whole: bool) -> str:
    """The time, for a new run.

    Args:
        whole: whether it walks more than one stage.

    Raises:
        ConfigError: a single stage was asked for, and it works on a run that has a name.
    """
    if not whole:
        raise ConfigError("a single stage works on one run: name it by --run-id.")
    return f"{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}"


def check_run(folder: str, run_id: str, resume: bool, whole: bool) -> None:
    """A new run needs a fresh folder; a resumed one needs its own.

    Raises:
        ConfigError: the name is none.
        RunError: the run exists, or there is none to go on with.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", run_id) or run_id in ("manifest", "cache"):
        raise ConfigError(f"--run-id {run_id!r}: use letters, digits, '.', '_' and '-', and not manifest or cache.")
    there = files.exists(files.join(folder, "run.json"))
    if resume and not there:
        raise RunError(f"{folder}: there is no such run to go on with.")
    if whole and there and not resume:
        raise RunError(f"{folder}: the run exists. Go on with it by --resume {run_id}, or choose another --run-id.")
