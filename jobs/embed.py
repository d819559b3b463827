"""Encode the kept phrases, each once."""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("embed", __doc__))
