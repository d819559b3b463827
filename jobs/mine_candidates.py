"""Mine phrases of 1-6 words with their support.

The run must have been normalized.

Examples:
  python jobs/mine_candidates.py --corpus icons --run-id first             after jobs/normalize.py
  python jobs/mine_candidates.py --config run.toml --run-id first --json   one JSON object, for machines
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("mine_candidates", __doc__))
