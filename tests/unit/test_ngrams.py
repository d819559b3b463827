import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary.mining import ngrams, word_arrays

WORDS = st.sampled_from(["red", "shoe", "a", "", "große", "靴"])
SOME = st.characters(exclude_characters=" |", exclude_categories=["Cs"])  # what a word can hold
TEXTS = st.lists(st.lists(WORDS, max_size=9), max_size=8)
EN3 = pa.array(["en"] * 3)


def joined(texts: list[list[str]]) -> pa.Array:
    return pa.array([" ".join(word or "|" for word in words) for words in texts], pa.string())


def keys_of(texts: list[list[str]], most: int, language: str = "en") -> list[tuple[int, int, int]]:
    words = word_arrays.read_words(joined(texts), pa.array([language] * len(texts), pa.string()))
    return listed(words, most)


def listed(words: word_arrays.Words, most: int) -> list[tuple[int, int, int]]:
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
    st.lists(st.text(SOME, min_size=1, max_size=5), min_size=1, max_size=4),
    st.lists(st.text(SOME, min_size=1), min_size=1, max_size=4),
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
    words = word_arrays.read_words(joined([["other"], *texts]).slice(1), pa.array(["en"] * len(texts), pa.string()))
    found = listed(words, 3)
    assert found == keys_of(texts, 3)


def test_ends_of_a_phrase_have_the_keys_that_they_have_alone() -> None:
    phrases = joined([["new", "york", "city"], ["city"]])
    opening, closing = ngrams.end_keys(word_arrays.read_words(phrases, pa.array(["en", "en"])))
    assert opening.tolist() == [
        [key(["new"]), key(["new", "york"]), key(["new", "york", "city"])],
        [key(["city"]), 0, 0],
    ]
    assert closing.tolist() == [
        [key(["city"]), key(["york", "city"]), key(["new", "york", "city"])],
        [key(["city"]), 0, 0],
    ]


@given(TEXTS)
def test_n_grams_are_spelled_with_their_language(texts: list[list[str]]) -> None:
    words = word_arrays.read_words(
        joined(texts), pa.array(["en", "de"][: len(texts)] * len(texts), pa.string())[: len(texts)]
    )
    for gram in ngrams.grams(words, 3):
        chosen = np.arange(len(gram.start))[::-2]
        phrases, spoken = ngrams.spell_all(words, gram, chosen)
        assert phrases.to_pylist() == [ngrams.spell(words, start, gram.n) for start in gram.start[chosen].tolist()]
        assert spoken.to_pylist() == [words.distinct[words.code[words.first[i]]] for i in gram.text[chosen]]


@given(TEXTS, st.integers(1, 4))
def test_the_number_of_n_grams_is_that_of_the_n_grams(texts: list[list[str]], most: int) -> None:
    words = word_arrays.read_words(joined(texts), pa.array(["en"] * len(texts), pa.string()))
    counted = np.zeros(len(texts), dtype=np.int64)
    for gram in ngrams.grams(words, most):
        np.add.at(counted, gram.text, 1)
    assert ngrams.occurrences(words, most).tolist() == counted.tolist()


@given(TEXTS, st.integers(1, 4))
def test_each_phrase_of_a_text_is_found_first_once(texts: list[list[str]], most: int) -> None:
    words = word_arrays.read_words(joined(texts), pa.array(["en"] * len(texts), pa.string()))
    twice = word_arrays.repeating(words)
    for gram in ngrams.grams(words, most):
        once = ngrams.first_in_text(gram, twice)
        pairs = list(zip(gram.text.tolist(), gram.key.tolist(), strict=True))
        assert sorted(pairs[i] for i in once) == sorted(set(pairs))


def test_a_word_that_returns_at_the_far_end_of_a_long_text_counts_once() -> None:
    words = word_arrays.read_words(joined([["red", *(f"w{i}" for i in range(n)), "red"] for n in (62, 63, 500)]), EN3)
    grams = next(ngrams.grams(words, 1))
    assert len(ngrams.first_in_text(grams, word_arrays.repeating(words))) == 63 + 64 + 501


@given(TEXTS, st.sets(st.integers(0, 200)))
def test_what_holds_a_part_that_is_not_kept_is_left_out(texts: list[list[str]], lost: set[int]) -> None:
    every = keys_of(texts, 3)
    gone = {key for i, (_, _, key) in enumerate(every) if i in lost}
    words = word_arrays.read_words(joined(texts), pa.array(["en"] * len(texts), pa.string()))
    kept = ngrams.grams(words, 3, lambda keys: ~np.isin(keys, np.array(list(gone), dtype=np.int64)))
    found = [(gram.n, ngrams.spell(words, s, gram.n)) for gram in kept for s in gram.start.tolist()]
    plain = ngrams.grams(words, 3)
    name = {
        k: ngrams.spell(words, s, g.n) for g in plain for s, k in zip(g.start.tolist(), g.key.tolist(), strict=True)
    }
    bad = {name[key].split(" ").__str__() for key in gone}
    expected = [
        (n, name[key])
        for n, _, key in every
        if not any(str(name[key].split(" ")[a:b]) in bad for a in range(n) for b in range(a + 1, n + 1))
    ]
    assert sorted(found) == sorted(expected)
