"""Merge the phrases into labels, the tail upwards instead of away."""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("cluster", __doc__))
