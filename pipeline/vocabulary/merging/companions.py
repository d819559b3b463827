"""Words that are said of most images of a phrase, for all phrases of a vocabulary."""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

Beside = tuple[tuple[int, int], ...]
_Index = npt.NDArray[np.int64]


class Companions(Mapping[int, Beside]):
    """Phrase -> its companions, each (phrase, images), by index; phrases without any are not there.

    Held as arrays, since half a million phrases have millions of companions.

    Args:
        phrase: which each companion is one of, int64 [k], 0 to n - 1; those of one phrase in their order.
        companion: int64 [k].
        images: on which both are said, int64 [k].
        n: phrases.
    """

    def __init__(self, phrase: _Index, companion: _Index, images: _Index, n: int) -> None:
        order = np.argsort(phrase, kind="stable")
        self._begin = np.searchsorted(phrase[order], np.arange(n + 1))
        self._companion, self._images = companion[order], images[order]

    def __getitem__(self, phrase: int) -> Beside:
        if 0 <= phrase < len(self._begin) - 1:
            begin, end = self._begin[phrase : phrase + 2]
            if end > begin:
                return tuple(zip(self._companion[begin:end].tolist(), self._images[begin:end].tolist(), strict=True))
        raise KeyError(phrase)

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(np.diff(self._begin)).tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(np.diff(self._begin)))
