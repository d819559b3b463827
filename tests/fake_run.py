"""A finished run of a handful of images, written without Spark in the layout that a real one has."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.runtime.config import Config
from pipeline.runtime.inputs import SourceConfig
from pipeline.runtime.schema_files import arrow_schema, newest_schema
from pipeline.vocabulary.mining.ngrams import whole_keys

Rows = Sequence[Mapping[str, Any]]
SIGNALS = ["board", "tag", "title"]
STAGE = {"unit": "row", "rows_in": 10, "rows_out": 8, "rejects": {"row/number": 2}, "seconds": 2.0}
STAGE = {**STAGE, "peak_memory_mb": 500, "cpu_seconds": 1.0}


def phrase_id(phrase: str, language: str = "en") -> int:
    """The number that mining gives to a phrase."""
    return int(whole_keys([phrase], language)[0])


def record(run_id: str, **more: Any) -> dict[str, Any]:
    """run.json with default settings."""
    made = {
        "run_id": run_id,
        "created": "2025-01-01T12:00:00+00:00",
        "config": {"sources": [], "mine": {"min_images": 3}, "cluster": {"min_images": 4}, "assign": {}},
        "digest": "0123456789abcdef",
        "versions": {"python": "3.11.7", "pyspark": "4.3.0"},
        "signals": SIGNALS,
        "stages": [{**STAGE, "stage": name} for name in ("ingest", "publish")],
        "mined_images": 4,
        "cores": 2,
    }
    return {**made, **more}


def full_record(run_id: str, signals: Sequence[str], stages: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """run.json of a run of the icons, as publishing sees it: with every setting."""
    return {
        "run_id": run_id,
        "created": "2025-01-02T03:04:05+00:00",
        "config": dataclasses.asdict(Config(sources=(SourceConfig(corpus="icons"),))),
        "digest": "0123456789abcdef",
        "versions": {},
        "signals": list(signals),
        "stages": list(stages),
    }


def write_run(root: Path, run_id: str, tables: Mapping[str, Rows], **more: Any) -> Path:
    """Write run.json and tables; gives the run's folder."""
    folder = root / run_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(record(run_id, **more)))
    for name, rows in tables.items():
        write_table(folder, name, rows)
    return folder


def write_table(folder: Path, name: str, rows: Rows, part: str = "", files: int = 2) -> Path:
    """Write a table, or one part of it, in some files with its pointer; gives the folder of the files."""
    schema = arrow_schema(name)
    nullable = _nullable(name)
    whole = [{field.name: _value(row, field, nullable[field.name]) for field in schema} for row in rows]
    place = "/".join(filter(None, ["tables", name, part, "0123456789ab"]))
    path = folder / place
    path.mkdir(parents=True)
    for number in range(files):
        table = pa.Table.from_pylist(whole[number::files], schema=schema)
        pq.write_table(table, path / f"part-{number:05}.parquet")
    pointer = {
        "table": name,
        "version": 1,
        "path": place,
        "rows": len(whole),
        "files": {item.name: item.stat().st_size for item in sorted(path.iterdir())},
    }
    (folder / "tables" / f"{f'{name}.{part}' if part else name}.json").write_text(json.dumps(pointer))
    return path


