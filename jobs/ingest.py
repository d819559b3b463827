"""Read the sources into the tables signals and images."""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("ingest", __doc__))
