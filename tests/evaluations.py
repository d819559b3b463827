"""Evaluations with figures of one's choice, as jobs/evaluate.py keeps them."""

from collections.abc import Mapping
from typing import Any

from pipeline.review.evaluation import BANDS, OWN, Evaluation
from pipeline.review.stored_evaluation import JUDGED, describe, judged_run
from pipeline.runtime.restored import restore

BINS = [
    {"decile": 1, "pairs": 40, "confidence": 0.3, "precision": 0.5},
    {"decile": 9, "pairs": 60, "confidence": 0.9, "precision": 0.8},
]
FIT = {"ece": 0.14, "bins": BINS}


def way(
    f1: float = 0.5, name: str = "", embedding: bool = True, sure: bool = True, ece: float = 0.14
) -> dict[str, Any]:
    """The figures of one way; a class of this name has no label, and where `sure` its pairs have a confidence."""
    scores = {"precision": 0.5, "recall": 0.5, "f1": f1}
    band = {"classes": 3, "pairs": 1200, "said": 1100, "right": 550, "micro": scores, "macro": scores}
    mapped = {
        "bands": dict.fromkeys(BANDS, band),
        "mapped": scores,
        "classes_mapped": 2,
        "classes_unmapped": 1,
        "pairs_unmapped": 77,
        "unmapped": [name],
    }
    raw = {**FIT, "ece": ece}
    halves = {"fitted": 50, "measured": 50, "before": raw, "after": {**FIT, "ece": 0.02}}
    return {
        "string": mapped,
        "embedding": mapped if embedding else None,
        "confidence": {"pairs": 100, "right": 70, "auc": None, "raw": raw, "calibrated": halves} if sure else None,
        "grouping": None,
        "coverage": {
            "images": 2000,
            "labelled": 1800,
            "share": 0.9,
            "pairs": 4321,
            "labels": 7,
            "labels_with": {1: 6, 10: 2},
            "gini": 0.4,
        },
    }


def found(ways: Mapping[str, Any], **truth: Any) -> dict[str, Any]:
    """What is found when a run is judged."""
    counts = {"images": 10, "unknown_images": 1, "classes": 2, "pairs": 20}
    return {"truth": {"file": "truth.csv", "fingerprint": "f" * 32, "rows": 21, **counts, **truth}, "ways": dict(ways)}


def content(folder: str, ways: Mapping[str, Any] | None = None, **truth: Any) -> dict[str, Any]:
    """What is kept of it in the folder of a run, where its tables are as they are now."""
    return describe(judged_run(folder, {}), found(ways or {OWN: way()}, **truth), [])


def evaluation(text: str = "fern") -> Evaluation:
    """An evaluation with a text wherever a stranger may put one."""
    ways = {OWN: way(name=text), "exact": way(name=text, embedding=False, sure=False)}
    made = {"made": "2025-01-02T12:00:00+00:00", "version": text, "settings": [text], "methods": list(ways)}
    run = {"run_id": text, "digest": text, "tables": dict.fromkeys(JUDGED, text)}
    return restore(Evaluation, {**found(ways, file=text, fingerprint=text), **made, "run": run})
