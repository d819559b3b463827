"""Find the phrases of the labels in the texts, and count who says them of which image."""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("match", __doc__))
