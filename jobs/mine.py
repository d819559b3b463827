"""Run the whole road: from sources of text about images to a published label manifest and a report.

Examples:
  python jobs/mine.py --corpus icons                          try it on an embedded corpus
  python jobs/mine.py --config run.toml --run-root runs       your own tables
  python jobs/mine.py --config run.toml --resume RUN_ID       go on with a run that was stopped
  spark-submit jobs/mine.py --config run.toml                 the same on a cluster
"""

import sys

from pipeline.stages import run_road

if __name__ == "__main__":
    sys.exit(run_road(__doc__))
