"""What every job has in common: its arguments, its exit codes, its lines on the console."""

import argparse
import json
import logging
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.runtime.config import Config
from pipeline.runtime.errors import UserError
from pipeline.runtime.load import load_config, parse_config, render_config
from pipeline.runtime.secrets import mask, mask_text

DONE, FAILED, UNUSABLE = 0, 1, 2
log = logging.getLogger("pipeline")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a job was asked to do."""

    config: Config
    root: str
    run_id: str | None
    resume: bool
    until: str | None
    reuse: bool = False


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
    logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.WARNING)
    log.setLevel(logging.INFO)
    parsed = _parser(doc, stages, reuse).parse_args(argv)

    def job() -> None:
        config = _config(parsed)
        if parsed.print_config:
            sys.stdout.write(render_config(mask(config)))
            return
        resume = getattr(parsed, "resume", None)
        run_id, until = resume or parsed.run_id, getattr(parsed, "until", None)
        again = getattr(parsed, "reuse_evidence", False)
        work(Arguments(config, parsed.run_root, run_id, bool(resume), until, again))

    return exit_code(job, "stopped; go on with --resume")


def exit_code(job: Callable[[], None], stopped: str = "stopped") -> int:
    """Do a job, and say what a user can mend in one line: 0 done, 2 unusable input or settings, 1 stopped by the user.

    Args:
        job: the work; a defect in it goes on as the exception that it is.
        stopped: what is said when the user stops it.
    """
    try:
        job()
    except UserError as error:
        sys.stderr.write(f"error: {mask_text(str(error))}\n")
        return UNUSABLE
    except KeyboardInterrupt:
        sys.stderr.write(f"{stopped}\n")
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


def _config(parsed: argparse.Namespace) -> Config:
    base = getattr(parsed, "base", None)
    overrides = [*parsed.set, *([f"growth.base={json.dumps(base)}"] if base else [])]
    if parsed.config:
        return load_config(parsed.config, overrides)
    if parsed.corpus:
        return parse_config({"sources": [{"corpus": parsed.corpus}]}, "--corpus", overrides)
    raise UserError("nothing to read: give --config FILE.toml, or --corpus icons to try it.")


def _parser(doc: str, stages: Sequence[str] | None, reuse: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", metavar="FILE", help="the run's TOML file: sources, and one section a stage")
    parser.add_argument("--corpus", metavar="NAME", help="a ready-made corpus in place of a file: icons, openclipart")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="override one setting; may be repeated"
    )
    parser.add_argument("--run-root", default="runs", metavar="DIR", help="where runs are kept (default: runs)")
    parser.add_argument("--run-id", metavar="ID", help="name of the run (default: the time, for a new run)")
    parser.add_argument("--print-config", action="store_true", help="print the complete effective settings and stop")
    if stages is not None:
        parser.add_argument("--resume", metavar="RUN_ID", help="go on with a run that was stopped")
        parser.add_argument(
            *("--base",),
            metavar="RUN_ID",
            help="grow from a finished run: its labels stay, and the sources hold what is new since",
        )
        parser.add_argument("--until", choices=stages, metavar="STAGE", help=f"stop after one of: {', '.join(stages)}")
    if reuse is not None:
        parser.add_argument("--reuse-evidence", action="store_true", help=reuse)
    return parser
