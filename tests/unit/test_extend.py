import numpy as np
import pyarrow as pa
from test_labels import CONFIG, phrases_of

from pipeline.vocabulary.extend import Grown, extend, neighbourhood
from pipeline.vocabulary.labels import build_vocabulary
from pipeline.vocabulary.merging.phrases import Phrases

VOCABULARY = pa.table({"label_id": pa.array([0, 1], pa.int32()), "label_key": ["k0", "k1"], "name": ["zog", "blim"]})


def grow(phrases: Phrases, members: dict[int, int]) -> Grown:
    """What two labels, whose members are given by id, gain of the other phrases."""
    table = pa.table(
        {"phrase_id": pa.array(list(members), pa.int64()), "label_id": pa.array(list(members.values()), pa.int32())}
    )
    images = dict(zip(phrases.ids.tolist(), phrases.images.tolist(), strict=True))
    return extend(VOCABULARY, table, build_vocabulary(phrases, CONFIG), images)


def test_a_phrase_near_to_a_member_joins_its_label_and_makes_none() -> None:
    grown = grow(phrases_of(("zog", 60, [1, 0]), ("blim", 50, [0, 1]), ("zigi", 12, [1, 0.1])), {100: 0, 101: 1})
    assert grown.vocabulary.num_rows == 0
    assert [(row["phrase"], row["label_id"]) for row in grown.members.to_pylist()] == [("zigi", 0)]


def test_a_phrase_that_would_have_named_the_label_is_a_member_by_its_vector() -> None:
    # It is the more frequent of the two by now, but the label has a name.
    grown = grow(phrases_of(("zigi", 90, [1, 0.1]), ("zog", 12, [1, 0]), ("blim", 50, [0, 1])), {101: 0, 102: 1})
    assert [(row["phrase"], row["label_id"], row["how"]) for row in grown.members.to_pylist()] == [
        ("zigi", 0, "embedding")
    ]


def test_a_phrase_far_from_all_with_enough_images_is_a_label_after_the_others() -> None:
    grown = grow(phrases_of(("zog", 60, [1, 0, 0]), ("blim", 50, [0, 1, 0]), ("quux", 20, [0, 0, 1])), {100: 0, 101: 1})
    assert [(row["label_id"], row["name"], row["parent"]) for row in grown.vocabulary.to_pylist()] == [
        (2, "quux", None)
    ]
    assert [(row["phrase"], row["label_id"], row["how"]) for row in grown.members.to_pylist()] == [("quux", 2, "self")]


def test_a_new_label_has_an_old_one_for_its_parent_by_the_old_ones_number() -> None:
    grown = grow(
        phrases_of(("blim", 90, [0, 1, 0]), ("zog", 60, [1, 0, 0]), ("red zog", 20, [0, 0, 1])), {101: 0, 100: 1}
    )
    assert [(row["name"], row["parent"], row["parent_how"]) for row in grown.vocabulary.to_pylist()] == [
        ("red zog", 0, "head")
    ]


def test_a_new_label_gets_neither_the_name_nor_the_key_of_an_old_one() -> None:
    # No member of the old label 'zog' is near: it is another language's word.
    phrases = phrases_of(("zog", 20, [0, 1]), language="de")
    grown = grow(phrases, {})
    again = extend(
        VOCABULARY.set_column(1, "label_key", [[grown.vocabulary["label_key"][0].as_py(), "k1"]]),
        pa.table({"phrase_id": pa.array([], pa.int64()), "label_id": pa.array([], pa.int32())}),
        build_vocabulary(phrases, CONFIG),
        {100: 20},
    )
    assert grown.vocabulary["name"].to_pylist() == ["zog (de)"]
    assert again.vocabulary["label_key"].to_pylist() != grown.vocabulary["label_key"].to_pylist()


def test_a_cluster_of_two_labels_members_gives_its_phrases_to_the_most_frequent_one() -> None:
    rows = [("zog", 60, [1.0, 0.0]), ("blim", 80, [1.0, 0.02]), ("zigi", 12, [1.0, 0.01])]
    ranked = sorted(rows, key=lambda row: -row[1])
    grown = grow(phrases_of(*ranked), {101: 0, 100: 1})
    assert grown.members["label_id"].to_pylist() == [1]


def test_a_rare_phrase_far_from_all_is_unassigned_and_members_that_fall_out_are_not() -> None:
    grown = grow(phrases_of(("zog", 60, [1, 0, 0]), ("quux", 4, [0, 0, 1]), ("blim", 3, [0, 1, 0])), {100: 0, 102: 1})
    assert grown.unassigned.select(["phrase", "reason"]).to_pylist() == [{"phrase": "quux", "reason": "few_images"}]


def test_the_neighbourhood_has_near_members_kin_and_the_names_of_their_labels() -> None:
    phrases = phrases_of(
        ("zog", 90, [1, 0, 0]),  # names the label of 'old zog'
        ("blim", 80, [0, 1, 0]),
        ("old zog", 30, [0.9, 0, 0.5]),
        ("zog blim", 20, [0, 1, 0.9]),  # kin of the new phrase, by another order
        ("blim zog", 5, [0.8, 0, 0.6]),
    )
    names = np.array([0, 1, 0, 3, -1])
    assert neighbourhood(phrases, np.array([4]), names, 1).tolist() == [0, 2, 3, 4]


def test_without_new_phrases_the_neighbourhood_is_empty() -> None:
    phrases = phrases_of(("zog", 90, [1, 0]), ("blim", 80, [0, 1]))
    assert neighbourhood(phrases, np.zeros(0, dtype=np.int64), np.array([0, 1]), 5).tolist() == []
