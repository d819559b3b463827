"""Names that are written nearly as one that was asked for: what a user may have meant."""

import difflib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_LOOKED_AT = 50  # names that are compared letter by letter
_PAIRS = 48  # pairs of letters of a long name that are looked for
_LEAST = 0.6  # likeness below which a name is no hint


def nearest_names(asked: str, names: Iterable[pa.Array], most: int = 5) -> list[str]:
    """The names most like one, best first; of equally like ones by letters, each once.

    Whole batches are sifted by the pairs of letters that they share with the name (Dice's coefficient), and the best
    are compared letter by letter (difflib). The order of batches and of rows does not matter.

    Args:
        asked: the name that was not found.
        names: strings, a batch at a time.
        most: names given.
    """
    asked = asked.lower()
    pairs = sorted({asked[i : i + 2] for i in range(max(1, len(asked) - 1))})[:_PAIRS]
    best: dict[str, float] = {}
    for batch in names:
        distinct = pc.drop_null(pc.unique(batch))
        if not asked or not len(distinct):
            continue
        lower = pc.utf8_lower(distinct)
        shared = np.zeros(len(lower), dtype=np.int64)
        for pair in pairs:
            shared += pc.match_substring(lower, pair).to_numpy(zero_copy_only=False)
        dice = 2 * shared / (len(pairs) + np.maximum(1, pc.utf8_length(lower).to_numpy() - 1))
        chosen = np.flatnonzero((shared > 0) & (dice >= _least_of_best(dice)))
        found = zip(distinct.take(pa.array(chosen)).to_pylist(), dice[chosen].tolist(), strict=True)
        merged = sorted({**best, **dict(found)}.items(), key=lambda item: (-item[1], item[0]))
        best = dict(merged[:_LOOKED_AT])
    likeness = {name: difflib.SequenceMatcher(None, asked, name.lower()).ratio() for name in best}
    ranked = sorted(likeness, key=lambda name: (-likeness[name], name))
    return [name for name in ranked if likeness[name] >= _LEAST][:most]


def _least_of_best(dice: npt.NDArray[np.float64]) -> float:
    """Likeness of the last of the best of a batch; as good ones go on with it."""
    if len(dice) <= _LOOKED_AT:
        return 0.0
    return float(np.partition(dice, -_LOOKED_AT)[-_LOOKED_AT])
