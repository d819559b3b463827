"""Explain a label, an image, a phrase or a text by what a run knows of it. Starts no Spark.

Examples:
  python jobs/explain.py label "mid century sofa"             by name, or by any phrase of the label
  python jobs/explain.py label d9ef5db4550af284               by key; by number too
  python jobs/explain.py image IMAGE_ID                       its texts, its labels, and those that it did not get
  python jobs/explain.py phrase "sofa bed" --language en      who says it, its scores, the label that it joined
  python jobs/explain.py text "My NEW #sofabed!! 20% off"     what would become of a text
  python jobs/explain.py label sofa --run-id RUN_ID --json     of one run, as an object for programs
"""

import sys

from pipeline.review.explain.job import run_explain

if __name__ == "__main__":
    sys.exit(run_explain(__doc__))
