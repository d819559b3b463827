import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.merging.canonical import HOW, Merged
from pipeline.vocabulary.merging.phrases import Phrases
from pipeline.vocabulary.names import choose_names, rate_members, unique_names


def phrases_of(
    *rows: tuple[str, int],
    languages: list[str] | None = None,
    vectors: list[list[float]] | None = None,
    pinned: dict[str, str] | None = None,
) -> Phrases:
    """Phrases with their images, unit vectors, and the user's phrases -> the phrase that each is a synonym of."""
    names, own = [phrase for phrase, _ in rows], pinned or {}
    given = np.array(vectors if vectors else np.zeros((len(rows), 2)), dtype=np.float32)
    return Phrases(
        ids=np.arange(len(rows)),
        phrase=names,
        language=languages or ["en"] * len(rows),
        images=np.array([images for _, images in rows]),
        keys=[None] * len(rows),
        vectors=Rows.of(given),
        known=np.full(len(rows), bool(vectors)),
        pinned=np.array([name in own for name in names]),
        synonym_of=[names.index(own[name]) if own.get(name) else None for name in names],
    )


def apart(phrases: Phrases) -> Merged:
    """Every phrase a group of its own."""
    return Merged(np.arange(len(phrases)), np.zeros(len(phrases), dtype=np.int8))


def name(phrases: Phrases, *members: list[int]) -> str:
    return phrases.phrase[choose_names(phrases, members, apart(phrases))[0][0]]


def test_of_equally_typical_members_the_more_frequent_one_names() -> None:
    assert name(phrases_of(("sofa", 50), ("couch", 30)), [0, 1]) == "sofa"


def test_a_word_that_is_in_every_label_names_none_of_them() -> None:
    phrases = phrases_of(("icon", 60), ("dog", 50), ("icon cat", 40), ("icon tree", 40))
    assert name(phrases, [0, 1], [2], [3]) == "dog"


def test_the_central_member_names_where_a_frequent_one_is_far_off() -> None:
    phrases = phrases_of(("pet", 42), ("dog", 40), ("puppy", 38), vectors=[[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    assert name(phrases, [0, 1, 2]) == "dog"


def test_images_count_by_their_square_root() -> None:
    phrases = phrases_of(("dogs", 400), ("dog", 4))
    scores = rate_members(phrases, [[0, 1]], np.arange(2))[0]
    assert np.isclose(scores[0] / scores[1], 10.0, rtol=1e-4)


def test_the_users_phrase_names_however_rare_and_its_synonym_does_not() -> None:
    phrases = phrases_of(("couch", 90), ("couches", 80), ("sofa", 1), pinned={"couch": "sofa", "sofa": "sofa"})
    assert name(phrases, [0, 1, 2]) == "sofa"


def test_the_users_synonym_names_where_the_phrase_itself_is_never_said() -> None:
    phrases = phrases_of(("settees", 90), ("couch", 5), pinned={"couch": ""})
    phrases.synonym_of[1] = 77
    assert name(phrases, [0, 1]) == "couch"


def test_a_misspelt_phrase_names_nothing_however_frequent() -> None:
    phrases = phrases_of(("cemetary", 90), ("cemetery", 5))
    merged = Merged(np.array([1, 1]), np.array([HOW.index("spelling"), 0], dtype=np.int8))
    assert choose_names(phrases, [[0, 1]], merged) == [[1]]
    assert choose_names(phrases, [[0]], merged) == [[0]]


def test_another_spacing_of_the_same_words_is_no_more_typical() -> None:
    phrases = phrases_of(("icon set", 90), ("icon-set", 80), ("icon", 70))
    merged = Merged(np.array([0, 0, 2]), np.array([0, HOW.index("spacing"), 0], dtype=np.int8))
    assert choose_names(phrases, [[0, 1], [2]], merged) == [[0], [2]]


def test_every_language_of_the_members_has_a_name_the_labels_own_first() -> None:
    phrases = phrases_of(("hund", 9), ("dog", 90), ("dogs", 40), ("chien", 5), languages=["de", "en", "en", "fr"])
    named = choose_names(phrases, [[1, 0, 3, 2]], apart(phrases))[0]
    assert [(phrases.language[i], phrases.phrase[i]) for i in named] == [("en", "dog"), ("de", "hund"), ("fr", "chien")]


def test_names_are_unique_even_of_the_same_language() -> None:
    labels = [("gift", "en"), ("gift", "de"), ("gift", "de"), ("gift", "en")]
    assert unique_names(labels) == ["gift", "gift (de)", "gift (de 2)", "gift (en)"]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_the_order_of_members_changes_no_name(seed: int, n: int) -> None:
    draw = np.random.default_rng(seed)
    words = [" ".join(draw.choice(["red", "dog", "cat", "tree"], draw.integers(1, 4))) for _ in range(n)]
    vectors = draw.normal(size=(n, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [(word, int(draw.integers(1, 9))) for word in words]
    phrases = phrases_of(*rows, vectors=vectors.tolist())
    group = draw.permutation(n).tolist()
    merged = apart(phrases)
    assert choose_names(phrases, [list(range(n))], merged) == choose_names(phrases, [group], merged)
