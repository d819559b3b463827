"""Rows a second out of a published manifest: the product's reader, Hugging Face datasets streaming, pyarrow's scan.

    python tests/benchmarks/reading.py build/publishing/manifest/bench --rows 500000

Each engine reads the same number of rows of the split train in a process of its own, twice, in turn; the faster time
counts. Opening is timed too: an epoch has it once. All of them read all columns. `all` is every row once, and `both`
kept and repeated, as the reader does by default.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from watch import watch

_BATCH = 1_024


def reader_rows(folder: str) -> Iterator[int]:
    """One dict a row, in the file's order of this epoch, shuffled within 16,384."""
    from pipeline.manifest.reader import ManifestReader

    return (1 for _ in ManifestReader(folder, sampling="all"))


def reader_drawn(folder: str) -> Iterator[int]:
    """The same, kept and repeated; rows that are shown count."""
    from pipeline.manifest.reader import ManifestReader

    return (1 for _ in ManifestReader(folder))


def reader_batches(folder: str) -> Iterator[int]:
    """Arrow batches in place of rows."""
    from pipeline.manifest.reader import ManifestReader

    return (batch.num_rows for batch in ManifestReader(folder, sampling="all").batches(_BATCH))


def datasets_rows(folder: str) -> Iterator[int]:
    """One dict a row, in the order of the files."""
    import datasets

    return (1 for _ in datasets.load_dataset(folder, split="train", streaming=True))


def datasets_shuffled(folder: str) -> Iterator[int]:
    """One dict a row, shuffled within 16,384."""
    import datasets

    return (1 for _ in datasets.load_dataset(folder, split="train", streaming=True).shuffle(0, buffer_size=16_384))


def pyarrow_scan(folder: str) -> Iterator[int]:
    """Nothing but decoding: what a reader cannot be faster than on one thread."""
    import pyarrow.dataset as ds

    scanned = ds.dataset(f"{folder}/data/train").to_batches(use_threads=False)
    return (batch.num_rows for batch in scanned)


ENGINES: dict[str, tuple[str, Callable[[str], Iterator[int]]]] = {
    "reader-all": ("our reader, rows, shuffled, all", reader_rows),
    "reader-both": ("our reader, rows, shuffled, both", reader_drawn),
    "reader-batches": ("our reader, batches, shuffled, all", reader_batches),
    "datasets": ("datasets streaming, rows", datasets_rows),
    "datasets-shuffled": ("datasets streaming, rows, shuffled", datasets_shuffled),
    "pyarrow": ("pyarrow scan, one thread", pyarrow_scan),
}


def run(engine: str, folder: str, rows: int) -> None:
    """Read at least so many rows; prints rows and seconds as JSON."""
    start = time.monotonic()
    counted = itertools.accumulate(ENGINES[engine][1](folder))
    read = next((found for found in counted if found >= rows), rows)
    sys.stdout.write(json.dumps({"rows": read, "seconds": time.monotonic() - start}) + "\n")


def compare(folder: str, rows: int) -> None:
    """All engines in turn, twice; prints a Markdown table."""
    best: dict[str, tuple[float, int]] = {}
    for _, engine in itertools.product(range(2), ENGINES):
        seen = watch([sys.executable, __file__, folder, "--rows", str(rows), "--engine", engine])
        if seen.code:
            raise RuntimeError(seen.output)
        result = seen.result()
        best[engine] = max(best.get(engine, (0.0, 0)), (result["rows"] / result["seconds"], seen.peak_mb))
    sys.stdout.write("| reads | rows/s | MB |\n|---|---:|---:|\n")
    for engine, (speed, peak) in best.items():
        sys.stdout.write(f"| {ENGINES[engine][0]} | {speed:,.0f} | {peak:,} |\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, or read with one engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a published manifest")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--engine", choices=ENGINES)
    parsed = parser.parse_args(argv)
    if parsed.engine:
        run(parsed.engine, str(parsed.folder), parsed.rows)
    else:
        compare(str(parsed.folder.absolute()), parsed.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
