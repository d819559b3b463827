"""How often phrases are said: from distinct texts to the phrases that are frequent enough, with their exact counts.

Two passes over the texts keep it bounded. The first sums hashed counters, which tell what can be frequent at all. The
second counts that exactly, weighting each text by its mentions, inside a partition before anything travels, and spells
it.
"""

import functools
import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.tasks import map_batches
from pipeline.vocabulary.mining import bundles, ngrams, tally, word_arrays
from pipeline.vocabulary.mining.key_arrays import Hashes, total_by_key

_BLOCKS = pa.schema([("block", pa.int32()), ("sums", pa.binary())])
_PASSING = pa.schema([("block", pa.int32()), ("bits", pa.binary())])
_COUNTS = pa.schema(
    [
        ("phrase_id", pa.int64()),
        ("weight", pa.int64()),
        ("phrase", pa.string()),
        ("language", pa.string()),
        ("n_words", pa.int32()),
    ]
)
_COUNTS_DDL = "phrase_id long, weight long, phrase string, language string, n_words int"


def hash_counters(packed: DataFrame, bits: int, threshold: int, most: int) -> DataFrame:
    """(block, bits): which of 2^bits hashed counters reach the threshold with all n-grams of up to `most` words.

    Args:
        packed: what `bundles.pack` gives.
        bits: log2 of the number of counters, see `tally.counter_bits`.
        threshold: weight that is enough.
        most: words of the longest phrase.
    """
    counter = functools.partial(_sum_batches, bits=bits, threshold=threshold, most=most)
    partial = map_batches(packed, counter, "block int, sums binary")

    def pass_block(block: pa.Table) -> pa.Table:
        passing = tally.passing(block["sums"].to_pylist(), threshold)
        return pa.table([block["block"].slice(0, 1), pa.array([passing], pa.binary())], schema=_PASSING)

    return partial.groupBy("block").applyInArrow(pass_block, "block int, bits binary")


def count_phrases(packed: DataFrame, bitmap: "Broadcast[bytes]", most: int) -> DataFrame:
    """(phrase_id, weight, phrase, language, n_words) of every phrase whose counter passes: exact sums of weights.

    One row without a phrase has the weight of all occurrences of other n-grams, which cannot reach the threshold.

    Args:
        packed: what `bundles.pack` gives.
        bitmap: which counters pass, from `tally.join_blocks`.
        most: words of the longest phrase.
    """
    partial = map_batches(packed, functools.partial(_count_batches, bitmap=bitmap, most=most), _COUNTS_DDL)
    # Two phrases with one hash would differ in name; the smaller one wins on every machine alike.
    names = [F.min(name).alias(name) for name in ("phrase", "language", "n_words")]
    return partial.groupBy("phrase_id").agg(F.sum("weight").alias("weight"), *names)


def _sum_batches(batches: Iterator[pa.RecordBatch], bits: int, threshold: int, most: int) -> Iterator[pa.RecordBatch]:
    counters = tally.Counters(bits, threshold)
    for words, weights, _ in bundles.unpack(batches):
        for gram in ngrams.grams(words, most):
            counters.add(gram.key, weights[gram.text])
    blocks = counters.blocks()
    while some := list(itertools.islice(blocks, 64)):  # 4 to 16 MB a message
        numbers, sums = zip(*some, strict=True)
        yield pa.record_batch([pa.array(numbers, pa.int32()), pa.array(sums, pa.binary())], schema=_BLOCKS)


def _count_batches(
    batches: Iterator[pa.RecordBatch], bitmap: "Broadcast[bytes]", most: int
) -> Iterator[pa.RecordBatch]:
    sieve, counts = tally.Sieve(bitmap.value), tally.Tally()
    spelled: set[int] = set()  # by this task; names of phrases are few beside their occurrences
    left_out = 0
    for words, weights, _ in bundles.unpack(batches):
        twice = word_arrays.repeating(words)
        left_out += int(weights @ ngrams.occurrences(words, most))
        for gram in ngrams.grams(words, most, sieve.passes):
            left_out -= int(weights[gram.text].sum())
            once = ngrams.first_in_text(gram, twice)
            keys, sums, first = total_by_key(gram.key[once], weights[gram.text[once]])
            full = counts.add(keys, sums)
            new = np.array([i for i, key in enumerate(keys.tolist()) if key not in spelled], dtype=np.int64)
            spelled.update(keys[new].tolist())
            names = ngrams.spell_all(words, gram, once[first[new]])
            yield _counts(keys[new], np.zeros(len(new), dtype=np.int64), names, gram.n)
            if full:
                yield _counts(*counts.take())
    yield _counts(*counts.take())
    yield _counts([None], [left_out])


def _counts(
    keys: Hashes | list[None],
    weights: npt.NDArray[np.int64] | list[int],
    names: tuple[pa.StringArray, pa.StringArray] | None = None,
    n: int | None = None,
) -> pa.RecordBatch:
    """Rows of weights, or of names, which the sum by phrase brings together."""
    size = len(keys)
    spelled = names or [pa.nulls(size, pa.string())] * 2
    columns = [pa.array(keys, pa.int64()), pa.array(weights, pa.int64()), *spelled, pa.array([n] * size, pa.int32())]
    return pa.record_batch(columns, schema=_COUNTS)
