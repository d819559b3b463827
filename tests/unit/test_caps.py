import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.manifest.balance.caps import (
    bands,
    keep_probability,
    repeat_factors,
)
from pipeline.manifest.balance.inverse import cap_for_tail_share, smallest, tail_share_of
from pipeline.runtime.errors import ConfigError

FIVE = np.array([1, 2, 3, 4, 10])
some_counts = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any).map(np.array)


def test_head_labels_are_thinned_to_t_and_the_tail_is_kept_whole() -> None:
    assert keep_probability(np.array([0, 1, 4, 8, 40]), 4).tolist() == [1, 1, 1, 0.5, 0.1]


@given(some_counts, st.integers(1, 10**9), st.integers(0, 10**9))
def test_a_larger_cap_keeps_all_that_a_smaller_one_keeps(counts: np.ndarray, t: int, more: int) -> None:
    small, large = keep_probability(counts, t), keep_probability(counts, t + more)
    assert np.all(small <= large)
    assert np.all((small > 0) & (large <= 1))


def test_labels_below_r_repeat_by_the_square_root_and_empty_labels_do_not() -> None:
    assert repeat_factors(np.array([0, 1, 4, 16, 64]), 16).tolist() == [1, 4, 2, 1, 1]


def test_bands_follow_shares_of_pairs_and_label_id_breaks_ties() -> None:
    # 20 pairs: the head needs 10, the tail may hold 2; of the two labels with 2 images the later one is the tail.
    assert bands(np.array([2, 10, 6, 2]), 0.5, 0.1).tolist() == ["torso", "head", "torso", "tail"]


def test_a_label_that_crosses_the_head_share_is_head_and_one_that_crosses_the_tail_share_is_not_tail() -> None:
    assert bands(np.array([6, 4]), 0.7, 0.3).tolist() == ["head", "head"]
    assert bands(np.array([6, 4]), 0.5, 0.3).tolist() == ["head", "torso"]


def test_labels_without_images_are_tail_even_where_all_is_head() -> None:
    assert bands(np.array([3, 0]), 1.0, 0.0).tolist() == ["head", "tail"]
    assert bands(np.zeros(2, dtype=np.int64), 0.5, 0.1).tolist() == ["tail", "tail"]


@given(some_counts, st.floats(0, 1), st.floats(0, 1))
def test_bands_hold_the_shares_that_were_asked_for(counts: np.ndarray, head: float, tail: float) -> None:
    tail = min(tail, 1 - head)
    found, total = bands(counts, head, tail), counts.sum()
    of = {band: counts[found == band] for band in ("head", "torso", "tail")}
    assert of["head"].sum() / total >= head
    assert of["tail"].sum() / total <= tail
    if of["head"].size:
        assert (of["head"].sum() - of["head"].min()) / total < head
    if of["head"].size and of["torso"].size:
        assert of["head"].min() >= of["torso"].max()
    if of["torso"].size:
        assert of["torso"].min() >= of["tail"].max(initial=0)
        assert (of["tail"].sum() + of["torso"].min()) / total > tail


def test_tail_share_and_its_inverse_on_the_published_example() -> None:
    assert tail_share_of(FIVE, 4) == 0.3
    assert cap_for_tail_share(FIVE, 0.3) == 4
    assert cap_for_tail_share(FIVE, 0.2999) == 3


def test_the_cap_for_no_tail_is_the_smallest_count_and_for_all_the_largest() -> None:
    assert cap_for_tail_share(FIVE, 0.0) == 1
    assert cap_for_tail_share(FIVE, 1.0) == 10
    assert cap_for_tail_share(np.array([0, 0, 7]), 0.5) == 7


@given(some_counts)
def test_cap_and_tail_share_are_inverse_for_every_count_that_occurs(counts: np.ndarray) -> None:
    for t in set(counts[counts > 0].tolist()):
        assert cap_for_tail_share(counts, tail_share_of(counts, t)) == t


@given(some_counts, st.integers(1, 2 * 10**9))
def test_a_cap_between_two_counts_comes_back_as_the_upper_one(counts: np.ndarray, t: int) -> None:
    above = [count for count in counts.tolist() if count >= t]
    assert cap_for_tail_share(counts, tail_share_of(counts, t)) == (min(above) if above else counts.max())


@given(some_counts, st.floats(0, 1))
def test_the_chosen_cap_leaves_at_most_the_share_and_the_next_count_more(counts: np.ndarray, share: float) -> None:
    t = cap_for_tail_share(counts, share)
    assert tail_share_of(counts, t) <= share
    larger = counts[counts > t]
    assert larger.size == 0 or tail_share_of(counts, int(larger.min())) > share


def test_repeat_factors_equal_the_formula_on_a_long_tail_of_57224_images() -> None:
    # Frequencies as in LVIS: counts from 17 to 15,487 of 57,224 images, repeated below a thousandth of them.
    images, threshold = 57_224, 0.001
    counts = np.unique(np.geomspace(17, 15_487, 1_200).astype(np.int64))
    expected = [max(1.0, math.sqrt(threshold / (count / images))) for count in counts.tolist()]
    assert repeat_factors(counts, threshold * images) == pytest.approx(expected, rel=1e-12)
    assert expected[0] > 1.8
    assert expected[-1] == 1.0


def test_a_cap_on_published_head_and_tail_leaves_640_million_matches() -> None:
    # MetaCLIP: about 16,000 of 500,000 entries hold 5.35 of 5.67 billion matches; t = 20,000 leaves them 320 million.
    head = np.full(16_000, 5_350_000_000 // 16_000)
    tail = np.full(484_000, 320_000_000 // 484_000)
    counts = np.concatenate([head, tail])
    assert (keep_probability(counts, 20_000) * counts).sum() == pytest.approx(640e6, rel=0.001)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(1, 40_000))
def test_the_smallest_step_that_reaches_a_number_is_found(rises: list[int], wanted: int) -> None:
    steps = np.cumsum(rises)

    def expected(values: list[float]) -> list[int]:
        return [int(steps[min(round(value * 1_000), len(rises)) - 1]) for value in values]

    most = len(rises) / 1_000
    if steps[-1] < wanted:
        with pytest.raises(ConfigError, match="cannot be reached"):
            smallest(expected, wanted, most)
    else:
        assert smallest(expected, wanted, most) == (int(np.searchsorted(steps, wanted)) + 1) / 1_000


def test_a_search_over_a_billion_steps_takes_few_passes() -> None:
    passes = []

    def expected(values: list[float]) -> list[int]:
        passes.append(len(values))
        return [round(value * 1_000) for value in values]

    assert smallest(expected, 123_456_789, 1_000_000.0) == 123_456.789
    assert len(passes) <= 10


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: keep_probability(FIVE, 0), "t must be above 0 images, got 0"),
        (lambda: keep_probability(FIVE, math.inf), "t must be above 0 images, got inf"),
        (lambda: repeat_factors(FIVE, 0), "r must be above 0 images, got 0"),
        (lambda: keep_probability(np.array([-1]), 1), "cannot have -1 images"),
        (lambda: bands(FIVE, 0.7, 0.4), "exceed 1 together"),
        (lambda: bands(FIVE, 1.5, 0.0), r"head_share must be in \[0, 1\], got 1.5"),
        (lambda: cap_for_tail_share(np.array([0, 0]), 0.1), "no label has images"),
        (lambda: tail_share_of(np.array([], dtype=np.int64), 1), "no label has images"),
        (lambda: cap_for_tail_share(FIVE, math.nan), "tail_share must be"),
    ],
)
def test_impossible_input_is_named(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=message):
        call()
