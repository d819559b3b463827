"""A finished run judged by trusted labels, beside what other methods and simple baselines make of its tables."""

import argparse
import dataclasses
import logging
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.sql import SparkSession

from pipeline.review import baselines
from pipeline.review.ablation import overlaid, read_record, recorded_config, toggle_terms
from pipeline.review.calibration_chart import reliability_diagram
from pipeline.review.evaluate import Tables, Truth, evaluate, of_run, prepare
from pipeline.review.evaluation import OWN
from pipeline.review.scoreboard import render_scores
from pipeline.review.stored_evaluation import NAME, describe, judged_run
from pipeline.review.truth import read_truth
from pipeline.runtime import files
from pipeline.runtime.cli import run_command
from pipeline.runtime.config import Config
from pipeline.runtime.errors import ConfigError, RunError
from pipeline.runtime.job_parser import READ, WORK, WRITE, JobParser, job_parser
from pipeline.runtime.road import Run, log
from pipeline.runtime.secrets import mask_text
from pipeline.runtime.session import start_session
from pipeline.runtime.stored_tables import StoredTables
from pipeline.runtime.tables import Tables as RunTables
from pipeline.runtime.witness import as_one, look
from pipeline.sources.readers import literal
from pipeline.vocabulary.clustering.cluster import METHODS

WAYS = (OWN, *METHODS, *baselines.NAMES)
Remake = Callable[[Run], object]


def run_trials(doc: str, argv: Sequence[str] | None, remake: Remake, reassign: Remake) -> int:
    """Parse the arguments, judge, print the tables, keep them in the run; gives the exit code.

    It is 0 where all is done, also where the run's folder cannot be written, which is said; 2 for unusable input or
    settings, and for a file that was asked for and could not be written, when the tables have been printed.

    Args:
        doc: what the job does, for --help.
        argv: arguments; those of the process where None.
        remake: makes the vocabulary and the assignments of a run anew, from its other tables.
        reassign: makes the assignments of a run anew, for the labels that it has.
    """

    def job(parsed: argparse.Namespace) -> None:
        log.setLevel(logging.INFO)
        if parsed.plot and not parsed.plot.endswith(".svg"):
            raise ConfigError(f"--plot {parsed.plot}: the diagram is an SVG. Give a name that ends in .svg.")
        folder = files.absolute(parsed.run)
        record = read_record(folder, "an evaluation")
        config = recorded_config(record, parsed.set)
        judged = judged_run(folder, record)
        spark = start_session(config.spark, f"evaluate {folder}")
        try:
            makers = (remake, reassign if parsed.ablate else None)
            found = try_ways(spark, folder, config, parsed.truth, parsed.methods, parsed.scratch, *makers)
        finally:
            spark.stop()
        # First of all: minutes of work are not lost for a folder that cannot be written.
        sys.stdout.write(render_scores(found["ways"], found["truth"]))
        content = describe(judged, found, parsed.set)
        _keep(folder, content)
        if parsed.out:
            _write("--out", parsed.out, files.as_json(content))
        if parsed.plot:
            _plot(parsed.plot, found["ways"])

    return run_command(_parser(doc), argv, job)


def try_ways(
    spark: SparkSession,
    folder: str,
    config: Config,
    truth: str,
    ways: Sequence[str],
    scratch: str,
    remake: Remake,
    reassign: Remake | None = None,
) -> dict[str, Any]:
    """Measures of each way of labelling, as plain values: `truth` (file and counts) and `ways` (way -> measures).

    Args:
        spark: the session.
        folder: a finished run.
        config: its settings, perhaps with others for clustering and assigning.
        truth: file of trusted labels.
        ways: some of `WAYS`, in the order of the table.
        scratch: folder for tables that are thrown away, which driver and workers both see.
        remake: as in `run_trials`.
        reassign: as in `run_trials`; where given, further ways are the run assigned again, by these settings and with
            each term of confidence toggled.

    Raises:
        UserError: the truth or the run cannot be used.
    """
    tables = RunTables(spark, folder).read
    language, most = config.normalize.default_language, config.mine.max_words
    kept = tables("candidates").where("kept").select("phrase_id", "phrase", "language").toArrow()
    kept = kept.sort_by("phrase_id")
    trusted = config.labeling.trusted
    if trusted:
        log.info("images of %s are not judged: they taught the labels.", trusted)
    rows = read_truth(spark, truth, trusted)
    file = {"file": mask_text(truth), "fingerprint": as_one(look(spark, literal(truth))), "rows": rows.count()}
    known = prepare(tables, rows, kept, most, config.embed.encoder, language)
    if known.names is None:
        log.warning("the run's vectors are of another version of its encoder: classes are mapped by name alone.")

    def made(tried: Config, make: Remake) -> dict[str, Any]:
        with overlaid(spark, folder, files.join(scratch, uuid.uuid4().hex[:12]), tried) as run:
            make(run)
            return evaluate(of_run(run.read, language), known, run.read)

    found: dict[str, Any] = {}
    for way in dict.fromkeys(ways):
        log.info("%s ...", way)
        if way in METHODS:
            cluster = dataclasses.replace(config.cluster, method=way)
            found[way] = made(dataclasses.replace(config, cluster=cluster), remake)
        elif way == OWN:
            found[way] = evaluate(of_run(tables, language), known, tables)
        else:
            found[way] = evaluate(_baseline(way, tables, known, kept, most, language), known, tables)
    if reassign is not None:
        # The run itself may be of other settings or another version: terms are compared with it assigned again.
        for name, tried in {"again": config, **toggle_terms(config)}.items():
            log.info("%s %s ...", OWN, name)
            found[f"{OWN} {name}"] = made(tried, reassign) | {"grouping": None}  # phrases are grouped as in the run
    return {"truth": {**file, **_facts(known)}, "ways": found}


