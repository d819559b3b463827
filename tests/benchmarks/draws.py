"""Draws that are hashes, the law of words in natural languages, and how made-up words are spelled."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
VOCABULARY = 1 << 22
_DECAY = 1.77
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aeiou"


class Draw:
    """Draws that are hashes of (seed, purpose, values)."""

    def __init__(self, seed: int) -> None:
        self._seed = mix(np.array([seed], dtype=np.uint64))[0]

    def bits(self, purpose: str, values: npt.NDArray[np.int64] | Hashes) -> Hashes:
        """64 bits for each value; uint64 of the same shape."""
        salt = np.uint64(int.from_bytes(purpose.encode()[:8], "little"))
        return mix(mix(values.astype(np.uint64) ^ salt) ^ self._seed)

    def uniform(self, purpose: str, values: npt.NDArray[np.int64] | Hashes) -> npt.NDArray[np.float64]:
        """In [0, 1); float64 of the same shape."""
        return (self.bits(purpose, values) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def ranks(uniform: npt.NDArray[np.float64], size: int, breadth: int = 7_873, first: int = 1) -> Ints:
    """Ranks 0 .. size - 1 under the double power law, from draws in [0, 1), by the inverse of its distribution.

    Frequency ~ 1 / (rank + first) up to rank `breadth`, ~ rank^-1.77 after it: Gerlach and Altmann (2013, Stochastic
    model for the vocabulary growth in natural languages), with Mandelbrot's shift.

    Args:
        uniform: the draws, float64.
        size: number of ranks.
        breadth: where the exponent changes; 7,873 for English words.
        first: shift of the ranks, at least 1; a larger one makes the most frequent less frequent.
    """
    start, middle, end = first, min(breadth, size) + first, size + first
    head = np.log(middle / start)
    tail = (1 - (end / middle) ** (1 - _DECAY)) / (_DECAY - 1)
    mass = uniform * (head + tail)
    beyond = np.maximum(mass - head, 0) * (_DECAY - 1)
    value = np.where(mass < head, start * np.exp(np.minimum(mass, head)), middle * (1 - beyond) ** (-1 / (_DECAY - 1)))
    return np.asarray(np.minimum(value.astype(np.int64) - start, size - 1), dtype=np.int64)


def spell(size: int = VOCABULARY) -> pa.Array:
    """Word of each rank: 2-4 syllables, all different; string [size], at most 40 million."""
    syllables = np.array([c + v for c in _CONSONANTS for v in _VOWELS], dtype="S2")
    number = np.arange(size, dtype=np.int64) + len(syllables)  # so that the first word has two syllables
    digits = [number // len(syllables) ** power % len(syllables) for power in range(4)]
    length = 2 + (number >= len(syllables) ** 3).astype(int) + (number >= len(syllables) ** 2)
    letters = np.stack([np.where(length > place, syllables[digits[place]], b"") for place in range(4)], axis=1)
    flat = letters.view(np.uint8).ravel()
    offsets = np.concatenate([[0], np.cumsum(2 * length)]).astype(np.int32)
    return pa.StringArray.from_buffers(size, pa.py_buffer(offsets), pa.py_buffer(flat[flat > 0].tobytes()))


def mix(values: Hashes) -> Hashes:
    """The finalizer of splitmix64: a bijection whose output looks random."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
