"""Mine phrases of 1-6 words with their support."""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("mine_candidates", __doc__))
