"""Extreme skew through the product with its default settings: is it done, how fast, and in how much memory?

    python tests/benchmarks/skew.py build/skew

Writes one image with 500,000 captions, a third of them distinct as in generated signals, one board name on 1,000,000
other images, and titles of these: 30 % say dog, 10 % are generated. It runs the stages as far as assign in a process of
its own, and then match and assign again under each of the numbers of partitions. Prints seconds and memory of each
stage, memory of the whole process tree as seen from outside, and whether all runs gave equal tables; fails where a
stage fails or tables differ. Encoder, and what is too general, are set so that labels come of it; memory is as it is.
"""

import argparse
import hashlib
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
_UNTIL = "assign"
_AGAIN = ("match", "assign")
_COMPARED = ("evidence", "assignments")
_DOGS = ("dog", "happy dog", "dog at the beach", "our dog", "dog and cat")
_CONFIG = """\
[[sources]]
name = "skewed"
path = "{path}"
signal_column = "signal"
text = "text"
language = "language"
count = "count"
contributor = "contributor"

[mine]
min_images = 50
max_image_share = 0.5
min_specificity = 0.0

[embed]
encoder = "hashing"
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


def titles(images: int) -> Iterator[pa.Table]:
    """Three in ten of these images are titled as dogs, one in ten as generated images are."""
    draw, vocabulary = Draw(2), spell()
    for start in range(0, images, FILE_ROWS):
        numbers = np.arange(start, min(start + FILE_ROWS, images))
        luck = draw.uniform("luck", numbers)
        names = pc.binary_join_element_wise("i", pa.array(numbers).cast(pa.string()), "")
        dogs, others = np.flatnonzero(luck < 0.3), np.flatnonzero(luck > 0.9)
        said = pa.array(np.array(_DOGS)[numbers[dogs] % len(_DOGS)])
        yield _facts(names.take(pa.array(dogs)), "title", said, draw, start)
        generated = make_batch(draw, start, len(others), images, vocabulary).table["text"]
        yield _facts(names.take(pa.array(others)), "title", generated, draw, start + len(dogs))


def digest(run: Path, table: str) -> str:
    """16 hexadecimal digits of the sorted rows of a run's table."""
    place = json.loads((run / "tables" / f"{table}.json").read_text())["path"]
    rows = pq.read_table(run / place)
    lines = sorted(map(repr, zip(*(rows[name].to_pylist() for name in sorted(rows.column_names)), strict=True)))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def run_again(runs: Path, config: Path, partitions: int) -> tuple[int, str]:
    """Match and assign of a copy of the run under so many partitions; exit code and output."""
    copy = runs / f"partitions-{partitions}"
    shutil.copytree(runs / "skew", copy)
    record = json.loads((copy / "run.json").read_text())
    record["stages"] = [stage for stage in record["stages"] if stage["stage"] not in _AGAIN]
    (copy / "run.json").write_text(json.dumps(record))
    options = ["--config", config, "--run-root", runs, "--resume", copy.name, "--until", _UNTIL]
    seen = watch([sys.executable, str(_ROAD), *map(str, options), "--set", f"spark.shuffle_partitions={partitions}"])
    return seen.code, f"{partitions} partitions: {seen.seconds:.1f} s, {seen.peak_mb:,} MB"


def write_signals(folder: Path, captioned: int, boarded: int) -> int:
    """Write both as Parquet; gives the number of rows."""
    folder.mkdir(parents=True)
    rows = 0
    parts = (("captions", captions(captioned)), ("boards", boards(boarded)), ("titles", titles(boarded)))
    for name, tables in parts:
        for place, table in enumerate(tables):
            pq.write_table(table, folder / f"{name}-{place:03d}.parquet", compression="zstd")
            rows += table.num_rows
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Write the signals, run the stages, print what they cost; 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for signals and the run; replaced")
    parser.add_argument("--captions", type=int, default=500_000, help="texts of the one image (default: %(default)s)")
    parser.add_argument("--images", type=int, default=1_000_000, help="images of the one board (default: %(default)s)")
    parser.add_argument(
        "--partitions", type=int, nargs="*", default=[1, 7, 64], help="to assign under again (default: 1 7 64)"
    )
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
    runs = out / "runs"
    for partitions in [] if failed else arguments.partitions:
        code, told = run_again(runs, config, partitions)
        equal = code == 0 and all(
            digest(runs / "skew", table) == digest(runs / f"partitions-{partitions}", table) for table in _COMPARED
        )
        sys.stdout.write(f"{told}, {'equal' if equal else 'DIFFERENT'}\n")
        failed = failed or not equal
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
