from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary.mining import tally

KEYS = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(1, 2**40)), max_size=40)


def arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([k for k, _ in pairs], dtype=np.int64), np.array([w for _, w in pairs], dtype=np.int64)


def sieve_of(tasks: list[list[tuple[int, int]]], enough: int, bits: int = 16) -> tally.Sieve:
    """What several tasks that saw some of the pairs each make of them."""
    parts: dict[int, list[bytes]] = {}
    for pairs in tasks:
        counters = tally.Counters(bits, enough)
        for pair in pairs:
            counters.add(*arrays([pair]))
        for block, sums in counters.blocks():
            parts.setdefault(block, []).append(sums)
    return tally.Sieve(tally.join_blocks([(b, tally.passing(p, enough)) for b, p in parts.items()], bits))


@given(st.lists(KEYS, max_size=3), st.sampled_from([1, 2, 20, 255, 256, 70_000]))
def test_no_key_with_enough_weight_is_ever_held_back(tasks: list[list[tuple[int, int]]], enough: int) -> None:
    totals: Counter[int] = Counter()
    for key, weight in (pair for pairs in tasks for pair in pairs):
        totals[key] += weight
    passes = sieve_of(tasks, enough).passes(np.array(list(totals), dtype=np.int64))
    assert all(ok for ok, total in zip(passes, totals.values(), strict=True) if total >= enough)


def test_a_rare_key_is_held_back_unless_it_shares_its_counter() -> None:
    sieve = sieve_of([[(1, 19)], [(2, 12), (2, 8), (65_537, 1)]], enough=20)
    assert sieve.passes(np.array([1, 2, 3])).tolist() == [True, True, False]  # 1 and 65,537 share a counter


def test_sums_beyond_32_bits_do_not_wrap_around() -> None:
    counters = tally.Counters(16, 1 << 30)
    for _ in range(9):
        counters.add(*arrays([(7, 1 << 40), (8, 1)]))
    sums = np.frombuffer(dict(counters.blocks())[0], dtype=np.uint32)
    assert sums[[7, 8]].tolist() == [1 << 30, 9]


def test_the_number_of_counters_grows_with_the_texts_within_bounds() -> None:
    assert [tally.counter_bits(n) for n in (0, 100_000, 10**12)] == [16, 17, 26]


@given(st.lists(KEYS, max_size=5))
def test_a_tally_sums_exactly_and_starts_anew_when_taken(batches: list[list[tuple[int, int]]]) -> None:
    counts, totals = tally.Tally(), Counter()
    for pairs in batches:
        counts.add(*arrays(pairs))
        for key, weight in pairs:
            totals[key] += weight
    keys, sums = counts.take()
    assert dict(zip(keys.tolist(), sums.tolist(), strict=True)) == totals
    assert keys.tolist() == sorted(totals)
    assert len(counts.take()[0]) == 0
