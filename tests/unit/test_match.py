import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.labeling.match import leftmost, longest_matches
from pipeline.vocabulary.mining import ngrams

LETTERS = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=10)


def key(words: list[str]) -> int:
    found = ngrams.read_words(pa.array([" ".join(words)]), pa.array(["en"]))
    return int(list(ngrams.grams(found, len(words)))[-1].key[0])


def matches(text: list[str], members: list[list[str]]) -> list[list[str]]:
    """Members found in a text, longest first."""
    words = ngrams.read_words(pa.array([" ".join(word or "|" for word in text)]), pa.array(["en"]))
    names = {key(member): member for member in members}
    wanted = ngrams.KeySet(np.sort(np.array(list(names), dtype=np.int64)))
    return [names[int(k)] for _, _, keys in longest_matches(words, wanted, 6) for k in keys]


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
