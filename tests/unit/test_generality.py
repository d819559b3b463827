import numpy as np
import pytest

from pipeline.vocabulary.mining.generality import FEWEST, specificity


def pairs_of(images: list[set[int]], kinds: list[int] | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = [(i, p, kinds[i] if kinds else 1) for i, phrases in enumerate(images) for p in sorted(phrases)]
    image, phrase, signals = np.array(rows, dtype=np.int64).T
    return image, phrase, signals


def topics(n: int) -> list[set[int]]:
    """Images of one of ten topics, 100-109, each with a word of its topic and two of its ten words; 1 goes with all."""
    draw = np.random.default_rng(0)
    images = []
    for i in range(n):
        topic = i % 10
        images.append({100 + topic, *(200 + 10 * topic + draw.choice(10, 2, replace=False)).tolist()})
        if draw.random() < 0.3:
            images[-1].add(1)
    return images


def test_a_word_that_goes_with_everything_has_none_and_a_subject_has_much() -> None:
    found = dict(zip(*specificity(*pairs_of(topics(6_000))), strict=True))
    assert found[1] < 0.1
    assert found[100] > 1.5


def test_too_few_words_around_tell_nothing() -> None:
    phrases, nats = specificity(*pairs_of([{1, 2}] * (FEWEST - 1) + [{1, 3}] * FEWEST))
    assert phrases.tolist() == [1, 2, 3]
    assert np.isnan(nats).tolist() == [False, True, False]


def test_a_word_of_one_kind_of_image_is_held_against_that_kind() -> None:
    images = topics(4_000)
    other = [
        {300 + i % 7, 400 + i % 11, 500 + i % 13, 2} if i % 3 else {300 + i % 7, 400 + i % 11} for i in range(4_000)
    ]
    found = dict(zip(*specificity(*pairs_of(images + other, [1] * 4_000 + [2] * 4_000)), strict=True))
    assert found[2] < 0.1


def test_the_order_of_pairs_does_not_matter() -> None:
    image, phrase, signals = pairs_of(topics(1_500))
    shuffled = np.random.default_rng(1).permutation(len(image))
    one, other = specificity(image, phrase, signals), specificity(image[shuffled], phrase[shuffled], signals[shuffled])
    assert one[0].tolist() == other[0].tolist()
    assert one[1].tolist() == pytest.approx(other[1].tolist(), abs=0, nan_ok=True)
