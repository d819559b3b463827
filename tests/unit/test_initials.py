import numpy as np

from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.merging.initials import spell_out
from pipeline.vocabulary.merging.phrases import Phrases


def said_of(images: dict[str, range | None], language: str = "en") -> Phrases:
    """Phrases with the images that they are said of; None where they are too many to be listed."""
    n = len(images)
    return Phrases(
        ids=np.arange(n),
        phrase=list(images),
        language=[language] * n,
        images=np.array([1_000 if keys is None else len(keys) for keys in images.values()]),
        keys=[None if keys is None else np.array(keys, dtype=np.int64) for keys in images.values()],
        vectors=Rows.of(np.zeros((n, 2))),
        known=np.zeros(n, dtype=bool),
        pinned=np.zeros(n, dtype=bool),
        synonym_of=[None] * n,
    )


def test_initials_are_spelt_out_where_the_images_are_the_same() -> None:
    assert spell_out(said_of({"cdn": range(5), "content delivery network": range(1, 5)})) == {0: 1}


def test_initials_of_other_images_say_nothing() -> None:
    assert spell_out(said_of({"os": range(9), "open source": range(8, 17)})) == {}


def test_two_images_are_chance() -> None:
    assert spell_out(said_of({"cdn": range(2), "content delivery network": range(2)})) == {}


def test_the_phrase_of_the_most_equal_images_is_meant() -> None:
    assert spell_out(said_of({"pr": range(9), "press release": range(5), "pull request": range(8)})) == {0: 2}


def test_what_is_too_frequent_to_be_compared_stays() -> None:
    assert spell_out(said_of({"cc": None, "creative commons": range(5)})) == {}


def test_a_letter_of_a_script_without_capitals_is_no_initial() -> None:
    assert spell_out(said_of({"전기": range(5), "전기 기사": range(5), "전구 기사": range(5)}, "ko")) == {}
