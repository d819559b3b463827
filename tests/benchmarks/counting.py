"""Counts the phrases of 1-4 words that at least 20 signals hold, by the product and by other engines.

    python tests/benchmarks/generate.py build/signals --signals 2000000
    python tests/benchmarks/counting.py compare build/signals --peer-python build/peers/bin/python
    python tests/benchmarks/counting.py compare build/signals --engines ours polars
    python tests/benchmarks/counting.py run ours build/signals build/counted

The peers need an environment of their own, so that the product's stays as it is:

    python -m venv build/peers
    build/peers/bin/pip install polars duckdb scikit-learn pyarrow

Every engine is a process of its own, reads the same Parquet files, and writes the same table (phrase, documents): a
document is one signal, and a phrase counts once in it, however often it stands there. Words are what single spaces
part. Engines:

    ours             the product, local[2]: texts packed once, two passes over them, hashes counted in numpy by Spark's
                     Python workers
    sklearn          CountVectorizer over all rows
    polars           all rows: words exploded, n-grams by shifting, unique per document, group_by
    polars-distinct  the same over distinct texts, each with its number of rows
    duckdb           all rows: n-grams as distinct lists, unnested, grouped
    duckdb-distinct  the same over distinct texts

`compare` prints seconds of the whole process and of the work without start and imports, memory of all its processes,
and fails where two results differ.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_WORDS, FEWEST_DOCUMENTS = 4, 20


def count_with_ours(source: str, out: Path) -> None:
    """The product's own functions and session; a driver with the default memory."""
    from pyspark import StorageLevel
    from pyspark.sql import functions as F

    from pipeline.runtime.config import SparkConfig
    from pipeline.runtime.session import start_session
    from pipeline.vocabulary.mining import bundles, counting, tally

    spark = start_session(SparkConfig(master="local[2]"), "counting")
    signals = spark.read.schema("text string, language string").parquet(source)
    weighed = signals.select("text", "language", F.lit(1).cast("long").alias("weight"))
    packed = bundles.pack(weighed).persist(StorageLevel.MEMORY_AND_DISK)
    bits = tally.counter_bits(packed.agg(F.sum("texts")).first()[0])
    blocks = counting.hash_counters(packed, bits, FEWEST_DOCUMENTS, MOST_WORDS).toArrow()
    passing = list(zip(blocks["block"].to_pylist(), blocks["bits"].to_pylist(), strict=True))
    bitmap = spark.sparkContext.broadcast(tally.join_blocks(passing, bits))
    counted = counting.count_phrases(packed, bitmap, MOST_WORDS)
    frequent = counted.where(F.col("phrase").isNotNull() & (F.col("weight") >= FEWEST_DOCUMENTS))
    frequent.select("phrase", F.col("weight").alias("documents")).write.mode("overwrite").parquet(str(out))
    spark.stop()


def count_with_sklearn(source: str, out: Path) -> None:
    """CountVectorizer as its documentation shows it."""
    from sklearn.feature_extraction.text import CountVectorizer

    texts = pq.read_table(source, columns=["text"])["text"].to_pylist()
    vectorizer = CountVectorizer(
        ngram_range=(1, MOST_WORDS),
        min_df=FEWEST_DOCUMENTS,
        binary=True,
        lowercase=False,
        token_pattern=r"[^ ]+",
    )
    matrix = vectorizer.fit_transform(texts)
    documents = matrix.sum(axis=0).A1
    _write(out, pa.table({"phrase": pa.array(vectorizer.get_feature_names_out()), "documents": pa.array(documents)}))


def count_with_polars(source: str, out: Path, distinct: bool = False) -> None:
    """Shifted words of the flat text, which is far quicker than lists of n-grams a row."""
    import polars as pl

    texts = pl.scan_parquet(f"{source}/*.parquet").select("text")
    if distinct:
        texts = texts.group_by("text").agg(pl.len().alias("times"))
    else:
        texts = texts.with_columns(pl.lit(1, pl.UInt32).alias("times"))
    words = texts.with_row_index("document").with_columns(pl.col("text").str.split(" ").alias("word"))
    flat = words.select("document", "times", "word").explode("word")
    counts = []
    for n in range(1, MOST_WORDS + 1):
        phrase = pl.concat_str([pl.col("word").shift(-step) for step in range(n)], separator=" ")
        inside = pl.col("document") == pl.col("document").shift(1 - n)
        found = flat.select("document", "times", phrase.alias("phrase"), inside.alias("inside")).filter("inside")
        once = found.unique(["document", "phrase"])
        counts.append(once.group_by("phrase").agg(pl.col("times").sum().cast(pl.Int64).alias("documents")))
    frequent = pl.concat(counts).filter(pl.col("documents") >= FEWEST_DOCUMENTS)
    _write(out, frequent.collect().to_arrow())


