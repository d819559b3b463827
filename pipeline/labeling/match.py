"""Which member phrases stand in a text: the longest wins, and nothing inside a found phrase counts again.

Phrases are known by the hashes that mining gave them, so a text is matched by looking up the hashes of its n-grams: the
cost grows with the words of the text and not with the number of phrases.
"""

import functools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame

from pipeline.vocabulary.mining import ngrams

_MATCHES = pa.schema([("text_id", pa.int64()), ("phrase_id", pa.int64()), ("coverage", pa.float64())])
_MATCHES_DDL = "text_id long, phrase_id long, coverage double"


def match_texts(texts: DataFrame, members: "Broadcast[bytes]", most: int) -> DataFrame:
    """(text_id, phrase_id, coverage): the member phrases of each text, and the share of its words that each covers.

    Args:
        texts: the table texts.
        members: ascending phrase_ids of all members, as bytes of int64.
        most: words of the longest phrase.
    """
    matcher = functools.partial(_match_batches, members=members, most=most)
    return texts.select("text_id", "text", "language").mapInArrow(matcher, _MATCHES_DDL)


def longest_matches(
    words: ngrams.Words, members: ngrams.KeySet, most: int
) -> Iterator[tuple[int, npt.NDArray[np.int64], ngrams.Hashes]]:
    """For each length, longest first: (n, text of each match int64 [k], phrase_id int64 [k]).

    A match never overlaps a longer one; of two overlapping ones of equal length the left one wins.
    """
    taken = np.zeros(len(words.word) + 1, dtype=bool)
    for gram in reversed(list(ngrams.grams(words, most))):
        hit = members.holds(gram.key)
        start, text, key = gram.start[hit], gram.text[hit], gram.key[hit]
        before = np.concatenate([[0], np.cumsum(taken)])
        free = before[start + gram.n] == before[start]
        start, text, key = start[free], text[free], key[free]
        kept = leftmost(start, gram.n)
        start, text, key = start[kept], text[kept], key[kept]
        for offset in range(gram.n):
            taken[start + offset] = True
        yield gram.n, text, key


def leftmost(start: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.bool_]:
    """Which spans of one length to keep so that none overlap, from the left; `start` ascending, bool [k]."""
    kept = np.ones(len(start), dtype=bool)
    last = -1
    for i in np.flatnonzero(np.diff(start) < length) + 1:  # only spans that start inside their neighbour
        last = int(i) - 1 if kept[i - 1] else last
        kept[i] = start[i] - start[last] >= length
    return kept


def _match_batches(
    batches: Iterator[pa.RecordBatch], members: "Broadcast[bytes]", most: int
) -> Iterator[pa.RecordBatch]:
    wanted = ngrams.KeySet(np.frombuffer(members.value, dtype=np.int64))
    for batch in batches:
        words = ngrams.read_words(batch.column("text"), batch.column("language"))
        ids = batch.column("text_id").to_numpy()
        for n, text, key in longest_matches(words, wanted, most):
            pairs = np.unique(np.stack([text, key], axis=1), axis=0)  # twice in a text is once
            text, key = pairs[:, 0], pairs[:, 1]
            coverage = n / words.lengths[text]
            yield pa.record_batch([pa.array(ids[text]), pa.array(key), pa.array(coverage)], schema=_MATCHES)
