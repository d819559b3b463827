"""What every job has in common: its options, its exit codes, and where what it tells is shown."""

import argparse
import json
import logging
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pipeline.runtime.config import Config
from pipeline.runtime.console import DONE, FAILED, UNUSABLE, Console, showing
from pipeline.runtime.errors import UserError
from pipeline.runtime.job_parser import CONSOLE, READ, RUN, WORK, WRITE, JobParser, job_parser
from pipeline.runtime.load import load_config, parse_config, render_config
from pipeline.runtime.secrets import mask, mask_text

__all__ = [
    "DONE",
    "FAILED",
    "UNUSABLE",
    "Arguments",
    "exit_code",
    "positive",
    "road_parser",
    "run_command",
    "run_job",
    "whole",
]


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a job was asked to do."""

    config: Config
    root: str
    run_id: str | None
    resume: bool
    until: str | None
    reuse: bool = False
    console: Console = field(default_factory=Console)


def run_job(
    doc: str,
    argv: Sequence[str] | None,
    work: Callable[[Arguments], None],
    stages: Sequence[str] | None = None,
    reuse: str | None = None,
) -> int:
    """Parse the arguments, do the work, and give the exit code: 0 done, 2 unusable input or settings, 1 a defect.

    Args:
        doc: what the job does, for --help.
        argv: arguments; those of the process where None.
        work: the job.
        stages: names for --until; given only for the job that runs them all.
        reuse: what --reuse-evidence does; given only for the job that can start from a finished run's evidence.
    """
    parsed = road_parser(doc, stages, reuse).parse_args(argv)
    if parsed.print_config:
        return exit_code(lambda: _print_config(parsed))
    with showing(parsed.quiet, parsed.json) as console:

        def job() -> None:
            with console.ending():
                work(_arguments(parsed, console))

        def stopped() -> str:
            return f"stopped; go on with --resume {console.run_id or ''}".rstrip()

        return exit_code(job, stopped)


def run_command(parser: JobParser, argv: Sequence[str] | None, work: Callable[[argparse.Namespace], None]) -> int:
    """The same for a job that walks no stages: it has its own options, and shows warnings on standard error.

    Args:
        parser: of its options.
        argv: arguments; those of the process where None.
        work: the job, given what was parsed.
    """
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.WARNING)
    parsed = parser.parse_args(argv)
    return exit_code(lambda: work(parsed))


def exit_code(job: Callable[[], None], stopped: str | Callable[[], str] = "stopped") -> int:
    """Do a job, and say what a user can mend in one line: 0 done, 2 unusable input or settings, 1 stopped by the user.

    Args:
        job: the work; a defect in it goes on as the exception that it is.
        stopped: what is said when the user stops it, or what gives it then.
    """
    try:
        job()
    except UserError as error:
        sys.stderr.write(f"error: {mask_text(str(error))}\n")
        return UNUSABLE
    except KeyboardInterrupt:
        sys.stderr.write(f"{stopped if isinstance(stopped, str) else stopped()}\n")
        return FAILED
    return DONE


def positive(text: str) -> float:
    """An argument that is a number above 0, perhaps with commas between thousands.

    Raises:
        argparse.ArgumentTypeError: it is none, or not finite.
    """
    value = float(text.replace(",", "").replace("_", ""))
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def whole(text: str) -> int:
    """As `positive`, for a whole number.

    Raises:
        argparse.ArgumentTypeError: it is none above 0.
    """
    value = positive(text)
    if value != int(value):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number")
    return int(value)


def road_parser(doc: str, stages: Sequence[str] | None = None, reuse: str | None = None) -> JobParser:
    """The options of the jobs that walk stages; arguments as for `run_job`."""
    parser = job_parser(doc)
    read = parser.group(READ)
    read.add_argument("--config", metavar="FILE", help="the run's TOML file: sources, and one section a stage")
    read.add_argument("--corpus", metavar="NAME", help="a ready-made corpus in place of a file: icons, openclipart")
    run = parser.group(RUN)
    run.add_argument(
        *("--run-id",),
        metavar="ID",
        help="name of the run (default: the time, for a new run)" if stages else "name of the run; must be given",
    )
    work = parser.group(WORK)
    work.add_argument(
        *("--set",),
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="override one setting, such as mine.min_images=500; may be repeated",
    )
    work.add_argument("--print-config", action="store_true", help="print every setting, and why it is so, and stop")
    if stages is not None:
        run.add_argument("--resume", metavar="RUN_ID", help="go on with a run that was stopped")
        read.add_argument(
            *("--base",),
            metavar="RUN_ID",
            help="grow from a finished run: its labels stay, and the sources hold what is new since",
        )
        work.add_argument("--until", choices=stages, metavar="STAGE", help=f"stop after one of: {', '.join(stages)}")
    if reuse is not None:
        work.add_argument("--reuse-evidence", action="store_true", help=reuse)
    parser.group(WRITE).add_argument("--run-root", default="runs", metavar="DIR", help="where runs are kept")
    shown = parser.group(CONSOLE).add_mutually_exclusive_group()
    shown.add_argument("--quiet", action="store_true", help="show errors alone")
    shown.add_argument("--json", action="store_true", help="for machines: one JSON object a stage, and one at the end")
    return parser


def _print_config(parsed: argparse.Namespace) -> None:
    sys.stdout.write(render_config(mask(_config(parsed))))


def _arguments(parsed: argparse.Namespace, console: Console) -> Arguments:
    resume = getattr(parsed, "resume", None)
    return Arguments(
        config=_config(parsed),
        root=parsed.run_root,
        run_id=resume or parsed.run_id,
        resume=bool(resume),
        until=getattr(parsed, "until", None),
        reuse=getattr(parsed, "reuse_evidence", False),
        console=console,
    )


def _config(parsed: argparse.Namespace) -> Config:
    base = getattr(parsed, "base", None)
    overrides = [*parsed.set, *([f"growth.base={json.dumps(base)}"] if base else [])]
    if parsed.config:
        return load_config(parsed.config, overrides)
    if parsed.corpus:
        return parse_config({"sources": [{"corpus": parsed.corpus}]}, "--corpus", overrides)
    raise UserError("nothing to read: give --config FILE.toml, or --corpus icons to try it.")
