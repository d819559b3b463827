"""Clean every distinct text, and fold signals into mentions."""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("normalize", __doc__))
