"""Draws of an epoch from the draw that is published with each row: mixed with seed and epoch, never by position."""

import hashlib

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

_DIGITS = 53  # sample_u is a multiple of 2^-53


def key_of(*values: object) -> int:
    """64 bits that stand for some values: the same everywhere, another for other values."""
    text = "\x00".join(map(str, values))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def mix(u: Floats, key: int) -> Bits:
    """64 bits of each row: equal draws and keys give equal bits, other keys independent ones.

    Args:
        u: draws in [0, 1), multiples of 2^-53.
        key: from `key_of`.

    Source: splitmix64; Steele et al., Fast Splittable Pseudorandom Number Generators, 2014.
    """
    with np.errstate(over="ignore"):  # arithmetic is modulo 2^64
        bits = (u * (1 << _DIGITS)).astype(np.uint64) + np.uint64(key)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
        return bits ^ (bits >> np.uint64(31))


def unit(bits: Bits) -> Floats:
    """Bits as draws in [0, 1), multiples of 2^-53."""
    return np.ldexp((bits >> np.uint64(64 - _DIGITS)).astype(np.float64), -_DIGITS)


def times_shown(u: Floats, keep: Floats, repeat: Floats, drawn: Floats) -> npt.NDArray[np.int64]:
    """How often each row is shown: not at all where it is not kept, else floor(repeat), or once more by a draw.

    Args:
        u: draws against keep, so that what is kept at some probability is kept at any larger one.
        keep: chance to be shown at all.
        repeat: showings of a kept row on average, at least 1.
        drawn: draws against the fraction of repeat, independent of u.
    """
    whole = np.floor(repeat)
    return np.where(u < keep, whole + (drawn < repeat - whole), 0).astype(np.int64)


def shuffled(u: Floats, times: npt.NDArray[np.int64], key: int) -> npt.NDArray[np.int64]:
    """Places of rows, each as often as it is shown, in an order that the key decides.

    Args:
        u: published draws of the rows.
        times: how often each is shown.
        key: from `key_of`; another gives another order.
    """
    places = np.repeat(np.arange(len(u)), times)
    copy = np.arange(len(places)) - np.repeat(np.cumsum(times) - times, times)
    order = mix(u[places], key) ^ mix(np.ldexp(copy.astype(np.float64), -_DIGITS), key_of(key, "copy"))
    return places[np.lexsort((places, order))]
