"""How two runs differ: settings, versions, counts, costs, labels, image labels, quality."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.review.compare.labels import LabelChanges, compare_labels
from pipeline.review.compare.pairs import PairChanges, compare_pairs
from pipeline.review.evaluation import BANDS, OWN, Way
from pipeline.review.stored_evaluation import Kept, read_kept
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.errors import InputError
from pipeline.runtime.lineage import differences
from pipeline.runtime.secrets import mask

TABLES = (
    *("signals", "images", "texts", "mentions", "candidates", "embeddings", "vocabulary", "members", "evidence"),
    *("assignments", "labels", "manifest"),
)


@dataclass(frozen=True, slots=True)
class Differing:
    """Something that has another value in each run; a dash where a run has it not."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A count or a cost in both runs; None where a run has it not."""

    name: str
    old: float | None
    new: float | None

    @property
    def ratio(self) -> float | None:
        """New by old; None where there is none."""
        return self.new / self.old if self.old and self.new is not None else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        old, new: run_id, when it was started, with what digest of settings, on how many cores.
        settings: those that differ.
        versions: those that differ.
        rows: rows out of each stage.
        rejects: what stages turned away, of reasons whose counts differ.
        tables: rows of each table.
        seconds: of each stage, then of all.
        memory: peak of each stage in MB, then of all.
        labels: None where a run has none.
        pairs: None where a run has no manifest.
        quality: measures of the evaluations that are of the runs as they are; empty where there is none.
        truths: what each evaluation judged by, or why it does not count; empty where there is none.
        same_truth: whether both that count judged by the same; True where one does not.
    """

    old: Mapping[str, str]
    new: Mapping[str, str]
    settings: tuple[Differing, ...]
    versions: tuple[Differing, ...]
    rows: tuple[Counted, ...]
    rejects: tuple[Counted, ...]
    tables: tuple[Counted, ...]
    seconds: tuple[Counted, ...]
    memory: tuple[Counted, ...]
    labels: LabelChanges | None
    pairs: PairChanges | None
    quality: tuple[Counted, ...]
    truths: tuple[str, str]
    same_truth: bool


def compare_runs(old: StoredRun, new: StoredRun, examples: int, scores: tuple[str, str] | None = None) -> Comparison:
    """Compare two runs; what one of them has not yet is left out.

    Args:
        old: a run.
        new: another one.
        examples: labels and phrases shown of each kind of change.
        scores: files with an evaluation of each; those in their folders by default.

    Raises:
        RunError: a table was damaged.
        InputError: a file with an evaluation is not there or cannot be used.
    """
    stages = [{item["stage"]: item for item in run.record["stages"]} for run in (old, new)]
    longer, shorter = sorted(stages, key=len, reverse=True)  # the order of the run that has come further
    names = list(dict.fromkeys([*longer, *shorter]))
    seconds, memory = (_costs(stages, names, key, total) for key, total in _COSTS)
    has = {name: old.has(name) and new.has(name) for name in ("vocabulary", "members", "labels", "manifest")}
    labels = compare_labels(old, new, examples) if has["vocabulary"] and has["members"] else None
    published = labels is not None and has["labels"] and has["manifest"]
    kept = [_read_kept(run, scores[place] if scores else None) for place, run in enumerate((old, new))]
    return Comparison(
        _told(old),
        _told(new),
        _settings(old, new),
        _differing(old.record.get("versions", {}), new.record.get("versions", {})),
        tuple(Counted(f"{name}, {_unit(stages, name)}s", *_values(stages, name, "rows_out")) for name in names),
        _rejects(stages, names),
        tuple(
            Counted(name, *(run.tables.rows(name) if run.has(name) else None for run in (old, new))) for name in TABLES
        ),
        seconds,
        memory,
        labels,
        compare_pairs(old, new, labels.heirs) if labels is not None and published else None,
        _quality(kept),
        (_truth(kept[0]), _truth(kept[1])),
        _same_truth(kept),
    )


_COSTS = (("seconds", sum), ("peak_memory_mb", max))


def _told(run: StoredRun) -> dict[str, str]:
    record = run.record
    cores = f"{record['cores']} cores" if "cores" in record else "cores not on record"
    return {"run_id": run.run_id, "created": record["created"], "digest": record.get("digest", ""), "cores": cores}


def _settings(old: StoredRun, new: StoredRun) -> tuple[Differing, ...]:
    """Masked when they were recorded; a record of an earlier version was not."""
    lines = differences(mask(old.record["config"]), mask(new.record["config"]))
    split = [line.partition(": ") for line in lines]
    told = [(name, *change.partition(" -> ")[::2]) for name, _, change in split]
    return tuple(Differing(name, *("-" if value == "None" else value for value in ends)) for name, *ends in told)


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Differing, ...]:
    names = sorted(old.keys() | new.keys())
    return tuple(
        Differing(name, old.get(name, "-"), new.get(name, "-")) for name in names if old.get(name) != new.get(name)
    )


def _unit(stages: list[dict[str, Any]], name: str) -> str:
    return str((stages[1].get(name) or stages[0][name])["unit"])


def _values(stages: list[dict[str, Any]], name: str, key: str) -> tuple[float | None, float | None]:
    old, new = (side[name][key] if name in side else None for side in stages)
    return old, new


def _costs(stages: list[dict[str, Any]], names: list[str], key: str, total: Any) -> tuple[Counted, ...]:
    each = [Counted(name, *_values(stages, name, key)) for name in names]
    both = [item for item in each if item.old is not None and item.new is not None]
    if not both:
        return tuple(each)
    whole = (round(total(getattr(item, side) for item in both), 2) for side in ("old", "new"))
    return (*each, Counted("stages of both", *whole))


def _rejects(stages: list[dict[str, Any]], names: list[str]) -> tuple[Counted, ...]:
    found = []
    for name in names:
        sides = [side.get(name, {}).get("rejects", {}) for side in stages]
        for reason in sorted(sides[0].keys() | sides[1].keys()):
            old, new = (side.get(reason, 0) for side in sides)
            if old != new:
                found.append(Counted(f"{name}: {reason.replace('/', ' ').replace('_', ' ')}", old, new))
    return tuple(found)


def _read_kept(run: StoredRun, path: str | None) -> Kept | None:
    """The evaluation of a run: that in a file, or in its folder; None where it has none."""
    found = read_kept(run.tables.folder, path)
    if found is None and path:
        raise InputError(f"{path}: there is no such file. Write one by jobs/evaluate.py --out.")
    return found


def _truth(kept: Kept | None) -> str:
    if kept is None or kept.stale:
        return kept.stale if kept else ""
    told = kept.evaluation.truth
    return f"{told.images:,} images, {told.classes:,} classes, {told.pairs:,} pairs"


def _same_truth(kept: Sequence[Kept | None]) -> bool:
    """By the images and pairs that judged, and where both have one by the fingerprint of the file."""
    told = [side.evaluation.truth for side in kept if side and not side.stale]
    if len(told) < 2:
        return True
    prints = {side.fingerprint for side in told if side.fingerprint}
    return len({(side.images, side.classes, side.pairs) for side in told}) == 1 and len(prints) <= 1


def _quality(kept: Sequence[Kept | None]) -> tuple[Counted, ...]:
    """The measures of the runs' own labels, those that either evaluation has."""
    told = [_measures(side.evaluation.ways[OWN]) if side and not side.stale else {} for side in kept]
    return tuple(Counted(name, told[0].get(name), told[1].get(name)) for name in dict.fromkeys([*told[0], *told[1]]))


def _measures(way: Way) -> dict[str, float]:
    found: dict[str, float] = {}
    for mapped, title in ((way.string, "by name"), (way.embedding, "by nearest label")):
        if mapped is None:
            continue
        for band in BANDS:
            micro = mapped.bands[band].micro
            scores = {"precision": micro.precision, "recall": micro.recall, "f1": micro.f1}
            found |= {f"{name}, {band}, {title}": score for name, score in scores.items()}
    sure = way.confidence
    if sure:
        found |= {"calibration error": sure.raw.ece} | ({"AUC": sure.auc} if sure.auc is not None else {})
    return found | {"share of images labelled": way.coverage.share, "Gini of images a label": way.coverage.gini}
