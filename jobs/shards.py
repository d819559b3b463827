"""Write a published manifest with its pictures as a WebDataset: tar shards, OUT/SPLIT-000000.tar and on.

Every sample is KEY.png (or jpg, webp, svg ..), KEY.cls (the primary label) and KEY.json (all labels with names and
confidences, and how often to show it). Pictures are read where image_uri is a local file; none is fetched.

Examples:
  python jobs/shards.py --manifest runs/manifest/RUN_ID --out shards                         the split train
  python jobs/shards.py --manifest runs/manifest/RUN_ID --out shards --split train validation --rows-per-shard 5000
  python jobs/shards.py --manifest runs/manifest/RUN_ID --out shards --pictures pictures.parquet
  python jobs/shards.py --manifest runs/manifest/RUN_ID --out small --sampling kept          what the cap keeps
"""

import sys

from pipeline.stages.shards import run_shards

if __name__ == "__main__":
    sys.exit(run_shards(__doc__))
