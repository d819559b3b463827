"""Clean every distinct text, and fold signals into mentions.

The run must have been ingested.

Examples:
  python jobs/normalize.py --corpus icons --run-id first              after jobs/ingest.py with the same --run-id
  python jobs/normalize.py --config run.toml --run-id first --quiet   show errors alone
"""

import sys

from pipeline.stages import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("normalize", __doc__))
