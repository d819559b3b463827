"""Nearest neighbours by cosine: exact for few vectors, by cells for many.

All pairs of a million phrases are 10^12 cosines. Past `_MOST_PAIRS` the base is therefore parted into cells (inverted
file, Jégou, Douze and Schmid 2011) and a query looks into the nearest ones only; what it finds there is ranked by exact
cosines. Both ways give equal results for equal input on any run with the same number of threads.
"""

import os

import faiss
import numpy as np
import numpy.typing as npt

from pipeline.vocabulary.encoding.fixed_shapes import Vectors

Cosines = npt.NDArray[np.float32]
Index = npt.NDArray[np.int64]

_MOST_PAIRS = 50_000**2  # exact up to here: some 10 s of two cores at 384 dimensions
_PROBED = 8  # cells a query looks into
_SAMPLE = 32  # vectors a cell that the cells are fitted on
_ROUNDS = 5  # of that fit
_SPARE = 8  # candidates beyond k, so that the halved precision of the cells loses none
_BLOCK = 8_192  # queries at a time


def nearest(queries: Vectors, base: Vectors, k: int) -> tuple[Cosines, Index]:
    """The k nearest rows of `base` for each query, nearest first; of equally near ones the lower index first.

    Args:
        queries: unit vectors, float32 [q, d].
        base: unit vectors, float32 [n, d].
        k: neighbours wanted; n of them where there are fewer.

    Returns:
        cosines rounded to 5 digits, float32, and indices into `base`, int64, both [q, min(k, n)]. Exact where q x n is
        at most 2.5 billion; else a neighbour in a cell that was not looked into is missed, and where all of these cells
        hold fewer than k vectors the rest is index -1 with cosine -1.
    """
    use_all_cores()
    k = min(k, len(base))
    if not k or not len(queries):
        return np.empty((len(queries), k), dtype=np.float32), np.empty((len(queries), k), dtype=np.int64)
    queries, base = np.ascontiguousarray(queries), np.ascontiguousarray(base)
    if len(queries) * len(base) <= _MOST_PAIRS:
        similarity, near = faiss.knn(queries, base, k, metric=faiss.METRIC_INNER_PRODUCT)
        return _ordered(similarity, near)
    return _by_cells(queries, base, k)


def use_all_cores() -> None:
    """Let faiss search with all cores."""
    # Queries are shared out over threads, each computed by one: the number of threads changes no result.
    faiss.omp_set_num_threads(os.cpu_count() or 1)


def _by_cells(queries: Vectors, base: Vectors, k: int) -> tuple[Cosines, Index]:
    """Look into the nearest cells, at half precision, and rank what is found by exact cosines."""
    index = _fill_cells(base)
    similarity = np.empty((len(queries), k), dtype=np.float32)
    near = np.empty((len(queries), k), dtype=np.int64)
    for begin in range(0, len(queries), _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        _, found = index.search(queries[rows], min(k + _SPARE, len(base)))
        exact = np.empty(found.shape, dtype=np.float32)
        for column, candidates in enumerate(found.T):  # one column at a time: no queries x k x d of memory
            exact[:, column] = np.einsum("qd,qd->q", queries[rows], base[candidates])
        exact[found < 0] = -1.0
        ranked, places = _ordered(exact, found)
        similarity[rows], near[rows] = ranked[:, :k], places[:, :k]
    return similarity, near


def _fill_cells(base: Vectors) -> faiss.IndexIVFScalarQuantizer:
    """An index of the base in about 4 sqrt(n) cells, fitted on evenly spaced rows."""
    cells = max(1, min(int(4 * np.sqrt(len(base))), len(base) // _SAMPLE))
    quantizer = faiss.IndexFlatIP(base.shape[1])
    index = faiss.IndexIVFScalarQuantizer(
        quantizer, base.shape[1], cells, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
    )
    index.cp.niter, index.cp.spherical, index.cp.seed = _ROUNDS, True, 1
    index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, _SAMPLE
    index.nprobe = min(_PROBED, cells)
    index.train(base[:: max(1, len(base) // (_SAMPLE * cells))])
    for begin in range(0, len(base), 10 * _BLOCK):
        index.add(base[begin : begin + 10 * _BLOCK])
    return index


def _ordered(similarity: Cosines, near: Index) -> tuple[Cosines, Index]:
    """Nearest first, rounded, so that the last bits of a sum decide no order; then by index."""
    rounded = np.round(similarity, 5)
    # Two stable sorts, one after the other: by index, then by falling cosine.
    by_index = np.argsort(near, axis=1, kind="stable")
    rounded, near = np.take_along_axis(rounded, by_index, 1), np.take_along_axis(near, by_index, 1)
    by_cosine = np.argsort(-rounded, axis=1, kind="stable")
    return np.take_along_axis(rounded, by_cosine, 1), np.take_along_axis(near, by_cosine, 1)
