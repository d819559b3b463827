import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary import ngrams

WORDS = st.sampled_from(["red", "shoe", "a", "", "große", "靴"])
TEXTS = st.lists(st.lists(WORDS, max_size=9), max_size=8)


def keys_of(texts: list[list[str]], most: int, language: str = "en") -> list[tuple[int, int, int]]:
    tokens = pa.array(texts, pa.list_(pa.string()))
    words = ngrams.read_words(tokens, pa.array([language] * len(texts), pa.string()))
    return listed(words, most)


def listed(words: ngrams.Words, most: int) -> list[tuple[int, int, int]]:
    pairs = ((gram.n, gram.text.tolist(), gram.key.tolist()) for gram in ngrams.grams(words, most))
    return [(n, text, key) for n, texts, keys in pairs for text, key in zip(texts, keys, strict=True)]


def key(words: list[str], language: str = "en") -> int:
    return next(k for n, _, k in keys_of([words], len(words), language) if n == len(words))


@given(TEXTS, st.integers(1, 6))
def test_grams_are_those_of_a_plain_loop_and_never_cross_a_break(texts: list[list[str]], most: int) -> None:
    expected = []
    for i, words in enumerate(texts):
        for n in range(1, most + 1):
            for start in range(len(words) - n + 1):
                part = words[start : start + n]
                if "" not in part:
                    expected.append((n, i, key(part)))
    assert sorted(keys_of(texts, most)) == sorted(expected)


@given(
    st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4),
    st.lists(st.text(min_size=1), min_size=1, max_size=4),
)
def test_different_phrases_have_different_keys(one: list[str], other: list[str]) -> None:
    assert (key(one) == key(other)) == (one == other)


def test_the_same_word_of_two_languages_is_two_phrases() -> None:
    assert key(["gift"], "en") != key(["gift"], "de")


def test_a_word_that_is_the_name_of_a_language_is_a_word_like_others() -> None:
    pairs = [("de", "en"), ("en", "de"), ("en", "en"), ("de", "de")]
    assert len({key([word], language) for word, language in pairs}) == 4


def test_keys_are_the_same_in_every_process_and_version() -> None:
    # A changed hash would silently part old tables from new ones.
    assert key(["red", "shoe"]) == 7106819145098552969


@given(TEXTS.filter(lambda texts: sum(map(len, texts)) > 0))
def test_a_sliced_batch_gives_the_keys_of_its_rows(texts: list[list[str]]) -> None:
    tokens = pa.array([["other"], *texts], pa.list_(pa.string())).slice(1)
    words = ngrams.read_words(tokens, pa.array(["en"] * len(texts), pa.string()))
    found = listed(words, 3)
    assert found == keys_of(texts, 3)


def test_parts_of_a_phrase_have_the_keys_that_they_have_alone() -> None:
    cuts = list(ngrams.phrase_keys(["new", "york", "city"], "en"))
    assert [(int(left[0]), int(right[0])) for left, right in cuts] == [
        (key(["new"]), key(["york", "city"])),
        (key(["new", "york"]), key(["city"])),
    ]


def test_contains_finds_the_last_key_and_nothing_in_nothing() -> None:
    ordered = np.array([-5, 0, 9], dtype=np.int64)
    assert ngrams.contains(ordered, np.array([9, 10, -6, -5])).tolist() == [True, False, False, True]
    assert ngrams.contains(ordered[:0], np.array([1, 2])).tolist() == [False, False]


def test_totals_add_up_by_key() -> None:
    keys, totals = ngrams.total_by_key(np.array([7, -1, 7]), np.array([2, 3, 5]))
    assert (keys.tolist(), totals.tolist()) == ([-1, 7], [3, 7])
