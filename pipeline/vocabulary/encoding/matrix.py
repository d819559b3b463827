"""Vectors of phrases as matrices, of which many rows may be zero."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.vocabulary.encoding.fixed_shapes import Vectors


@dataclass(frozen=True, slots=True)
class Rows:
    """A matrix of n rows that is read by `[...]` as an array is, and holds each row but once, zero ones not at all.

    Attributes:
        matrix: float32 [m + 1, d]; the last row is zero.
        place: the row of `matrix` that each row is, int64 [n].
    """

    matrix: Vectors
    place: npt.NDArray[np.int64]

    def __getitem__(self, chosen: Any) -> Vectors:
        """The chosen rows, float32 [..., d]; one of them where it is a number."""
        found: Vectors = self.matrix[self.place[chosen]]
        return found

    def __len__(self) -> int:
        return len(self.place)

    @property
    def width(self) -> int:
        """Dimensions of a row."""
        return int(self.matrix.shape[1])

    @property
    def there(self) -> npt.NDArray[np.bool_]:
        """Whether a row is more than zeros, bool [n]."""
        return np.asarray(self.matrix.any(axis=1))[self.place]

    def choose(self, chosen: npt.NDArray[np.int64]) -> "Rows":
        """Some of the rows, in this order, in the same memory."""
        return Rows(self.matrix, self.place[chosen])

    @staticmethod
    def of(vectors: npt.NDArray[np.floating[Any]]) -> "Rows":
        """All rows of an array."""
        matrix = np.vstack([vectors, np.zeros_like(vectors, shape=(1, vectors.shape[1]))])
        return Rows(matrix.astype(np.float32, copy=False), np.arange(len(vectors)))

    @staticmethod
    def among(n: int, rows: npt.NDArray[np.int64], matrix: Vectors) -> "Rows":
        """`n` rows, of which some are given and the others zero.

        Args:
            n: rows.
            rows: where each of the given ones stands, int64 [m], each once.
            matrix: the given ones and a zero row, float32 [m + 1, d]; it is held, not copied.
        """
        place = np.full(n, len(rows))
        place[rows] = np.arange(len(rows))
        return Rows(matrix, place)


def place_rows(n: int, rows: npt.NDArray[np.int64], vectors: pa.ChunkedArray) -> Rows:
    """A matrix of `n` rows, of which some are given and the others zero.

    Args:
        n: rows.
        rows: where each of the vectors stands, int64 [m], each once.
        vectors: lists of float of equal length, m of them.
    """
    width = len(vectors[0]) if len(vectors) else 0
    matrix, begin = np.zeros((len(vectors) + 1, width), dtype=np.float32), 0
    for chunk in vectors.chunks:  # so that no second copy of all is made
        matrix[begin : begin + len(chunk)] = as_matrix(pa.chunked_array([chunk]))
        begin += len(chunk)
    return Rows.among(n, rows, matrix)


def as_matrix(vectors: pa.ChunkedArray) -> Vectors:
    """A column of lists of equal length as rows, float32 [rows, d]; [0, 1] where there are none.

    Args:
        vectors: list<float> or fixed-size lists, without nulls.
    """
    flat = vectors.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(vectors), -1) if len(vectors) else np.zeros((0, 1), dtype=np.float32)
