"""How many of the judged labels are right, by band, with an interval. No Spark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.review.scoreboard import render_table
from pipeline.runtime.errors import InputError

_BANDS = ("head", "torso", "tail")
_Z = 1.959963984540054  # normal quantile of .975, for intervals of 95 %


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of the judged pairs of a band are right.

    Attributes:
        band: head, torso, tail, another name that the file has, or all.
        precision: estimated share of right pairs; NaN where none was judged, like the next two.
        low: lower end of its 95 % interval.
        high: upper end.
        effective: judgements of equal weight that would tell as much; `judged` where weights are equal.
    """

    band: str
    judged: int
    right: int
    precision: float
    low: float
    high: float
    effective: float


def precision(judgements: pa.Table) -> tuple[Precision, ...]:
    """Precision by band, and of all pairs, each with a 95 % interval.

    Equal weights, or none: the share of right pairs with Wilson's interval. Else the ratio estimate
    sum(weight * right) / sum(weight), with Wilson's interval for that share on the effective sample size
    sum(weight)^2 / sum(weight^2). It takes the pairs as drawn one by one; strata only make the draw more exact.

    Args:
        judgements: as `judgements.read_judgements` gives them.

    Returns:
        Bands in the order head, torso, tail, others by name; then all.

    Raises:
        InputError: some pairs have a weight and others none.

    Source: Wilson, 1927; Kish, Survey Sampling, 1965.
    """
    right = np.array(judgements["correct"].to_pylist(), dtype=np.float64)
    band = np.array([name or "" for name in judgements["band"].to_pylist()], dtype=np.str_)
    missing = judgements["weight"].null_count
    if 0 < missing < len(right):
        raise InputError(
            f"{missing} of {len(right)} judgements have no weight: they are of different draws. Judge them apart."
        )
    weight = np.ones(len(right)) if missing else judgements["weight"].to_numpy()
    others = sorted(set(band.tolist()) - {*_BANDS, ""})
    named = [name for name in (*_BANDS, *others) if (band == name).any()]
    of_bands = [_estimate(name, right[band == name], weight[band == name]) for name in named]
    return (*of_bands, _estimate("all", right, weight))


def describe(found: Sequence[Precision], weighted: bool) -> str:
    """Precision by band as a Markdown table, and a line on what it is worth.

    Args:
        found: as `precision` gives it.
        weighted: whether the judged pairs were drawn with weights.
    """
    columns = ["band", "judged", "right", "precision", "95 % from", "to"]
    rows = [
        [item.band, f"{item.judged:,}", f"{item.right:,}", *map(_share, (item.precision, item.low, item.high))]
        for item in found
    ]
    note = "Intervals: Wilson, 95 %."
    if any(item.judged and item.effective != item.judged for item in found):
        note = "Weighted by pairs of the run. Intervals: Wilson, 95 %, on Kish's effective sample size."
    if not weighted:
        note += " The pairs have no weights: this is their precision, not that of the run."
    return f"{render_table(columns, rows)}\n\n{note}\n"


def _estimate(band: str, right: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]) -> Precision:
    judged, hits = len(right), int(right.sum())
    if not judged:
        return Precision(band, 0, 0, math.nan, math.nan, math.nan, 0.0)
    if (weight == weight[0]).all():
        share, effective = hits / judged, float(judged)
    else:
        total = weight.sum()
        share, effective = float((weight * right).sum() / total), float(total**2 / (weight**2).sum())
    return Precision(band, judged, hits, share, *wilson(share, effective), effective)


def wilson(share: float, size: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share seen in `size` draws; it lies in [0, 1], and holds the share.

    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    spread = _Z * math.sqrt(share * (1 - share) / size + _Z**2 / (4 * size**2))
    middle, scale = share + _Z**2 / (2 * size), 1 + _Z**2 / size
    return max(0.0, min(share, (middle - spread) / scale)), min(1.0, max(share, (middle + spread) / scale))


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
