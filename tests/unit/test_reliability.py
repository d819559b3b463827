from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.labeling.reliability import BandVotes, confirmations, estimate, estimate_bands, expected_agreement

SETTINGS: dict[str, Any] = {"best": 0.95, "weight": 1.0, "prior": 0.7, "strength": 20.0}
UNSHRUNK: dict[str, Any] = {**SETTINGS, "strength": 0.0, "band_strength": 0.0}


def simulate(
    precision: Sequence[Sequence[float]], coverage: Sequence[float], classes: int, images: int = 20_000, seed: int = 0
) -> tuple[BandVotes, np.ndarray]:
    """Votes and chance agreement of signals that name the one true label of an image, a wrong one, or nothing.

    precision: [bands, signals]; each band has `classes` labels, and wrong labels are of the true one's band.
    """
    draw = np.random.default_rng(seed)
    right, bands, signals = np.array(precision), len(precision), len(coverage)
    band = draw.integers(0, bands, images)
    truth = draw.integers(0, classes, images)
    wrong = (truth[:, None] + draw.integers(1, classes, (images, signals))) % classes
    votes = np.where(draw.random((images, signals)) < right[band], truth[:, None], wrong) + classes * band[:, None]
    return tally(np.where(draw.random((images, signals)) < np.array(coverage), votes, -1), classes, bands)


