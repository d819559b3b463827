"""Draw image labels of a finished run for people to judge, and read back what they say.

Examples:
  python jobs/audit.py --run runs/RUN_ID --per-cell 5 --seed 0 --out audit       a fair sample: audit.html, audit.csv
  python jobs/audit.py --run runs/RUN_ID --per-cell 5 --out audit --most-useful  where a judgement teaches most
  python jobs/audit.py --result audit_result.csv                                 precision by band, with intervals
"""

import sys

from pipeline.review.audit.job import run_audit

if __name__ == "__main__":
    sys.exit(run_audit(__doc__))
