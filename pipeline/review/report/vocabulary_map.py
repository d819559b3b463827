"""The vocabulary as a map: labels with near meanings lie near each other. numpy in, numpy out.

t-SNE (van der Maaten and Hinton 2008; Barnes-Hut, van der Maaten 2014) of some landmarks, begun at their two principal
components, which keeps the large shapes (Kobak and Berens 2019). Every other label lies at the mean of its nearest
landmarks, weighed by cosine. So time is bounded by the landmarks, whatever the number of labels.
"""

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from pipeline.vocabulary.encoding.neighbours import nearest

Vectors = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

LANDMARKS = 2_000
SIDE = 4_096  # places are whole numbers below it: finer than a screen shows
_NEAR = 5  # landmarks that place a label
_PERPLEXITY = 30.0
_ROUNDS = 500  # the map of 2,000 landmarks looks the same after 1,000, and takes twice the time
_COMPONENTS = 50  # of the vectors that t-SNE sees: distances of the rest are noise, and cost time
_SEED = 0


def place_labels(vectors: Vectors, landmarks: int = LANDMARKS) -> Places:
    """Places of labels on a square map.

    Args:
        vectors: unit vectors, float32 [n, d]; the most important labels first, since the first ones are landmarks.
        landmarks: how many of them t-SNE places.

    Returns:
        x and y, int64 [n, 2], from 0 to `SIDE` - 1. Equal vectors in equal order, equal places: one thread computes
        them, so that no sum depends on how many there are.
    """
    if not len(vectors):
        return np.zeros((0, 2), dtype=np.int64)
    fixed = np.ascontiguousarray(vectors[:landmarks])
    with threadpool_limits(1):
        drawn = _draw(fixed)
    rest = np.ascontiguousarray(vectors[landmarks:])
    if len(rest):
        drawn = np.concatenate([drawn, _between(*nearest(rest, fixed, _NEAR), drawn)])
    return _fit(drawn)


def _draw(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Landmarks in the plane, float64 [n, 2], centred."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    # Too few to have neighbourhoods, or all the same: t-SNE would refuse them.
    if len(vectors) < 8 or not np.ptp(centred, axis=0).any():
        return _first_two(centred)
    components = min(_COMPONENTS, *centred.shape)
    reduced = PCA(components, svd_solver="full").fit_transform(centred) if components < centred.shape[1] else centred
    if reduced.shape[1] < 2:
        return _first_two(reduced)
    model = TSNE(
        perplexity=min(_PERPLEXITY, (len(vectors) - 1) / 3),
        init=_start(reduced),
        max_iter=_ROUNDS,
        random_state=_SEED,
        n_jobs=1,
    )
    found = model.fit_transform(reduced.astype(np.float32)).astype(np.float64)
    placed: npt.NDArray[np.float64] = found - found.mean(axis=0)
    return placed


def _start(reduced: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The first two principal components, small, as t-SNE wants its start; equal vectors a hair's breadth apart."""
    first = reduced[:, :2] / max(float(reduced[:, 0].std()), 1e-12) * 1e-4
    steps = np.arange(len(first))[:, None] * np.array([1e-9, -1e-9])
    start: npt.NDArray[np.float32] = (first + steps).astype(np.float32)
    return start


def _first_two(centred: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The first two principal components, and zeros where there are fewer."""
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    plane = (left * sizes)[:, :2]
    return np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))


def _between(
    cosines: npt.NDArray[np.float32], near: npt.NDArray[np.int64], drawn: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Means of the nearest landmarks, weighed by cosine; a vector like none of them lies in their middle."""
    weights = np.maximum(cosines.astype(np.float64), 1e-6)[:, :, None]
    placed: npt.NDArray[np.float64] = (drawn[near] * weights).sum(axis=1) / weights.sum(axis=1)
    return placed


def _fit(drawn: npt.NDArray[np.float64]) -> Places:
    """The plane as whole numbers, both axes at one scale, in the middle of the square."""
    low, high = drawn.min(axis=0), drawn.max(axis=0)
    reach = float((high - low).max())
    scale = (SIDE - 1) / reach if reach > 0 else 0.0
    places: Places = np.rint((drawn - (low + high) / 2) * scale + (SIDE - 1) / 2).astype(np.int64)
    return places
