"""Find the phrases of the labels in the texts, and count who says them of which image.

The run must have labels.

Examples:
  python jobs/match.py --corpus icons --run-id first      after jobs/cluster.py
  python jobs/match.py --config run.toml --run-id first   your own tables
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("match", __doc__))
