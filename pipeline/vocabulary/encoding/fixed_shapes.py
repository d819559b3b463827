"""Batches of one shape: a phrase has the same vector in whatever company, order or partition it is encoded.

A matrix product of another shape may be added up in another order, so that its last bits differ. Here every batch
holds phrases of one size and one number of rows. A batch that is not full repeats its rows; what they give is thrown
away.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Index = npt.NDArray[np.int64]


def fixed_batches(sizes: Index, rows_of: Callable[[int], int]) -> Iterator[tuple[int, Index, Index]]:
    """Batches of phrases of equal size.

    Args:
        sizes: size of each phrase, such as its tokens; int64 [n].
        rows_of: number of rows of every batch of a size.

    Yields:
        The size; the phrases of the batch, at most `rows_of(size)`; the same, repeated up to `rows_of(size)`.
    """
    for size in np.unique(sizes).tolist():
        alike, rows = np.flatnonzero(sizes == size), rows_of(size)
        for begin in range(0, len(alike), rows):
            chosen = alike[begin : begin + rows]
            yield size, chosen, np.resize(chosen, rows)


def to_unit(vectors: Vectors) -> Vectors:
    """The vectors at length 1, float32; a zero vector stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1.0), dtype=np.float32)
