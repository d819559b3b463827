"""Images as their phrases: weighed words, and where they lie among the encoder's vectors."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]

NEAR = 0.4  # cosine below which a phrase says nothing of a name
_BLOCK = 4_096  # phrases compared with names at a time


@dataclass(frozen=True, slots=True)
class Space:
    """The phrases that images are described by.

    Attributes:
        ids: phrase_id, int64 [phrases], ascending.
        rarity: log of all images by the phrase's images, float32 [phrases].
        vectors: unit vectors, float32 [phrases, d]; zero where the encoder does not know a phrase.
    """

    ids: npt.NDArray[np.int64]
    rarity: Floats
    vectors: Floats


@dataclass(frozen=True, slots=True)
class Images:
    """Images as numbers.

    Attributes:
        words: their phrases, weighed by rarity, rows of length 1; float32 CSR [images, phrases].
        places: direction of the weighed mean of their phrases' vectors, float32 [images, d].
        near: cosine of the nearest phrase to each class's name, 0 below `NEAR`, float32 [images, classes].
        said: whether texts give a label that the class's name stands for, float32 [images, classes], 0 or 1.
    """

    words: sparse.csr_matrix
    places: Floats
    near: Floats
    said: Floats

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> "Images":
        return Images(self.words[rows], self.places[rows], self.near[rows], self.said[rows])


def weigh_phrases(phrases: sparse.csr_matrix, space: Space) -> tuple[sparse.csr_matrix, Floats]:
    """`words` and `places` of images.

    Args:
        phrases: which phrases each image has, 0 or 1, CSR [images, phrases].
        space: the phrases.
    """
    weighed = phrases.multiply(space.rarity[None, :]).tocsr().astype(np.float32)
    places = np.asarray(weighed @ space.vectors, dtype=np.float32)
    return _unit_rows(weighed), places / np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)


def near_names(space: Space, names: Floats) -> sparse.csr_matrix:
    """Cosines of phrases and names from `NEAR` on, float32 CSR [phrases, classes].

    Args:
        space: the phrases.
        names: unit vectors of the classes' names, float32 [classes, d].
    """
    blocks = []
    for begin in range(0, max(len(space.ids), 1), _BLOCK):
        cosine = space.vectors[begin : begin + _BLOCK] @ names.T
        blocks.append(sparse.csr_matrix(np.where(cosine >= NEAR, cosine, 0.0).astype(np.float32)))
    return sparse.vstack(blocks, format="csr")


def nearest(phrases: sparse.csr_matrix, near: sparse.csr_matrix) -> Floats:
    """The largest cosine of any phrase of an image with each name, float32 [images, classes].

    Args:
        phrases: CSR [images, phrases], only where it has entries counts.
        near: from `near_names`.
    """
    image = np.repeat(np.arange(phrases.shape[0]), np.diff(phrases.indptr))
    begin, length = near.indptr[phrases.indices], np.diff(near.indptr)[phrases.indices]
    row = np.repeat(image, length)
    step = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    entry = np.repeat(begin, length) + step
    found = np.zeros((phrases.shape[0], near.shape[1]), dtype=np.float32)
    np.maximum.at(found, (row, near.indices[entry]), near.data[entry])
    return found


def _unit_rows(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return sparse.diags((1.0 / np.maximum(norms, 1e-9)).astype(np.float32)).dot(rows).tocsr()