def tally(votes: np.ndarray, classes: int, bands: int) -> tuple[BandVotes, np.ndarray]:
    """Counts of votes [images, signals], -1 where a signal says nothing; label // classes is its band."""
    bits = 1 << np.arange(votes.shape[1])
    image_bits = (votes >= 0) @ bits
    rows = []
    for signal in range(votes.shape[1]):
        label_bits = (votes == votes[:, [signal]]) @ bits
        first = (votes[:, signal] >= 0) & (label_bits & bits[signal] - 1 == 0)
        rows.append(np.column_stack([votes[:, signal] // classes, image_bits, label_bits])[first])
    keys, pairs = np.unique(np.concatenate(rows), axis=0, return_counts=True)
    image, signal = np.nonzero(votes >= 0)
    label = votes[image, signal]
    expected = expected_agreement(
        label, signal, np.ones(len(label), dtype=np.int64), (votes >= 0).sum(axis=0), label // classes, bands
    )
    return BandVotes(*keys.T, pairs), expected


def test_confirmations_count_a_label_once_for_each_other_signal_of_the_image() -> None:
    # One image: signals 0 and 1 say a, signal 2 says b.
    chances, confirmed = confirmations(np.array([0b111, 0b111]), np.array([0b011, 0b100]), np.array([1, 1]), 3)
    assert chances.tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert confirmed.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_chance_agreement_is_the_share_that_the_other_signal_gives_these_labels() -> None:
    # Signal 0 speaks on 4 images: a 3 times, b once. Signal 1 speaks on 10: a 2 times, b 8 times.
    label, signal = np.array([70, 70, 50, 50]), np.array([0, 1, 0, 1])
    expected = expected_agreement(label, signal, np.array([3, 2, 1, 8]), np.array([4, 10]), np.zeros(4, np.int64), 1)
    assert expected[0, 0, 1] == pytest.approx(3 / 4 * 0.2 + 1 / 4 * 0.8)
    assert expected[0, 1, 0] == pytest.approx(2 / 10 * 0.75 + 8 / 10 * 0.25)
    banded = expected_agreement(label, signal, np.array([3, 2, 1, 8]), np.array([4, 10]), np.array([0, 0, 1, 1]), 3)
    assert banded[:, 0, 1] == pytest.approx([0.2, 0.8, 0.0])


def test_chance_agreement_adds_up_rows_of_one_label_and_signal() -> None:
    one = expected_agreement(np.array([5]), np.array([0]), np.array([4]), np.array([4, 0]), np.array([0]), 1)
    two = expected_agreement(
        np.array([5, 5]), np.array([0, 0]), np.array([1, 3]), np.array([4, 0]), np.zeros(2, int), 1
    )
    assert one.tolist() == two.tolist()


@pytest.mark.parametrize("coverage", [[1.0, 1.0, 1.0, 1.0], [0.9, 0.4, 0.6, 0.7]])
@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_known_precisions_come_back_where_the_best_is_known(classes: int, coverage: list[float]) -> None:
    truth = [0.9, 0.8, 0.7, 0.6]
    found = estimate_bands(*simulate([truth], coverage, classes, 40_000), **{**SETTINGS, "best": 0.9}, band_strength=0)
    assert found[0] == pytest.approx(truth, abs=0.03)


def test_without_correction_two_classes_make_all_signals_look_alike() -> None:
    votes, expected = simulate([[0.9, 0.8, 0.6]], [1.0, 1.0, 1.0], 2)
    blind = estimate_bands(votes, np.zeros_like(expected), **{**SETTINGS, "best": 0.9}, band_strength=0)
    seeing = estimate_bands(votes, expected, **{**SETTINGS, "best": 0.9}, band_strength=0)
    assert seeing[0, 2] == pytest.approx(0.6, abs=0.03)
    assert blind[0, 2] > 0.65


def test_precisions_of_bands_come_back_where_a_signal_knows_rare_labels_badly() -> None:
    truth = [[0.9, 0.8, 0.7], [0.9, 0.5, 0.7]]
    found = estimate_bands(*simulate(truth, [1.0, 1.0, 1.0], 500, 40_000), **{**UNSHRUNK, "best": 0.9})
    assert found == pytest.approx(np.array(truth), abs=0.03)


def test_a_signal_no_better_than_chance_gets_what_chance_would_be_right() -> None:
    found = estimate_bands(*simulate([[0.9, 0.8, 0.7, 0.5]], [1.0] * 4, 2), **UNSHRUNK)
    assert found[0, 3] == pytest.approx(0.5, abs=0.06)


def test_a_signal_worse_than_chance_is_a_probability_and_leaves_the_others_alone() -> None:
    with_it = estimate_bands(*simulate([[0.9, 0.8, 0.7, 0.1]], [1.0] * 4, 2), **{**UNSHRUNK, "best": 0.9})
    assert with_it[0, :3] == pytest.approx([0.9, 0.8, 0.7], abs=0.04)
    assert 0.45 < with_it[0, 3] < 0.6


def test_two_signals_that_copy_each_other_are_not_trusted_for_it() -> None:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 50, 20_000)
    right = np.array([0.5, 0.5, 0.9, 0.8, 0.7, 0.6])
    wrong = (truth[:, None] + draw.integers(1, 50, (20_000, 6))) % 50
    votes = np.where(draw.random((20_000, 6)) < right, truth[:, None], wrong)
    votes[:, 1] = votes[:, 0]
    found = estimate_bands(*tally(votes, 50, 1), **{**UNSHRUNK, "best": 0.9})
    assert found[0] == pytest.approx(right, abs=0.05)


def test_bands_without_data_have_the_value_of_all_bands() -> None:
    votes, expected = simulate([[0.9, 0.8, 0.6]], [1.0, 0.5, 0.8], 50, 2_000)
    wider = np.concatenate([expected, np.zeros((2, 3, 3))])
    found = estimate_bands(votes, wider, **SETTINGS, band_strength=100.0)
    overall = estimate(*confirmations(*votes[1:], 3), expected[0], **SETTINGS)
    assert found[1:] == pytest.approx(np.array([overall, overall]))


def test_a_thin_band_stays_near_the_value_of_all_bands() -> None:
    rows = [(0, 0b11, 0b11, 800), (0, 0b11, 0b01, 200), (0, 0b11, 0b10, 200), (1, 0b11, 0b01, 3), (1, 0b11, 0b10, 3)]
    votes = BandVotes(*np.array(rows).T)
    thin = estimate_bands(votes, np.zeros((2, 2, 2)), **SETTINGS, band_strength=300.0)
    trusted = estimate_bands(votes, np.zeros((2, 2, 2)), **SETTINGS, band_strength=0.0)
    assert np.all(np.abs(thin[1] - thin[0]) < 0.02)
    assert np.all(trusted[1] < thin[1] - 0.2)


def test_bands_of_equal_counts_are_equal() -> None:
    votes, expected = simulate([[0.9, 0.8, 0.6]], [1.0, 0.5, 0.8], 50, 2_000)
    twice = BandVotes(*(np.concatenate([column, column]) for column in votes))
    twice.band[len(votes.band) :] = 1
    found = estimate_bands(twice, np.concatenate([expected, expected]), **SETTINGS, band_strength=10.0)
    assert found[0] == pytest.approx(found[1])


def test_half_the_weight_is_the_square_root_of_what_was_fitted() -> None:
    votes, _ = simulate([[0.9, 0.6, 0.3]], [1.0, 1.0, 1.0], 1000, 5_000)
    counts = confirmations(*votes[1:], 3)
    whole = estimate(*counts, **{**SETTINGS, "strength": 0.0})
    half = estimate(*counts, **{**SETTINGS, "strength": 0.0, "weight": 0.5})
    assert half == pytest.approx(0.95 * np.sqrt(whole / 0.95))
    assert estimate(*counts, **{**SETTINGS, "strength": 0.0, "weight": 0.0}) == pytest.approx(np.full(3, 0.95))


def test_one_signal_alone_gets_the_prior() -> None:
    votes = BandVotes(*np.array([[0], [1], [1], [1_000]]))
    assert estimate_bands(votes, np.zeros((3, 1, 1)), **UNSHRUNK).tolist() == [[0.7]] * 3


def test_two_signals_share_what_cannot_be_told_apart() -> None:
    rows = [(0, 0b11, 0b11, 640), (0, 0b11, 0b01, 360), (0, 0b11, 0b10, 360)]
    found = estimate_bands(BandVotes(*np.array(rows).T), np.zeros((1, 2, 2)), **UNSHRUNK)
    assert found[0] == pytest.approx([0.95, 0.95])


def test_signals_that_never_meet_get_the_prior_in_every_band() -> None:
    rows = [(0, 0b01, 0b01, 50), (1, 0b10, 0b10, 90)]
    found = estimate_bands(BandVotes(*np.array(rows).T), np.full((2, 2, 2), 0.1), **SETTINGS, band_strength=5.0)
    assert found.tolist() == [[0.7, 0.7], [0.7, 0.7]]


def test_a_signal_that_never_meets_another_gets_the_prior() -> None:
    nothing = np.zeros((2, 2), dtype=np.int64)
    assert estimate(nothing, nothing, **SETTINGS).tolist() == [0.7, 0.7]
    chances = np.array([[0, 900, 0], [900, 0, 0], [0, 0, 0]])
    assert estimate(chances, chances // 2, **SETTINGS)[2] == pytest.approx(0.7)


def test_no_votes_at_all_give_the_prior() -> None:
    none = BandVotes(*np.zeros((4, 0), dtype=np.int64))
    no_rows = np.zeros(0, dtype=np.int64)
    expected = expected_agreement(no_rows, no_rows, no_rows, np.zeros(2, dtype=np.int64), no_rows, 3)
    assert estimate_bands(none, expected, **UNSHRUNK).tolist() == [[0.7, 0.7]] * 3


def test_few_meetings_stay_near_the_prior() -> None:
    chances = np.array([[0, 2, 2], [2, 0, 2], [2, 2, 0]])
    found = estimate(chances, np.zeros_like(chances), **SETTINGS)
    assert np.all(np.abs(found - 0.7) < 0.1)


def test_reliabilities_are_probabilities_when_nothing_ever_agrees() -> None:
    chances = np.array([[0, 10**9, 5], [10**9, 0, 5], [5, 5, 0]])
    found = estimate(chances, np.zeros_like(chances), **SETTINGS)
    assert np.all((found > 0) & (found <= 1))


def test_labels_that_are_on_every_image_leave_no_agreement_beyond_chance() -> None:
    votes = BandVotes(*np.array([(0, 0b11, 0b11, 500)]).T)
    found = estimate_bands(votes, np.ones((1, 2, 2)), **UNSHRUNK)
    assert np.all((found > 0.9) & (found <= 1))


@pytest.mark.parametrize("classes", [2, 100])
def test_ten_times_the_counts_change_nothing_where_nothing_is_shrunk(classes: int) -> None:
    votes, expected = simulate([[0.9, 0.8, 0.65]] * 2, [0.9, 0.6, 0.8], classes, 4_000)
    more = votes._replace(pairs=votes.pairs * 10)
    assert estimate_bands(more, expected, **UNSHRUNK) == pytest.approx(
        estimate_bands(votes, expected, **UNSHRUNK), abs=1e-3
    )


counted = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 15), st.integers(1, 15), st.integers(0, 10**7)), max_size=12
)


