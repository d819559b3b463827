import itertools

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text import tokens
from pipeline.text.tokens import BREAK, join_words, split_hashtag, tokenize
from pipeline.text.unicode import normalize_text


@pytest.mark.parametrize(
    "word",
    ["t-shirt", "o'clock", "rock'n'roll", "mid-century", "3.5", "1,000", "u.s.a", "h&m", "at&t", "16x20", "col·lecció"],
)
def test_a_sign_inside_a_word_is_part_of_it(word: str) -> None:
    assert tokenize(word) == [word]
    assert tokenize(f"a {word}, b") == ["a", word, BREAK, "b"]


@pytest.mark.parametrize(
    "sign",
    [
        ".",
        ",",
        ";",
        ":",
        "!",
        "?",
        "(",
        ")",
        "/",
        "|",
        "—",
        "–",
        " - ",
        '"',
        "“",
        "*",
        "#",
        "❤\ufe0f",
        "👩\u200d👧",
        "、",
        "。",
        "%",
    ],
)
def test_a_sign_between_words_is_a_break(sign: str) -> None:
    assert tokenize(f"red{sign} shoe") == ["red", BREAK, "shoe"]


def test_marks_and_joiners_do_not_part_a_word() -> None:
    assert tokenize("हिन्दी می\u200cخواهم") == ["हिन्दी", "می\u200cخواهم"]


def test_a_sentence_that_lacks_its_space_still_breaks() -> None:
    assert tokenize("the end.next one") == ["the", "end", BREAK, "next", "one"]


def test_and_is_a_word_between_words_only() -> None:
    assert tokenize("black & white") == ["black", "&", "white"]
    assert tokenize("bed&bath") == ["bed", "&", "bath"]
    assert tokenize("& white & ") == ["white"]
    assert tokenize("a & & b") == ["a", BREAK, "b"]
    assert tokenize("a, & b") == ["a", BREAK, "b"]


def test_an_underscore_is_a_space() -> None:
    assert tokenize("living_room") == ["living", "room"]


def test_quotes_and_apostrophes_at_the_edge_are_no_part_of_a_word() -> None:
    assert tokenize("the 'red' kids' shoe") == ["the", BREAK, "red", BREAK, "kids", BREAK, "shoe"]


@given(st.text() | st.text(st.sampled_from("ab1 .,&-'_|!é東👩\ufe0f")))
def test_breaks_stand_single_and_inside_and_no_letter_is_lost(text: str) -> None:
    text = normalize_text(text)
    tokens = tokenize(text)
    assert tokens[:1] != [BREAK]
    assert tokens[-1:] != [BREAK]
    assert (BREAK, BREAK) not in list(itertools.pairwise(tokens))
    letters = regex.compile(r"[\p{L}\p{N}]")
    assert letters.findall("".join(tokens)) == letters.findall(text)


@given(st.text() | st.text(st.sampled_from("ab1 .,&-'_|!é")))
def test_words_joined_as_the_table_writes_them_are_read_as_the_same_words(text: str) -> None:
    tokens = tokenize(normalize_text(text))
    assert tokenize(" ".join(token or "|" for token in tokens)) == tokens


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("#DIYHomeDecor", "diy home decor"),
        ("#livingroomdecor", "living room decor"),
        ("#homeOffice2021", "home office 2021"),
        ("#Home_Decor", "home decor"),
        ("#90sFashion", "90s fashion"),
        ("#3DPrinting", "3d printing"),
        ("#ilovemydog", "i love my dog"),
        ("#ПриветМир", "привет мир"),
        ("#Élan", "élan"),
        ("#東京タワー", "東京タワー"),
        ("#OOTD", "ootd"),
        ("#IceCream", "ice cream"),
    ],
)
def test_a_hashtag_parts_at_case_digits_and_words(tag: str, words: str) -> None:
    assert split_hashtag(tag) == words.split()


@pytest.mark.parametrize(
    "tag",
    ["starbucks", "wanderlust", "sunglasses", "iPhone", "YouTube", "wohnzimmerdeko", "blumenstrauss", "maintenant"],
)
def test_names_and_words_of_other_languages_stay_whole(tag: str) -> None:
    assert split_hashtag(f"#{tag}") == [tag.lower()]


@given(st.text(st.sampled_from("abcdeHomeliving_1éГород東"), max_size=30))
def test_a_hashtag_loses_no_letter(tag: str) -> None:
    assert "".join(split_hashtag(f"#{tag}")) == tag.replace("_", "").lower()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("紅色 連衣裙", "紅色連衣裙"),
        ("รองเท้า ผู้ หญิง", "รองเท้าผู้หญิง"),
        ("iphone ケース", "iphone ケース"),
        ("90年代 ファッション", "90年代ファッション"),
        ("red shoe", "red shoe"),
        ("한국 음식", "한국 음식"),
        ("東京 tokyo タワー", "東京 tokyo タワー"),
        ("", ""),
    ],
)
def test_names_are_written_with_a_space_only_where_people_write_one(words: str, name: str) -> None:
    assert join_words(words.split()) == name


@given(st.text(st.sampled_from("ab1 .,!?;:'-"), max_size=20))
def test_the_short_way_for_plain_sentences_gives_the_same_words(text: str) -> None:
    assert tokenize(text) == tokens._any_text(text)
