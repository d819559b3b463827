"""Counting far more distinct phrases than memory holds: first who can be frequent at all, then the exact sums.

Nearly all n-grams of a corpus are rare. Park, Chen and Yu (1995) sum them in a fixed number of hashed counters first: a
phrase whose counter stays below the threshold is rare for certain, whoever else shares the counter, and is never
counted by itself. Counters err on one side only, so that the counts that follow are exact.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.vocabulary.mining.key_arrays import Hashes, total_by_key

BLOCK = 1 << 16  # counters that travel together: few enough for many tasks, enough for few messages
_FEWEST, _MOST = 16, 26  # powers of two: 64 kB to 256 MB a worker
_SAFE = 1 << 31  # a sum of this much more cannot overflow 32 bits
_PENDING = 1 << 21  # keys that wait to be summed up: 32 MB
_HELD = 1 << 22  # distinct keys with their sums: 64 MB


def counter_bits(texts: int) -> int:
    """log2 of the number of counters for so many texts: one to two a text, 2^16 to 2^26."""
    return min(_MOST, max(_FEWEST, texts.bit_length()))


class Counters:
    """Sums of weights by the low bits of keys, exact up to `enough`.

    Args:
        bits: log2 of the number of counters.
        enough: no sum above this is told from it; fits 31 bits.
    """

    def __init__(self, bits: int, enough: int) -> None:
        self._sums = np.zeros(1 << bits, dtype=np.uint32)
        self._enough = enough
        self._added = 0

    def add(self, keys: Hashes, weights: npt.NDArray[np.int64]) -> None:
        """Add the weight of each key to its counter; int64 [k] both, weights > 0."""
        bounded = np.minimum(weights, self._enough).astype(np.uint32)
        total = int(bounded.sum(dtype=np.int64))
        if self._added + total >= _SAFE:
            np.minimum(self._sums, self._enough, out=self._sums)
            self._added = self._enough
        self._added += total
        np.add.at(self._sums, keys & np.int64(len(self._sums) - 1), bounded)

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """(number of the block, its sums) of each block with a sum; sums in the least bytes that hold `enough`."""
        dtype = np.min_scalar_type(self._enough)
        for number, start in enumerate(range(0, len(self._sums), BLOCK)):
            sums = self._sums[start : start + BLOCK]
            if sums.any():
                yield number, np.minimum(sums, self._enough).astype(dtype).tobytes()


def passing(parts: list[bytes], enough: int) -> bytes:
    """Which counters of a block reach `enough`, from its sums in all tasks: one bit a counter."""
    dtype = np.min_scalar_type(enough)
    total = np.zeros(len(parts[0]) // dtype.itemsize, dtype=np.int64)
    for part in parts:
        total += np.frombuffer(part, dtype=dtype)
    return np.packbits(total >= enough).tobytes()


def join_blocks(blocks: list[tuple[int, bytes]], bits: int) -> bytes:
    """One bit a counter for all counters; blocks that are missing hold none that passes."""
    bitmap = np.zeros((1 << bits) // 8, dtype=np.uint8)
    for number, packed in blocks:
        start = number * BLOCK // 8
        bitmap[start : start + len(packed)] = np.frombuffer(packed, dtype=np.uint8)
    return bitmap.tobytes()


class Sieve:
    """Lets pass the keys whose counter is large enough.

    Args:
        bitmap: what `join_blocks` gives.
    """

    def __init__(self, bitmap: bytes) -> None:
        self._passes = np.unpackbits(np.frombuffer(bitmap, dtype=np.uint8)).astype(bool)

    def passes(self, keys: Hashes) -> npt.NDArray[np.bool_]:
        """Whether each key can be frequent, bool [keys]."""
        passing: npt.NDArray[np.bool_] = self._passes[keys & np.int64(len(self._passes) - 1)]
        return passing


class Tally:
    """Exact sums of weights by key, given out in parts where they grow too many to hold."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, dtype=np.int64)
        self._sums = np.zeros(0, dtype=np.int64)
        self._waiting: list[tuple[Hashes, npt.NDArray[np.int64]]] = []
        self._waits = 0

    def add(self, keys: Hashes, weights: npt.NDArray[np.int64]) -> bool:
        """Add the weight of each key to its sum, int64 [k] both; gives whether `take` should be called now."""
        self._waiting.append((keys, weights))
        self._waits += len(keys)
        if self._waits >= _PENDING:
            self._settle()
        return len(self._keys) >= _HELD

    def take(self) -> tuple[Hashes, npt.NDArray[np.int64]]:
        """Keys ascending and their sums so far, int64 [k] both; starts anew."""
        self._settle()
        taken = self._keys, self._sums
        self._keys, self._sums = taken[0][:0], taken[1][:0]
        return taken

    def _settle(self) -> None:
        keys, weights = zip((self._keys, self._sums), *self._waiting, strict=True)
        self._keys, self._sums, _ = total_by_key(np.concatenate(keys), np.concatenate(weights))
        self._waiting, self._waits = [], 0
