import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.clustering import calibrate
from pipeline.vocabulary.clustering.calibrate import find_thresholds, mean_cosine, one_word_apart, same_meaning
from pipeline.vocabulary.clustering.cluster import cluster
from pipeline.vocabulary.clustering.units import Units
from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.merging.phrases import Phrases, rank_phrases

CONFIG = ClusterConfig()
COLOURS = ["red", "blue", "green", "black", "white", "yellow", "brown", "pink", "purple", "orange"]
THINGS = ["shoe", "hat", "coat", "table", "chair", "lamp", "house", "tree", "car", "boat"]


def ranked(phrases: Sequence[str], vectors: np.ndarray | None = None, language: str = "en") -> Phrases:
    """Phrases by the order given."""
    import pyarrow as pa

    n = len(phrases)
    candidates = pa.table(
        {
            "phrase_id": pa.array(range(n), pa.int64()),
            "phrase": list(phrases),
            "language": [language] * n,
            "images": pa.array(range(n, 0, -1), pa.int64()),
            "image_keys": pa.array([None] * n, pa.list_(pa.int64())),
            "pinned": [False] * n,
            "synonym_of": pa.array([None] * n, pa.int64()),
        }
    )
    made = rank_phrases(
        candidates, pa.table({"phrase_id": pa.array([], pa.int64()), "vector": pa.array([], pa.list_(pa.float32()))})
    )
    if vectors is None:
        return dataclasses.replace(made, vectors=Rows.of(np.eye(n, 2)), known=np.ones(n, dtype=bool))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return dataclasses.replace(made, vectors=Rows.of(unit), known=np.ones(n, dtype=bool))


def grid(noise: float) -> Phrases:
    """Every colour of every thing in singular and plural: a sum of both, plus some noise for the ending."""
    draw = np.random.default_rng(0)
    words = {word: draw.normal(size=64) for word in [*COLOURS, *THINGS]}
    phrases, vectors = [], []
    for ending in ("", "s"):
        for colour in COLOURS:
            for thing in THINGS:
                phrases.append(f"{colour} {thing}{ending}")
                vectors.append(words[colour] + words[thing] + noise * draw.normal(size=64))
    return ranked(phrases, np.array(vectors))


def test_inflections_pair_with_the_most_frequent_form_alone() -> None:
    phrases = ranked(["shoes", "hat", "shoe", "hats", "lamp"])
    assert same_meaning(phrases).tolist() == [[0, 2], [1, 3]]


def test_phrases_one_word_apart_pair_and_numbers_and_inflections_do_not() -> None:
    phrases = ranked(["red shoe", "red hat", "blue shoe", "red hats", "size 7", "size 8", "shoe", "big red shoe"])
    assert one_word_apart(phrases).tolist() == [[0, 1], [0, 2]]


def test_other_languages_make_no_pairs() -> None:
    phrases = ranked(["rote schuhe", "red shoe", "red hat"])
    phrases.language[2] = "nl"
    assert one_word_apart(phrases).tolist() == []


def test_a_crowded_slot_does_not_outvote_the_others() -> None:
    phrases = ranked([f"arrow {word}" for word in COLOURS + THINGS])
    assert len(one_word_apart(phrases)) < 5 * 20


def test_stated_shares_of_equal_meanings_pass() -> None:
    phrases = grid(noise=0.3)
    found = find_thresholds(phrases, dataclasses.replace(CONFIG, duplicate_share=0.2, attach_share=0.7, tail_share=0.9))
    assert (found.how, found.same, found.different) == ("pairs", 100, 700)
    same = calibrate.cosines(phrases, same_meaning(phrases))
    passing = [float(np.mean(same >= cosine)) for cosine in (found.duplicate, found.attach, found.tail)]
    assert passing == pytest.approx([0.2, 0.7, 0.9], abs=0.02)


def test_no_threshold_lets_more_mistakes_pass_than_stated() -> None:
    phrases = grid(noise=1.5)  # inflections are hardly nearer than different phrases
    found = find_thresholds(phrases, dataclasses.replace(CONFIG, mistakes=0.1))
    different = calibrate.cosines(phrases, one_word_apart(phrases))
    assert np.mean(different >= found.tail) == pytest.approx(0.1, abs=0.01)
    assert found.duplicate >= found.attach >= found.tail


def test_a_cosine_fixed_by_hand_stays_and_the_others_are_found() -> None:
    found = find_thresholds(grid(noise=0.3), dataclasses.replace(CONFIG, attach_similarity=0.5))
    assert found.attach == 0.5
    assert 0.5 < found.duplicate <= 1.0
    fixed = dataclasses.replace(CONFIG, duplicate_similarity=0.9, attach_similarity=0.8, tail_similarity=0.7)
    assert find_thresholds(grid(noise=0.3), fixed).how == "fixed"
    assert calibrate.calibrate(grid(noise=0.3), fixed) is fixed


def test_a_known_encoder_has_figures_where_pairs_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "KNOWN_ENCODERS", {"model": (0.9, 0.8, 0.7)})
    found = find_thresholds(ranked(["shoe", "hat"]), CONFIG, "model")
    assert (found.duplicate, found.attach, found.tail, found.how) == (0.9, 0.8, 0.7, "known encoder")


def test_an_unknown_encoder_of_narrow_cosines_has_high_thresholds() -> None:
    draw = np.random.default_rng(0)
    narrow = find_thresholds(ranked(list("abcdefgh"), 2 + draw.normal(size=(8, 50))), CONFIG)
    wide = find_thresholds(ranked(list("abcdefgh"), draw.normal(size=(8, 50))), CONFIG)
    assert narrow.how == wide.how == "mean cosine"
    assert wide.attach < narrow.attach < narrow.duplicate < 1.0


def test_the_mean_cosine_is_that_of_all_pairs() -> None:
    vectors = np.random.default_rng(0).normal(size=(9, 4))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    every = vectors @ vectors.T
    assert mean_cosine(vectors) == pytest.approx(every[~np.eye(9, dtype=bool)].mean(), abs=1e-5)
    assert mean_cosine(vectors[:1]) == 0.0


def test_phrases_without_vectors_have_thresholds_too() -> None:
    phrases = ranked(["shoe", "hat"])
    phrases = dataclasses.replace(phrases, vectors=Rows.of(np.zeros((2, 0))), known=np.zeros(2, dtype=bool))
    found = find_thresholds(phrases, CONFIG)
    assert 0 < found.tail < found.attach < found.duplicate <= 1


def test_clustering_by_settings_that_are_not_calibrated_is_a_defect() -> None:
    none = np.zeros(0, dtype=np.int64)
    units = Units(none, [], Rows.of(np.zeros((0, 2))), none > 0, none, none > 0, lambda one, other: False)
    with pytest.raises(ValueError, match="calibrate"):
        cluster(units, CONFIG)
