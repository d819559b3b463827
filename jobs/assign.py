"""Give every image its labels, with confidence and evidence.

Examples:
  python jobs/assign.py --config run.toml --run-id RUN_ID
  python jobs/assign.py --config run.toml --run-id RUN_ID --reuse-evidence --set labeling.trusted=audit_result.csv
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("assign", __doc__))
