"""Arrays of phrase_ids, the keys of phrases: summed up, searched, and listed a text."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.int64]


def total_by_key(
    keys: Hashes, weights: npt.NDArray[np.int64]
) -> tuple[Hashes, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Distinct keys ascending, the sum of the weights of each, and where each stands first in `keys`."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    opens = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(keys) else order
    totals = np.add.reduceat(weights[order], opens) if len(keys) else weights
    return ordered[opens], totals, order[opens]


def contains(ordered: Hashes, keys: Hashes) -> npt.NDArray[np.bool_]:
    """Whether each key is in the ascending array `ordered`."""
    if not len(ordered):
        return np.zeros(len(keys), dtype=bool)
    place = np.searchsorted(ordered, keys)
    place[place == len(ordered)] = 0
    return np.asarray(ordered[place] == keys)


class KeySet:
    """A set of keys that answers for whole arrays: a bitmap turns nearly all strangers away, then a search decides.

    Args:
        ordered: the keys, ascending, int64 [n].
    """

    def __init__(self, ordered: Hashes) -> None:
        self._ordered = ordered
        self._mask = np.int64((1 << (16 * len(ordered) + 1024).bit_length()) - 1)
        self._possible = np.zeros(int(self._mask) + 1, dtype=bool)
        self._possible[ordered & self._mask] = True

    def holds(self, keys: Hashes) -> npt.NDArray[np.bool_]:
        """Whether each key is in the set, bool [keys]."""
        found: npt.NDArray[np.bool_] = self._possible[keys & self._mask]
        found[found] = contains(self._ordered, keys[found])
        return found


def list_by_text(text: npt.NDArray[np.int64], key: Hashes, texts: int) -> pa.ListArray:
    """The keys of each text, in the order in which they are given; list<int64> [texts].

    Args:
        text: index of the text of each key, int64 [k].
        key: int64 [k].
        texts: how many there are.
    """
    order = np.argsort(text, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(text, minlength=texts))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(key[order]))