def shop(**changed: Rows) -> dict[str, Rows]:
    """Tables of a run about sofas: four images, one a repost, one without a label; some of them changed."""
    said = [
        ("i1", "title", "Red Sofa", 2),
        ("i1", "tag", "IMG_1234", 1),
        ("i3", "board", "Sofas", 1),
        ("i2", "title", "kitchen table", 1),
        ("i2", "board", "Sofas", 1),
        ("i4", "title", "hello", 1),
    ]
    texts = {"red sofa": 1, "sofas": 2, "kitchen table": 3, "hello": 4}
    labels = [
        (0, "aaaaaaaaaaaaaaaa", "sofa", "en", ["en"], ["sofa"], "head", 2, 2),
        (1, "bbbbbbbbbbbbbbbb", "sofa (de)", "de", ["de"], ["sofa"], "tail", 0, None),
        (2, "cccccccccccccccc", "furniture", "en", ["en"], ["furniture"], "tail", 0, None),
        (3, "dddddddddddddddd", "table", "en", ["de", "en"], ["Tisch", "table"], "tail", 1, 2),
    ]
    columns = ("label_id", "label_key", "name", "language", "name_languages", "names", "band", "images", "parent")
    listed = [
        {
            **dict(zip(columns, row, strict=True)),
            "parent_how": "hypernym" if row[8] else None,
            "display": row[2].title(),
        }
        for row in labels
    ]
    tables: dict[str, Rows] = {
        "images": [
            {"image_id": "i1", "image_uri": "file:///pictures/i1.png"},
            {"image_id": "i2"},
            {"image_id": "i3", "duplicate_of": "i1"},
            {"image_id": "i4"},
        ],
        "signals": [
            {"image_id": i, "signal": signal, "text": text, "language": "en", "count": count, "source": "shop"}
            for i, signal, text, count in said
        ],
        "texts": [
            {"text_id": number, "text": text, "language": "en", "tokens": text.split()}
            for text, number in texts.items()
        ],
        "mentions": [
            {"image_id": i, "text_id": texts[text], "signal": signal, "count": count, "facts": 1}
            for i, signal, text, count in [
                ("i1", "title", "red sofa", 2),
                ("i1", "board", "sofas", 1),
                ("i2", "title", "kitchen table", 1),
                ("i2", "board", "sofas", 1),
                ("i4", "title", "hello", 1),
            ]
        ],
        "candidates": [
            _candidate("sofa", images=9),
            _candidate("sofas", images=5),
            _candidate("sofa", "de", images=4),
            _candidate("furniture", images=6),
            _candidate("table", images=7),
            _candidate("couch", images=3),
            _candidate("blue sofa", images=3),
            _candidate("of sofa", images=3, kept=False, reason="stop_word_edge"),
            _candidate("kitchen table", images=3),
        ],
        "embeddings": [
            {"phrase_id": phrase_id(phrase), "encoder": "e", "vector": vector}
            for phrase, vector in [
                ("sofa", [1.0, 0.0]),
                ("sofas", [1.0, 0.0]),
                ("couch", [0.8, 0.6]),
                ("furniture", [0.0, 1.0]),
                ("table", [0.6, 0.8]),
                ("blue sofa", [0.6, -0.8]),
                ("kitchen table", [0.28, 0.96]),
            ]
        ],
        "vocabulary": [{**row, "support": row["images"] + 3, "phrases": 2} for row in listed],
        "members": [
            _member("sofa", 0),
            _member("sofas", 0, "inflection"),
            _member("sofa", 1, language="de"),
            _member("furniture", 2),
            _member("table", 3),
            _member("kitchen table", 3, "embedding", 0.9),
        ],
        "evidence": [
            _said("i1", 0, "sofa", "title", count=2, voices=2, coverage=0.5),
            _said("i1", 0, "sofas", "board", text_id=2),
            _said("i2", 3, "kitchen table", "title", text_id=3),
            _said("i2", 0, "sofas", "board", text_id=2),
        ],
        "trust": [
            {"label_id": 0, "specificity": 0.5, "trust": [0.2, 0.7, 0.9]},
            {"label_id": 3, "specificity": 1.0, "trust": [0.2, 0.7, 0.9]},
        ],
        "learnt": [],
        "assignments": [
            {
                "image_id": "i1",
                "label_id": 0,
                "confidence": 0.8569,
                "evidence": [
                    {"signal": "title", "phrase": "sofa", "count": 2},
                    {"signal": "board", "phrase": "sofas", "count": 1},
                ],
            },
            {
                "image_id": "i2",
                "label_id": 3,
                "confidence": 0.9,
                "evidence": [{"signal": "title", "phrase": "kitchen table", "count": 1}],
            },
        ],
        "labels": [{**row, "keep_prob": 0.5, "repeat_factor": 1.0} for row in listed],
        "manifest": [
            _line("i1", [0], [0.8569], [0b101], keep_prob=0.5, sample_u=0.25, split="train"),
            _line("i2", [3], [0.9], [0b100], keep_prob=0.5, sample_u=0.75, split="validation"),
        ],
        "rejects": [
            {"stage": "cluster", "unit": "phrase", "reason": "few_images", "raw": "couch", "count": 1},
            {"stage": "cluster", "unit": "phrase", "reason": "few_images", "raw": "blue sofa", "count": 1},
            {"stage": "assign", "unit": "image", "reason": "no_member_phrase", "raw": "i4", "count": 1},
            {"stage": "normalize", "unit": "segment", "reason": "boilerplate", "raw": "follow us now", "count": 9},
        ],
    }
    return {**tables, **changed}


def _candidate(phrase: str, language: str = "en", **more: Any) -> dict[str, Any]:
    row = {"phrase_id": phrase_id(phrase, language), "phrase": phrase, "language": language, "kept": True}
    counts = {"signal_images": [("title", 2), ("board", 1)], "contributors": 2, "completeness": 0.5}
    return {**row, **counts, "n_words": len(phrase.split()), "visibility": 1.0, "score": 2.5, **more}


def _member(
    phrase: str, label_id: int, how: str = "self", similarity: float = 1.0, language: str = "en"
) -> dict[str, Any]:
    number = phrase_id(phrase, language)
    return {"phrase_id": number, "label_id": label_id, "phrase": phrase, "how": how, "similarity": similarity}


def _said(image_id: str, label_id: int, phrase: str, signal: str, **more: Any) -> dict[str, Any]:
    row = {"image_id": image_id, "label_id": label_id, "phrase_id": phrase_id(phrase), "signal": signal}
    return {**row, "phrase": phrase, "count": 1, "voices": 1, "coverage": 1.0, "text_id": 1, **more}


def _line(
    image_id: str, labels: list[int], confidences: list[float], sources: list[int], **more: Any
) -> dict[str, Any]:
    row = {"image_id": image_id, "label_ids": labels, "label_confidences": confidences, "label_sources": sources}
    return {**row, "primary_label": labels[0], "repeat_factor": 1.0, **more}


def _nullable(name: str) -> dict[str, bool]:
    return {field["name"]: field["nullable"] for field in newest_schema(name)["fields"]}


def _value(row: Mapping[str, Any], field: pa.Field, nullable: bool) -> Any:
    if field.name in row or nullable:
        return row.get(field.name)
    if pa.types.is_list(field.type) or pa.types.is_map(field.type):
        return []
    if pa.types.is_string(field.type):
        return "und" if field.name == "language" else ""
    return False if pa.types.is_boolean(field.type) else 0
