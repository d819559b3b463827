"""The confidence of one image's labels, told again from its evidence: what was dropped has none on record.

The same product of terms as `pipeline.labeling.confidence`, for one image and without Spark.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.runtime.config import AssignConfig


def recount(
    evidence: Sequence[Mapping[str, Any]],
    signals: Sequence[str],
    facts: Mapping[int, tuple[float, Sequence[float]]],
    config: AssignConfig,
    completeness: Mapping[int, float],
) -> dict[int, float] | None:
    """label_id -> confidence that the texts of one image give.

    Args:
        evidence: rows of the table evidence, all of one image.
        signals: kinds of text of the run; the place of each is that of its reliability.
        facts: label_id -> specificity and reliability of each signal; labels that are not in it have no confidence.
        config: section [assign].
        completeness: phrase_id -> completeness, of the phrases that have one.

    Returns:
        Rounded to 4 digits and to float32, as assignments have it. None where a term needs more than this evidence:
        `agreement` is told from vectors.
    """
    if "agreement" in config.terms:
        return None
    weights: dict[int, dict[str, list[float]]] = {}
    voices: dict[tuple[int, str], int] = {}
    for row in evidence:
        label_id, signal = row["label_id"], row["signal"]
        if label_id not in facts or signal not in signals:
            continue
        weight = _weight(row, facts[label_id], signals.index(signal), config, completeness.get(row["phrase_id"], 1.0))
        weights.setdefault(label_id, {}).setdefault(signal, []).append(weight)
        voices[label_id, signal] = voices.get((label_id, signal), 0) + row["voices"]
    found = {}
    for label_id, said in weights.items():
        doubts = []
        for signal, several in said.items():
            times = math.log2(voices[label_id, signal] + 1) if "saturation" in config.terms else 1.0
            doubts.append((1 - max(several)) ** times)
        found[label_id] = float(np.float32(round(1 - math.prod(sorted(doubts)), 4)))
    return found


def _weight(
    row: Mapping[str, Any],
    facts: tuple[float, Sequence[float]],
    place: int,
    config: AssignConfig,
    completeness: float,
) -> float:
    specificity, trust = facts
    weight = trust[place] if "reliability" in config.terms else config.prior_reliability
    terms = {"specificity": specificity, "coverage": row["coverage"], "completeness": completeness}
    for term, value in terms.items():
        if term in config.terms:
            weight = weight * (1 + value) / 2
    return min(weight, 1.0)
