"""The data of the label browser: columns as JSON, packed. Spark-free.

Every text is made visible here, so that the page's script only ever sets texts. A picture that stands on the page
already is not packed again: the script takes it from there.
"""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.review.page import is_link, visible
from pipeline.review.report.contents import Example, Listed

BANDS = ("head", "torso", "tail")


def pack(columns: Mapping[str, Any]) -> str:
    """Columns as base64 of gzip of JSON; equal columns, equal text.

    Args:
        columns: plain values for JSON; its strings are made visible.
    """
    text = json.dumps(_visible(columns), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode("utf-8"), compresslevel=6, mtime=0)).decode("ascii")


def columns_of(listed: Listed, signals: Sequence[str], labelled: int, shown: Mapping[str, int]) -> dict[str, Any]:
    """The columns that the page's script reads.

    Args:
        listed: the labels.
        signals: kinds of text of the run.
        labelled: images of the manifest.
        shown: data URI -> number of the pictures that stand on the page already, from 0.

    Returns:
        Parallel lists, one entry a label: keys, names, plain (name, where the shown name says less), language and band
        (places in `languages` and `bands`), images, kept, confidence (per mille), parent (row, -1 for none), parentHow,
        repeat and weight (hundredths), phrases, said (a list a signal), x and y. members and near begin with `counts`,
        their entries of each label. examples: row -> [image id, link or null, confidence per mille, picture or -1,
        [[signal, text, phrase, count]]]. pictures: data URIs; null for those that stand on the page.
    """
    labels = listed.labels
    names, displays = labels["name"].to_pylist(), labels["display"].to_pylist()
    languages, language = _coded(labels["language"].to_pylist())
    ways, way = _coded(listed.members["how"].to_pylist())
    reasons, reason = _coded([how or "" for how in labels["parent_how"].to_pylist()])
    pictures = dict(shown)
    examples = {row: [_example(item, pictures) for item in items] for row, items in sorted(listed.examples.items())}
    return {
        "total": listed.total,
        "labelled": labelled,
        "counted": listed.counted,
        "languages": languages,
        "bands": list(BANDS),
        "signals": list(signals),
        "ways": ways,
        "reasons": reasons,
        "keys": labels["key"].to_pylist(),
        "names": displays,
        "plain": {
            str(i): name
            for i, (name, shown_as) in enumerate(zip(names, displays, strict=True))
            if name != shown_as.lower()
        },
        "language": language,
        "band": [BANDS.index(band) for band in labels["band"].to_pylist()],
        **{name: labels[name].to_pylist() for name in ("images", "kept", "confidence", "parent", "phrases", "x", "y")},
        "parentHow": reason,
        "repeat": _scaled(labels["repeat_factor"], 100),
        "weight": _scaled(labels["class_weight"], 100),
        "said": [labels[f"signal_{i}"].to_pylist() for i in range(len(signals))],
        "members": {
            "counts": _counts(listed.members["label"], labels.num_rows),
            "phrases": listed.members["phrase"].to_pylist(),
            "how": way,
            "similarity": _scaled(listed.members["similarity"], 100),
            "images": listed.members["images"].to_pylist(),
        },
        "near": {
            "counts": _counts(listed.companions["label"], labels.num_rows),
            "others": listed.companions["other"].to_pylist(),
            "images": listed.companions["images"].to_pylist(),
        },
        "examples": {str(row): items for row, items in examples.items()},
        "pictures": [None if uri in shown else uri for uri in pictures],
    }


def _example(example: Example, pictures: dict[str, int]) -> list[Any]:
    # A link is only what is shown of it: an address with a disguise in it gets none.
    link = example.uri if is_link(example.uri) and visible(example.uri) == example.uri else None
    place = -1 if example.picture is None else pictures.setdefault(example.picture, len(pictures))
    said = [[item.signal, item.text, item.phrase, item.count] for item in example.said]
    return [example.image_id, link, round(1000 * example.confidence), place, said]


def _coded(values: Sequence[str]) -> tuple[list[str], list[int]]:
    """The distinct values, sorted, and the place of each value among them."""
    known = sorted(set(values))
    places = {value: place for place, value in enumerate(known)}
    return known, [places[value] for value in values]


def _counts(rows: pa.ChunkedArray, labels: int) -> list[int]:
    """Entries of each label; the entries are sorted by label."""
    counted: list[int] = np.bincount(rows.to_numpy(), minlength=labels).tolist()
    return counted


def _scaled(column: pa.ChunkedArray, factor: int) -> list[int]:
    """Numbers as whole ones: short in JSON."""
    scaled: list[int] = np.rint(column.to_numpy().astype(np.float64) * factor).astype(np.int64).tolist()
    return scaled


def _visible(value: Any) -> Any:
    """The value with all of its strings made visible, those of keys too."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(key): _visible(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_visible(item) for item in value]
    return value
