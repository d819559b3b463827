import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from pipeline.runtime.config import ClusterConfig
from pipeline.runtime.schema import load_schema
from pipeline.vocabulary.display import add_display, choose_spellings, words_of
from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.labels import build_vocabulary, label_key
from pipeline.vocabulary.merging.phrases import Phrases

CONFIG = ClusterConfig(min_images=10, duplicate_similarity=0.9, attach_similarity=0.8, tail_similarity=0.75)


def phrases_of(*rows: tuple[str, int, list[float]], language: str = "en", pinned: str = "") -> Phrases:
    """Ranked phrases with images and direction; those with few images have disjoint image keys."""
    vectors = np.array([direction for *_, direction in rows], dtype=np.float32)
    n = len(rows)
    return Phrases(
        ids=np.arange(n) + 100,
        phrase=[phrase for phrase, *_ in rows],
        language=[language] * n,
        images=np.array([images for _, images, _ in rows]),
        keys=[np.arange(images) + 1000 * i if images < 50 else None for i, (_, images, _) in enumerate(rows)],
        vectors=Rows.of(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)),
        known=np.linalg.norm(vectors, axis=1) > 0,
        pinned=np.array([phrase == pinned for phrase, *_ in rows]),
        synonym_of=[None] * n,
    )


def members_of(table: pa.Table) -> dict[str, tuple[str, float]]:
    return {row["phrase"]: (row["how"], round(row["similarity"], 2)) for row in table.to_pylist()}


def test_a_label_is_a_row_of_the_schema_with_name_key_and_parent() -> None:
    phrases = phrases_of(("tables", 90, [1, 0]), ("zog table", 40, [0, 1]))
    vocabulary, _, _ = build_vocabulary(phrases, CONFIG)
    assert vocabulary.schema.names == load_schema("vocabulary").struct.names
    top, compound = vocabulary.to_pylist()
    assert (top["name"], top["name_languages"], top["names"], top["parent"]) == ("tables", ["en"], ["tables"], None)
    assert (compound["name"], compound["parent"], compound["parent_how"]) == ("zog table", 0, "head")
    assert top["label_key"] == label_key("table", "en")


def test_the_users_form_of_a_word_names_the_label_and_its_forms_are_inflections_of_it() -> None:
    phrases = phrases_of(("dogs", 90, [1, 0]), ("dog", 20, [1, 0]), pinned="dog")
    vocabulary, members, _ = build_vocabulary(phrases, CONFIG)
    assert vocabulary["name"].to_pylist() == ["dog"]
    assert members_of(members) == {"dogs": ("inflection", 1.0), "dog": ("self", 1.0)}


def test_a_name_that_does_not_lead_its_cluster_is_what_the_others_are_compared_with() -> None:
    # The seed is the most frequent unit, but the centre of the label lies at the two that joined it.
    rows = [("qab", 62, [1.0, 0.42]), ("zog", 60, [1.0, 0.0]), ("blim", 60, [1.0, 0.0])]
    vocabulary, members, _ = build_vocabulary(phrases_of(*rows), CONFIG)
    assert vocabulary["name"].to_pylist() == ["zog"]
    assert members_of(members) == {"zog": ("self", 1.0), "blim": ("embedding", 1.0), "qab": ("embedding", 0.92)}


def test_what_a_label_never_goes_without_is_its_parent() -> None:
    phrases = phrases_of(("qab", 900, [1, 0, 0]), ("zog", 90, [0, 1, 0]), ("blim", 80, [0, 0, 1]))
    context = {"context": Rows.of(np.eye(3)), "looked": np.array([50, 50, 50])}
    told = dataclasses.replace(phrases, companions={1: ((0, 48),), 2: ((0, 30), (1, 45))}, **context)
    vocabulary, _, _ = build_vocabulary(told, CONFIG)
    # blim is with qab on too few images, and with zog on enough, which is not larger by half.
    assert vocabulary["parent"].to_pylist() == [None, 0, None]
    assert vocabulary["parent_how"].to_pylist() == [None, "containment", None]


def test_no_labels_are_empty_tables() -> None:
    vocabulary, members, unassigned = build_vocabulary(phrases_of(("qab", 3, [1, 0])), CONFIG)
    assert (vocabulary.num_rows, members.num_rows) == (0, 0)
    assert unassigned.to_pylist() == [{"phrase_id": 100, "phrase": "qab", "reason": "few_images"}]


def test_equal_input_gives_equal_tables() -> None:
    draw = np.random.default_rng(7)
    rows = [(f"w{n % 9} v{n}", 60 - n, draw.normal(size=3).tolist()) for n in range(50)]
    one, other = (build_vocabulary(phrases_of(*rows), CONFIG) for _ in range(2))
    assert all(left.equals(right) for left, right in zip(one, other, strict=True))


def counts_of(*rows: tuple[str, str, str, int]) -> pa.Table:
    return pa.table(
        {name: [row[i] for row in rows] for i, name in enumerate(("language", "word", "spelling", "texts"))}
    )


def test_a_word_is_shown_as_most_texts_of_its_language_write_it() -> None:
    counts = counts_of(
        *[("en", "hand", "hand", 9), ("en", "hand", "HAND", 2), ("de", "hand", "Hand", 5), ("", "nasa", "NASA", 3)]
    )
    vocabulary = pa.table({"names": [["hand"], ["hand"], ["nasa hand"]], "language": ["en", "de", "en"]})
    shown = add_display(vocabulary, choose_spellings(counts))
    assert shown["display"].to_pylist() == ["hand", "Hand", "NASA hand"]
    assert words_of(vocabulary)["word"].to_pylist() == ["hand", "nasa"]


@pytest.mark.parametrize("reverse", [False, True])
def test_one_text_is_no_evidence_and_of_a_tie_fewer_capitals_win(reverse: bool) -> None:
    rows = [("", "paris", "Paris", 4), ("", "paris", "PARIS", 4), ("", "dog", "Dog", 1)]
    assert choose_spellings(counts_of(*(rows[::-1] if reverse else rows))) == {("", "paris"): "Paris"}
