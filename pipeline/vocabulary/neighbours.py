"""Exact nearest neighbours by cosine."""

import os

import faiss
import numpy as np
import numpy.typing as npt

from pipeline.vocabulary.phrases import Index
from pipeline.vocabulary.units import Vectors


def nearest(queries: Vectors, base: Vectors, k: int) -> tuple[npt.NDArray[np.float32], Index]:
    """Cosines and indices of the k nearest rows of `base`, exact, nearest first; float32 and int64 [q, k]."""
    use_all_cores()
    index = faiss.IndexFlatIP(base.shape[1])
    index.add(np.ascontiguousarray(base))
    similarity, near = index.search(np.ascontiguousarray(queries), min(k, len(base)))
    return np.round(similarity, 5), near


def use_all_cores() -> None:
    """Let faiss search with all cores."""
    # Queries are shared out over threads, each computed by one: the number of threads changes no result.
    faiss.omp_set_num_threads(os.cpu_count() or 1)
