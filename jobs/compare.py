"""Compare two runs: settings, counts, labels, image labels, confidence, cost, quality. Starts no Spark.

Examples:
  python jobs/compare.py OLD_ID NEW_ID                        two runs of --run-root
  python jobs/compare.py runs/OLD_ID other/NEW_ID             or of anywhere, by their folders
  python jobs/compare.py OLD_ID NEW_ID --html compare.html    as a page too
  python jobs/compare.py OLD_ID NEW_ID --scores old.json new.json    with what jobs/evaluate.py --out wrote of each
"""

import sys

from pipeline.review.compare.job import run_compare

if __name__ == "__main__":
    sys.exit(run_compare(__doc__))
