"""Which labels a trusted class stands for."""

import numpy as np
import pytest

from pipeline.labeling.classes import lookup_members, map_classes, name_classes
from pipeline.review.truth import map_nearest


def mapped(names: list[str], members: list[str]) -> dict[str, set[str]]:
    """Class name -> the members whose labels it has; every member is a label of its own."""
    classes, _ = name_classes([(name, 1) for name in names], "en")
    lookup = lookup_members(((i, phrase, "en") for i, phrase in enumerate(members)), "en")
    found = map_classes(classes, lookup)
    return {item.name: {members[i] for i in labels} for item, labels in zip(classes, found, strict=True)}


def test_spellings_of_one_base_form_are_one_class_named_by_the_most_frequent() -> None:
    classes, place = name_classes([("Map", 1), ("maps", 5), ("Food", 2), ("  map", 1)], "en")
    assert [item.name for item in classes] == ["Food", "maps"]
    assert place == {"Food": 0, "Map": 1, "maps": 1, "  map": 1}


def test_a_class_without_words_stays_a_class_that_nothing_maps_to() -> None:
    assert mapped(["+++", "food"], ["food"]) == {"+++": set(), "food": {"food"}}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Home Automation", {"home automation"}),  # the whole name goes before its parts
        ("Clothing + Fashion", {"fashion"}),
        ("Account / User", {"account", "user"}),
        ("health & wellness", {"health", "wellness"}),
        ("signs_and_symbols", {"sign", "symbol"}),
        ("E-commerce", {"ecommerce"}),
        ("Animals", {"animal"}),
        ("Geographic Information System", set()),  # words of a phrase are no parts of it
        ("Food, Drink; Users", {"food", "drink", "user"}),
    ],
)
def test_names_and_lists_of_equal_rank(name: str, found: set[str]) -> None:
    members = ["home automation", "home", "fashion", "account", "user", "health", "wellness", "sign", "symbol"]
    assert mapped([name], [*members, "ecommerce", "commerce", "animal", "system", "food", "drink"]) == {name: found}


def test_of_the_steps_of_a_path_those_that_fewest_classes_share_count() -> None:
    names = ["food", "food-fruit", "food-sweet", "computer/networks", "computer/icons", "sky-weather"]
    assert mapped(names, ["food", "fruit", "computer", "network", "sky", "weather"]) == {
        "food": {"food"},
        "food-fruit": {"fruit"},
        "food-sweet": set(),  # no label says sweet, and food would be said of all its siblings
        "computer/networks": {"network"},
        "computer/icons": set(),
        "sky-weather": {"sky", "weather"},
    }


def test_a_word_with_a_hyphen_that_a_label_has_is_no_path() -> None:
    assert mapped(["clothes/t-shirt"], ["t shirt", "shirt", "clothes"]) == {"clothes/t-shirt": {"t shirt", "clothes"}}


def test_a_class_may_have_several_labels_and_a_label_several_classes() -> None:
    found = mapped(["Food / Drink", "Drinks + Bars"], ["food", "drink"])
    assert found == {"Food / Drink": {"food", "drink"}, "Drinks + Bars": {"drink"}}


def test_members_in_other_languages_are_no_matches() -> None:
    classes, _ = name_classes([("gift", 1)], "en")
    assert map_classes(classes, lookup_members([(1, "gift", "de"), (2, "gifts", "und"), (3, "gift", "en")], "en")) == [
        frozenset({3})
    ]


def test_the_nearest_label_is_the_first_of_equal_ones_and_none_below_the_least() -> None:
    names = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    members = np.array([[0.8, 0.6], [0.8, 0.6], [0.6, 0.8]], dtype=np.float32)
    labels = np.array([4, 5, 6])
    assert map_nearest(names, members, labels, 0.7) == [frozenset({4}), frozenset({6}), frozenset()]
    assert map_nearest(names, members[:0], labels[:0], 0.7) == [frozenset()] * 3
