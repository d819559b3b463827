"""Write the page that shows the run.

The run must have been published.

Examples:
  python jobs/report.py --corpus icons --run-id first      writes runs/first/report.html
  python jobs/report.py --config run.toml --run-id first   your own tables
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("report", __doc__))
