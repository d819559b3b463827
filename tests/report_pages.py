"""Data for pages of runs: small ones with a text of one's choice everywhere, and generated ones of any size."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from evaluations import evaluation

from pipeline.review.report.contents import (
    Audited,
    Band,
    Doubt,
    Example,
    Language,
    Listed,
    Member,
    Merge,
    ReportData,
    Said,
    ShownLabel,
    Taught,
)
from pipeline.review.stored_evaluation import Kept
from pipeline.runtime.config import Config
from pipeline.runtime.inputs import SourceConfig

KEY = "00112233aabbccdd"
HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>' onmouseover='alert(1)",
    "</style><style>body{background:url(http://evil.example/)}",
    "</script><script>alert(1)</script><!--<script>",
    "</title></bdi></svg><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}${alert(1)}`",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'http://evil.example/" onclick="alert(1)',
    "photo\u202egpj.exe",
    "\u2067right\u2069 \x00\x1b[31m",
    "lone \ud800 surrogate",
    "__proto__",
]


def label(text: str = "fern", *, uri: str | None = None, picture: str | None = None) -> ShownLabel:
    """A label with a card."""
    return ShownLabel(
        key=KEY,
        name=text,
        language="en",
        band="tail",
        images=12,
        kept=12,
        parent=text,
        repeat_factor=1.5,
        class_weight=0.9,
        phrases=40,
        members=(Member(text, "self", 1.0, 9), Member(text, "embedding", 0.83, 3)),
        signals=((text, 12),),
        examples=(example(text, uri=uri, picture=picture),),
    )


def example(text: str, *, uri: str | None = None, picture: str | None = None) -> Example:
    """An image of a label."""
    return Example(text, uri, 0.75, (Said(text, f"a {text} here", text, 3),), picture)


def listed(names: Sequence[str], examples: dict[int, tuple[Example, ...]] | None = None) -> Listed:
    """Labels of these names with falling images; each one's parent is the one before it, each is seen with the next."""
    n = len(names)
    rows = np.arange(n)
    labels = pa.table(
        {
            "label_id": pa.array(rows, pa.int32()),
            "key": pa.array([KEY if i == 0 else f"{i:016x}" for i in range(n)]),
            "name": pa.array([visible_utf8(name.lower()) for name in names]),
            "display": pa.array([visible_utf8(name) for name in names]),
            "language": pa.array([("en", "de", "ja")[i % 3] for i in range(n)]),
            "band": pa.array([("head", "torso", "tail")[min(2, 3 * i // max(n, 1))] for i in range(n)]),
            "images": pa.array(1000 // (rows + 1) + 1),
            "kept": pa.array(1000 // (rows + 1)),
            "confidence": pa.array(300 + (rows * 37) % 700),
            "parent": pa.array(rows - 1),
            "parent_how": pa.array([None if i == 0 else "head" for i in range(n)]),
            "repeat_factor": pa.array(np.full(n, 1.5)),
            "class_weight": pa.array(np.full(n, 0.9)),
            "phrases": pa.array(np.full(n, 40)),
            "x": pa.array((rows * 997) % 4096),
            "y": pa.array((rows * 1499) % 4096),
            "signal_0": pa.array(1000 // (rows + 1)),
        }
    )
    members = pa.table(
        {
            "label": pa.array(np.repeat(rows, 2)),
            "phrase": pa.array([visible_utf8(part) for name in names for part in (name, f"{name} plant")]),
            "how": pa.array(["self", "embedding"] * n),
            "similarity": pa.array([1.0, 0.83] * n, pa.float32()),
            "images": pa.array([9, 3] * n, pa.int64()),
        }
    )
    near = pa.table({"label": pa.array(rows), "other": pa.array((rows + 1) % n), "images": pa.array(np.full(n, 5))})
    return Listed(labels, members, near, examples or {}, 900, n)


def visible_utf8(text: str) -> str:
    """The text without lone surrogates, which Arrow cannot hold: no table gives one."""
    return text.encode("utf-8", "replace").decode("utf-8")


def report(
    text: str = "fern",
    *,
    names: Sequence[str] = (),
    tail: tuple[ShownLabel, ...] = (),
    cap: int | None = 10,
    **shown: Any,
) -> ReportData:
    """All that a page shows, with the text wherever a source may put one."""
    source = SourceConfig(
        name=text,
        path=f"s3a://user:hunter2@bucket/{text}".replace("\0", ""),
        signal="title",
        options={"password": text},
    )
    stages = [
        {"stage": "ingest", "unit": "row", "rows_in": 12_345, "rows_out": 12_300, "rejects": {f"row/{text}": 45}},
        {"stage": "publish", "unit": "image", "rows_in": 0, "rows_out": 0, "rejects": {}},
    ]
    merge = Merge(text, 9, "embedding", 0.61, KEY, text, 12)
    return ReportData(
        record={
            "run_id": text,
            "created": "2025-01-01T12:00:00+00:00",
            "config": dataclasses.asdict(Config(sources=(source,))),
            "digest": "0123456789abcdef",
            "versions": {"python": text},
            "signals": [text],
            "stages": [{**stage, "seconds": 61.0, "peak_memory_mb": 812} for stage in stages],
        },
        images=1000,
        labelled=900,
        kept=800,
        validation=45,
        cap=cap,
        phrases={1: 30, 5: 3},
        labels={12: 3},
        capped={10: 3},
        bands=(Band("head", 1, 12, 10), Band("torso", 0, 0, 0), Band("tail", 2, 24, 24)),
        languages=(Language(text, 50, 33, 3, 36),),
        ways={"self": 3, text: 4},
        drops={("ingest", "row", text): (text,)},
        largest=(label(text, **shown),),
        tail=tail,
        listed=listed(names or [text], {0: (example(text, **shown),)}),
        far=(merge,),
        odd=(dataclasses.replace(merge, how="spelling"),),
        doubts=(Doubt(KEY, text, "tail", example(text, **shown)),),
        audit=(Audited("head", 20, 18, "0.900", "0.699 to 0.972"),),
        taught=(Taught(text, 30, 0.9, None),),
        evaluation=Kept(evaluation(text), ()),
    )


def many_labels(count: int, seed: int = 0) -> ReportData:
    """A page of many generated labels, with members, companions and places."""
    draw = np.random.default_rng(seed)
    syllables = np.array([a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "el", "ir")])

    def words(n: int, parts: int) -> list[str]:
        return ["".join(row) for row in syllables[draw.integers(0, len(syllables), (n, parts))]]

    first, second = words(count, 2), words(count, 3)
    base = listed([f"{a} {b}" if i % 2 else b for i, (a, b) in enumerate(zip(first, second, strict=True))])
    angle, far = draw.uniform(0, 2 * np.pi, count), np.sqrt(draw.uniform(0, 1, count))
    images = np.sort((2e6 / np.arange(1, count + 1) ** 0.9).astype(np.int64) + 3)[::-1]
    labels = base.labels
    for name, values in {
        "images": images,
        "kept": np.minimum(images, 2000),
        "confidence": draw.integers(300, 1000, count),
        "parent": np.where(draw.uniform(size=count) < 0.3, draw.integers(0, np.arange(1, count + 1)) - 1, -1),
        "x": (2048 + 2000 * far * np.cos(angle)).astype(np.int64),
        "y": (2048 + 2000 * far * np.sin(angle)).astype(np.int64),
        "signal_0": images // 2,
    }.items():
        labels = labels.set_column(labels.schema.get_field_index(name), name, pa.array(values))
    near = pa.table(
        {
            "label": pa.array(np.repeat(np.arange(count), 8)),
            "other": pa.array(draw.integers(0, count, 8 * count)),
            "images": pa.array(draw.integers(1, 500, 8 * count)),
        }
    )
    plain = report("generated")
    return dataclasses.replace(
        plain, listed=Listed(labels, base.members, near, {}, 900_000, count), labelled=10_000_000
    )
