"""Write the page that shows the run."""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("report", __doc__))
