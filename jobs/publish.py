"""Publish labels and manifest as training code reads them.

The run must have assignments.

Examples:
  python jobs/publish.py --corpus icons --run-id first      writes runs/manifest/first
  python jobs/publish.py --config run.toml --run-id first   your own tables
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("publish", __doc__))
