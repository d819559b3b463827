"""Translations are mutual nearest neighbours between the pivot language and every other."""

import numpy as np
import pytest

from pipeline.vocabulary.merging.canonical import HOW, Merged
from pipeline.vocabulary.merging.phrases import Phrases
from pipeline.vocabulary.merging.translations import find_translations, join_translations, pivot_language

ROWS = [
    ("dog", "en", (1.0, 0.0, 0.0)),
    ("puppy", "en", (0.9, 0.4, 0.0)),
    ("house", "en", (0.0, 0.0, 1.0)),
    ("cat", "en", (0.0, 1.0, 0.0)),
    ("hund", "de", (1.0, 0.1, 0.0)),
    ("köter", "de", (1.0, -0.3, 0.1)),  # nearest to dog, but dog is nearer to hund
    ("zog", "de", (0.0, 1.0, 0.9)),  # nearest to cat and the nearest to it, but not near
    ("inu", "ja", (1.0, 0.0, 0.1)),
    ("dům", "cs", (0.0, 0.0, 1.0)),
]


@pytest.fixture
def phrases() -> Phrases:
    vectors = np.array([direction for *_, direction in ROWS], dtype=np.float32)
    n = len(ROWS)
    return Phrases(
        ids=np.arange(n),
        phrase=[phrase for phrase, *_ in ROWS],
        language=[language for _, language, _ in ROWS],
        images=np.full(n, 9),
        keys=[None] * n,
        vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        known=np.ones(n, dtype=bool),
        pinned=np.zeros(n, dtype=bool),
        synonym_of=[None] * n,
    )


def pairs(phrases: Phrases, joined: tuple[str, ...], chosen: list[int] | None = None) -> set[tuple[str, str]]:
    rows = np.array(range(len(ROWS)) if chosen is None else chosen)
    found = find_translations(phrases, rows, joined, 0.8)
    return {(phrases.phrase[one], phrases.phrase[other]) for one, other in found.tolist()}


def test_each_others_nearest_are_translations_and_others_are_not(phrases: Phrases) -> None:
    assert pairs(phrases, ("en", "de", "ja")) == {("hund", "dog"), ("inu", "dog")}
    assert pairs(phrases, ("*",)) == {("hund", "dog"), ("inu", "dog"), ("dům", "house")}


def test_only_chosen_phrases_are_paired(phrases: Phrases) -> None:
    assert pairs(phrases, ("en", "de"), [0, 1, 2, 5]) == {("köter", "dog")}
    assert pairs(phrases, ("en", "de"), [0, 1]) == set()


def test_the_pivot_is_the_joined_language_with_most_phrases(phrases: Phrases) -> None:
    assert pivot_language(phrases, ("*",)) == "en"
    assert pivot_language(phrases, ("ja", "cs")) == "cs"  # as many, and first by name
    assert pivot_language(phrases, ("de", "en")) == "en"
    assert pivot_language(phrases, ()) is None
    assert pairs(phrases, ()) == set()


def test_a_group_goes_with_the_leader_that_is_translated(phrases: Phrases) -> None:
    place = {phrase: i for i, (phrase, *_) in enumerate(ROWS)}
    first, how = np.arange(len(ROWS)), np.zeros(len(ROWS), dtype=np.int8)
    first[place["köter"]], how[place["köter"]] = place["hund"], HOW.index("synonym")
    found = join_translations(phrases, Merged(first, how), ("en", "de"), 0.8)
    leads = {phrase: ROWS[found.first[i]][0] for phrase, i in place.items()}
    assert leads == {phrase: "dog" if phrase in ("hund", "köter") else phrase for phrase in place}
    assert [HOW[found.how[place[phrase]]] for phrase in ("dog", "hund", "köter")] == ["self", "translation", "synonym"]
    assert how[place["hund"]] == 0  # what was given stays as it was