@settings(max_examples=100, deadline=None)
@given(counted, st.permutations(range(4)), st.permutations(range(3)), st.floats(0, 1), st.floats(0, 1), st.data())
def test_any_counts_give_probabilities_that_follow_the_order_of_signals_and_bands(
    rows: list[tuple[int, int, int, int]],
    order: list[int],
    band_order: list[int],
    weight: float,
    by_chance: float,
    data: st.DataObject,
) -> None:
    table = np.array([(b, said | these, these, n) for b, said, these, n in rows], dtype=np.int64).reshape(-1, 4)
    votes = BandVotes(*table.T)
    expected = np.random.default_rng(len(rows)).random((3, 4, 4)) * by_chance
    setting = {**SETTINGS, "weight": weight, "band_strength": data.draw(st.sampled_from([0.0, 100.0]))}
    found = estimate_bands(votes, expected, **setting)
    assert found.shape == (3, 4)
    assert np.all((found > 0) & (found <= 1))

    def moved(bits: np.ndarray) -> np.ndarray:
        return np.asarray(sum((bits >> old & 1) << new for new, old in enumerate(order)))

    mixed = np.random.default_rng(1).permutation(len(table))
    other = BandVotes(np.argsort(band_order)[votes.band], moved(votes.image_bits), moved(votes.label_bits), votes.pairs)
    other = BandVotes(*(column[mixed] for column in other))
    again = estimate_bands(other, expected[band_order][:, order][:, :, order], **setting)
    assert again == pytest.approx(found[band_order][:, order], abs=1e-6)
