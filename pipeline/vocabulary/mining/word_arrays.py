"""Words of a batch of texts as flat arrays, each distinct word hashed once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

BREAK = "|"  # stands between words where no phrase may cross
_LONG = 64  # words


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch of texts, flat.

    Attributes:
        word: hash of each word, uint64 [n].
        text: index of its text, int64 [n], ascending.
        inside: False at a break, which no n-gram may cross, bool [n].
        language: hash of each text's language, uint64 [texts].
        lengths: words of each text, breaks not counted, int64 [texts].
        code: place of each word among the distinct ones, int32 [n].
        distinct: the distinct words as strings.
        first: position of each text's language, which stands before its words, int [texts].
    """

    word: npt.NDArray[np.uint64]
    text: npt.NDArray[np.int64]
    inside: npt.NDArray[np.bool_]
    language: npt.NDArray[np.uint64]
    lengths: npt.NDArray[np.int64]
    code: npt.NDArray[np.int32]
    distinct: npt.NDArray[np.object_]
    first: npt.NDArray[np.integer[Any]]


def hash_strings(values: Sequence[str] | npt.NDArray[np.object_]) -> npt.NDArray[np.uint64]:
    """64-bit hash of each string, the same on every machine and in every process; uint64 [n]."""
    return np.asarray(pd.util.hash_array(np.asarray(values, dtype=object), categorize=False), dtype=np.uint64)


def read_words(texts: pa.Array, languages: pa.Array) -> Words:
    """The words of a batch of texts.

    Args:
        texts: string [texts]; words and `|` (a break), one space between them.
        languages: string [texts].
    """
    return read_spoken(split_spoken(texts, languages))


def split_spoken(texts: pa.Array, languages: pa.Array) -> pa.ListArray:
    """Language and words of each text, as places in a dictionary: list<dictionary<int32, string>> [texts].

    Args:
        texts: string [texts]; words and `|` (a break), one space between them.
        languages: string [texts].
    """
    split = pc.split_pattern(pc.binary_join_element_wise(languages, texts, " "), " ")
    return pa.ListArray.from_arrays(split.offsets, split.values.dictionary_encode())


def read_spoken(spoken: pa.ListArray) -> Words:
    """The words of a batch of texts from what `split_spoken` gives."""
    offsets, coded = spoken.offsets.to_numpy(), spoken.values  # each distinct word is hashed once
    first = offsets[:-1]  # where the languages are
    counts = np.diff(offsets).astype(np.int64)
    distinct = coded.dictionary.to_numpy(zero_copy_only=False)
    code = coded.indices.to_numpy(zero_copy_only=False)
    spelled = (distinct != BREAK) & (distinct != "")  # an empty text splits into one empty word
    inside = spelled[code] if len(distinct) else np.zeros(0, dtype=bool)
    inside[first] = False
    text = np.repeat(np.arange(len(counts)), counts)
    word = hash_strings(distinct)[code] if len(distinct) else np.zeros(0, dtype=np.uint64)
    tongues, place = np.unique(code[first], return_inverse=True)
    language = _hash_languages(distinct[tongues].tolist())[place]
    lengths = np.bincount(text[inside], minlength=len(counts)).astype(np.int64)
    return Words(word, text, inside, language, lengths, code, distinct, first)


def repeating(words: Words) -> npt.NDArray[np.bool_]:
    """Whether a text says any word twice, and so may say a phrase twice; bool [texts].

    Long texts are taken to do so: nearly all do, and to compare all pairs of their words would cost their square.
    """
    twice = words.lengths > _LONG
    place = np.flatnonzero(words.inside & ~twice[words.text])
    for step in range(1, _LONG + 1):
        place = place[place + step < len(words.word)]
        place = place[words.text[place + step] == words.text[place]]
        twice[words.text[place[words.code[place + step] == words.code[place]]]] = True
        if not len(place):
            break
    return twice


def _hash_languages(languages: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Hash of each language; no word has it, or 'de' in English would be 'en' in German."""
    return hash_strings([f"language {language}" for language in languages])
