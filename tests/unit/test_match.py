import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.labeling.match import hiding_phrases, leftmost, longest_matches
from pipeline.runtime.config import NormalizeConfig
from pipeline.text.clean import Cleaner
from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import Hashes, KeySet

LETTERS = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=10)


def key(words: list[str], language: str = "en") -> int:
    found = word_arrays.read_words(pa.array([" ".join(words)]), pa.array([language]))
    return int(list(ngrams.grams(found, len(words)))[-1].key[0])


def keys_of(phrases: list[list[str]], language: str = "en") -> Hashes:
    return np.unique(np.array([key(phrase, language) for phrase in phrases], dtype=np.int64))


def matches(
    text: list[str], members: list[list[str]], hiding: list[list[str]] | None = None, language: str = "en"
) -> list[list[str]]:
    """Members found in a text, longest first."""
    words = word_arrays.read_words(pa.array([" ".join(word or "|" for word in text)]), pa.array([language]))
    names = {key(member, language): member for member in members}
    wanted = KeySet(keys_of(members, language))
    hides = KeySet(keys_of(hiding)) if hiding is not None else None
    return [names[int(k)] for _, _, keys in longest_matches(words, wanted, 6, hides) for k in keys]


def oracle(text: list[str], members: list[list[str]]) -> list[list[str]]:
    """The same by a plain loop: longest first, from the left, never twice the same word."""
    free, found = [True] * len(text), []
    for n in range(6, 0, -1):
        for start in range(len(text) - n + 1):
            span = range(start, start + n)
            if text[start : start + n] in members and all(free[i] for i in span):
                found.append(text[start : start + n])
                for i in span:
                    free[i] = False
    return found


@given(LETTERS, st.lists(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4), min_size=1, max_size=5))
def test_matches_are_those_of_a_plain_loop(text: list[str], members: list[list[str]]) -> None:
    assert matches(text, members) == oracle(text, members)


def test_the_longest_phrase_wins_and_what_is_inside_it_does_not_count() -> None:
    members = [["hot", "dog"], ["dog"], ["dog", "house"]]
    assert matches(["hot", "dog", "house"], members) == [["hot", "dog"]]
    assert matches(["hot", "dog", "", "dog"], members) == [["hot", "dog"], ["dog"]]


def test_no_phrase_is_found_over_a_break() -> None:
    assert matches(["hot", "", "dog"], [["hot", "dog"]]) == []


@given(st.lists(st.integers(0, 40), unique=True, max_size=20).map(sorted), st.integers(1, 5))
def test_leftmost_spans_never_overlap_and_none_is_left_out_for_nothing(start: list[int], length: int) -> None:
    kept = leftmost(np.array(start, dtype=np.int64), length)
    chosen = [s for s, k in zip(start, kept, strict=True) if k]
    assert all(b - a >= length for a, b in itertools.pairwise(chosen))
    for s in start:
        assert s in chosen or any(c <= s < c + length for c in chosen)


DOG, TOY, TOYS = ["dog"], ["toy"], [["dog", "toy"]]


def test_a_hiding_phrase_hides_its_modifier_and_not_its_head() -> None:
    assert matches(["dog", "toy"], [DOG, TOY]) == [DOG, TOY]
    assert matches(["dog", "toy"], [DOG, TOY], TOYS) == [TOY]
    assert matches(["dog", "toy", "dog"], [DOG], TOYS) == [DOG]


def test_a_longer_head_of_a_hiding_phrase_counts_once() -> None:
    hiding = [["small", "dog", "toy", "box"]]
    members = [["toy", "box"], ["box"], ["dog"], ["dog", "toy"]]
    assert matches(["small", "dog", "toy", "box"], members, hiding) == [["toy", "box"]]


def test_a_member_over_the_edge_of_a_hiding_phrase_is_hidden() -> None:
    assert matches(["dog", "toy", "box"], [["toy", "box"]], [["small", "dog", "toy"]]) == [["toy", "box"]]
    assert matches(["small", "dog", "toy", "box"], [["toy", "box"]], [["small", "dog", "toy"]]) == []


def test_a_member_goes_before_a_hiding_phrase_of_its_length() -> None:
    assert matches(["big", "dog", "toy"], [["big", "dog"], DOG], TOYS) == [["big", "dog"]]
    assert matches(["dog", "toy", "story"], [["toy", "story"], DOG], TOYS) == [["toy", "story"], DOG]