def count_with_duckdb(source: str, out: Path, distinct: bool = False) -> None:
    """Plain SQL, with the memory limit and the threads that DuckDB chooses."""
    import duckdb

    rows = f"read_parquet('{source}/*.parquet')"
    texts = f"SELECT text, 1 AS times FROM {rows}"
    if distinct:
        texts = f"SELECT text, count(*) AS times FROM {rows} GROUP BY text"
    query = f"""
        WITH texts AS ({texts}),
        split AS (SELECT string_split(text, ' ') AS words, times FROM texts),
        grams AS (
            SELECT times, unnest(list_distinct(flatten(list_transform(
                range(1, {MOST_WORDS + 1}),
                lambda n: list_transform(
                    range(1, len(words) - n + 2),
                    lambda i: array_to_string(words[i:i + n - 1], ' ')
                )
            )))) AS phrase FROM split
        )
        SELECT phrase, sum(times)::BIGINT AS documents FROM grams
        GROUP BY phrase HAVING sum(times) >= {FEWEST_DOCUMENTS}
    """
    out.mkdir(parents=True)
    duckdb.execute(f"COPY ({query}) TO '{out}/part-0.parquet' (FORMAT parquet)")


ENGINES: dict[str, Callable[[str, Path], None]] = {
    "ours": count_with_ours,
    "sklearn": count_with_sklearn,
    "polars": count_with_polars,
    "polars-distinct": lambda source, out: count_with_polars(source, out, distinct=True),
    "duckdb": count_with_duckdb,
    "duckdb-distinct": lambda source, out: count_with_duckdb(source, out, distinct=True),
}


def run(engine: str, source: str, out: Path) -> int:
    """Count by one engine, here; says the seconds of the work as its last line, in JSON."""
    if out.exists():
        shutil.rmtree(out)
    start = time.monotonic()
    ENGINES[engine](source, out)
    sys.stdout.write(json.dumps({"engine": engine, "seconds": round(time.monotonic() - start, 2)}) + "\n")
    return 0


def compare(source: str, engines: Sequence[str], peer_python: str) -> int:
    """Count by each engine in turn and print a table; 1 where one fails or finds something else."""
    from watch import watch

    results, lines, wrong = {}, [], []
    with tempfile.TemporaryDirectory() as folder:
        for engine in engines:
            out = Path(folder) / engine
            python = sys.executable if engine == "ours" else peer_python
            seen = watch([python, __file__, "run", engine, source, str(out)])
            if seen.code:
                wrong.append(f"{engine} failed with exit code {seen.code}:\n{seen.output[-2_000:]}")
                continue
            results[engine] = read_counts(out)
            work = seen.result()["seconds"]
            lines.append((engine, seen.seconds, work, seen.peak_mb, len(results[engine])))
    fastest = min((line[1] for line in lines), default=0.0)
    sys.stdout.write("| engine | seconds | ratio | work alone | peak MB | phrases |\n|---|---|---|---|---|---|\n")
    for engine, seconds, work, peak, phrases in lines:
        sys.stdout.write(
            f"| {engine} | {seconds:.1f} | {seconds / fastest:.1f} | {work:.1f} | {peak:,} | {phrases:,} |\n"
        )
    first = next(iter(results), "")
    for engine, counts in results.items():
        wrong += differences(first, results[first], engine, counts)
    sys.stdout.write("\n".join(wrong or [f"all {len(results)} results are equal"]) + "\n")
    return 1 if wrong else 0


def read_counts(folder: Path) -> dict[str, int]:
    """Documents of each phrase."""
    table = pq.read_table(folder)
    return dict(zip(table["phrase"].to_pylist(), pc.cast(table["documents"], pa.int64()).to_pylist(), strict=True))


def differences(one: str, ones: dict[str, int], other: str, others: dict[str, int]) -> list[str]:
    """How many counts of two engines differ, and the first few of them; nothing where they are equal."""
    if ones == others:
        return []
    wrong = sorted(phrase for phrase in ones.keys() | others.keys() if ones.get(phrase) != others.get(phrase))
    examples = ", ".join(f"{phrase!r} {ones.get(phrase, 0)} / {others.get(phrase, 0)}" for phrase in wrong[:5])
    return [f"{one} and {other} differ in {len(wrong):,} phrases: {examples}"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one engine, or compare several."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="count by one engine")
    one.add_argument("engine", choices=ENGINES)
    one.add_argument("source", help="folder of Parquet files with a column text")
    one.add_argument("out", type=Path, help="folder of the result; replaced")
    several = commands.add_parser("compare", help="count by several engines, each in a process of its own")
    several.add_argument("source", help="folder of Parquet files with a column text")
    several.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    several.add_argument("--peer-python", default=sys.executable, help="interpreter of the others (default: this one)")
    arguments = parser.parse_args(argv)
    if arguments.command == "run":
        return run(arguments.engine, arguments.source, arguments.out)
    return compare(arguments.source, arguments.engines, arguments.peer_python)


def _write(out: Path, table: pa.Table) -> None:
    out.mkdir(parents=True)
    pq.write_table(table, out / "part-0.parquet")


if __name__ == "__main__":
    sys.exit(main())
