"""Words that say nothing of a picture since they go with everything: found by what else is said of their images."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

MOST = 500  # words looked at, the most frequent: rarer ones are not general, and blur what is expected
FEWEST = 1_000  # words around a word from which its divergence is told; fewer tell more of chance


def specificity(
    image: npt.NDArray[np.int64], phrase: npt.NDArray[np.int64], signals: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """How far what is said of a phrase's images differs from what is said of images at large, in nats.

    The Kullback-Leibler divergence of the words on the phrase's images from those on all images, as in the clarity
    score (Cronen-Townsend et al. 2002). What is expected is taken from images with the same kinds of texts, so that a
    word of one source is held against that source; the bias of a small sample is taken off (Miller 1955). A phrase
    that goes with everything (beautiful, the) has about 0.4, one that tells a subject 1 and more.

    Args:
        image: key of the image of each distinct pair, int64 [pairs].
        phrase: key of the phrase of each pair, int64 [pairs].
        signals: bits of the signals that say so, int64 [pairs].

    Returns:
        Distinct phrases ascending, int64 [k], and the divergence of each, float64 [k]; NaN where there are too few
        words around to tell.
    """
    images, row = np.unique(image, return_inverse=True)
    phrases, column = np.unique(phrase, return_inverse=True)
    order = np.lexsort((column, row))
    row, column, bits = row[order], column[order], signals[order]
    shape = (len(images), len(phrases))
    said = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
    kinds = np.zeros(len(images), dtype=np.int64)
    np.bitwise_or.at(kinds, row, bits)
    _, stratum = np.unique(kinds, return_inverse=True)
    member = sparse.csr_matrix((np.ones(len(images)), (stratum, np.arange(len(images)))))
    by_stratum = (member @ said).toarray()
    by_stratum /= np.maximum(by_stratum.sum(axis=1, keepdims=True), 1.0)
    lengths = sparse.csr_matrix((np.asarray(said.sum(axis=1)).ravel(), (stratum, np.arange(len(images)))))
    drawn = (lengths @ said).T.toarray()  # words on the images of each phrase, by stratum
    divergence = np.full(len(phrases), np.nan)
    for i in range(len(phrases)):
        seen = np.asarray((said[:, [i]].T @ said).todense()).ravel()
        expected = drawn[i] @ by_stratum
        seen[i] = expected[i] = 0.0
        total = seen.sum()
        if total < FEWEST:
            continue
        here = seen > 0
        share = seen[here] / total
        excess = (share * np.log(share / (expected[here] / expected.sum()))).sum()
        divergence[i] = round(float(excess - (here.sum() - 1) / (2 * total)), 6)
    return phrases, divergence
