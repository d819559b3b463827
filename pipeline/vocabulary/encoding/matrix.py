"""Vectors of a table as one matrix."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def as_matrix(vectors: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    """A column of lists of equal length as rows, float32 [rows, d]; [0, 1] where there are none.

    Args:
        vectors: list<float> or fixed-size lists, without nulls.
    """
    flat = vectors.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(vectors), -1) if len(vectors) else np.zeros((0, 1), dtype=np.float32)
