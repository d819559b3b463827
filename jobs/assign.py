"""Give every image its labels, with confidence and evidence."""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("assign", __doc__))
