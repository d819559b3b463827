"""How well languages are told: texts whose language a table states, with that statement hidden.

    python tests/benchmarks/languages.py [--half {all,tune,report}] PATH...

Each PATH is a Parquet file with the columns text, language and perhaps signal or signal_type. Distinct texts of titles,
tags, descriptions and alternative texts are judged; a text of several languages is one case in each. Prints a Markdown
table: accuracy of all texts, share und, accuracy of the answered, and what und costs: how much higher the accuracy of
all is where every text gets an answer. `--half` takes one of two halves, by a hash of the text.
"""

import argparse
import hashlib
import sys
import time
from collections import defaultdict
from collections.abc import Sequence

import pyarrow.parquet as pq

from pipeline.runtime.config import NormalizeConfig
from pipeline.text.language import UNDETERMINED, LanguageDetector, primary_subtag

JUDGED = ("title", "tag", "description", "alt")
HALVES = {"all": (0, 1), "tune": (0,), "report": (1,)}


def read_cases(path: str, half: str = "all") -> list[tuple[str, str]]:
    """Distinct (text, stated language) of a file, sorted."""
    names = set(pq.read_schema(path).names)
    kind = next((name for name in ("signal", "signal_type") if name in names), None)
    table = pq.read_table(path, columns=["text", "language", *([kind] if kind else [])])
    kinds = table[kind].to_pylist() if kind else [JUDGED[0]] * len(table)
    texts = zip(table["text"].to_pylist(), table["language"].to_pylist(), kinds, strict=True)
    found = {(text, primary_subtag(tag)) for text, tag, signal in texts if text and signal in JUDGED}
    return sorted((text, language) for text, language in found if language and _half(text) in HALVES[half])


def _half(text: str) -> int:
    return hashlib.blake2b(text.encode(), digest_size=1).digest()[0] & 1


def render_table(cases: Sequence[tuple[str, str]], config: NormalizeConfig) -> str:
    """One line a language and one for all."""
    texts = [text for text, _ in cases]
    found, every = (
        LanguageDetector(config.languages, config.default_language, config.default_prior, least)
        for least in (config.min_language_confidence, 0.0)
    )
    every.detect(texts[:1_000])  # loads
    start = time.perf_counter()
    answers = found.detect(texts)
    seconds = time.perf_counter() - start
    forced = every.detect(texts)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (_, language), answer, anyhow in zip(cases, answers, forced, strict=True):
        hits = (1, answer.language == language, answer.language == UNDETERMINED, anyhow.language == language)
        for name in (language, "all"):
            counts[name] = [total + hit for total, hit in zip(counts[name], hits, strict=True)]
    lines = [
        "| language | texts | accuracy | und | accuracy of the answered | und costs |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, (amount, right, und, right_anyhow) in sorted(counts.items(), key=lambda item: (item[0] == "all", item)):
        shares = (right / amount, und / amount, right / max(1, amount - und), (right_anyhow - right) / amount)
        lines.append(f"| {name} | {amount:,} | {' | '.join(f'{share:.3f}' for share in shares)} |")
    return "\n".join([*lines, "", f"{len(texts) / seconds:,.0f} texts a second.", ""])


def main() -> None:
    """Print a table for each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--half", choices=sorted(HALVES), default="all")
    arguments = parser.parse_args()
    for path in arguments.paths:
        table = render_table(read_cases(path, arguments.half), NormalizeConfig())
        sys.stdout.write(f"### {path.rpartition('/')[2]}\n\n{table}\n")


if __name__ == "__main__":
    main()
