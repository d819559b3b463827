"""The planner: what to set in [publish] for a budget of images, what that shows in an epoch, and a manifest with it."""

import argparse
import dataclasses
import functools
import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame

from pipeline.manifest.balance.expected import expected_outcomes, expected_showings
from pipeline.manifest.balance.inverse import cap_for_tail_share
from pipeline.manifest.balance.plan import NO_REPEAT, Labels, plan_images, plan_minimum
from pipeline.manifest.rows import weighed_labels
from pipeline.review.ablation import read_record, recorded_config
from pipeline.review.plan_chart import plan_chart
from pipeline.review.plan_table import Planned, describe_plan, plan_blocks, render_plans
from pipeline.review.sheet import facts
from pipeline.review.terminal import show
from pipeline.runtime import files
from pipeline.runtime.cli import positive, run_command
from pipeline.runtime.config import Config, PublishConfig
from pipeline.runtime.errors import RunError
from pipeline.runtime.job_parser import READ, WORK, WRITE, JobParser, job_parser
from pipeline.runtime.session import start_session
from pipeline.runtime.tables import Tables
from pipeline.stages import publishing


def run_plan(doc: str, argv: Sequence[str] | None = None) -> int:
    """Plan an epoch of a finished run; gives the exit code: 0 done, 2 unusable input.

    Args:
        doc: what the job does, for --help.
        argv: arguments; those of the process where None.
    """
    return run_command(_parser(doc), argv, _plan)


def make_plans(
    train: DataFrame, labels: Labels, base: PublishConfig, parsed: argparse.Namespace
) -> Iterator[tuple[str, PublishConfig]]:
    """Name and settings of each budget.

    Args:
        train: rows of the manifest in the split train.
        labels: of the run.
        base: what else is set; its cap is not looked at.
        parsed: arguments of the job.
    """
    showings = functools.partial(expected_showings, train, labels)
    outcomes = functools.partial(expected_outcomes, train, labels)
    for wanted in parsed.images or ():
        yield f"{wanted:,g} images", plan_images(wanted, labels, base, showings)
    for share in parsed.tail_share or ():
        yield f"tail share {share:g}", dataclasses.replace(base, cap=float(cap_for_tail_share(labels.images, share)))
    for wanted in parsed.min_per_label or ():
        yield f"{wanted:,g} a label", plan_minimum(wanted, labels, base, outcomes)


def _plan(parsed: argparse.Namespace) -> None:
    folder = files.absolute(parsed.run)
    record = read_record(folder, "--write" if parsed.write else "")
    config = recorded_config(record)
    root = folder.rstrip("/").rpartition("/")[0]
    written = files.join(root, "manifest", f"{record['run_id']}.{parsed.write}")
    if parsed.write and files.exists(written):  # before Spark: a mistake is told at once
        raise RunError(f"{written}: the folder exists. Move or delete it, or give another name by --write.")
    spark = start_session(config.spark, f"plan {record['run_id']}")
    try:
        tables = Tables(spark, folder)
        table = tables.read("labels").toArrow().sort_by("label_id")
        labels = weighed_labels(table)
        train = tables.read("manifest").where("split = 'train'").select("label_ids").persist(StorageLevel.DISK_ONLY)
        once = dataclasses.replace(config.publish, cap=float(labels.images.max()), repeat_threshold=NO_REPEAT)
        base = dataclasses.replace(once, over=parsed.over, repeat_threshold=parsed.repeat_below)
        plans = list(make_plans(train, labels, base, parsed))
        outcomes = expected_outcomes(train, labels, [once, *(plan for _, plan in plans)])
        named = zip([("every image once", None), *plans], outcomes, strict=True)
        _tell([Planned(name, plan, found) for (name, plan), found in named], table, parsed)
        if parsed.write:
            _write(tables, record, dataclasses.replace(config, publish=plans[0][1]), written, parsed.write)
    finally:
        spark.stop()


