"""Everything that a run knows of a label, an image, a phrase or a text: asked for, looked up, shown."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import Any

from pipeline.review.explain.label import find_label
from pipeline.review.explain.label_names import find_labels
from pipeline.review.explain.phrase import find_phrases
from pipeline.review.explain.sheets import choice_block, label_blocks, phrase_blocks
from pipeline.review.explain.sheets_of_images import image_blocks, text_blocks
from pipeline.review.page import visible
from pipeline.review.sheet import Block
from pipeline.review.stored_run import StoredRun, open_run
from pipeline.review.terminal import show, to_reader
from pipeline.runtime.cli import run_command
from pipeline.runtime.errors import InputError, RunError
from pipeline.runtime.job_parser import CONSOLE, READ, RUN, JobParser, job_parser

_WHAT = {
    "label": "by its name, key or number, or by any phrase of it",
    "image": "by its image_id",
    "phrase": "whether it has a label or not",
    "text": "as a source may say it",
}


def run_explain(doc: str, argv: Sequence[str] | None = None) -> int:
    """Look something up in a run and show it; gives the exit code: 0 found, 2 not found or no such run.

    Args:
        doc: what the job does, for --help.
        argv: arguments; those of the process where None.
    """
    return run_command(make_parser(doc), argv, _explain)


def _explain(parsed: argparse.Namespace) -> None:
    if not parsed.name.isprintable() and parsed.name != parsed.name.encode("utf-8", "ignore").decode():
        raise InputError("the name is no UTF-8. Set the locale of the console, or give an id or a key.")
    run = open_run(parsed.run_root, parsed.run_id)
    found, blocks = _look_up(run, parsed)
    with to_reader(sys.stdout):
        if parsed.json:
            content = {"run_id": run.run_id, "asked": {parsed.what: parsed.name}, "found": found}
            sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        else:
            show(blocks, sys.stdout)


def _look_up(run: StoredRun, parsed: argparse.Namespace) -> tuple[list[Any], list[Block]]:
    """What was found, as plain values and as facts and tables."""
    asked, language = parsed.name, parsed.language
    # What cleans texts and matches phrases is loaded where it is needed alone: a label is shown in half the time.
    if parsed.what == "image":
        from pipeline.review.explain.image import find_image

        image = find_image(run, asked)
        return [dataclasses.asdict(image)], image_blocks(image)
    if parsed.what == "text":
        from pipeline.review.explain.text import find_text

        text = find_text(run, asked, language)
        return [dataclasses.asdict(text)], text_blocks(text)
    if parsed.what == "phrase":
        phrases = find_phrases(run, asked, language)
        return [dataclasses.asdict(item) for item in phrases], [
            block for item in phrases for block in phrase_blocks(item)
        ]
    labels = find_labels(run, asked, language)
    if len(labels) > 1:
        if not parsed.json:
            with to_reader(sys.stdout):
                show([choice_block(asked, labels)], sys.stdout)
        told = ", ".join(
            f"{visible(item.name)} ({item.language}, id {item.label_id}, key {item.key})" for item in labels[:5]
        )
        raise RunError(f"{len(labels)} labels fit {asked!r}: {told}. Give --language, or the id or key of one.")
    label = find_label(run, labels[0])
    return [dataclasses.asdict(label)], label_blocks(label)


def make_parser(doc: str) -> JobParser:
    """The options of the job."""
    parser = job_parser(doc)
    read, run = parser.group(READ), parser.group(RUN)
    read.add_argument("what", choices=_WHAT, help="; ".join(f"{name}: {what}" for name, what in _WHAT.items()))
    read.add_argument("name", metavar="NAME", help="what is looked for; in quotes where it has spaces")
    read.add_argument("--language", metavar="LANG", help="of the label, phrase or text, such as en (default: any)")
    run.add_argument("--run-root", default="runs", metavar="DIR", help="where runs are kept")
    run.add_argument(
        "--run-id", metavar="ID", help="name of the run (default: that of the current manifest, else the newest)"
    )
    parser.group(CONSOLE).add_argument("--json", action="store_true", help="one JSON object instead of tables")
    return parser
