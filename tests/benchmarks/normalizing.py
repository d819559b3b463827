"""How fast signals are normalized: the product against plain Python loops over every row.

    python tests/benchmarks/generate.py build/signals --signals 2000000
    python tests/benchmarks/normalizing.py compare build/signals --out build/cleaned --peer-python PYTHON

The peers need an environment of their own: `python -m venv build/peers; build/peers/bin/pip install ftfy datatrove
regex pyarrow`. Generated texts are clean, so some are soiled first, by a hash of the text, in about the shares of
public clip art and web pictures (a few times their share where it is under 1 in 1,000):

    capitals at the start of words 10 %, all capitals .5 %, hashtags .5 %, e-mail addresses .25 %, URLs .2 %,
    HTML entities .2 %, mojibake .1 %

Engines:

    ours       clean_distinct; its text and language, joined back to every signal, are written as Parquet: Spark,
               local[2], its start left out
    ftfy       ftfy.fix_text, row by row in one process; mends characters only
    datatrove  datatrove's simplify_text, row by row in one process; lower case, no signs, no accents

The loops run over the first rows alone (--sample), and the figure of all rows is extrapolated from it: a loop costs
the same for every row. They write nothing.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

SEED = 0


def soil(texts: pa.Array) -> pa.Array:
    """The texts with dirt; equal texts get equal dirt, or repetition would be lost."""
    import numpy as np
    from draws import Draw
    from pandas.util import hash_array

    coded = texts.dictionary_encode()
    distinct = coded.dictionary
    luck = Draw(SEED).uniform("soil", hash_array(distinct.to_numpy(zero_copy_only=False)))
    kinds: list[tuple[float, Callable[[pa.Array], pa.Array]]] = [
        (0.1, pc.utf8_title),
        (0.005, pc.utf8_upper),
        (0.005, lambda text: _joined(text, pc.binary_join_element_wise(" #", _letters(text), ""))),
        (0.0025, lambda text: _joined(text, pc.binary_join_element_wise(" ", _letters(text), "@example.com", ""))),
        (0.002, lambda text: _joined(text, pc.binary_join_element_wise(" https://example.com/", _letters(text), ""))),
        (0.002, lambda text: _joined(text, pa.scalar(" &amp; caf&eacute;"))),
        (0.001, lambda text: _joined(text, pa.scalar(" cafÃ© donâ€™t"))),
    ]
    edges = np.cumsum([share for share, _ in kinds])
    chosen = np.searchsorted(edges, luck, side="right")
    dirty = distinct
    for place, (_, change) in enumerate(kinds):
        mask = pa.array(chosen == place)
        dirty = pc.replace_with_mask(dirty, mask, change(distinct.filter(mask)))
    return dirty.take(coded.indices)


def prepare(source: Path, out: Path) -> int:
    """Write the soiled signals file by file; gives the number of rows."""
    out.mkdir(parents=True)
    rows = 0
    for path in sorted(source.glob("*.parquet")):
        table = pq.read_table(path)
        place = table.schema.get_field_index("text")
        table = table.set_column(place, "text", soil(table["text"].combine_chunks()))
        pq.write_table(table, out / path.name, compression="zstd")
        rows += table.num_rows
    return rows


def normalize_with_ours(source: Path, out: Path, sample: int) -> tuple[int, float]:
    """Every signal gets its clean text and language. Gives rows and seconds."""
    from pyspark.sql import functions as F

    from pipeline.runtime.config import NormalizeConfig, SparkConfig
    from pipeline.runtime.session import start_session
    from pipeline.text.normalize import clean_distinct

    spark = start_session(SparkConfig(master="local[2]"), "normalizing")
    start = time.monotonic()
    signals = spark.read.parquet(str(source))
    cleaned = clean_distinct(signals, NormalizeConfig()).select("raw", "stated", "text", "language")
    stated = signals.withColumns({"raw": F.col("text"), "stated": F.coalesce("language", F.lit(""))})
    facts = stated.drop("text", "language").join(cleaned, ["raw", "stated"])
    facts.select("image_id", "signal", "text", "language", "count", "contributor").write.parquet(str(out))
    seconds = time.monotonic() - start
    spark.stop()
    return pq.read_table(out, columns=["image_id"]).num_rows, seconds


def loop_with(clean: Callable[[str], str], source: Path, sample: int) -> tuple[int, float]:
    """Clean the first rows one by one. Gives rows and seconds."""
    texts: list[str] = []
    for path in sorted(source.glob("*.parquet")):
        texts += pq.read_table(path, columns=["text"])["text"].to_pylist()[: sample - len(texts)]
    start = time.monotonic()
    for text in texts:
        clean(text)
    return len(texts), time.monotonic() - start


def normalize_with_ftfy(source: Path, out: Path, sample: int) -> tuple[int, float]:
    """ftfy alone."""
    import ftfy

    return loop_with(ftfy.fix_text, source, sample)


def normalize_with_datatrove(source: Path, out: Path, sample: int) -> tuple[int, float]:
    """What datatrove does before it looks for duplicates."""
    from datatrove.utils.text import simplify_text

    return loop_with(simplify_text, source, sample)


ENGINES = {"ours": normalize_with_ours, "ftfy": normalize_with_ftfy, "datatrove": normalize_with_datatrove}


def run(engine: str, source: Path, out: Path, sample: int) -> int:
    """Normalize by one engine, here; says rows and seconds as the last line, in JSON."""
    rows, seconds = ENGINES[engine](source, out, sample)
    sys.stdout.write(json.dumps({"rows": rows, "seconds": seconds}) + "\n")
    return 0


def compare(source: Path, out: Path, sample: int, engines: Sequence[str], peer_python: str) -> int:
    """Normalize by each engine in turn and print a table; 1 where one fails."""
    from watch import watch

    if out.exists():
        shutil.rmtree(out)
    dirty = out / "signals"
    every = prepare(source, dirty)
    sys.stdout.write(f"{every:,} signals\n\n| engine | rows done | signals/s | all rows, s | ratio | peak MB |\n")
    sys.stdout.write("|---|---|---|---|---|---|\n")
    best, failed = 0.0, 0
    for engine in engines:
        python = sys.executable if engine == "ours" else peer_python
        command = [python, __file__, "run", engine, str(dirty), "--out", str(out / engine), "--sample", str(sample)]
        seen = watch(command)
        if seen.code:
            sys.stdout.write(f"{engine} failed with exit code {seen.code}:\n{seen.output[-2_000:]}\n")
            failed = 1
            continue
        result = seen.result()
        rate = result["rows"] / result["seconds"]
        best = best or rate
        sys.stdout.write(
            f"| {engine} | {result['rows']:,} | {rate:,.0f} | {every / rate:.0f} | {rate / best:.2f} "
            f"| {seen.peak_mb:,} |\n"
        )
    return failed


def main(argv: Sequence[str] | None = None) -> int:
    """Run one engine, or compare all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="normalize by one engine")
    one.add_argument("engine", choices=ENGINES)
    several = commands.add_parser("compare", help="soil the signals, then normalize them by all engines")
    several.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    several.add_argument("--peer-python", default=sys.executable, help="interpreter of the others (default: this one)")
    for command in (one, several):
        command.add_argument("source", type=Path, help="folder of Parquet files as generate.py writes them")
        command.add_argument("--out", type=Path, required=True, help="folder for what is written; replaced by compare")
        command.add_argument("--sample", type=int, default=200_000, help="rows of a loop (default: %(default)s)")
    arguments = parser.parse_args(argv)
    if arguments.command == "run":
        return run(arguments.engine, arguments.source, arguments.out, arguments.sample)
    return compare(arguments.source, arguments.out, arguments.sample, arguments.engines, arguments.peer_python)


def _letters(text: pa.Array) -> pa.Array:
    return pc.replace_substring(text, " ", "")


def _joined(text: pa.Array, rest: pa.Array | pa.Scalar) -> pa.Array:
    return pc.binary_join_element_wise(text, rest, "")


if __name__ == "__main__":
    sys.exit(main())
