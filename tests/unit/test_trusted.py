"""What trusted images teach: features, lessons, the fit, its examination."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from pipeline.labeling.classes import lookup_members
from pipeline.labeling.trusted import apply, features, lessons, model, teach


def rows(*found: tuple[str, str, bool]) -> pa.Table:
    return pa.table({name: [row[i] for row in found] for i, name in enumerate(("image_id", "label", "correct"))})


def lookup(*members: tuple[int, str]) -> lessons.Lookup:
    return lookup_members(((label, phrase, "en") for label, phrase in members), "en")


# Lessons.


def test_a_class_is_the_label_that_has_its_name_and_else_a_new_one() -> None:
    found = lessons.find_classes(
        rows(("a", "Dogs", True), ("a", "Clothing + Fashion", True)), lookup((0, "dog"), (1, "fashion")), 2, "en"
    )
    assert {item.name: int(label) for item, label in zip(found.named, found.labels, strict=True)} == {
        "Dogs": 0,
        "Clothing + Fashion": 2,
    }
    spoken = dict(zip((item.name for item in found.named), found.spoken, strict=True))
    assert spoken == {"Dogs": {0}, "Clothing + Fashion": {1}}
    dense = found.spoken_by().toarray()
    assert dense.shape == (2, 2)
    assert dense.sum() == 2


def test_two_names_of_one_label_are_one_class() -> None:
    found = lessons.find_classes(
        rows(("a", "couch", True), ("b", "sofa", True), ("c", "sofa", True)), lookup((4, "couch"), (4, "sofa")), 9, "en"
    )
    assert [item.name for item in found.named] == ["sofa"]
    true, known = lessons.targets(rows(("a", "couch", True), ("b", "sofa", True)), found, ["a", "b"], True)
    assert true.tolist() == [[1.0], [1.0]]
    assert known.all()


def test_what_is_not_said_is_false_where_rows_are_whole_and_unknown_where_they_are_judgements() -> None:
    said = rows(("a", "dog", True), ("b", "cat", False))
    found = lessons.find_classes(said, lookup(), 0, "en")
    cat, dog = (next(i for i, item in enumerate(found.named) if item.name == name) for name in ("cat", "dog"))
    _, whole = lessons.targets(said, found, ["a", "b"], True)
    true, judged = lessons.targets(said, found, ["a", "b"], False)
    assert whole.all()
    assert judged[[0, 1], [dog, cat]].all()
    assert judged.sum() == 2
    assert (true[0, dog], true[1, cat]) == (1.0, 0.0)


def test_names_of_one_class_that_are_judged_both_ways_leave_it_open() -> None:
    said = rows(("a", "couch", True), ("a", "sofa", False))
    found = lessons.find_classes(said, lookup((0, "couch"), (0, "sofa")), 1, "en")
    true, known = lessons.targets(said, found, ["a"], False)
    assert (true.sum(), known.sum()) == (0, 0)


# Features.


def bags(*images: list[int], width: int) -> sparse.csr_matrix:
    return sparse.csr_matrix(
        np.array([[float(i in image) for i in range(width)] for image in images], dtype=np.float32)
    )


def test_images_without_a_phrase_have_no_direction_and_no_error() -> None:
    space = features.Space(np.arange(2), np.ones(2, dtype=np.float32), np.eye(2, dtype=np.float32))
    words, places = features.weigh_phrases(bags([0, 1], [], width=2), space)
    assert words.toarray()[0] == pytest.approx([np.sqrt(0.5)] * 2)
    assert not words.toarray()[1].any()
    assert not places[1].any()
    assert np.linalg.norm(places[0]) == pytest.approx(1.0)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=5), st.integers(0, 1000))
def test_nearest_is_the_largest_cosine_of_any_phrase(images: list[list[int]], seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(10, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = vectors[:3] + 0.1
    names /= np.linalg.norm(names, axis=1, keepdims=True)
    space = features.Space(np.arange(10), np.ones(10, dtype=np.float32), vectors)
    found = features.nearest(bags(*images, width=10), features.near_names(space, names))
    cosine = vectors @ names.T
    for image, phrases in enumerate(images):
        best = cosine[sorted(set(phrases))].max(axis=0) if phrases else np.zeros(3)
        assert found[image] == pytest.approx(np.where(best >= features.NEAR, best, 0.0), abs=1e-5)


# The fit.

SPACE = features.Space(np.arange(40), np.ones(40, dtype=np.float32), np.vstack([np.eye(8)] * 5).astype(np.float32))
NAMES = np.eye(8, dtype=np.float32)[[6, 7]]  # near no phrase but 6, 14, ... and 7, 15, ...


def world(images: int, seed: int, wrong: float = 0.0) -> tuple[features.Images, np.ndarray]:
    """Images of three random phrases of 0-29; class 0 follows from phrase 3, class 1 from phrase 4.

    Texts say class 0 where phrase 10 stands, which is nonsense, and class 1 where it is true, save `wrong` of the time.
    """
    random = np.random.default_rng(seed)
    phrases = [sorted(random.choice(30, 3, replace=False).tolist()) for _ in range(images)]
    true = np.array([[float(3 in some), float(4 in some)] for some in phrases], dtype=np.float32)
    flip = random.random(images) < wrong
    said = np.array([[float(10 in some), float(4 in some)] for some in phrases], dtype=np.float32)
    said[:, 1] = np.where(flip, 1 - said[:, 1], said[:, 1])
    found = bags(*phrases, width=40)
    words, places = features.weigh_phrases(found, SPACE)
    near = features.nearest(found, features.near_names(SPACE, NAMES))
    return features.Images(words, places, near, said), true


def test_what_texts_get_wrong_is_unlearnt_and_what_phrases_imply_is_learnt() -> None:
    images, true = world(400, 0)
    taught = teach.teach(images, NAMES, true, np.full(true.shape, True))
    assert taught.pays
    assert taught.with_it > taught.without + 0.2
    fresh, truth = world(400, 1)
    chance = model.probability(fresh, taught.parts, NAMES, taught.combiner)
    said = chance >= taught.thresholds[taught.parts.level]
    hits = (said & (truth > 0)).sum()
    assert hits / said.sum() > 0.9
    assert hits / truth.sum() > 0.9


def test_probabilities_are_about_as_often_right_as_they_say() -> None:
    images, true = world(600, 2, wrong=0.2)
    taught = teach.teach(images, NAMES, true, np.full(true.shape, True))
    fresh, truth = world(2000, 3, wrong=0.2)
    chance = model.probability(fresh, taught.parts, NAMES, taught.combiner)
    sure = chance > 0.5
    assert chance[sure].mean() == pytest.approx(truth[sure].mean(), abs=0.1)


def test_where_there_is_nothing_to_learn_it_does_not_pay() -> None:
    images, true = world(80, 4)
    shuffled = np.random.default_rng(0).permutation(true)
    right = features.Images(images.words, images.places, images.near, shuffled.copy())  # texts are always right
    taught = teach.teach(right, NAMES, shuffled, np.full(true.shape, True))
    assert taught.without == 1.0
    assert not taught.pays


def test_a_class_that_no_example_has_still_has_its_name_and_its_texts() -> None:
    images, true = world(300, 5)
    true[:, 1] = 0
    taught = teach.teach(images, NAMES, true, np.full(true.shape, True))
    assert taught.parts.level.tolist() == [3, 0]
    assert np.isfinite(taught.thresholds).all()


def test_nothing_is_learnt_from_what_is_unknown() -> None:
    images, true = world(300, 6)
    known = np.random.default_rng(1).random(true.shape) < 0.5
    lie = np.where(known, true, 1.0 - true).astype(np.float32)
    similarity = model.similarities(images)
    one = model.learn_parts(images, similarity, true, known)
    other = model.learn_parts(images, similarity, lie, known)
    assert one.words == pytest.approx(other.words)
    assert one.right == pytest.approx(other.right)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_targets_all_alike_are_no_error(value: float) -> None:
    images, true = world(60, 7)
    taught = teach.teach(images, NAMES, np.full_like(true, value), np.full(true.shape, True))
    chance = model.probability(images, taught.parts, NAMES, taught.combiner)
    assert chance == pytest.approx(np.full(true.shape, value), abs=1e-3)


def test_thresholds_reach_the_precision_that_is_asked_for_or_say_never() -> None:
    chance = np.linspace(1, 0, 100, dtype=np.float32)[:, None]
    true = (np.arange(100) % 10 < np.linspace(10, 0, 100))[:, None]
    level, known = np.zeros((100, 1), dtype=np.int64), np.full((100, 1), True)
    for wanted in (0.5, 0.8, 0.95):
        threshold = teach.choose_thresholds(chance, level, true, known, wanted)[0]
        said = chance >= threshold
        assert true[said].mean() >= wanted
    assert teach.choose_thresholds(chance, level, ~(chance > 2), known, 0.5)[0] == chance.min()
    assert teach.choose_thresholds(chance, level, chance > 2, known, 0.5)[0] == 2.0


def test_equal_probabilities_stand_or_fall_together() -> None:
    chance = np.array([[0.9], [0.5], [0.5], [0.1]], dtype=np.float32)
    true = np.array([[True], [True], [False], [False]])
    every = np.full((4, 1), True)
    assert teach.choose_thresholds(chance, np.zeros((4, 1), dtype=np.int64), true, every, 0.9)[0] == pytest.approx(0.9)


def test_the_curve_rises_and_says_how_often_pairs_were_right() -> None:
    random = np.random.default_rng(0)
    chance = random.random(5000).astype(np.float32)
    true = (random.random(5000) < chance**2).astype(np.float32)  # surer than they should be
    stated, right = teach.fit_curve(chance, true)
    assert (np.diff(stated) > 0).all()
    assert (np.diff(right) >= 0).all()
    assert np.interp([0.3, 0.6, 0.9], stated, right) == pytest.approx([0.09, 0.36, 0.81], abs=0.08)


def test_the_fit_is_the_same_every_time() -> None:
    images, true = world(150, 8)
    first, second = (teach.teach(images, NAMES, true, np.full(true.shape, True)) for _ in range(2))
    assert np.array_equal(first.combiner.weights, second.combiner.weights)
    assert np.array_equal(first.thresholds, second.thresholds)


def test_the_phrase_that_says_most_is_the_one_that_implies_the_class() -> None:
    images, true = world(400, 9)
    taught = teach.teach(images, NAMES, true, np.full(true.shape, True))
    lesson = apply.Lesson(
        SPACE,
        NAMES,
        features.near_names(SPACE, NAMES),
        np.array([0, 1], dtype=np.int32),
        sparse.csr_matrix((2, 2), dtype=np.float32),
        taught.parts,
        taught.combiner,
        taught.thresholds[taught.parts.level],
        taught.curve,
        True,
    )
    image = np.flatnonzero(true[:, 0])[:20]
    found = apply.strongest_phrases(images, lesson, image, np.zeros(len(image), dtype=np.int64))
    assert (found == 3).mean() > 0.8
