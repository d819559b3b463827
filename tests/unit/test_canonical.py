import numpy as np
import pytest

from pipeline.vocabulary.clustering.contrast import Contrast, marks
from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.merging.canonical import HOW, merge
from pipeline.vocabulary.merging.phrases import Phrases


def phrases_of(
    *phrases: str,
    language: str = "en",
    vectors: list[list[float]] | None = None,
    synonym_of: dict[str, str] | None = None,
    images: list[int] | None = None,
) -> Phrases:
    """Ranked phrases of falling support, with unit vectors where given."""
    n = len(phrases)
    given = np.array(vectors if vectors else np.zeros((n, 2)), dtype=np.float32)
    place = {phrase: i for i, phrase in enumerate(phrases)}
    chief = synonym_of or {}
    return Phrases(
        ids=np.arange(n),
        phrase=list(phrases),
        language=[language] * n,
        images=np.array(images) if images else np.arange(n, 0, -1) * 10,
        keys=[None] * n,
        vectors=Rows.of(given),
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


def test_a_joined_form_that_is_a_word_of_its_own_needs_vectors_that_agree() -> None:
    apart, same = [[1.0, 0.0], [0.6, 0.8]], [[1.0, 0.0], [0.9, 0.436]]
    assert ways(phrases_of("comeback", "come back", vectors=apart))[1] == ("come back", "self")
    assert ways(phrases_of("sunset", "sun set", vectors=same))[1] == ("sunset", "spacing")
    assert ways(phrases_of("carpet", "car pet"))[1] == ("car pet", "self")
    assert ways(phrases_of("newyork", "new york", vectors=apart))[1] == ("newyork", "spacing")


def test_another_order_without_vectors_stays() -> None:
    assert ways(phrases_of("maison chien", "chien maison", language="fr"))[1] == ("chien maison", "self")


def test_what_is_done_to_how_many_is_no_matter_of_order() -> None:
    same = [[1.0, 0.0], [1.0, 0.0]]
    assert ways(phrases_of("holding hands", "hand holding", vectors=same))[1] == ("hand holding", "self")
    assert ways(phrases_of("flowing water", "water flowing", vectors=same))[1] == ("flowing water", "order")


def test_a_linking_word_goes_where_the_vectors_agree() -> None:
    same, apart = [[1.0, 0.0], [0.9, 0.436]], [[1.0, 0.0], [0.6, 0.8]]
    assert ways(phrases_of("wedding dress", "dresses for weddings", vectors=same))[1] == ("wedding dress", "linking")
    assert ways(phrases_of("cat picture", "picture of cats", vectors=apart))[1] == ("picture of cats", "self")
    assert ways(phrases_of("dog house", "dog of house", vectors=same))[1] == ("dog of house", "self")


def test_two_linking_words_never_join_each_other() -> None:
    found = ways(phrases_of("vestido de boda", "vestidos para bodas", language="es"))
    assert [way for _, way in found] == ["self", "self"]


def test_a_misspelt_phrase_joins_the_right_one_however_frequent() -> None:
    found = ways(phrases_of("umbrella", "umbrela stand", "umbrella stands", images=[900, 40, 9]))
    assert found == [("umbrella", "self"), ("umbrella stands", "spelling"), ("umbrella stands", "self")]


def test_initials_join_what_they_stand_for() -> None:
    phrases = phrases_of("cdn", "content delivery network")
    phrases.keys[:] = [np.arange(5), np.arange(4)]
    assert ways(phrases) == [("cdn", "self"), ("cdn", "initials")]


def test_the_leader_of_a_group_leads_itself() -> None:
    merged = merge(phrases_of("dogs", "umbrela", "dog", "t shirt", "umbrella", "t-shirts", "tshirt"), 0.8)
    assert (merged.first[merged.first] == merged.first).all()


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


def test_numbers_and_letters_always_differ() -> None:
    assert contrast("number 7", "number 8")
    assert contrast("letter b box", "letter i")
    assert contrast("numeric nine plus", "numeric 10")
    assert contrast("sixteenth", "fifteen")
    assert not contrast("numeric nine plus", "numeric 9")
    assert not contrast("letter b", "letter")


def test_what_is_denied_is_a_contrast_and_a_double_denial_is_none() -> None:
    assert contrast("no-smoking", "smoking")
    assert contrast("smoking", "no smoking area")
    assert not contrast("no smoking", "non-smoking")


def test_antonyms_are_a_contrast_alone_and_inside_a_phrase() -> None:
    assert contrast("left", "right")
    assert contrast("outgoing call", "incoming call")
    assert contrast("arrow down right bold", "arrow down left")
    assert contrast("arrow-down-purple", "arrow up")
    assert not contrast("couch", "sofa")


def test_colours_and_directions_are_a_contrast_where_both_have_some() -> None:
    assert contrast("red dress", "blue evening dress")
    assert contrast("arrow left bold", "arrow down")
    assert not contrast("red dress", "dress")
    assert not contrast("arrow left bold", "arrow bold")


def test_marks_are_numbers_in_digits_and_single_letters() -> None:
    assert marks(frozenset(("letter", "b"))) == {"b"}
    assert marks(frozenset(("third", "place"))) == {"3"}
    assert marks(frozenset(("f4", "key"))) == {"f4"}
    assert marks(frozenset(("arrow", "left"))) == frozenset()


def test_a_word_more_or_an_unknown_word_is_no_contrast() -> None:
    assert not contrast("winter snow", "snow", "winter")
    assert not contrast("arrow left", "arrow qwxz", "left")


def test_a_synonym_joins_the_phrase_that_it_is_given_to_with_its_inflections() -> None:
    phrases = phrases_of("couches", "sofa", "couch", "settee", synonym_of={"couch": "sofa", "sofa": "sofa"})
    assert ways(phrases) == [("sofa", "synonym"), ("sofa", "self"), ("sofa", "inflection"), ("settee", "self")]


def test_synonyms_of_a_phrase_that_nobody_says_gather_around_the_most_frequent() -> None:
    phrases = phrases_of("couch", "settee", synonym_of={"couch": "sofa", "settee": "sofa"})
    assert ways(phrases) == [("couch", "self"), ("couch", "synonym")]
