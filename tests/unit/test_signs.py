import numpy as np

from pipeline.vocabulary.mining import contexts


def test_signs_depend_on_the_key_alone() -> None:
    keys = np.array([5, -3, 2**62], dtype=np.int64)
    signs = contexts.random_signs(keys, 128)
    assert signs.shape == (3, 128)
    assert set(np.unique(signs).tolist()) == {-1, 1}
    assert (contexts.random_signs(keys[1:2], 128) == signs[1]).all()


def test_signs_of_different_keys_are_nearly_orthogonal_and_of_neighbouring_ones_too() -> None:
    signs = contexts.random_signs(np.arange(400, dtype=np.int64), 256).astype(float) / 16
    cosines = signs @ signs.T - np.eye(400)
    assert abs(cosines.mean()) < 0.005
    assert np.abs(cosines).max() < 0.4  # six deviations of 1/16
    assert abs(signs.mean()) < 0.001


def test_only_the_most_frequent_companions_are_named_and_equal_ones_by_word() -> None:
    words = np.arange(12, dtype=np.int64)
    row = np.r_[np.zeros(12, dtype=np.int64), [2, 2]]
    times = np.r_[np.full(12, 6), [1, 3]]
    times[11] = 9
    found = contexts.name_companions(row, np.r_[words, [7, 8]], times, np.array([10, 4, 6]))
    assert [[word["phrase_id"] for word in listed] for listed in found.to_pylist()] == [
        [11, 0, 1, 2, 3, 4, 5, 6],
        [],
        [8],
    ]