def _tell(planned: Sequence[Planned], table: pa.Table, parsed: argparse.Namespace) -> None:
    """The table to standard output, and what was asked for besides."""
    images, bands = table["images"].to_numpy(), np.array(table["band"].to_pylist(), dtype=str)
    minimum = parsed.minimum or max(parsed.min_per_label or [1.0])
    found = [describe_plan(item, images, bands, minimum) for item in planned]
    plans, below = plan_blocks(found, table["name"].to_pylist(), minimum)
    settings = [
        (
            item.name,
            f"publish.cap = {item.plan.cap}, publish.repeat_threshold = {item.plan.repeat_threshold}, "
            f'publish.over = "{item.plan.over}"',
        )
        for item in planned
        if item.plan is not None
    ]
    if sys.stdout.isatty():
        show([plans, *([below] if below.rows else []), facts("Settings of each", *settings)], sys.stdout)
    else:  # a table to paste, whatever its width
        lines = [f"{name}: {told}\n" for name, told in settings]
        sys.stdout.write("".join([render_plans(plans, below), "\n", *lines]))
    if parsed.plot:
        files.write_text(parsed.plot, plan_chart(found, [item.outcome.by_label for item in planned], images))
    if parsed.out:
        files.write_text(parsed.out, json.dumps(found, indent=2) + "\n")


def _write(tables: Tables, record: dict[str, Any], config: Config, folder: str, name: str) -> None:
    """Publish the run under the plan, beside what was published before."""
    said, lost = publishing.leave_out(tables, tables.read("assignments"), config)
    made = publishing.weigh(tables, said, record["signals"], config)
    plan = {"plan": name, "config": {**record["config"], "publish": dataclasses.asdict(config.publish)}}
    publishing.write(tables, made, {**record, **plan}, config.publish, folder, publishing.count_reasons(lost))
    made.manifest.unpersist()
    sys.stdout.write(f"manifest {folder}\n")


def _unfit(parsed: argparse.Namespace) -> str:
    """What stands against --write."""
    if parsed.write and len(parsed.images or parsed.tail_share or parsed.min_per_label) > 1:
        return "--write needs one budget"
    if parsed.write and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", parsed.write):
        return f"--write {parsed.write}: use letters, digits, '.', '_' and '-'"
    return ""


def _parser(doc: str) -> JobParser:
    parser = job_parser(doc, _unfit)
    write, work = parser.group(WRITE), parser.group(WORK)
    parser.group(READ).add_argument(
        "--run", required=True, metavar="DIR", help="folder of a finished run: RUN_ROOT/RUN_ID"
    )
    budget = work.add_mutually_exclusive_group(required=True)
    for flag, meta, what in (
        ("--images", "N", "showings an epoch: a cap where there are more images, else the rare repeat"),
        ("--tail-share", "S", "share of all matches in labels below the cap"),
        ("--min-per-label", "N", "showings that each label has an epoch, or as many as it can have"),
    ):
        budget.add_argument(flag, nargs="+", type=positive, metavar=meta, help=f"{what}; several are compared")
    work.add_argument(
        "--over", choices=("labels", "hierarchy"), default="labels", help="what shares evenly (default: labels)"
    )
    work.add_argument(
        *("--repeat-below",),
        type=positive,
        default=NO_REPEAT,
        metavar="R",
        help="labels with fewer images repeat, by the square root (default: 1, none)",
    )
    work.add_argument(
        "--minimum",
        type=positive,
        metavar="N",
        help="tell labels with fewer showings (default: --min-per-label, or 1)",
    )
    write.add_argument("--plot", metavar="FILE.svg", help="draw showings by rank, and shares of the bands")
    write.add_argument("--out", metavar="FILE.json", help="all figures as JSON")
    write.add_argument(
        "--write", metavar="NAME", help="publish with this plan as RUN_ROOT/manifest/RUN_ID.NAME, beside the other"
    )
    return parser
