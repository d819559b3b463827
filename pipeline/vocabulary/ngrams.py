"""Hashes of word n-grams: count and find millions of phrases without moving a string.

A phrase is known by one 64-bit hash of its language and words. Hashes of all n-grams of a batch of texts are rolled up
in numpy: h(w1..wn) = h(w1..wn-1) * P + h(wn) mod 2^64, mixed with the language at the end. Mining and matching share
it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Hashes = npt.NDArray[np.int64]
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


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch of texts, flat.

    Attributes:
        word: hash of each word, uint64 [n].
        text: index of its text, int64 [n], ascending.
        inside: False at a break, which no n-gram may cross, bool [n].
        language: hash of each text's language, uint64 [texts].
        lengths: words of each text, breaks not counted, int64 [texts].
    """

    word: npt.NDArray[np.uint64]
    text: npt.NDArray[np.int64]
    inside: npt.NDArray[np.bool_]
    language: npt.NDArray[np.uint64]
    lengths: npt.NDArray[np.int64]


def hash_strings(values: Sequence[str] | npt.NDArray[np.object_]) -> npt.NDArray[np.uint64]:
    """64-bit hash of each string, the same on every machine and in every process; uint64 [n]."""
    return np.asarray(pd.util.hash_array(np.asarray(values, dtype=object), categorize=False), dtype=np.uint64)


def read_words(tokens: pa.ListArray, languages: pa.Array) -> Words:
    """The words of a batch: `tokens` list<string> [texts], '' = break; `languages` string [texts]."""
    offsets = tokens.offsets.to_numpy().astype(np.int64)
    flat = tokens.values.slice(offsets[0], offsets[-1] - offsets[0])
    counts = np.diff(offsets)
    coded = flat.dictionary_encode()  # each distinct word is hashed once
    distinct = coded.dictionary.to_numpy(zero_copy_only=False)
    codes = coded.indices.to_numpy(zero_copy_only=False)
    hashes = hash_strings(distinct)
    inside = (distinct != "")[codes] if len(distinct) else np.zeros(0, dtype=bool)
    text = np.repeat(np.arange(len(counts)), counts)
    word = hashes[codes] if len(distinct) else np.zeros(0, dtype=np.uint64)
    spoken = languages.dictionary_encode()
    language = _hash_languages(spoken.dictionary.to_pylist())[spoken.indices.to_numpy()]
    lengths = np.bincount(text[inside], minlength=len(counts)).astype(np.int64)
    return Words(word, text, inside, language, lengths)


def grams(words: Words, most: int) -> Iterator[Grams]:
    """The n-grams of 1 to `most` words, shortest first; none crosses a break or the end of its text."""
    start = np.flatnonzero(words.inside).astype(np.int64)
    rolled = words.word[start]
    for n in range(1, most + 1):
        if n > 1:
            last = start + (n - 1)
            fits = last < len(words.word)
            start, rolled, last = start[fits], rolled[fits], last[fits]
            fits = words.inside[last] & (words.text[last] == words.text[start])
            start, rolled, last = start[fits], rolled[fits], last[fits]
            rolled = rolled * _FACTOR + words.word[last]
        text = words.text[start]
        yield Grams(n, start, text, _finish(rolled, words.language[text]))


def phrase_keys(tokens: Sequence[str], language: str) -> Iterator[tuple[Hashes, Hashes]]:
    """For each way to cut a phrase of n words in two: keys of the left and of the right part, n - 1 pairs."""
    word = hash_strings(list(tokens))
    spoken = _hash_languages([language])

    def key(part: npt.NDArray[np.uint64]) -> Hashes:
        rolled = part[:1]
        for other in part[1:]:
            rolled = rolled * _FACTOR + other
        return _finish(rolled, spoken)

    for cut in range(1, len(word)):
        yield key(word[:cut]), key(word[cut:])


def _hash_languages(languages: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Hash of each language; no word has it, or 'de' in English would be 'en' in German."""
    return hash_strings([f"language {language}" for language in languages])


def _finish(rolled: npt.NDArray[np.uint64], language: npt.NDArray[np.uint64]) -> Hashes:
    """Spread the rolled hash over all bits, with the language: the same word of two languages is two phrases."""
    mixed = (rolled ^ language) * _MIX
    mixed ^= mixed >> _SHIFT
    mixed *= _MIX
    mixed ^= mixed >> _SHIFT
    return mixed.view(np.int64)


def total_by_key(keys: Hashes, weights: npt.NDArray[np.int64]) -> tuple[Hashes, npt.NDArray[np.int64]]:
    """Distinct keys, ascending, and the sum of the weights of each."""
    distinct, place = np.unique(keys, return_inverse=True)
    totals = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(totals, place, weights)
    return distinct, totals


def contains(ordered: Hashes, keys: Hashes) -> npt.NDArray[np.bool_]:
    """Whether each key is in the ascending array `ordered`."""
    if not len(ordered):
        return np.zeros(len(keys), dtype=bool)
    place = np.searchsorted(ordered, keys)
    place[place == len(ordered)] = 0
    return np.asarray(ordered[place] == keys)
