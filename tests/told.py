"""Finished stages and places of results, as a run tells them."""

from typing import Any

NAMES = ("ingest", "normalize", "mine_candidates", "embed", "cluster", "match", "assign", "publish", "report")


def stage(name: str = "mine_candidates", rows_in: int = 2_794, dropped: int = 713, **other: Any) -> dict[str, Any]:
    """As run.json has it."""
    return {
        "stage": name,
        "unit": "phrase",
        "rows_in": rows_in,
        "rows_out": rows_in - dropped,
        "rejects": {"phrase/too_rare": dropped, "text/unsafe": 9} if dropped else {},
        "seconds": 31.62,
        "peak_memory_mb": 3682,
        "cpu_seconds": 40.5,
        "shuffle_mb": 12,
        "spill_mb": 0,
        **other,
    }


PLACES = {"folder": "/r/one", "tables": "/r/one/tables", "log": "/r/one/log.txt", "report": "/r/one/report.html"}
