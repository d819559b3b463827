"""How probable a word is in each of several languages by its letters alone: a model of letter n-grams.

Word lists end, words do not: German compounds, inflected Polish and Turkish, names. Their letters still tell the
language. The model is the interpolated one of Witten and Bell (1991), over the words of each list, in one table for all
languages, so that a word is looked up once.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_EDGE = 1  # stands before the first and after the last letter
_FIRST_LETTER = 2
_ORDER = 4  # letters seen at once, fewer where an alphabet is so large that they do not fit 63 bits
_DAMPING = 0.5  # a word counts by this power of its frequency: half a token, half a type

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class LetterModel:
    """Letter n-grams of several languages.

    Args:
        lists: share of each word in running text, one mapping a language; at least one of them not empty.
    """

    def __init__(self, lists: Sequence[Mapping[str, float]]) -> None:
        letters = sorted(set("".join("".join(words) for words in lists)))
        self._code = {letter: place for place, letter in enumerate(letters, start=_FIRST_LETTER)}
        self._bits = (len(letters) + _FIRST_LETTER).bit_length()
        self._silence = np.zeros(len(lists))
        coded = [self._encode(words) for words in lists]
        lower_keys, lower = np.zeros(1, np.int64), np.full((1, len(lists)), 1.0 / (len(letters) + _FIRST_LETTER))
        self._orders: list[tuple[dict[int, int], Floats, dict[int, int], Floats]] = []
        for order in range(1, min(_ORDER, 63 // self._bits) + 1):
            keys, counts = _count(coded, order, self._bits)
            histories, history = np.unique(keys >> self._bits, return_inverse=True)
            total, kinds = _sums(counts, history, len(histories)), _sums(counts > 0, history, len(histories))
            backoff = np.where(total > 0, kinds / np.maximum(total + kinds, 1e-300), 1.0)
            suffix = np.searchsorted(lower_keys, keys & ((1 << self._bits * (order - 1)) - 1))
            share = counts / np.maximum(total, 1e-300)[history]
            lower = (1.0 - backoff[history]) * share + backoff[history] * lower[suffix]
            lower_keys = keys
            self._orders.append((_places(keys), np.log(lower), _places(histories), np.log(backoff)))

    def log_likelihoods(self, word: str) -> Floats:
        """Natural logarithm of the word's probability in each language, shape (languages,), float64.

        Letters that no list has add the same to all, nothing.

        Args:
            word: in lower case.
        """
        codes = [_EDGE, *[self._code.get(letter, 0) for letter in word], _EDGE]
        total = self._silence.copy()
        for end in range(1, len(codes)):
            for order in range(min(len(self._orders), end + 1), 0, -1):
                key = 0
                for code in codes[end - order + 1 : end + 1]:
                    key = key << self._bits | code
                keys, log_shares, histories, log_backoffs = self._orders[order - 1]
                place = keys.get(key)
                if place is not None:
                    total += log_shares[place]
                    break
                place = histories.get(key >> self._bits)
                if place is not None and order > 1:
                    total += log_backoffs[place]
        return total

    def _encode(self, words: Mapping[str, float]) -> tuple[Ints, Ints, Floats]:
        """Letters of all words between edges, how many letters or edges each may look back, and its word's weight."""
        lookup = np.zeros(0x110000, np.int64)
        for letter, code in self._code.items():
            lookup[ord(letter)] = code
        lookup[ord("\n")] = _EDGE
        text = "\n".join(["", *words, ""])
        codes = lookup[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
        edges = np.flatnonzero(codes == _EDGE)
        # The edge that closes a word belongs to it.
        owner = np.searchsorted(edges, np.arange(1, len(codes))) - 1
        reach = np.arange(1, len(codes)) - edges[owner]
        shares = np.array(list(words.values()), np.float64)
        weights = (shares / shares.min()) ** _DAMPING if len(shares) else shares
        return codes, reach, weights[owner] if len(weights) else np.zeros(0)


def _count(coded: Sequence[tuple[Ints, Ints, Floats]], order: int, bits: int) -> tuple[Ints, Floats]:
    """Every n-gram of the order that a language has, sorted, and its weight in each; shapes (n,) and (n, languages)."""
    found = []
    for codes, reach, weights in coded:
        usable = np.flatnonzero(reach >= order - 1)
        keys = np.zeros(len(usable), np.int64)
        for back in range(order - 1, -1, -1):
            keys = keys << bits | codes[usable + 1 - back]
        distinct = pa.array(keys).dictionary_encode()  # a hash table: to sort millions takes three times as long
        own = distinct.dictionary.to_numpy()
        total = np.bincount(distinct.indices.to_numpy(), weights[usable], len(own))
        rising = np.argsort(own)
        found.append((own[rising], total[rising]))
    every = np.unique(np.concatenate([own for own, _ in found]))
    counts = np.zeros((len(every), len(coded)))
    for language, (own, weight) in enumerate(found):
        counts[np.searchsorted(every, own), language] = weight
    return every, counts


def _sums(values: npt.NDArray[np.generic], group: npt.NDArray[np.intp], groups: int) -> Floats:
    return np.stack([np.bincount(group, column, groups) for column in values.astype(np.float64).T], axis=1)


def _places(keys: Ints) -> dict[int, int]:
    return dict(zip(keys.tolist(), range(len(keys)), strict=True))
