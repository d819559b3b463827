"""Encode the kept phrases, each once.

The run must have candidates.

Examples:
  python jobs/embed.py --corpus icons --run-id first      after jobs/mine_candidates.py
  python jobs/embed.py --config run.toml --run-id first   vectors are kept in the cache of --run-root
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("embed", __doc__))
