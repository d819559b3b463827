"""Looks for e-mail addresses in the tables of a run: python tests/benchmarks/emails.py runs/RUN_ID

Reads every Parquet file below tables/, values of every column, with a pattern of its own. The table signals holds the
texts as they came and is counted apart. Exits 1 where any other table has an address.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

# Not photo@2x.jpg, which is how sites name a picture of twice the size.
ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+(?!(?:jpe?g|png|gif|webp|svg)\b)[A-Za-z]{2,}")


def main(run: str) -> int:
    """Print the number of rows with an address by table; gives the exit code."""
    found: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for path in sorted(Path(run, "tables").rglob("*.parquet")):
        table = path.relative_to(Path(run, "tables")).parts[0]
        for batch in pq.ParquetFile(path).iter_batches():
            rows[table] += batch.num_rows
            found[table] += sum(bool(ADDRESS.search(json.dumps(row, default=str))) for row in batch.to_pylist())
    for table in rows:
        sys.stdout.write(f"{table:<12} {rows[table]:>10,} rows {found[table]:>6} with an e-mail address\n")
    return int(any(count for table, count in found.items() if table != "signals"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
