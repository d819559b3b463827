"""Translations are each other's best between the pivot language and every other, by vectors and images."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.encoding.neighbours import Cosines, Index, Vectors, nearest
from pipeline.vocabulary.merging import translations
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
        vectors=Rows.of(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)),
        known=np.ones(n, dtype=bool),
        pinned=np.zeros(n, dtype=bool),
        synonym_of=[None] * n,
    )


def pairs(phrases: Phrases, joined: tuple[str, ...], chosen: list[int] | None = None) -> set[tuple[str, str]]:
    known = np.isin(np.arange(len(phrases)), range(len(phrases)) if chosen is None else chosen)
    found = find_translations(dataclasses.replace(phrases, known=known), np.arange(len(phrases)), joined, 0.8)
    return {(phrases.phrase[one], phrases.phrase[other]) for one, other in found.tolist()}


def test_each_others_nearest_are_translations_and_others_are_not(phrases: Phrases) -> None:
    assert pairs(phrases, ("en", "de", "ja")) == {("hund", "dog"), ("inu", "dog")}
    assert pairs(phrases, ("*",)) == {("hund", "dog"), ("inu", "dog"), ("dům", "house")}


def test_only_phrases_with_a_vector_are_paired(phrases: Phrases) -> None:
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


def on_images(phrases: Phrases, **images: list[int]) -> Phrases:
    """The phrases with these images; of the others none are known."""
    keys = [np.array(images[phrase]) if phrase in images else None for phrase in phrases.phrase]
    counts = [9 if key is None else len(key) for key in keys]
    return dataclasses.replace(phrases, keys=keys, images=np.array(counts))


def test_images_decide_where_vectors_nearly_agree(phrases: Phrases) -> None:
    seen = on_images(phrases, dog=[1, 2], puppy=[3, 4], hund=[5, 6], köter=[1, 2], cat=[8], house=[9])
    assert ("köter", "dog") in pairs(seen, ("en", "de"))
    assert ("hund", "dog") not in pairs(seen, ("en", "de"))  # köter is dog's best now, and nothing is in common


def test_a_common_image_brings_a_pair_over_the_threshold_and_none_leaves_it_below(phrases: Phrases) -> None:
    assert ("zog", "cat") in pairs(on_images(phrases, cat=[1, 2, 3], zog=[1, 2, 3]), ("en", "de"))
    assert ("zog", "cat") not in pairs(on_images(phrases, cat=[1, 2, 3], zog=[4, 5, 6]), ("en", "de"))


def test_a_second_word_on_the_same_images_joins_too(phrases: Phrases) -> None:
    seen = on_images(phrases, dog=[1, 2], hund=[1, 2], köter=[1, 2])
    assert {("hund", "dog"), ("köter", "dog")} <= pairs(seen, ("en", "de"))


def test_a_common_image_finds_a_pair_beyond_the_nearest(phrases: Phrases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "_NEAREST", 1)
    assert ("hund", "puppy") in pairs(on_images(phrases, puppy=[1, 2, 3], hund=[1, 2, 3], dog=[4]), ("en", "de"))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(["en", "de"]), st.integers(0, 7), st.sets(st.integers(0, 5))), max_size=20))
def test_blocks_change_nothing(drawn: list[tuple[str, int, set[int]]]) -> None:
    angles = np.array([angle for _, angle, _ in drawn], dtype=np.float64).reshape(-1)
    n = len(drawn)
    phrases = Phrases(
        ids=np.arange(n),
        phrase=[f"w{i}" for i in range(n)],
        language=[language for language, _, _ in drawn],
        images=np.array([len(images) for *_, images in drawn], dtype=np.int64),
        keys=[np.array(sorted(images), dtype=np.int64) for *_, images in drawn],
        vectors=Rows.of(np.stack([np.cos(angles / 9), np.sin(angles / 9)], axis=1)),
        known=np.ones(n, dtype=bool),
        pinned=np.zeros(n, dtype=bool),
        synonym_of=[None] * n,
    )
    whole = find_translations(phrases, np.arange(n), ("en", "de"), 0.8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translations, "_BLOCK", 2)
        patch.setattr(translations, "_PAIRS", 3)
        assert np.array_equal(find_translations(phrases, np.arange(n), ("en", "de"), 0.8), whole)
    assert len(set(whole[:, 0].tolist())) == len(whole)


def test_neighbours_that_are_missing_are_passed_over(phrases: Phrases, monkeypatch: pytest.MonkeyPatch) -> None:
    def first_alone(queries: Vectors, base: Vectors, k: int) -> tuple[Cosines, Index]:
        cosines, near = nearest(queries, base, k)
        near[:, 1:] = -1  # as where the cells that were looked into hold one vector
        return cosines, near

    monkeypatch.setattr(translations, "nearest", first_alone)
    assert pairs(phrases, ("*",)) == {("hund", "dog"), ("inu", "dog"), ("dům", "house")}


def test_an_image_that_everything_is_said_of_makes_no_pairs(phrases: Phrases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "_NEAREST", 1)
    monkeypatch.setattr(translations, "_CROWDED", 1)
    seen = on_images(phrases, puppy=[1, 2, 3], köter=[1, 2, 3], dog=[4])
    assert ("köter", "puppy") in pairs(seen, ("en", "de"))
    crowded = on_images(phrases, puppy=[1, 2, 3], house=[1, 2, 3], köter=[1, 2, 3], dog=[4])
    assert ("köter", "puppy") not in pairs(crowded, ("en", "de"))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(["en", "de"]), st.integers(0, 99)), max_size=20, unique=True))
def test_without_images_a_pair_is_each_others_nearest(drawn: list[tuple[str, int]]) -> None:
    n = len(drawn)
    angles = np.array([angle for _, angle in drawn], dtype=np.float64).reshape(-1) / 60
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    phrases = Phrases(
        ids=np.arange(n),
        phrase=[f"w{i}" for i in range(n)],
        language=[language for language, _ in drawn],
        images=np.full(n, 9),
        keys=[None] * n,
        vectors=Rows.of(vectors),
        known=np.ones(n, dtype=bool),
        pinned=np.zeros(n, dtype=bool),
        synonym_of=[None] * n,
    )
    cosine = np.round(vectors.astype(np.float64) @ vectors.T, 5)

    def best(i: int, language: str) -> int:
        there = [j for j in range(n) if phrases.language[j] == language]
        return max(there, key=lambda j: (cosine[i, j], -j), default=-1)

    pivot = pivot_language(phrases, ("*",)) or "none"
    partner = {i: best(i, pivot) for i in range(n) if phrases.language[i] != pivot}
    expected = {(i, j) for i, j in partner.items() if best(j, phrases.language[i]) == i and cosine[i, j] >= 0.9}
    assert {(i, j) for i, j in find_translations(phrases, np.arange(n), ("*",), 0.9).tolist()} == expected
