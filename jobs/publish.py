"""Publish labels and manifest as training code reads them."""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("publish", __doc__))
