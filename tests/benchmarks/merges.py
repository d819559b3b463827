"""Merges of a run, drawn at random, for a person to judge: python tests/benchmarks/merges.py RUN --kind spelling

RUN is the folder of a run that has its tables candidates, vocabulary and members, such as runs/20260101-120000. Without
--kind every kind is shown. The draw is a hash of the seed and the phrase: the same under any order of the rows.
"""

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def read_table(run: Path, name: str, columns: Sequence[str]) -> list[dict[str, object]]:
    """Rows of a run's table."""
    folder = run / "tables" / name
    files = sorted(folder.rglob("*.parquet"))
    if not files:
        raise SystemExit(f"{folder}: there is no such table. Give the folder of a run that was clustered.")
    rows: list[dict[str, object]] = pa.concat_tables(
        [pq.read_table(file, columns=list(columns)) for file in files]
    ).to_pylist()
    return rows


def draw(rows: list[dict[str, object]], amount: int, seed: int) -> list[dict[str, object]]:
    """So many of the rows, the same for the same seed."""

    def place(row: dict[str, object]) -> bytes:
        return hashlib.blake2b(f"{seed}:{row['language']}:{row['phrase']}".encode(), digest_size=8).digest()

    return sorted(rows, key=place)[:amount]


def read_merges(run: Path) -> dict[str, list[dict[str, object]]]:
    """By kind: each phrase that joined a label, with the label's name, and the images of both."""
    candidates = {row["phrase_id"]: row for row in read_table(run, "candidates", ["phrase_id", "language", "images"])}
    labels = {row["label_id"]: row for row in read_table(run, "vocabulary", ["label_id", "name", "support"])}
    members = read_table(run, "members", ["phrase_id", "label_id", "phrase", "how", "similarity"])
    merges = defaultdict(list)
    for row in members:
        label, candidate = labels[row["label_id"]], candidates[row["phrase_id"]]
        merges[str(row["how"])].append({**row, **candidate, "name": label["name"], "support": label["support"]})
    return merges


def main() -> None:
    """Print the draws, one merge a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN", type=Path)
    parser.add_argument("--kind", help="inflection, spacing, linking, order, spelling, initials, synonym or embedding")
    parser.add_argument("--sample", type=int, default=50, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    merges = read_merges(arguments.run)
    for kind in [arguments.kind] if arguments.kind else sorted(set(merges) - {"self"}):
        rows = merges.get(kind, [])
        sys.stdout.write(f"{kind}: {len(rows):,} merges\n")
        for row in draw(rows, arguments.sample, arguments.seed):
            if arguments.json:
                sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            else:
                sides = f"{row['phrase']} ({row['images']}) -> {row['name']} ({row['support']})"
                sys.stdout.write(f"  {row['language']:<3} {sides}, {row['similarity']:.2f}\n")


if __name__ == "__main__":
    main()
