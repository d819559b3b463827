"""Texts that other normalizers are known to break, from the raw text to the words and to the member that is found."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.labeling.match import longest_matches
from pipeline.runtime.config import NormalizeConfig
from pipeline.text.clean import Cleaner
from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import KeySet

_DOG = (
    "(dog)",
    '"dog"',
    "#dog",
    "dog/cat",
    "dog—cat",
    "DOG",
    "a\u00a0dog",
    "dog\u00a0house",
    "hot <b>dog</b>",
    "ｄｏｇ",
)


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner(NormalizeConfig())


def words(cleaner: Cleaner, text: str, language: str = "en") -> list[str]:
    return cleaner.clean([text], [language])[0].tokens


def key(phrase: list[str], language: str) -> int:
    found = word_arrays.read_words(pa.array([" ".join(phrase)]), pa.array([language]))
    return int(list(ngrams.grams(found, len(phrase)))[-1].key[0])


def found(cleaner: Cleaner, text: str, member: list[str], language: str = "en") -> bool:
    """Whether the member phrase is found in the cleaned text."""
    cleaned = cleaner.clean([text], [language])[0].text
    read = word_arrays.read_words(pa.array([cleaned]), pa.array([language]))
    wanted = KeySet(np.array([key(member, language)], dtype=np.int64))
    return any(len(keys) for _, _, keys in longest_matches(read, wanted, 6))


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("हिन्दी", "hi", ["हिन्दी"]),
        ("สวัสดี", "th", ["สวัสดี"]),
        ("Air Max 90", "en", ["air", "max", "90"]),
        ("ＡＢＣ", "en", ["abc"]),
        ("ﬁ", "en", ["fi"]),
        ("한국어", "ko", ["한국어"]),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "ko", ["한국"]),
        ("cafe\u0301", "fr", ["café"]),
        ("café", "fr", ["café"]),
        ("dog—cat", "en", ["dog", "", "cat"]),
        ("dog/cat", "en", ["dog", "", "cat"]),
    ],
)
def test_a_text_becomes_these_words(cleaner: Cleaner, text: str, language: str, expected: list[str]) -> None:
    assert words(cleaner, text, language) == expected


@pytest.mark.parametrize("text", _DOG)
def test_the_word_dog_is_a_token_and_its_member_is_found(cleaner: Cleaner, text: str) -> None:
    assert "dog" in words(cleaner, text)
    assert found(cleaner, text, ["dog"])


@pytest.mark.parametrize(
    ("text", "member", "language"),
    [
        ("new Air Max 90!", "air max 90", "en"),
        ("ＡＩＲ\u3000ＭＡＸ\u00a0９０", "air max 90", "en"),
        ("#AirMax90", "air max 90", "en"),
        ("le cafe\u0301 noir", "café noir", "fr"),
        ("#weddingdress", "wedding dress", "en"),
        ("白い紅色連衣裙", "紅色 連衣裙", "zh"),
        ("हिन्दी सिनेमा", "हिन्दी", "hi"),
    ],
)
def test_a_member_phrase_is_found_however_it_is_written(
    cleaner: Cleaner, text: str, member: str, language: str
) -> None:
    assert found(cleaner, text, member.split(), language)


@pytest.mark.parametrize("text", ["doge", "dogma", "hotdogs", "d.o.g", "do g"])
def test_other_words_are_not_dog(cleaner: Cleaner, text: str) -> None:
    assert not found(cleaner, text, ["dog"])


def test_a_zero_width_space_is_no_space_in_latin_text(cleaner: Cleaner) -> None:
    # It is where a line may break, and stands inside of words more often than between them: hot<ZWSP>dog is hotdog.
    assert words(cleaner, "hot\u200bdog") == ["hotdog"]
    assert words(cleaner, "hot \u200bdog") == ["hot", "dog"]
    assert found(cleaner, "hot\u200b dog", ["hot", "dog"])


def test_no_member_is_found_over_a_sign(cleaner: Cleaner) -> None:
    assert not found(cleaner, "hot, dog", ["hot", "dog"])
    assert not found(cleaner, "#hot #dog", ["hot", "dog"])
