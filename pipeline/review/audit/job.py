"""The audit: people judge a drawn sample of image labels, and what they say is read back as precision by band."""

import argparse
import sys
from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame

from pipeline.labeling.judgements import read_judgements
from pipeline.review.ablation import read_record, recorded_config
from pipeline.review.audit.draw import draw_stratified, draw_useful, drawn_evidence, drawn_texts, label_pairs
from pipeline.review.audit.sheet import Pair, write_sheet
from pipeline.review.precision import describe, precision
from pipeline.runtime import files
from pipeline.runtime.cli import run_command, whole
from pipeline.runtime.errors import RunError
from pipeline.runtime.job_parser import READ, WORK, WRITE, JobParser, job_parser
from pipeline.runtime.session import start_session
from pipeline.runtime.tables import Tables

CELLS = 30  # bands * deciles: the most useful pairs are as many as a stratified draw of the same size
_TEXTS, _TEXTS_OF_SIGNAL = 8, 3  # of an image
_TEXT_LENGTH = 300  # characters of a text on the sheet


def run_audit(doc: str, argv: Sequence[str] | None = None) -> int:
    """Draw image labels to judge, or print the precision of judged ones; gives the exit code: 0 done, 2 unusable input.

    Args:
        doc: what the job does, for --help.
        argv: arguments; those of the process where None.
    """
    return run_command(_parser(doc), argv, lambda parsed: _tell(parsed.result) if parsed.result else _draw(parsed))


def collect_pairs(tables: Callable[[str], DataFrame], per_cell: int, seed: int, most_useful: bool) -> list[Pair]:
    """Draw pairs of a run, and read what a judge sees of them.

    Args:
        tables: a published table of the run by its name: assignments, labels, images and signals are read.
        per_cell: pairs of each cell; of the most useful ones, thirty times as many in all.
        seed: of the draw.
        most_useful: the pairs where a judgement teaches most, in place of a stratified draw.

    Returns:
        In the order of the sheet; the same for the same tables, whatever their partitioning.
    """
    assignments, labels, images = tables("assignments"), tables("labels"), tables("images")
    pairs = label_pairs(assignments, labels)
    drawn = draw_useful(pairs, CELLS * per_cell, seed) if most_useful else draw_stratified(pairs, per_cell, seed)
    drawn = drawn.persist()  # few rows, read by each join below
    rows = drawn_evidence(drawn, assignments, labels, images).orderBy("place").collect()
    said = drawn_texts(drawn, tables("signals"), images, _TEXTS, _TEXTS_OF_SIGNAL, _TEXT_LENGTH)
    texts: dict[str, list[tuple[str, str, int]]] = {}
    for row in said.orderBy("image_id", "place").collect():
        texts.setdefault(row.image_id, []).append((row.signal, row.text, row["count"]))
    drawn.unpersist()
    return [
        Pair(
            audit_id=row.audit_id,
            image_id=row.image_id,
            label=row.name,
            display=row.display,
            label_key=row.label_key,
            band=row.band,
            confidence=row.confidence,
            decile=row.decile,
            weight=row.weight,
            evidence=tuple((item.signal, item.phrase, item["count"]) for item in row.evidence),
            texts=tuple(texts.get(row.image_id, ())),
            image_uri=row.image_uri,
        )
        for row in rows
    ]


def _tell(path: str) -> None:
    judgements = read_judgements(path)
    weighted = judgements.num_rows > 0 and judgements["weight"].null_count == 0
    sys.stdout.write(describe(precision(judgements), weighted))


def _draw(parsed: argparse.Namespace) -> None:
    folder, out = files.absolute(parsed.run), files.absolute(parsed.out)
    for name in ("audit.csv", "audit.html"):  # people may have filled it in
        if files.exists(files.join(out, name)):
            raise RunError(f"{files.join(out, name)}: the file exists. Move or delete it, or give another --out.")
    record = read_record(folder, "an audit")
    config = recorded_config(record)
    spark = start_session(config.spark, f"audit {folder}")
    try:
        pairs = collect_pairs(Tables(spark, folder).read, parsed.per_cell, parsed.seed, parsed.most_useful)
    finally:
        spark.stop()
    if not pairs:
        raise RunError(f"{folder}: no image has a label, so there is nothing to judge.")
    how = "most useful pairs" if parsed.most_useful else f"seed {parsed.seed}"
    shown = write_sheet(out, pairs, f"run {record['run_id']}, {how}", roots=config.paths.allowed_roots)
    sys.stdout.write(f"{len(pairs):,} pairs, {shown:,} with a picture: {files.join(out, 'audit.html')} and audit.csv\n")


def _parser(doc: str) -> JobParser:
    parser = job_parser(doc, lambda parsed: "--run needs --out" if parsed.run and not parsed.out else "")
    what = parser.group(READ).add_mutually_exclusive_group(required=True)
    what.add_argument("--run", metavar="DIR", help="folder of a finished run, to draw from: RUN_ROOT/RUN_ID")
    what.add_argument("--result", metavar="FILE", help="judgements to read back: audit_result.csv, or audit.csv")
    parser.group(WRITE).add_argument(
        "--out", metavar="FOLDER", help="where audit.html and audit.csv are written; needed by --run"
    )
    draw = parser.group(WORK)
    draw.add_argument(
        "--per-cell",
        type=whole,
        default=5,
        metavar="N",
        help="pairs of each decile of confidence in each band (default: 5, so at most 150 in all)",
    )
    draw.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw (default: 0)")
    draw.add_argument(
        "--most-useful", action="store_true", help="30 * N uncertain pairs of large labels instead; no fair sample"
    )
    return parser