def test_a_hiding_phrase_inside_a_member_hides_nothing() -> None:
    assert matches(["red", "dog", "toy"], [["red", "dog", "toy"], DOG], TOYS) == [["red", "dog", "toy"]]


def test_hiding_phrases_are_kept_compounds_without_a_label_in_languages_with_the_head_last() -> None:
    phrases = [
        ("dog toy", "en"),
        ("dog", "en"),
        ("dog house", "en"),
        ("house of cards", "en"),
        ("chien jouet", "fr"),
        ("hund spielzeug", "de"),
    ]
    kept = pa.table(
        {
            "phrase_id": pa.array([key(phrase.split(), language) for phrase, language in phrases], pa.int64()),
            "phrase": pa.array([phrase for phrase, _ in phrases]),
            "language": pa.array([language for _, language in phrases]),
        }
    )
    members = keys_of([["dog", "house"], ["dog"]])
    expected = sorted([key(["dog", "toy"]), key(["hund", "spielzeug"], "de")])
    assert hiding_phrases(kept, members).tolist() == expected
    assert hiding_phrases(kept.slice(0, 0), members).tolist() == []


@given(
    LETTERS,
    st.lists(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3), min_size=1, max_size=4),
    st.lists(st.lists(st.sampled_from(["a", "b", "c"]), min_size=2, max_size=4), max_size=3),
)
def test_hiding_phrases_that_no_text_says_change_nothing_and_others_only_take_away(
    text: list[str], members: list[list[str]], hiding: list[list[str]]
) -> None:
    plain = matches(text, members)
    assert matches(text, members, [[*phrase, "d"] for phrase in hiding]) == plain
    single = [member for member in members if len(member) == 1]
    if single:  # of longer ones another may come free
        shown = matches(text, single, hiding)
        assert all(shown.count(word) <= matches(text, single).count(word) for word in shown)


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner(NormalizeConfig())


@pytest.mark.parametrize(
    ("raw", "language", "member"),
    [
        ("DOG", "en", "dog"),
        ("(dog)", "en", "dog"),
        ("[dog]", "en", "dog"),
        ('"dog"', "en", "dog"),
        ("\u201cdog\u201d", "en", "dog"),
        ("«dog»", "en", "dog"),
        ("dog/cat", "en", "cat"),
        ("dog|cat", "en", "cat"),
        ("dog+cat", "en", "dog"),
        ("dog_house", "en", "dog house"),
        ("dog\u2026", "en", "dog"),
        ("\uff24\uff2f\uff27", "en", "dog"),  # full width
        ("#livingroomdecor", "en", "living room"),
        ("#DogHouse", "en", "dog house"),
        ("#dog#cat", "en", "cat"),
        ("LivingRoomDecor", "en", "living room"),
        ("白い犬の写真", "ja", "犬"),
        ("白い犬の写真", "ja", "白い 犬"),
        ("一只狗的照片", "zh", "狗"),
        ("สุนัขสีขาว", "th", "สุนัข"),
        ("सफेद कुत्ता", "hi", "कुत्ता"),
        ("강아지 사진", "ko", "강아지"),
    ],
)
def test_members_are_found_in_texts_as_people_write_them(
    cleaner: Cleaner, raw: str, language: str, member: str
) -> None:
    cleaned = cleaner.clean([raw], [language])[0]
    assert matches(cleaned.tokens, [member.split()], language=cleaned.language) == [member.split()]


@pytest.mark.parametrize(
    ("raw", "language", "member"),
    [
        ("hotdogs", "en", "dog"),
        ("dog-house", "en", "dog"),
        ("dog, house", "en", "dog house"),
        ("dog/house", "en", "dog house"),
        ("热狗", "zh", "狗"),  # a hot dog
        ("강아지사진", "ko", "강아지"),
        ("कुत्ताघर", "hi", "कुत्ता"),
        ("hotdog", "de", "dog"),
    ],
)
def test_no_member_is_found_inside_a_word_or_over_a_sign(
    cleaner: Cleaner, raw: str, language: str, member: str
) -> None:
    cleaned = cleaner.clean([raw], [language])[0]
    assert matches(cleaned.tokens, [member.split()], language=cleaned.language) == []


def test_a_member_of_another_language_is_not_found() -> None:
    assert matches(["gift"], [["gift"]], language="en") == [["gift"]]
    words = word_arrays.read_words(pa.array(["gift"]), pa.array(["de"]))
    assert [len(k) for _, _, k in longest_matches(words, KeySet(keys_of([["gift"]])), 6)] == [0] * 6
