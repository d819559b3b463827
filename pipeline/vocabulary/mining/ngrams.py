"""Hashes of word n-grams: count and find millions of phrases without moving a string.

A phrase is known by one 64-bit hash of its language and words. Hashes of all n-grams of a batch of texts are rolled up
in numpy: h(w1..wn) = h(w1..wn-1) * P + h(wn) mod 2^64, mixed with the language at the end. Mining and matching share
it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.vocabulary.mining.key_arrays import Hashes
from pipeline.vocabulary.mining.word_arrays import Words, read_words

Keep = Callable[[Hashes], npt.NDArray[np.bool_]]
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplication loses nothing
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Grams:
    """All n-grams of one length in a batch of texts.

    Attributes:
        n: words.
        start: position of the first word in the batch's flat words, int64 [k], ascending.
        text: index of the text in the batch, int64 [k].
        key: hash of language and words, int64 [k].
    """

    n: int
    start: npt.NDArray[np.int64]
    text: npt.NDArray[np.int64]
    key: Hashes


def grams(words: Words, most: int, keep: Keep | None = None) -> Iterator[Grams]:
    """The n-grams of 1 to `most` words, shortest first; none crosses a break or the end of its text.

    Args:
        words: of a batch of texts.
        most: words of the longest n-gram.
        keep: given keys, which of them to go on with. What holds a part that does not go on is left out without being
            looked at (a-priori pruning, Agrawal and Srikant 1994).
    """
    start = np.flatnonzero(words.inside).astype(np.int64)
    rolled = words.word[start]
    alive = np.zeros(len(words.word) + 1, dtype=bool)
    for n in range(1, most + 1):
        if n > 1:
            last = start + (n - 1)
            fits = last < len(words.word)
            start, rolled, last = start[fits], rolled[fits], last[fits]
            fits = words.inside[last] & (words.text[last] == words.text[start])
            if keep is not None:
                fits &= alive[start + 1]
            start, rolled, last = start[fits], rolled[fits], last[fits]
            rolled = rolled * _FACTOR + words.word[last]
        key = _finish(rolled, words.language[words.text[start]])
        if keep is not None:
            kept = keep(key)
            start, rolled, key = start[kept], rolled[kept], key[kept]
            alive[:] = False
            alive[start] = True
        yield Grams(n, start, words.text[start], key)


def spell(words: Words, start: int, n: int) -> str:
    """The n words from position `start` on, one space between them."""
    return " ".join(words.distinct[words.code[start : start + n]])


def spell_all(words: Words, gram: Grams, chosen: npt.NDArray[np.int64]) -> tuple[pa.StringArray, pa.StringArray]:
    """Some n-grams as strings, and their languages; string [chosen] both.

    Args:
        words: of a batch of texts.
        gram: n-grams of these texts.
        chosen: indices of those to spell, int64 [chosen].
    """
    distinct = pa.array(words.distinct, pa.string())
    codes = words.code[gram.start[chosen][:, None] + np.arange(gram.n)]
    ends = pa.array(np.arange(len(chosen) + 1) * gram.n, pa.int32())
    split = pa.ListArray.from_arrays(ends, distinct.take(pa.array(codes.ravel())))
    spoken = distinct.take(pa.array(words.code[words.first[gram.text[chosen]]]))
    return pc.binary_join(split, " "), spoken


def first_in_text(gram: Grams, twice: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Indices of the n-grams that stand for the first time in their text, ascending, int64.

    Args:
        gram: n-grams of one length.
        twice: whether a text can say one twice, bool [texts], see `word_arrays.repeating`.
    """
    doubtful = twice[gram.text]
    if not doubtful.any():
        return np.arange(len(gram.key))
    place = np.flatnonzero(doubtful)
    pairs = np.stack([gram.text[place], gram.key[place]], axis=1)
    first = np.unique(pairs, axis=0, return_index=True)[1]
    return np.sort(np.concatenate([np.flatnonzero(~doubtful), place[first]]))


def occurrences(words: Words, most: int) -> npt.NDArray[np.int64]:
    """Number of n-grams of 1 to `most` words in each text, int64 [texts]."""
    place = np.arange(len(words.word))
    ends = np.ones(len(place), dtype=bool)  # the next word is no part of the same run
    ends[:-1] = ~words.inside[1:] | (words.text[1:] != words.text[:-1])
    end = np.flatnonzero(ends)
    reach = end[np.searchsorted(end, place)] - place + 1
    starting = np.where(words.inside, np.minimum(reach, most), 0)
    return np.bincount(words.text, weights=starting, minlength=len(words.lengths)).astype(np.int64)


def whole_keys(phrases: Sequence[str], language: str) -> Hashes:
    """The phrase_id that each phrase has in a language, int64 [phrases].

    Args:
        phrases: words with one space between.
        language: of all of them.
    """
    words = read_words(pa.array(phrases, pa.string()), pa.array([language] * len(phrases), pa.string()))
    keys = np.zeros(len(phrases), dtype=np.int64)
    for gram in grams(words, int(words.lengths.max(initial=1))):
        whole = words.lengths[gram.text] == gram.n
        keys[gram.text[whole]] = gram.key[whole]
    return keys


def end_keys(words: Words) -> tuple[Hashes, Hashes]:
    """Keys of the first and of the last n words of each text, int64 [texts, longest] both, at [text, n - 1].

    Args:
        words: of texts without a break; 0 stands where a text has fewer words.
    """
    longest = int(words.lengths.max(initial=1))
    begin = words.first + 1  # after the language
    end = begin + words.lengths
    opening, closing = np.zeros((2, len(begin), longest), dtype=np.int64)
    for gram in grams(words, longest):
        first, last = gram.start == begin[gram.text], gram.start + gram.n == end[gram.text]
        opening[gram.text[first], gram.n - 1] = gram.key[first]
        closing[gram.text[last], gram.n - 1] = gram.key[last]
    return opening, closing


def _finish(rolled: npt.NDArray[np.uint64], language: npt.NDArray[np.uint64]) -> Hashes:
    """Spread the rolled hash over all bits, with the language: the same word of two languages is two phrases."""
    mixed = (rolled ^ language) * _MIX
    mixed ^= mixed >> _SHIFT
    mixed *= _MIX
    mixed ^= mixed >> _SHIFT
    return mixed.view(np.int64)
