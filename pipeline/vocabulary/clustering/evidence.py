"""How much what is said of the images of two units speaks for or against joining them."""

import numpy as np
import numpy.typing as npt

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.clustering.units import Units
from pipeline.vocabulary.merging.phrases import Index

_BELIEVED = 4  # images from which a context counts half
_ROWS = 4_096  # rows of pairs at a time: 80 MB with 20 neighbours


class Evidence:
    """Shifts of cosines by context: up where the same is said of the images of both, down where other things are.

    The cosine of two contexts is held against half of what nearest neighbours have in the median: unrelated phrases
    have about 0. Contexts of few images count less, and where nothing is known there is no shift.

    Args:
        units: units of one group.
        pairs: units and their nearest neighbours, int64 [p, 2], from which the usual agreement is told.
        config: section [cluster].
    """

    def __init__(self, units: Units, pairs: Index, config: ClusterConfig) -> None:
        self._units, self._weight, self._reach = units, config.evidence_weight, config.evidence_reach
        self._expected = 0.0
        if units.context is not None and len(pairs) and self._weight:
            agreement, belief = self._agree(pairs[:, 0], pairs[:, 1])
            if (belief > 0).any():
                self._expected = float(np.round(np.median(agreement[belief > 0]) / 2, 5))

    def shift(self, ones: Index, others: Index) -> npt.NDArray[np.float32]:
        """What to add to the cosines of each of `ones` [n] and its row of `others` [n, k]; float32 [n, k]."""
        shifts = np.zeros(others.shape, dtype=np.float32)
        if self._units.context is None or not self._weight:
            return shifts
        for start in range(0, len(ones), _ROWS):
            some = slice(start, start + _ROWS)
            agreement, belief = self._agree(ones[some, None], others[some])
            shifts[some] = self._weight * belief * (agreement - self._expected)
        return np.round(np.clip(shifts, -self._reach, self._reach), 5).astype(np.float32)

    def allows(self, one: int, head: int) -> bool | None:
        """Whether a compound may stand for its head word: a red dress for a dress, but no hot dog for a dog.

        None where too little is known to tell.
        """
        if self._units.context is None or not self._weight:
            return None
        agreement, belief = self._agree(np.array([one]), np.array([head]))
        return bool(agreement[0] >= self._expected) if belief[0] >= 0.5 else None

    def _agree(self, ones: Index, others: Index) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Cosine of the contexts and how far it is to be believed, 0 to 1; both of the common shape."""
        context, looked = self._units.context, self._units.looked
        assert context is not None
        assert looked is not None
        agreement = np.einsum("...d,...d->...", context[ones], context[others])
        fewer = np.minimum(looked[ones], looked[others])
        return agreement.astype(np.float32), (fewer / (fewer + _BELIEVED)).astype(np.float32)
