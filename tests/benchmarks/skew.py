"""Extreme skew through the product with its default settings: is it done, how fast, and in how much memory?

    python tests/benchmarks/skew.py build/skew

Writes one image with 500,000 captions, a third of them distinct as in generated signals, and one board name on
2,000,000 other images, and runs the stages as far as mine_candidates in a process of its own. Prints seconds and
memory of each stage, memory of the whole process tree as seen from outside, and fails where a stage fails.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from draws import Draw, ranks, spell
from generate import FILE_ROWS, make_batch
from watch import watch

_ROAD = Path(__file__).parents[2] / "jobs" / "mine.py"
_UNTIL = "mine_candidates"
_CONFIG = """\
[[sources]]
name = "skewed"
path = "{path}"
signal_column = "signal"
text = "text"
language = "language"
count = "count"
contributor = "contributor"
"""


def captions(rows: int) -> Iterator[pa.Table]:
    """One image that many people describe."""
    draw, vocabulary = Draw(0), spell()
    for start in range(0, rows, FILE_ROWS):
        size = min(FILE_ROWS, rows - start)
        texts = make_batch(draw, start, size, rows, vocabulary).table["text"]
        yield _facts(pa.array(np.full(size, "famous")), "description", texts, draw, start)


def boards(images: int) -> Iterator[pa.Table]:
    """One board name on many images."""
    draw = Draw(1)
    for start in range(0, images, FILE_ROWS):
        size = min(FILE_ROWS, images - start)
        numbers = pa.array(np.arange(start, start + size)).cast(pa.string())
        names = pa.array(np.full(size, "wedding ideas"))
        yield _facts(pc.binary_join_element_wise("i", numbers, ""), "board", names, draw, start)


def write_signals(folder: Path, captioned: int, boarded: int) -> int:
    """Write both as Parquet; gives the number of rows."""
    folder.mkdir(parents=True)
    rows = 0
    for name, tables in (("captions", captions(captioned)), ("boards", boards(boarded))):
        for place, table in enumerate(tables):
            pq.write_table(table, folder / f"{name}-{place:03d}.parquet", compression="zstd")
            rows += table.num_rows
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Write the signals, run the stages, print what they cost; 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for signals and the run; replaced")
    parser.add_argument("--captions", type=int, default=500_000, help="texts of the one image (default: %(default)s)")
    parser.add_argument("--images", type=int, default=2_000_000, help="images of the one board (default: %(default)s)")
    arguments = parser.parse_args(argv)
    out = arguments.out.resolve()
    if out.exists():
        shutil.rmtree(out)
    rows = write_signals(out / "signals", arguments.captions, arguments.images)
    config = out / "skew.toml"
    config.write_text(_CONFIG.format(path=out / "signals"))
    options = ["--config", config, "--run-root", out / "runs", "--run-id", "skew", "--until", _UNTIL]
    seen = watch([sys.executable, str(_ROAD), *map(str, options)])
    record = out / "runs" / "skew" / "run.json"
    stages = json.loads(record.read_text())["stages"] if record.exists() else []
    lines = [f"{rows:,} signals", "", "| stage | rows in | rows out | seconds | peak MB |", "|---|---|---|---|---|"]
    lines += [
        f"| {stage['stage']} | {stage['rows_in']:,} | {stage['rows_out']:,} | {stage['seconds']:.1f} "
        f"| {stage['peak_memory_mb']:,} |"
        for stage in stages
    ]
    lines.append(f"| all | | | {seen.seconds:.1f} | {seen.peak_mb:,} |")
    failed = seen.code != 0 or not stages or stages[-1]["stage"] != _UNTIL
    if failed:
        lines += ["", f"failed with exit code {seen.code}:", seen.output[-4_000:]]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(failed)


def _facts(images: pa.Array, signal: str, texts: pa.Array | pa.ChunkedArray, draw: Draw, start: int) -> pa.Table:
    """Rows of one kind of text, said by 100,000 people of whom some say much."""
    size = len(images)
    person = ranks(draw.uniform("person", np.arange(start, start + size)), 100_000, 1_000, 20)
    return pa.table(
        {
            "image_id": images,
            "signal": pa.array(np.full(size, signal)),
            "text": texts,
            "language": pa.array(np.full(size, "en")),
            "count": pa.array(np.ones(size, dtype=np.int64)),
            "contributor": pc.binary_join_element_wise("u", pa.array(person).cast(pa.string()), ""),
        }
    )


if __name__ == "__main__":
    sys.exit(main())
