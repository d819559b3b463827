"""Download the pictures of a published tree by img2dataset into webdataset shards; prints JSON.

For the environment img2dataset: `python read_img2dataset.py FOLDER OUT COLUMN ...`, where FOLDER holds Parquet files.
"""

import importlib.metadata
import json
import sys
import tarfile
from pathlib import Path

import img2dataset
import pyarrow.parquet as pq


def main(folder: str, out: str, *columns: str) -> None:
    img2dataset.download(
        url_list=folder,
        input_format="parquet",
        url_col="image_uri",
        save_additional_columns=list(columns),
        output_folder=out,
        output_format="webdataset",
        resize_mode="no",
        encode_format="png",
        encode_quality=3,  # of PNG: compression, 0 to 9
        number_sample_per_shard=60,
        processes_count=1,
        thread_count=4,
        retries=0,
        enable_wandb=False,
    )
    samples, members = [], set()
    for path in sorted(Path(out).glob("*.tar")):
        with tarfile.open(path) as tar:
            for name in tar.getnames():
                members.add(Path(name).suffix)
                if name.endswith(".json"):
                    file = tar.extractfile(name)
                    assert file is not None
                    samples.append(json.load(file))
    tables = [pq.read_table(path) for path in sorted(Path(out).glob("*.parquet"))]
    statuses = [row for table in tables for row in table.to_pylist() if row["status"] != "success"]
    versions = {name: importlib.metadata.version(name) for name in ("img2dataset", "pyarrow", "pandas", "numpy")}
    found = {
        "versions": versions,
        "shards": len(tables),
        "members": sorted(members),
        "samples": samples,
        "types": {field.name: str(field.type) for field in tables[0].schema} if tables else {},
        "failed": {row["image_id"]: row["error_message"] for row in statuses},
        "rows": sum(table.num_rows for table in tables),
    }
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
