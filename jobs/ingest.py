"""Read the sources into the tables signals and images.

Examples:
  python jobs/ingest.py --corpus icons --run-id first      an embedded corpus, as runs/first
  python jobs/ingest.py --config run.toml --run-id first   your own tables
  python jobs/ingest.py --config run.toml --print-config   every setting, and why it is so
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("ingest", __doc__))
