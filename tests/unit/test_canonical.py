import numpy as np
import pytest

from pipeline.vocabulary.canonical import HOW, Contrast, merge
from pipeline.vocabulary.phrases import Phrases


def phrases_of(
    *phrases: str,
    language: str = "en",
    vectors: list[list[float]] | None = None,
    synonym_of: dict[str, str] | None = None,
) -> Phrases:
    """Ranked phrases of falling support, with unit vectors where given."""
    n = len(phrases)
    given = np.array(vectors if vectors else np.zeros((n, 2)), dtype=np.float32)
    images = np.arange(n, 0, -1) * 10
    place = {phrase: i for i, phrase in enumerate(phrases)}
    chief = synonym_of or {}
    return Phrases(
        ids=np.arange(n),
        phrase=list(phrases),
        language=[language] * n,
        images=images,
        keys=[None] * n,
        vectors=given,
        known=np.full(n, bool(vectors)),
        pinned=np.array([phrase in chief for phrase in phrases]),
        synonym_of=[place.get(chief[phrase], n) if phrase in chief else None for phrase in phrases],
    )


def ways(phrases: Phrases) -> list[tuple[str, str]]:
    """Leader and way of each phrase."""
    merged = merge(phrases, 0.8)
    return [(phrases.phrase[first], HOW[how]) for first, how in zip(merged.first, merged.how, strict=True)]


def test_inflections_join_the_most_frequent_form() -> None:
    assert ways(phrases_of("dogs", "dog", "wedding dresses", "wedding dress")) == [
        ("dogs", "self"),
        ("dogs", "inflection"),
        ("wedding dresses", "self"),
        ("wedding dresses", "inflection"),
    ]


@pytest.mark.parametrize(
    ("one", "other"), [("jeans", "jean"), ("glasses", "glass"), ("painting", "paint"), ("news", "new")]
)
def test_words_whose_plural_is_the_thing_and_hobbies_stay_apart(one: str, other: str) -> None:
    assert [way for _, way in ways(phrases_of(one, other))] == ["self", "self"]


def test_spacing_and_hyphens_join() -> None:
    found = ways(phrases_of("t-shirt", "t shirt", "tshirt"))
    assert [leader for leader, _ in found] == ["t-shirt"] * 3
    assert [way for _, way in found[1:]] == ["spacing", "spacing"]


def test_another_order_joins_only_where_the_vectors_agree() -> None:
    same, apart = [[1.0, 0.0], [0.9, 0.436]], [[1.0, 0.0], [0.6, 0.8]]
    assert ways(phrases_of("red dress", "dress red", vectors=same))[1] == ("red dress", "order")
    assert ways(phrases_of("dog house", "house dog", vectors=apart))[1] == ("house dog", "self")


def test_languages_are_never_merged() -> None:
    phrases = phrases_of("rose", "roses")
    phrases.language[1] = "fr"
    assert [way for _, way in ways(phrases)] == ["self", "self"]


def contrast(one: str, other: str, *words: str, near: bool = False) -> bool:
    """Whether two phrases are in contrast, beside single words whose vectors are near each other or not."""
    vectors = [[1.0, 0.0], [1.0, 0.0]] + [[1.0, 0.0] if near or i % 2 else [0.0, 1.0] for i in range(len(words))]
    phrases = phrases_of(one, other, *words, vectors=vectors)
    return Contrast(phrases, np.arange(len(phrases)), 0.8)(0, 1)


def test_one_word_for_another_is_a_contrast_unless_the_two_mean_the_same() -> None:
    assert contrast("arrow left", "arrow right", "left", "right")
    assert not contrast("sofa bed", "couch bed", "sofa", "couch", near=True)


def test_numbers_always_differ() -> None:
    assert contrast("number 7", "number 8")


def test_a_word_more_or_an_unknown_word_is_no_contrast() -> None:
    assert not contrast("winter snow", "snow", "winter")
    assert not contrast("arrow left", "arrow qwxz", "left")


def test_a_synonym_joins_the_phrase_that_it_is_given_to_with_its_inflections() -> None:
    phrases = phrases_of("couches", "sofa", "couch", "settee", synonym_of={"couch": "sofa", "sofa": "sofa"})
    assert ways(phrases) == [("sofa", "synonym"), ("sofa", "self"), ("sofa", "inflection"), ("settee", "self")]


def test_synonyms_of_a_phrase_that_nobody_says_gather_around_the_most_frequent() -> None:
    phrases = phrases_of("couch", "settee", synonym_of={"couch": "sofa", "settee": "sofa"})
    assert ways(phrases) == [("couch", "self"), ("couch", "synonym")]
