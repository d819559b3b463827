"""Merge the phrases into labels, the tail upwards instead of away.

The run must have embeddings.

Examples:
  python jobs/cluster.py --corpus icons --run-id first      after jobs/embed.py
  python jobs/cluster.py --config run.toml --run-id first   your own tables
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("cluster", __doc__))
