"""The dataset card: what a published tree holds, how it was made, what is wrong with it, and how to load it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import yaml
from pyspark.sql.types import ArrayType, DataType, DoubleType, FloatType, IntegerType, LongType, StringType

from pipeline.manifest.rows import choose_cap
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.tables import load_schema

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


def render_card(
    record: Mapping[str, Any], labels: pa.Table, counts: Sequence[SplitCount], config: PublishConfig
) -> str:
    """README.md of a published tree, in Markdown with YAML front matter.

    The front matter names the files of each table and split, and the classes of the label columns as far as there are
    at most 50,000 of them.

    Args:
        record: run.json of the run.
        labels: the table `labels`, sorted by label_id, so that places are ids.
        counts: of every split.
        config: section [publish].
    """
    parts = [
        _front_matter(labels, counts, config),
        _summary(record, labels, counts),
        _table(
            "## Splits",
            ("split", "images", "image-label pairs", "images expected under the cap"),
            [(c.split, c.images, c.pairs, c.kept) for c in counts],
        ),
        _bands(labels),
        _table("## Languages", ("language", "labels", "image-label pairs"), _by(labels, "language")),
        _making(record, labels, config),
        _table("## What was dropped", ("stage", "unit", "reason", "how many"), _drops(record)),
        _columns(record),
        _bias(record),
        f"## Licence\n\n{config.licence} (as given by whoever ran the jobs; it covers their images and texts).",
        _LOADING,
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(labels: pa.Table, counts: Sequence[SplitCount], config: PublishConfig) -> str:
    listed = set(labels["language"].to_pylist()) - {"und"}
    # Hugging Face's loader fails altogether where a split that is named here has no rows.
    splits = [{"split": count.split, "path": f"data/{count.split}/*.parquet"} for count in counts if count.images]
    head: dict[str, Any] = {
        "license": config.licence,
        "language": sorted(listed),
        "task_categories": ["image-classification"],
        "configs": [
            {"config_name": "default", "data_files": splits, "default": True},
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


def _summary(record: Mapping[str, Any], labels: pa.Table, counts: Sequence[SplitCount]) -> str:
    images = sum(count.images for count in counts)
    sources = ", ".join(source["name"] for source in record["config"]["sources"])
    return (
        f"# Labels of images, run {record['run_id']}\n\n"
        f"{images:,} images with {labels.num_rows:,} kinds of label. The labels were found in text about the images "
        f"({', '.join(record['signals'])}); nobody looked at the pictures, and pictures are not in here. "
        f"Sources: {sources}. Made {record['created']} with settings {record['digest']}; all settings, versions and "
        f"counts are in `run.json`."
    )


def _bands(labels: pa.Table) -> str:
    band, images = np.array(labels["band"].to_pylist(), dtype=str), labels["images"].to_numpy()
    lines = []
    for name in ("head", "torso", "tail"):
        found = images[band == name]
        span = f"{found.min():,} to {found.max():,}" if found.size else "none"
        lines.append((name, found.size, int(found.sum()), span))
    return _table("## Long tail", ("band", "labels", "image-label pairs", "images a label"), lines)


def _by(labels: pa.Table, column: str) -> list[tuple[str, int, int]]:
    """Labels and pairs of each value, most labels first."""
    grouped = labels.group_by(column).aggregate([("images", "count"), ("images", "sum")]).to_pylist()
    found = [(row[column], row["images_count"], row["images_sum"]) for row in grouped]
    return sorted(found, key=lambda row: (-row[1], row[0]))


def _making(record: Mapping[str, Any], labels: pa.Table, config: PublishConfig) -> str:
    settings = record["config"]
    mine, cluster, assign = settings["mine"], settings["cluster"], settings["assign"]
    cap = choose_cap(labels["images"].to_numpy(), config)
    return (
        f"## How the labels were made\n\n"
        f"Phrases of 1 to {mine['max_words']} words on at least {mine['min_images']} images, said by at least "
        f"{mine['min_contributors']} contributors where these are known, were grouped into labels of at least "
        f"{cluster['min_images']} images (method `{cluster['method']}`, encoder `{settings['embed']['encoder']}`). "
        f"An image has a label where its texts contain a phrase of it. Confidence is what the agreement between kinds "
        f"of text lets us expect; below {assign['min_confidence']} a label was dropped, and an image has at most "
        f"{assign['max_labels']}. Cap t = {cap:,} images a label; labels repeat below "
        f"{config.repeat_threshold or cap:,} images."
    )


def _drops(record: Mapping[str, Any]) -> list[tuple[str, str, str, int]]:
    lines = []
    for stage in record["stages"]:
        for name, count in sorted(stage["rejects"].items()):
            unit, _, reason = name.partition("/")
            lines.append((stage["stage"], unit, reason, count))
    return lines


def _columns(record: Mapping[str, Any]) -> str:
    fields = [(f"`{field.name}`", field.metadata["comment"]) for field in load_schema("manifest").struct]
    bits = [(1 << place, signal) for place, signal in enumerate(record["signals"])]
    return (
        _table("## Columns of the manifest", ("column", "meaning"), fields)
        + "\n\n"
        + _table("Bits of `label_sources`, added up:", ("bit", "kind of text"), bits)
    )


def _bias(record: Mapping[str, Any]) -> str:
    settings = record["config"]
    taught = "trusted images were given, see run.json." if settings["labeling"]["trusted"] else "here none were given."
    languages = ", ".join("all" if name == "*" else name for name in settings["embed"]["languages"])
    points = (
        "Labels say what people wrote, not what can be seen: fashion, trade, hope and mistakes are in them.",
        "A label that is missing is no evidence that the thing is not in the picture.",
        "Images without usable text, or with rare words only, are not in the manifest; see what was dropped.",
        "Confidence comes from agreement between kinds of text. Where one is copied from another, both are wrong "
        "together, and confidence is too high. It is a probability only for labels that trusted images taught: "
        f"{taught}",
        f"Meaning was compared in these languages: {languages}. In any other, phrases of one meaning stay apart.",
        f"Words on a list of unsafe words were met with `{settings['normalize']['unsafe']}`; such a list misses much. "
        "Addresses, telephone numbers and handles were removed by pattern; names of people were not.",
        f"`label_sources` knows the strongest {settings['assign']['max_evidence']} pieces of evidence of a label.",
    )
    return "## Known bias\n\n" + "\n".join(f"- {point}" for point in points)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table below its title; `none` where it has no rows."""
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    if not lines:
        return f"{title}\n\nNone."
    return "\n".join([title, "", "| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns), *lines])


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")


_LOADING = """## How to load it

Line n of `class_map.txt`, counted from 0, is the name of label n.

```python
from datasets import load_dataset

folder = "path/to/this/folder"
data = load_dataset(folder)  # train and validation
labels = load_dataset(folder, "labels", split="train")  # row number = label_id
```

Keep head labels to about t images, and the tail whole. The draw is fixed, so everybody gets the same images:

```python
capped = data["train"].filter(lambda row: row["sample_u"] < row["keep_prob"])
```

Or show images with rare labels more often:

```python
from torch.utils.data import WeightedRandomSampler

weights = list(data["train"]["repeat_factor"])
sampler = WeightedRandomSampler(weights, num_samples=round(sum(weights)))
```

Or weigh the loss, by label_id:

```python
import torch

class_weight = torch.tensor(list(labels["class_weight"]))
```"""
