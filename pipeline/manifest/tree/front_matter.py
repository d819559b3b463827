"""The head of the dataset card, in YAML: what loaders read of it, files of each table and split, and class names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import yaml
from pyspark.sql.types import ArrayType, DataType, DoubleType, FloatType, IntegerType, LongType, StringType

from pipeline.runtime.config import PublishConfig
from pipeline.runtime.schema import load_schema

MAX_CLASS_NAMES = 50_000  # loaders parse the front matter at every load: 4 s for so many names
_CLASS_COLUMNS = ("label_ids", "primary_label")
_DTYPES: dict[type[DataType], str] = {
    StringType: "string",
    IntegerType: "int32",
    LongType: "int64",
    FloatType: "float32",
    DoubleType: "float64",
}


@dataclass(frozen=True, slots=True)
class SplitCount:
    """What a split holds.

    Attributes:
        split: train or validation.
        images: labelled images.
        pairs: image-label pairs.
        kept: images that the cap keeps, as expected over draws.
    """

    split: str
    images: int
    pairs: int
    kept: int


def front_matter(
    record: Mapping[str, Any], labels: pa.Table, counts: Sequence[SplitCount], config: PublishConfig
) -> str:
    """YAML between two lines of dashes.

    Args:
        record: run.json of the run.
        labels: the table `labels`, sorted by label_id.
        counts: of every split.
        config: section [publish].
    """
    listed = set(labels["language"].to_pylist()) - {"und"}
    # Hugging Face's loader fails altogether where a split that is named here has no rows.
    splits = [{"split": count.split, "path": f"data/{count.split}/*.parquet"} for count in counts if count.images]
    # Hugging Face's loader caches by folder name and this text: without it, it would give one run's rows for another's.
    plan = f", plan {record['plan']}" if "plan" in record else ""
    made_by = f"Run {record['run_id']}{plan}, {record['created']}, settings {record['digest']}"
    head: dict[str, Any] = {
        "license": config.licence,
        "language": sorted(listed),
        "task_categories": ["image-classification"],
        "configs": [
            {"config_name": "default", "description": made_by, "data_files": splits, "default": True},
            *(
                {"config_name": table, "data_files": f"{table}/*.parquet"}
                for table in ("labels", "members", "evidence")
            ),
        ],
    }
    if labels.num_rows <= MAX_CLASS_NAMES:
        # One object, named twice: YAML writes the names once and refers to them.
        classes = {"class_label": {"names": {str(i): name for i, name in enumerate(labels["name"].to_pylist())}}}
        features = [_feature(field.name, field.dataType, classes) for field in load_schema("manifest").struct]
        head["dataset_info"] = [{"config_name": "default", "features": features}]
    text = yaml.dump(head, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=1 << 16)
    return f"---\n{text}---"


def _feature(name: str, kind: DataType, classes: Mapping[str, Any]) -> dict[str, Any]:
    """One column in the words of Hugging Face's front matter."""
    if isinstance(kind, ArrayType):
        return {"name": name, "list": classes if name in _CLASS_COLUMNS else _DTYPES[type(kind.elementType)]}
    return {"name": name, "dtype": classes if name in _CLASS_COLUMNS else _DTYPES[type(kind)]}
