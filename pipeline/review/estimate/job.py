"""The estimate: what is asked for, the runs that it is told from, and the forecast as text or JSON."""

import argparse
import json
import sys
from collections.abc import Sequence

from pipeline.review.estimate.forecast import Target, as_values
from pipeline.review.estimate.plan import forecast
from pipeline.review.estimate.runs import Measured, in_order, read_measured
from pipeline.review.estimate.table import render_forecast
from pipeline.runtime import files
from pipeline.runtime.cli import positive, run_command, whole
from pipeline.runtime.job_parser import READ, WORK, WRITE, JobParser, job_parser


def run_estimate(doc: str, argv: Sequence[str] | None = None) -> int:
    """Foretell a larger run from finished ones; gives the exit code: 0 done, 2 unusable input.

    Args:
        doc: what the job does, for --help.
        argv: arguments; those of the process where None.
    """
    return run_command(_parser(doc), argv, _estimate)


def make_target(parsed: argparse.Namespace, largest: Measured) -> Target:
    """What was asked for; images stand for as many signals each as in the largest run."""
    each = largest.counts["signals"] / max(largest.counts["images"], 1.0)
    return Target(
        signals=parsed.signals if parsed.signals else parsed.images * each,
        executors=parsed.executors,
        cores=parsed.cores or largest.cores,
        memory_gb=parsed.memory_gb,
        driver_memory_gb=parsed.driver_memory_gb,
        disk_mb_s=parsed.disk_mb_s,
        network_mb_s=parsed.network_mb_s,
        languages=parsed.languages or max(1, len(largest.config["normalize"]["languages"])),
        phrases_per_second=parsed.phrases_per_second,
    )


def _estimate(parsed: argparse.Namespace) -> None:
    runs = in_order([read_measured(folder, parsed.run_cores) for folder in parsed.run])
    found = forecast(runs, make_target(parsed, runs[-1]))
    sys.stdout.write(render_forecast(found, runs))
    if parsed.json:
        text = json.dumps(as_values(found), indent=2) + "\n"
        files.write_text(parsed.json, text)


def _parser(doc: str) -> JobParser:
    parser = job_parser(doc)
    read, work = parser.group(READ), parser.group(WORK)
    read.add_argument(
        *("--run",),
        action="append",
        required=True,
        metavar="DIR",
        help="folder of a finished run: RUN_ROOT/RUN_ID; repeat it with other sizes of the same data and settings",
    )
    size = work.add_mutually_exclusive_group(required=True)
    size.add_argument("--signals", type=positive, metavar="N", help="rows of all sources, such as 8e9")
    size.add_argument("--images", type=positive, metavar="N", help="images, with as many signals each as in the runs")
    for flag, kind, default, what in (
        ("--executors", whole, 1, "executors"),
        ("--memory-gb", positive, 8.0, "memory of each executor, heap and Python workers together"),
        ("--driver-memory-gb", positive, 8.0, "memory of the driver's machine"),
        ("--disk-mb-s", positive, 200.0, "what the disk of each executor reads or writes"),
        ("--network-mb-s", positive, 1_000.0, "what each executor sends"),
    ):
        work.add_argument(flag, type=kind, default=default, metavar="N", help=f"{what} (default: {default:g})")
    work.add_argument("--cores", type=whole, metavar="N", help="cores of each executor (default: as the run had)")
    work.add_argument(
        *("--languages",),
        type=whole,
        metavar="N",
        help="languages that may fill mine.max_phrases (default: as many as normalize.languages lists)",
    )
    work.add_argument(
        "--phrases-per-second", type=positive, metavar="N", help="that the encoder does there, all machines together"
    )
    read.add_argument("--run-cores", type=whole, metavar="N", help="cores that the runs had (default: on record)")
    parser.group(WRITE).add_argument("--json", metavar="FILE", help="all figures as JSON")
    return parser
