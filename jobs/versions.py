"""Compare the labels of two runs: kept, renamed, split, merged, added, removed.

Examples:
  python jobs/versions.py runs/OLD_ID runs/NEW_ID
  python jobs/versions.py runs/OLD_ID runs/NEW_ID --out remap.parquet    old label_id and key to new ones, as a table
"""

import sys

from pipeline.review.changes import run_versions

if __name__ == "__main__":
    sys.exit(run_versions(__doc__))
