"""Give every image its labels, with confidence and evidence.

The run must have evidence. A finished one can be weighed anew: only assign, publish and report are done again then.

Examples:
  python jobs/assign.py --config run.toml --run-id first                    after jobs/match.py
  python jobs/assign.py --config run.toml --run-id first --reuse-evidence   a finished run, with other settings
  python jobs/assign.py --config run.toml --run-id first --reuse-evidence --set labeling.trusted=audit_result.csv
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("assign", __doc__))
