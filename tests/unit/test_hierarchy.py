from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.wordnet import wordnet
from pipeline.vocabulary import hierarchy
from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.hierarchy import HOW, Edge, Nodes, ancestors, find_parents, grow_forest, usual_cosine
from pipeline.vocabulary.hypernyms import broader_terms, core, is_kind_of

needs_wordnet = pytest.mark.skipif(wordnet() is None, reason="WordNet is not installed")


def nodes_of(
    *rows: tuple[str, range | int],
    language: str = "en",
    vectors: list[list[float]] | None = None,
    also: dict[str, int] | None = None,
) -> Nodes:
    """Labels with names and images: their keys, or their number alone."""
    return Nodes(
        [tuple(name.split(" ")) for name, _ in rows],
        [language] * len(rows),
        np.array([images if isinstance(images, int) else len(images) for _, images in rows]),
        [None if isinstance(images, int) else np.array(images) for _, images in rows],
        Rows.of(np.array(vectors if vectors else np.zeros((len(rows), 2)))),
        {(language, tuple(name.split(" "))): label for name, label in (also or {}).items()},
    )


def parents(nodes: Nodes, together: dict[tuple[int, int], int] | None = None) -> list[tuple[int | None, str | None]]:
    return list(zip(*find_parents(nodes, together), strict=True))


def test_a_compound_is_a_kind_of_its_longest_end_that_is_a_label() -> None:
    nodes = nodes_of(("qab", 90), ("blim qab", 50), ("zog blim qab", 20), ("qab zog", 10))
    assert parents(nodes) == [(None, None), (0, "head"), (1, "head"), (None, None)]


def test_an_english_name_with_a_linking_word_is_a_kind_of_what_stands_before() -> None:
    nodes = nodes_of(("qab", 90), ("zog", 50), ("blim qab of zog", 20), ("blim qab", 10))
    assert parents(nodes)[2:] == [(3, "head"), (0, "head")]
    assert core(("to", "go", "with", "me")) == ("to", "go")


def test_a_member_serves_as_head_where_no_name_does() -> None:
    assert parents(nodes_of(("qab", 90), ("zog blim", 20), also={"blim": 0}))[1] == (0, "head")


def test_languages_whose_heads_come_first_have_no_head_rule() -> None:
    assert parents(nodes_of(("qab", 90), ("zog qab", 20), language="fr"))[1] == (None, None)


def test_a_label_whose_images_lie_in_a_larger_ones_is_contained() -> None:
    nodes = nodes_of(("qab", range(30)), ("zog", range(10)), ("blim", range(25, 45)))
    assert parents(nodes) == [(None, None), (0, "containment"), (None, None)]


def test_nearly_equal_image_sets_say_no_direction() -> None:
    assert parents(nodes_of(("qab", range(12)), ("zog", range(10)))) == [(None, None)] * 2


def test_few_common_images_meet_by_chance() -> None:
    assert parents(nodes_of(("qab", range(30)), ("zog", range(4))))[1] == (None, None)


def test_a_word_that_only_modifies_contains_nothing() -> None:
    nodes = nodes_of(("zog", range(30)), ("zog qab", range(10)))
    assert parents(nodes)[1] == (None, None)
    french = nodes_of(("zog", range(30)), ("zog qab", range(10)), language="fr")
    assert parents(french)[1] == (0, "containment")


def test_frequent_labels_are_compared_by_counts_that_are_given() -> None:
    nodes = nodes_of(("qab", 900), ("zog", 100))
    assert parents(nodes)[1] == (None, None)
    assert parents(nodes, {(0, 1): 85})[1] == (0, "containment")
    assert parents(nodes, {(0, 1): 75})[1] == (None, None)


def test_labels_of_two_languages_are_translations_not_kinds() -> None:
    nodes = nodes_of(("qab", range(30)), ("zog", range(10)))
    assert find_parents(Nodes(nodes.words, ["en", "de"], nodes.images, nodes.keys, nodes.vectors, {}))[0] == [None] * 2


@needs_wordnet
def test_a_hypernym_is_the_nearest_label_above() -> None:
    nodes = nodes_of(("animal", 90), ("dog", 50), ("spaniel", 20), ("sofa", 20))
    assert parents(nodes) == [(None, None), (0, "hypernym"), (1, "hypernym"), (None, None)]


@needs_wordnet
def test_a_hypernym_that_is_no_nearer_than_most_names_is_none() -> None:
    drawn = np.random.default_rng(0).normal(size=(60, 40))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    drawn[1] = 0.8 * drawn[0] + 0.6 * drawn[1]  # a dog is near an animal, a spaniel near neither
    names = [("animal", 90), ("dog", 50), ("spaniel", 20), *((f"zog{i}", 10) for i in range(57))]
    nodes = nodes_of(*names, vectors=drawn.tolist())
    assert parents(nodes)[:3] == [(None, None), (0, "hypernym"), (None, None)]


