"""Plan what to train on: a budget of images an epoch to cap and repeats, and what they do to the long tail.

Examples:
  python jobs/plan.py --run runs/RUN_ID --images 200000                              200,000 showings an epoch
  python jobs/plan.py --run runs/RUN_ID --images 5000 20000 100000 --plot plan.svg   three side by side
  python jobs/plan.py --run runs/RUN_ID --min-per-label 50 --over hierarchy          50 of each label, or all
  python jobs/plan.py --run runs/RUN_ID --images 200000 --write small                as runs/manifest/RUN_ID.small
"""

import sys

from pipeline.stages.planning import run_plan

if __name__ == "__main__":
    sys.exit(run_plan(__doc__))
