import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.manifest.balance import (
    bands,
    cap_for_tail_share,
    class_weights,
    image_keep_probability,
    keep_probability,
    repeat_factors,
    tail_share_of,
)
from pipeline.runtime.errors import ConfigError

FIVE = np.array([1, 2, 3, 4, 10])
some_counts = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any).map(np.array)


def test_head_labels_are_thinned_to_t_and_the_tail_is_kept_whole() -> None:
    assert keep_probability(np.array([0, 1, 4, 8, 40]), 4).tolist() == [1, 1, 1, 0.5, 0.1]


def test_an_image_with_two_labels_is_kept_where_either_draws_it() -> None:
    assert image_keep_probability([0.25, 0.5]) == 0.625
    assert image_keep_probability([0.5, 1.0]) == 1.0
    assert image_keep_probability([]) == 0.0


@given(st.permutations([0.1, 0.2, 0.3, 0.7, 1e-9, 0.123456789]))
def test_order_of_labels_changes_no_bit_of_the_keep_probability(p: list[float]) -> None:
    assert image_keep_probability(p) == image_keep_probability(sorted(p))


@given(some_counts, st.integers(1, 10**9), st.integers(0, 10**9))
def test_a_larger_cap_keeps_all_that_a_smaller_one_keeps(counts: np.ndarray, t: int, more: int) -> None:
    small, large = keep_probability(counts, t), keep_probability(counts, t + more)
    assert np.all(small <= large)
    assert np.all((small > 0) & (large <= 1))
    assert image_keep_probability(small) <= image_keep_probability(large)


def test_labels_below_r_repeat_by_the_square_root_and_empty_labels_do_not() -> None:
    assert repeat_factors(np.array([0, 1, 4, 16, 64]), 16).tolist() == [1, 4, 2, 1, 1]


def test_class_weights_of_a_worked_example() -> None:
    # beta = 1/2: effective numbers 1 and 1.75, so weights 1 and 4/7, and their mean is 11/14.
    assert class_weights(np.array([1, 3, 0]), 0.5) == pytest.approx([14 / 11, 8 / 11, 0])


def test_beta_0_weighs_labels_alike_and_beta_near_1_by_inverse_count() -> None:
    assert class_weights(np.array([1, 5, 1000]), 0.0).tolist() == [1, 1, 1]
    weights = class_weights(np.array([1, 5, 1000]), 0.999999)
    assert weights[0] / weights[1] == pytest.approx(5, rel=1e-4)
    assert weights[1] / weights[2] == pytest.approx(200, rel=1e-3)


@given(some_counts, st.floats(0, 0.999999))
def test_class_weights_have_mean_1_over_labels_with_images(counts: np.ndarray, beta: float) -> None:
    weights = class_weights(counts, beta)
    assert weights[counts > 0].mean() == pytest.approx(1)
    assert not weights[counts == 0].any()


def test_no_label_with_images_gives_no_weights() -> None:
    assert class_weights(np.zeros(3, dtype=np.int64), 0.9).tolist() == [0, 0, 0]


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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: keep_probability(FIVE, 0), "t must be at least 1 image, got 0"),
        (lambda: repeat_factors(FIVE, 0), "r must be at least 1 image, got 0"),
        (lambda: keep_probability(np.array([-1]), 1), "cannot have -1 images"),
        (lambda: class_weights(FIVE, 1.0), r"beta must be in \[0, 1\), got 1.0"),
        (lambda: class_weights(FIVE, math.nan), "beta must be"),
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
