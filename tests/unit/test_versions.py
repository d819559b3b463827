import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.vocabulary.versions import KINDS, REMAP, Labels, carry_keys, describe, distinct_keys, match_labels


def labels_of(*labels: tuple[str, dict[int, int]], keys: list[str] | None = None) -> Labels:
    """Labels with their name and {phrase_id: images}."""
    rows = [(phrase, label, images) for label, (_, held) in enumerate(labels) for phrase, images in held.items()]
    phrase, label, images = ([row[i] for row in rows] for i in range(3))
    vocabulary = pa.table(
        {
            "label_id": pa.array(range(len(labels)), pa.int32()),
            "label_key": pa.array(keys or [f"key of {name}" for name, _ in labels], pa.string()),
            "name": pa.array([name for name, _ in labels], pa.string()),
        }
    )
    members = {"phrase_id": pa.array(phrase, pa.int64()), "label_id": pa.array(label, pa.int32())}
    return Labels(vocabulary, pa.table({**members, "images": pa.array(images, pa.int64())}))


def changes(old: Labels, new: Labels) -> list[tuple[str, str | None, str | None, float | None]]:
    names = ("kind", "old_name", "new_name", "share")
    return [tuple(row[name] for name in names) for row in match_labels(old, new).to_pylist()]


def test_the_same_labels_in_another_order_are_kept() -> None:
    old = labels_of(("dog", {1: 9, 2: 3}), ("cat", {3: 5}))
    new = labels_of(("cat", {3: 5}), ("dog", {2: 3, 1: 9}))
    assert changes(old, new) == [("kept", "dog", "dog", 1.0), ("kept", "cat", "cat", 1.0)]
    assert match_labels(old, new).schema == REMAP


def test_another_name_for_the_same_phrases_is_a_renaming() -> None:
    assert changes(labels_of(("dog", {1: 9, 2: 8})), labels_of(("hound", {1: 9, 2: 10}))) == [
        ("renamed", "dog", "hound", 1.0)
    ]


def test_the_larger_part_of_a_split_label_is_its_heir() -> None:
    old = labels_of(("dog", {1: 60, 2: 40}))
    new = labels_of(("puppy", {2: 40}), ("dog", {1: 60}))
    assert changes(old, new) == [("kept", "dog", "dog", 0.6), ("split", "dog", "puppy", 0.4)]


def test_a_label_that_fell_apart_has_no_heir() -> None:
    old = labels_of(("number", {1: 40, 2: 35, 3: 25}))
    new = labels_of(("one", {1: 40}), ("two", {2: 35}), ("three", {3: 25}))
    assert [row[0] for row in changes(old, new)] == ["split"] * 3
    assert not set(carry_keys(old, new)["label_key"].to_pylist()) & {"key of number"}


def test_of_merged_labels_the_larger_one_lives_on() -> None:
    old = labels_of(("dog", {1: 60}), ("puppy", {2: 40}))
    new = labels_of(("dog", {1: 60, 2: 40}))
    assert changes(old, new) == [("kept", "dog", "dog", 1.0), ("merged", "puppy", "dog", 1.0)]


def test_what_shares_no_phrase_was_added_or_removed() -> None:
    old, new = labels_of(("dog", {1: 6})), labels_of(("cat", {2: 6}))
    assert changes(old, new) == [("added", None, "cat", None), ("removed", "dog", None, 0.0)]


def test_images_outweigh_the_number_of_phrases() -> None:
    old = labels_of(("dog", {1: 90, 2: 3, 3: 3, 4: 3}))
    new = labels_of(("rest", {2: 3, 3: 3, 4: 3}), ("dog", {1: 90}))
    assert changes(old, new)[0] == ("kept", "dog", "dog", 90 / 99)


def test_a_label_swamped_by_new_phrases_is_another() -> None:
    old, new = labels_of(("raining", {1: 10})), labels_of(("rain", {1: 10, 2: 100}))
    assert [row[:3] for row in changes(old, new)] == [("merged", "raining", "rain")]


def test_keys_go_on_with_their_labels_and_no_key_is_used_twice() -> None:
    # 'rain' was the key of a label that now is called 'raining'; a new label of the old name must not take it.
    old = labels_of(("rain", {1: 10}), ("gone", {7: 5}), keys=["aa", "bb"])
    new = labels_of(("raining", {1: 10}), ("rain", {2: 50}), ("late", {3: 4}), keys=["cc", "aa", "bb"])
    keys = carry_keys(old, new)["label_key"].to_pylist()
    assert keys[0] == "aa"
    assert len(set(keys)) == 3
    assert not {"aa", "bb", "cc"} & set(keys[1:])


def test_a_free_key_stays_and_a_taken_one_gives_way_in_a_fixed_series() -> None:
    keys = distinct_keys(["x", "x", "x", "y"], ["z"])
    assert keys[0] == "x"
    assert keys[3] == "y"
    assert len(set(keys)) == 4
    assert distinct_keys(["x"], ["x"]) == [keys[1]]
    assert len(keys[1]) == 16


def test_empty_sides_are_no_error() -> None:
    none, one = labels_of(), labels_of(("dog", {1: 6}))
    assert [row[0] for row in changes(none, one)] == ["added"]
    assert [row[0] for row in changes(one, none)] == ["removed"]
    assert match_labels(none, none).num_rows == 0
    assert carry_keys(none, one)["label_key"].to_pylist() == ["key of dog"]


def test_the_description_counts_kinds_and_shows_examples() -> None:
    old = labels_of(("dog", {1: 60, 2: 40}), ("gone", {5: 3}))
    text = describe(match_labels(old, labels_of(("dog", {1: 60}), ("puppy", {2: 40}))), 1)
    assert "2 old labels, 2 new labels" in text
    assert "dog -> puppy (40% of its images)" in text
    assert "1 of 2 old keys in use (50.00%)" in text


SIDE = st.lists(st.integers(-1, 5), min_size=12, max_size=12)


@settings(max_examples=150, deadline=None)
@given(SIDE, SIDE, st.lists(st.integers(1, 5), min_size=24, max_size=24), st.randoms(use_true_random=False))
def test_every_label_is_accounted_for_and_no_key_twice(
    one: list[int], other: list[int], images: list[int], random: object
) -> None:
    def side(homes: list[int], weights: list[int]) -> Labels:
        found = sorted(set(homes) - {-1})
        held = [{i: weights[i] for i, home in enumerate(homes) if home == label} for label in found]
        return labels_of(*((f"n{label}", phrases) for label, phrases in zip(found, held, strict=True)))

    old, new = side(one, images[:12]), side(other, images[12:])
    rows = match_labels(old, new).to_pylist()
    assert {row["old_label_id"] for row in rows} - {None} == set(range(old.vocabulary.num_rows))
    assert {row["new_label_id"] for row in rows} - {None} == set(range(new.vocabulary.num_rows))
    heirs = [row for row in rows if row["kind"] in ("kept", "renamed")]
    for name in ("old_label_id", "new_label_id"):
        assert len({row[name] for row in heirs}) == len(heirs)
    assert [KINDS.index(row["kind"]) for row in rows] == sorted(KINDS.index(row["kind"]) for row in rows)
    keys = carry_keys(old, new)["label_key"].to_pylist()
    assert len(set(keys)) == len(keys)
    order = np.array(random.sample(range(new.members.num_rows), new.members.num_rows), dtype=np.int64)  # type: ignore[attr-defined]
    assert match_labels(old, Labels(new.vocabulary, new.members.take(pa.array(order)))).to_pylist() == rows
