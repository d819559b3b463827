"""Labels that join languages, where the encoder puts them into one space."""

import numpy as np
import pytest

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.labels import build_vocabulary
from pipeline.vocabulary.merging.phrases import Phrases

CONFIG = ClusterConfig(min_images=10, duplicate_similarity=0.9, attach_similarity=0.8, tail_similarity=0.75)
ROWS = [
    ("dog", "en", 90, (1.0, 0.0)),
    ("hund", "de", 40, (1.0, 0.1)),
    ("pies", "pl", 30, (1.0, 0.05)),
    ("chien", "fr", 3, (1.0, 0.2)),
]


def phrases_of(rows: list[tuple[str, str, int, tuple[float, float]]]) -> Phrases:
    """Phrases with language, images and direction; those with few images have disjoint image keys."""
    vectors = np.array([direction for *_, direction in rows], dtype=np.float32)
    return Phrases(
        ids=np.arange(len(rows)),
        phrase=[phrase for phrase, *_ in rows],
        language=[language for _, language, *_ in rows],
        images=np.array([images for _, _, images, _ in rows]),
        keys=[np.arange(images) + 1000 * i if images < 20 else None for i, (_, _, images, _) in enumerate(rows)],
        vectors=Rows.of(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)),
        known=np.ones(len(rows), dtype=bool),
        pinned=np.zeros(len(rows), dtype=bool),
        synonym_of=[None] * len(rows),
    )


@pytest.mark.parametrize(
    ("joined", "groups"),
    [
        ((), [["dog"], ["hund"], ["pies"]]),
        (("en", "de", "fr"), [["chien", "dog", "hund"], ["pies"]]),
        (("*",), [["chien", "dog", "hund", "pies"]]),
    ],
)
def test_phrases_of_joined_languages_alone_share_labels(joined: tuple[str, ...], groups: list[list[str]]) -> None:
    _, members, _ = build_vocabulary(phrases_of(ROWS), CONFIG, joined)
    found: dict[int, list[str]] = {}
    for row in members.to_pylist():
        found.setdefault(row["label_id"], []).append(row["phrase"])
    assert sorted(sorted(group) for group in found.values()) == groups


def test_exact_merges_stay_within_a_language() -> None:
    # One word, two meanings: the vectors tell them apart, and equal spelling does not join them.
    rows = [("gift", "en", 90, (1.0, 0.0)), ("gift", "de", 40, (0.0, 1.0)), ("gifts", "en", 5, (0.2, 1.0))]
    vocabulary, members, _ = build_vocabulary(phrases_of(rows), CONFIG, ("en", "de"))
    assert vocabulary["phrases"].to_pylist() == [2, 1]
    assert {row["phrase"]: row["how"] for row in members.to_pylist()}["gifts"] == "inflection"
