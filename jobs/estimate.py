"""Foretell a larger run from finished ones: hours, bytes and memory of each stage, and which settings to change.

Examples:
  python jobs/estimate.py --run runs/small --run runs/large --images 1e9 --executors 100 --cores 8 --memory-gb 32
  python jobs/estimate.py --run runs/large --signals 1e8                    from one run: fixed costs are assumed
  python jobs/estimate.py --run runs/large --signals 1e8 --json plan.json   all figures, for machines
"""

import sys

from pipeline.review.estimate.job import run_estimate

if __name__ == "__main__":
    sys.exit(run_estimate(__doc__))
