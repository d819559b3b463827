"""Judge the labels of a finished run by trusted ones, beside other methods and simple baselines.

The run keeps the result as evaluation.json, in place of an earlier one; jobs/report.py then shows it on the run's page,
and jobs/compare.py beside that of another run.

Examples:
  python jobs/evaluate.py --run runs/RUN_ID --truth trusted.parquet       the run and simple baselines
  python jobs/evaluate.py --run runs/RUN_ID --truth trusted.csv --methods anchored kmeans none exact --out scores.json
  python jobs/evaluate.py --run runs/RUN_ID --truth trusted.csv --methods anchored --set cluster.attach_similarity=0.85
  python jobs/evaluate.py --run runs/RUN_ID --truth trusted.csv --methods run --ablate --plot confidence.svg
"""

import sys

from pipeline.stages import run_evaluation

if __name__ == "__main__":
    sys.exit(run_evaluation(__doc__))
