"""The evaluation of a run, kept in its folder. No Spark.

It says of which tables it is. A run may be assigned and published anew, and what was judged before is then of other
labels than those that it has by now: such an evaluation is known, told, and never shown as that of the run.
"""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pipeline.review.evaluation import BANDS, OWN, Evaluation, JudgedRun
from pipeline.runtime import files
from pipeline.runtime.errors import InputError, RunError
from pipeline.runtime.restored import restore
from pipeline.runtime.secrets import mask_text
from pipeline.runtime.stored_tables import StoredTables

NAME = "evaluation.json"  # in the folder of a run
JUDGED = (  # tables that figures are counted from
    *("images", "texts", "mentions", "candidates", "embeddings", "vocabulary", "members", "learnt", "assignments"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An evaluation, and the tables that are others in the run by now: none where it is of what the run has."""

    evaluation: Evaluation
    remade: tuple[str, ...]

    @property
    def stale(self) -> str:
        """Why it does not stand for the run; empty where it does."""
        if not self.remade:
            return ""
        day = self.evaluation.made.partition("T")[0]
        return f"the evaluation of {day} is of other tables than the run has now: {', '.join(self.remade)}"


def judged_run(folder: str, record: Mapping[str, Any]) -> JudgedRun:
    """The run as it is now: taken before it is judged, so that what changes meanwhile is noticed.

    Args:
        folder: of the run.
        record: its run.json.
    """
    tables = StoredTables(folder)
    run_id = str(record.get("run_id") or tables.folder.rsplit("/", 1)[1])
    return JudgedRun(run_id, str(record.get("digest", "")), {name: tables.digest(name) for name in JUDGED})


def describe(run: JudgedRun, found: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """What is kept of an evaluation, as plain values; `read_kept` gives it back.

    Args:
        run: what was judged.
        found: `truth` and `ways`, as `trial.try_ways` gives them.
        settings: `section.key=value` that were tried.
    """
    try:
        made_by = version("longtail-labels")
    except PackageNotFoundError:  # run out of a folder or zip
        made_by = "not installed"
    return {
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "version": made_by,
        "run": {"run_id": run.run_id, "digest": run.digest, "tables": dict(run.tables)},
        "truth": found["truth"],
        "settings": [mask_text(text) for text in settings],
        "methods": list(found["ways"]),
        "ways": found["ways"],
    }


def read_kept(folder: str, path: str | None = None) -> Kept | None:
    """The evaluation of a run, and whether it is of the tables that the run has now.

    Args:
        folder: of the run.
        path: a file that jobs/evaluate.py wrote of it; the one in its folder by default.

    Returns:
        None where there is no such file.

    Raises:
        InputError: the file is damaged, or no evaluation of this version.
    """
    place = files.absolute(path or files.join(folder, NAME))
    advice = f"Write it anew by jobs/evaluate.py --run {folder} --truth FILE, or delete it."
    try:
        content = files.read_json(place)
    except RunError:
        raise InputError(f"{place}: not readable as a JSON object. {advice}") from None
    if content is None:
        return None
    try:
        found = restore(Evaluation, content)
        _require_figures(found)
    except ValueError as error:
        raise InputError(f"{place}: no evaluation that this version can read ({error}). {advice}") from None
    # JSON has them by name.
    found = dataclasses.replace(found, ways={way: found.ways[way] for way in found.methods})
    tables, told = StoredTables(folder), found.run.tables
    return Kept(found, tuple(name for name in JUDGED if told.get(name) != tables.digest(name)))


def _require_figures(found: Evaluation) -> None:
    if OWN not in found.methods:
        raise ValueError(f"the run's own labels were not judged: {', '.join(found.methods)} alone")
    if lacking := [way for way in found.methods if way not in found.ways]:
        raise ValueError(f"no ways.{lacking[0]}")
    for name, way in found.ways.items():
        for mapped in (way.string, way.embedding):
            if mapped is not None and (lacking := [band for band in BANDS if band not in mapped.bands]):
                raise ValueError(f"no scores of {', '.join(lacking)} in ways.{name}")
