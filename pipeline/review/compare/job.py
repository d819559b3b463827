"""Two runs compared: on the console, and as a page that needs nothing but itself."""

import argparse
import sys
from collections.abc import Sequence

from pipeline.review.compare.runs import Comparison, compare_runs
from pipeline.review.compare.sheets import sections
from pipeline.review.page import make_environment
from pipeline.review.sheet import Facts
from pipeline.review.stored_run import StoredRun
from pipeline.review.terminal import show, to_reader
from pipeline.runtime import files
from pipeline.runtime.cli import run_command
from pipeline.runtime.errors import RunError
from pipeline.runtime.job_parser import READ, RUN, WORK, WRITE, JobParser, job_parser


def run_compare(doc: str, argv: Sequence[str] | None = None) -> int:
    """Compare two runs; gives the exit code: 0 done, 2 unusable input.

    Args:
        doc: what the job does, for --help.
        argv: arguments; those of the process where None.
    """
    return run_command(make_parser(doc), argv, _compare)


def render_comparison(found: Comparison) -> str:
    """The page: one HTML document without scripts. Equal comparison, equal page."""
    environment = make_environment()
    environment.tests["facts"] = lambda block: isinstance(block, Facts)
    return environment.get_template("compare.html.j2").render(found=found, sections=sections(found))


def _compare(parsed: argparse.Namespace) -> None:
    if parsed.html and files.exists(parsed.html):
        raise RunError(f"{parsed.html}: the file exists. Move or delete it, or give another --html.")
    old, new = (_find(parsed.run_root, named) for named in (parsed.old, parsed.new))
    scores = (parsed.scores[0], parsed.scores[1]) if parsed.scores else None
    found = compare_runs(old, new, max(0, parsed.examples), scores)
    if parsed.html:
        files.write_text(files.absolute(parsed.html), render_comparison(found))
    with to_reader(sys.stdout):
        show([block for _, blocks in sections(found) for block in blocks], sys.stdout)
        sys.stdout.write(f"page {parsed.html}\n" if parsed.html else "")


def _find(root: str, named: str) -> StoredRun:
    """A run by its folder, or by its name in the folder of runs."""
    if "/" in named:
        folder, _, run_id = files.absolute(named).rstrip("/").rpartition("/")
        return StoredRun(folder, run_id)
    return StoredRun(root, named)


def make_parser(doc: str) -> JobParser:
    """The options of the job."""
    parser = job_parser(doc)
    read, work = parser.group(READ), parser.group(WORK)
    read.add_argument("old", metavar="OLD_RUN", help="the earlier run: its name in --run-root, or its folder")
    read.add_argument("new", metavar="NEW_RUN", help="the later run")
    read.add_argument(
        "--scores",
        nargs=2,
        metavar=("OLD.json", "NEW.json"),
        help="evaluations that jobs/evaluate.py --out wrote (default: those that it keeps in the runs, if there)",
    )
    parser.group(RUN).add_argument("--run-root", default="runs", metavar="DIR", help="where runs are kept")
    parser.group(WRITE).add_argument("--html", metavar="FILE", help="write a page too; the file must not exist")
    work.add_argument(
        "--examples", type=int, default=5, metavar="N", help="labels and phrases shown of each kind of change"
    )
    return parser
