"""Ways of labelling side by side, as Markdown tables that a console shows aligned."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.review.calibration import BINS

Results = Mapping[str, Mapping[str, Any]]  # way -> what `evaluate.evaluate` gives
_GROUPS = ("all", "head", "torso", "tail")


def render_scores(results: Results, facts: Mapping[str, Any]) -> str:
    """All classes and bands under the mapping by names, the same by nearest label, confidence, phrases, coverage.

    Args:
        results: measures of each way, in the order of the lines.
        facts: `images`, `unknown_images`, `classes` and `pairs` of the truth.
    """
    head = (
        f"Truth: {facts['images']:,} images, {facts['classes']:,} classes, {facts['pairs']:,} pairs; "
        f"{facts['unknown_images']:,} of its images are not in the run."
    )
    parts = [head]
    for key, title in (("string", "Classes mapped by name"), ("embedding", "Classes mapped to the nearest label")):
        judged = {way: result[key] for way, result in results.items() if result[key] is not None}
        if judged:
            parts += [title, _scores(judged)]
    sure = {way: result["confidence"] for way, result in results.items() if result["confidence"] is not None}
    if sure:
        parts += ["Confidence of pairs under the classes mapped by name: precision by tenth, low to high", _sure(sure)]
    grouped = {way: result["grouping"] for way, result in results.items() if result["grouping"] is not None}
    if grouped:
        parts += ["Phrases against the classes of their images", _groups(grouped)]
    parts += ["Coverage and balance", _coverage({way: result["coverage"] for way, result in results.items()})]
    return "\n\n".join(parts) + "\n"


def _scores(results: Results) -> str:
    columns = ["way", "P", "R", "F1", "macro P", "macro R", "macro F1"]
    columns += [f"{band} {score}" for band in _GROUPS[1:] for score in ("P", "R", "F1")]
    columns += ["mapped R", "unmapped", "their pairs"]
    rows = []
    for way, result in results.items():
        bands = result["bands"]
        shares = [*_trio(bands["all"]["micro"]), *_trio(bands["all"]["macro"])]
        shares += [share for band in _GROUPS[1:] for share in _trio(bands[band]["micro"])]
        shares.append(_share(result["mapped"]["recall"]))
        rows.append([way, *shares, f"{result['classes_unmapped']:,}", f"{result['pairs_unmapped']:,}"])
    return render_table(columns, rows)


def _sure(results: Results) -> str:
    """Calibrated is learnt on half of the images and measured on the other; so is the error before it."""
    columns = ["way", "pairs", "AUC", "ECE", "ECE, half", "calibrated", *(str(decile) for decile in range(1, BINS + 1))]
    rows = []
    for way, result in results.items():
        fits = result["calibrated"] or {}
        errors = [_share(fits[name]["ece"]) if fits else "" for name in ("before", "after")]
        auc = "" if result["auc"] is None else _share(result["auc"])
        # Where many pairs are equally sure, some tenths are empty.
        by_decile = {item["decile"]: _share(item["precision"]) for item in result["raw"]["bins"]}
        tenths = [by_decile.get(decile, "") for decile in range(1, BINS + 1)]
        rows.append([way, f"{result['pairs']:,}", auc, _share(result["raw"]["ece"]), *errors, *tenths])
    return render_table(columns, rows)


def _groups(results: Results) -> str:
    columns = ["way", "phrases", "in a label", "B3 P", "B3 R", "B3 F1", "homogeneity", "completeness", "V"]
    rows = [
        [
            way,
            f"{result['items']:,}",
            f"{result['placed']:,}",
            *_trio(result["b_cubed"]),
            *(_share(result[name]) for name in ("homogeneity", "completeness", "v_measure")),
        ]
        for way, result in results.items()
    ]
    return render_table(columns, rows)


def _coverage(results: Results) -> str:
    sizes = sorted({int(size) for result in results.values() for size in result["labels_with"]})
    columns = ["way", "images", "labelled", "share", "pairs", "labels", *(f">= {size:,}" for size in sizes), "Gini"]
    rows = [
        [
            way,
            *(f"{result[name]:,}" for name in ("images", "labelled")),
            _share(result["share"]),
            *(f"{result[name]:,}" for name in ("pairs", "labels")),
            *(f"{result['labels_with'][size]:,}" for size in sizes),
            _share(result["gini"]),
        ]
        for way, result in results.items()
    ]
    return render_table(columns, rows)


def render_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are as wide as their widest cell: the first to the left, others to the right."""
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]

    def line(cells: Sequence[str], fill: Callable[[int, str], str]) -> str:
        return "| " + " | ".join(fill(i, cell) for i, cell in enumerate(cells)) + " |"

    def padded(i: int, cell: str) -> str:
        return cell.rjust(widths[i]) if i else cell.ljust(widths[i])

    rule = ["-" * width if not i else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join([line(columns, padded), line(rule, lambda _, cell: cell), *(line(row, padded) for row in rows)])


def _trio(scores: Mapping[str, float]) -> list[str]:
    return [_share(scores[name]) for name in ("precision", "recall", "f1")]


def _share(value: float) -> str:
    return f"{value:.3f}"
