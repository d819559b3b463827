import numpy as np
import pytest

from pipeline.labeling.reliability import confirmations, estimate

SETTINGS = {"best": 0.95, "weight": 1.0, "prior": 0.7, "strength": 20.0}


def simulate(precision: list[float], coverage: list[float], images: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Chances and confirmations of signals that name the one true label of an image, or a wrong one, or nothing."""
    draw = np.random.default_rng(0)
    tally: dict[tuple[int, int], int] = {}
    for _ in range(images):
        bits: dict[int, int] = {}
        for signal, (right, says) in enumerate(zip(precision, coverage, strict=True)):
            if draw.random() < says:
                label = 0 if draw.random() < right else int(draw.integers(1, 1000))
                bits[label] = bits.get(label, 0) | 1 << signal
        together = sum(bits.values())
        for label_bits in bits.values():
            tally[together, label_bits] = tally.get((together, label_bits), 0) + 1
    keys = np.array(list(tally), dtype=np.int64)
    return confirmations(keys[:, 0], keys[:, 1], np.array(list(tally.values())), len(precision))


def test_confirmations_count_a_label_once_for_each_other_signal_of_the_image() -> None:
    # One image: signals 0 and 1 say a, signal 2 says b.
    chances, confirmed = confirmations(np.array([0b111, 0b111]), np.array([0b011, 0b100]), np.array([1, 1]), 3)
    assert chances.tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert confirmed.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("coverage", [[1.0, 1.0, 1.0], [0.9, 0.3, 0.6]])
def test_known_precisions_come_back_up_to_the_scale_of_the_best(coverage: list[float]) -> None:
    truth = [0.9, 0.6, 0.3]
    found = estimate(*simulate(truth, coverage), **SETTINGS)
    assert found == pytest.approx(np.array(truth) / 0.9 * 0.95, abs=0.04)


def test_half_the_weight_is_the_square_root_of_what_was_fitted() -> None:
    counts = simulate([0.9, 0.6, 0.3], [1.0, 1.0, 1.0], images=5_000)
    whole = estimate(*counts, **{**SETTINGS, "strength": 0.0})
    half = estimate(*counts, **{**SETTINGS, "strength": 0.0, "weight": 0.5})
    assert half == pytest.approx(0.95 * np.sqrt(whole / 0.95))
    assert estimate(*counts, **{**SETTINGS, "strength": 0.0, "weight": 0.0}) == pytest.approx(np.full(3, 0.95))


def test_a_signal_that_never_meets_another_gets_the_prior() -> None:
    nothing = np.zeros((2, 2), dtype=np.int64)
    assert estimate(nothing, nothing, **SETTINGS).tolist() == [0.7, 0.7]
    chances = np.array([[0, 900, 0], [900, 0, 0], [0, 0, 0]])
    assert estimate(chances, chances // 2, **SETTINGS)[2] == pytest.approx(0.7)


def test_few_meetings_stay_near_the_prior() -> None:
    chances = np.array([[0, 2, 2], [2, 0, 2], [2, 2, 0]])
    found = estimate(chances, np.zeros_like(chances), **SETTINGS)
    assert np.all(np.abs(found - 0.7) < 0.1)


def test_reliabilities_are_probabilities_when_nothing_ever_agrees() -> None:
    chances = np.array([[0, 10**9, 5], [10**9, 0, 5], [5, 5, 0]])
    found = estimate(chances, np.zeros_like(chances), **SETTINGS)
    assert np.all((found > 0) & (found <= 1))
