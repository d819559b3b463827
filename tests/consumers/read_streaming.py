"""Write the rows and pictures of a published tree as MosaicML shards and read them back; prints JSON.

For the environment streaming: `python read_streaming.py TREE OUT`.
"""

import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any

import without_operators  # noqa: F401  # before torchvision

# isort: split
import numpy as np
import pyarrow.parquet as pq
from PIL import Image
from streaming import MDSWriter, StreamingDataset

NUMBERS = {"primary_label": "int32", "keep_prob": "float64", "repeat_factor": "float64", "sample_u": "float64"}
LISTS = {"label_ids": np.int32, "label_confidences": np.float32, "label_sources": np.int32}
COLUMNS = {
    **{"image_id": "str", "image_uri": "str", "split": "str", "image": "png"},
    **NUMBERS,
    **{name: f"ndarray:{np.dtype(kind).name}" for name, kind in LISTS.items()},
}


def write(tree: str, out: str) -> int:
    """Rows without an address are left out: the encoding `str` takes no null."""
    rows = pq.read_table(f"{tree}/data/train").to_pylist()
    there = [row for row in rows if row["image_uri"] is not None]
    with MDSWriter(out=out, columns=COLUMNS, size_limit=1 << 14) as writer:
        for row in there:
            lists = {name: np.array(row[name], kind) for name, kind in LISTS.items()}
            numbers = {name: np.dtype(kind).type(row[name]) for name, kind in NUMBERS.items()}
            writer.write({**row, **lists, **numbers, "image": Image.open(row["image_uri"])})
    return len(rows) - len(there)


def refusal(out: str, columns: dict[str, str], sample: dict[str, Any]) -> str:
    """What the writer says to a sample; empty where it takes it."""
    try:
        with MDSWriter(out=out, columns=columns) as writer:
            writer.write(sample)
    except Exception as error:  # what the tests ask about
        return repr(error)
    return ""


def main(tree: str, out: str) -> None:
    left_out = write(tree, f"{out}/train")
    data = StreamingDataset(local=f"{out}/train", shuffle=False, batch_size=16)
    rows = [
        {
            **{name: row[name] for name in ("image_id", "image_uri", "split")},
            **{name: row[name].item() for name in NUMBERS},
            **{name: row[name].tolist() for name in LISTS},
            "pixel": row["image"].getpixel((0, 0)),
        }
        for row in data
    ]
    names = pq.read_table(f"{tree}/labels")["names"].to_pylist()
    found = {
        "versions": {
            name: importlib.metadata.version(name) for name in ("mosaicml-streaming", "torch", "pyarrow", "numpy")
        },
        "left_out": left_out,
        "rows": rows,
        "shards": len(list(Path(out, "train").glob("*.mds"))),
        "dtypes": {name: str(data[0][name].dtype) for name in LISTS},
        "null": refusal(f"{out}/null", {"image_uri": "str"}, {"image_uri": None}),
        "texts": refusal(f"{out}/texts", {"names": "list[str]"}, {"names": names[0]}),
        "texts_as_json": refusal(f"{out}/json", {"names": "json"}, {"names": names[0]}),
        "plain_list": refusal(f"{out}/plain", {"label_ids": "ndarray:int32"}, {"label_ids": [1, 0]}),
    }
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
