import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.manifest.balance.weights import effective_weights, log_weights, sqrt_weights
from pipeline.runtime.errors import ConfigError

some_counts = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any).map(np.array)


def test_effective_weights_of_a_worked_example() -> None:
    # beta = 1/2: effective numbers 1 and 1.75, so weights 1 and 4/7, and their mean is 11/14.
    assert effective_weights(np.array([1, 3, 0]), 0.5) == pytest.approx([14 / 11, 8 / 11, 0])


def test_beta_0_weighs_labels_alike_and_beta_near_1_by_inverse_count() -> None:
    assert effective_weights(np.array([1, 5, 1000]), 0.0).tolist() == [1, 1, 1]
    weights = effective_weights(np.array([1, 5, 1000]), 0.999999)
    assert weights[0] / weights[1] == pytest.approx(5, rel=1e-4)
    assert weights[1] / weights[2] == pytest.approx(200, rel=1e-3)


@given(some_counts, st.floats(0, 0.999999))
def test_weights_have_mean_1_over_labels_with_images(counts: np.ndarray, beta: float) -> None:
    for weights in (effective_weights(counts, beta), sqrt_weights(counts)):
        assert weights[counts > 0].mean() == pytest.approx(1)
        assert not weights[counts == 0].any()


def test_inverse_square_roots_of_counts() -> None:
    # 1, 1/2 and 1/5 have the mean 17/30.
    assert sqrt_weights(np.array([1, 4, 25])) == pytest.approx([30 / 17, 15 / 17, 6 / 17])


def test_log_weights_follow_the_formula_and_a_label_on_all_images_weighs_nothing() -> None:
    weights = log_weights(np.array([100, 10, 1, 0]), 100, batch=4)
    assert weights == pytest.approx([0, math.log(100.25 / 10.25), math.log(100.25 / 1.25), 0])


@given(some_counts, st.integers(1, 4096))
def test_log_weights_fall_as_counts_rise(counts: np.ndarray, batch: int) -> None:
    weights = log_weights(counts, int(counts.max()), batch)
    ranked = weights[np.argsort(counts)][(counts == 0).sum() :]
    assert (np.diff(ranked) <= 0).all()
    assert (weights >= 0).all()


def test_no_label_with_images_gives_no_weights() -> None:
    assert effective_weights(np.zeros(3, dtype=np.int64), 0.9).tolist() == [0, 0, 0]
    assert sqrt_weights(np.zeros(3, dtype=np.int64)).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effective_weights(np.array([1]), 1.0), r"beta must be in \[0, 1\), got 1.0"),
        (lambda: effective_weights(np.array([1]), math.nan), "beta must be"),
        (lambda: sqrt_weights(np.array([-1])), "cannot have -1 images"),
        (lambda: log_weights(np.array([5]), 4), "a label has 5 images, but there are 4 in all"),
        (lambda: log_weights(np.array([1]), 4, 0), "batch must be at least 1"),
    ],
)
def test_impossible_input_is_named(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=message):
        call()
