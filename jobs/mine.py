"""Run the whole road: from sources of text about images to a published label manifest and a report.

Examples:
  python jobs/mine.py --corpus icons                                try it on an embedded corpus
  python jobs/mine.py --config run.toml --run-root runs             your own tables
  python jobs/mine.py --config run.toml --resume RUN_ID             go on with a run that was stopped
  python jobs/mine.py --config day.toml --base RUN_ID               add new signals to a finished run
  python jobs/mine.py --config run.toml --set mine.min_images=500   override one setting
  python jobs/mine.py --config run.toml --print-config              every setting, and why it is so
  python jobs/mine.py --config run.toml --json                      for machines: a JSON object a stage
  spark-submit jobs/mine.py --config run.toml                       the same on a cluster
"""

import sys

from pipeline.stages import run_road

if __name__ == "__main__":
    sys.exit(run_road(__doc__))