def _baseline(way: str, tables: Tables, truth: Truth, kept: Any, most: int, language: str) -> baselines.Labelling:
    texts, mentions = tables("texts"), tables("mentions")
    if way == "exact":
        return baselines.exact(texts, mentions, truth.classes, language)
    if way == "wordnet":
        return baselines.first_senses(texts, mentions)
    return baselines.inflection(texts, mentions, kept, most, language)


def _keep(folder: str, content: Mapping[str, Any]) -> None:
    """Put an evaluation into the folder of its run, in place of an older one, and say where, or why not."""
    if OWN not in content["ways"]:
        log.warning("the run does not keep this: --methods without %s judges none of its own labels.", OWN)
        return
    path = files.join(folder, NAME)
    try:
        files.write_json(path, content)
    except OSError as error:  # a run that others own, or an archive
        told = mask_text(f"{path}: cannot be written ({_why(error)})")
        log.warning("%s. The run does not keep this; --out writes it elsewhere.", told)
        return
    told = f"\nKept in {path}.\n"
    if StoredTables(folder).has("manifest"):
        root, _, run_id = folder.rstrip("/").rpartition("/")
        told += f"The run's page shows it after: jobs/report.py --run-root {root} --run-id {run_id}, with the --config "
        told += "or --corpus of the run.\n"
    sys.stdout.write(mask_text(told))


def _write(option: str, path: str, text: str) -> None:
    try:
        files.write_text(files.absolute(path), text)
    except OSError as error:
        raise RunError(f"{option} {path}: cannot be written ({_why(error)}). Give another place.") from None


def _why(error: OSError) -> str:
    """In a few words: pyarrow's own name its files beside the one that was to be written."""
    return os.strerror(error.errno) if error.errno else str(error).partition("\n")[0]


def _plot(path: str, ways: Mapping[str, Mapping[str, Any]]) -> None:
    sure = {way: result["confidence"] for way, result in ways.items() if result["confidence"] is not None}
    if sure:
        _write("--plot", path, reliability_diagram(sure))
    else:
        log.warning("no way has judged pairs with a confidence: %s is not written.", path)


def _facts(truth: Truth) -> Mapping[str, Any]:
    return {
        "images": truth.images,
        "unknown_images": truth.unknown,
        "classes": len(truth.classes),
        "pairs": int(truth.true.sum()),
    }


def _parser(doc: str) -> JobParser:
    parser = job_parser(doc)
    read, write, work = (parser.group(title) for title in (READ, WRITE, WORK))
    read.add_argument("--run", required=True, metavar="DIR", help="folder of a finished run: RUN_ROOT/RUN_ID")
    read.add_argument(
        "--truth", required=True, metavar="FILE", help="trusted labels: Parquet or CSV with image_id and label"
    )
    work.add_argument(
        "--methods",
        nargs="+",
        choices=WAYS,
        default=[OWN, *baselines.NAMES],
        metavar="WAY",
        help=f"what to judge: {', '.join(WAYS)} (default: {OWN} and the baselines {', '.join(baselines.NAMES)})",
    )
    work.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="another setting for all methods tried"
    )
    work.add_argument(
        "--ablate",
        action="store_true",
        help="also the run assigned again, as it is and with each term of confidence switched off or on",
    )
    write.add_argument("--plot", metavar="FILE.svg", help="confidence against precision, raw and calibrated")
    write.add_argument("--out", metavar="FILE", help="what the run keeps, all of it as JSON, here too")
    write.add_argument(
        "--scratch",
        default=tempfile.gettempdir(),
        metavar="DIR",
        help="where tables stay while methods are tried; a folder that workers see too (default: %(default)s)",
    )
    return parser