def test_few_names_with_a_vector_tell_no_usual_cosine() -> None:
    assert usual_cosine(np.eye(29, 40, dtype=np.float32), 0.95) == -1.0
    assert usual_cosine(np.eye(30, 40, dtype=np.float32), 0.95) == 0.0


@needs_wordnet
def test_a_compound_that_wordnet_does_not_know_is_looked_up_by_its_head() -> None:
    assert parents(nodes_of(("animal", 90), ("zog dog", 50)))[1] == (0, "hypernym")


@needs_wordnet
def test_a_head_that_wordnet_knows_better_is_no_parent() -> None:
    nodes = nodes_of(("horse", 90), ("bear", 90), ("polar bear", 50), ("sea horse", 20))
    assert parents(nodes)[2:] == [(1, "head"), (None, None)]
    assert is_kind_of(("sea", "horse"), ("horse",)) is False
    assert is_kind_of(("zog", "horse"), ("horse",)) is None


@needs_wordnet
def test_a_far_term_is_believed_less_and_a_rare_sense_not_at_all() -> None:
    (_, near), (_, far) = (broader_terms(("spaniel",), {(term,)})[0] for term in ("dog", "animal"))
    assert 1 >= near > far > 0
    assert broader_terms(("dog",), {("person",), ("woman",)}) == []


@needs_wordnet
def test_what_is_mostly_no_noun_is_no_kind_and_has_none_unless_it_is_a_thing() -> None:
    assert broader_terms(("push",), {("effort",), ("act",), ("event",)}) == []
    assert [term for term, _ in broader_terms(("bear",), {("animal",)})] == [("animal",)]
    assert parents(nodes_of(("bold", 90), ("zog bold", 50)))[1] == (None, None)


def test_vectors_decide_only_ties() -> None:
    nodes = nodes_of(("a", 9), ("b", 9), ("c", 5), vectors=[[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    tie = [Edge(2, 0, "hypernym", 0.52), Edge(2, 1, "hypernym", 0.48)]
    assert grow_forest(tie, nodes)[0][2] == 1
    clear = [Edge(2, 0, "hypernym", 0.9), Edge(2, 1, "hypernym", 0.4)]
    assert grow_forest(clear, nodes)[0][2] == 0
    assert grow_forest([*tie, Edge(2, 0, "head", 0.1)], nodes) == ([None, None, 0], [None, None, "head"])


EVIDENCE = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from(HOW), st.floats(0.01, 1.0)), max_size=40
)


@settings(max_examples=200, deadline=None)
@given(EVIDENCE, st.randoms(use_true_random=False))
def test_any_evidence_gives_a_forest_whatever_its_order(
    rows: list[tuple[int, int, str, float]], random: object
) -> None:
    nodes = nodes_of(*((f"n{i}", 1) for i in range(8)))
    edges = [Edge(*row) for row in rows]
    parent, how = grow_forest(edges, nodes)
    for label in range(8):
        place: int | None = label
        for _ in range(8):
            place = None if place is None else parent[place]
        assert place is None, "a circle"
        assert (parent[label] is None) == (how[label] is None)
    random.shuffle(edges)  # type: ignore[attr-defined]
    assert grow_forest(edges, nodes) == (parent, how)


def test_a_closure_has_every_level_up_to_the_limit() -> None:
    vocabulary = pa.table(
        {"label_id": pa.array([3, 0, 1, 2], pa.int32()), "parent": pa.array([2, None, 0, 1], pa.int32())}
    ).append_column("parent_how", pa.array(["head", None, "hypernym", "head"]))
    rows = [tuple(row.values()) for row in ancestors(vocabulary, 2).to_pylist()]
    assert rows == [(1, 0, 1), (2, 1, 1), (2, 0, 2), (3, 2, 1), (3, 1, 2)]
    assert ancestors(vocabulary, 2).schema.names == ["label_id", "ancestor", "distance"]
    assert ancestors(vocabulary, 0).num_rows == 0
    by_head = [tuple(row.values()) for row in ancestors(vocabulary, 2, ("head",)).to_pylist()]
    assert by_head == [(2, 1, 1), (3, 2, 1), (3, 1, 2)]  # a hypernym ends the way up


@given(st.lists(st.sets(st.integers(0, 12), max_size=9), max_size=12), st.integers(1, 60))
def test_images_in_common_are_those_of_a_plain_count_whatever_is_counted_at_a_time(
    images: list[set[int]], products: int
) -> None:
    keyed = [(10 * label, np.array(sorted(keys), dtype=np.int64)) for label, keys in enumerate(images)]
    expected = {
        (10 * one, 10 * other): len(images[one] & images[other])
        for one in range(len(images))
        for other in range(one + 1, len(images))
        if len(images[one] & images[other]) >= hierarchy.TOGETHER
    }
    with mock.patch.object(hierarchy, "_PRODUCTS", products):
        assert hierarchy._shared_images(keyed) == expected
