"""What the page's script gets: every column in its place, every text made visible, equal data the same bytes."""

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_pages import HOSTILE, example, listed

from pipeline.review.page import visible
from pipeline.review.report.browser import columns_of, pack


def unpack(packed: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_columns_have_an_entry_a_label_and_counts_add_up() -> None:
    columns = unpack(pack(columns_of(listed(["Cat", "Moos", "猫"]), ["title"], 900, {})))
    for name in ("keys", "names", "language", "band", "images", "kept", "confidence", "parent", "phrases", "x", "y"):
        assert len(columns[name]) == 3, name
    assert columns["names"] == ["Cat", "Moos", "猫"]
    assert [columns["languages"][i] for i in columns["language"]] == ["en", "de", "ja"]
    assert [columns["bands"][i] for i in columns["band"]] == ["head", "torso", "tail"]
    assert columns["members"]["counts"] == [2, 2, 2]
    assert columns["members"]["similarity"] == [100, 83] * 3
    assert columns["near"] == {"counts": [1, 1, 1], "others": [1, 2, 0], "images": [5, 5, 5]}
    assert columns["plain"] == {}  # names say the same in other letters


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_or_direction_mark_reaches_the_script(text: str) -> None:
    found = listed([text], {0: (example(text),)})
    packed = pack(columns_of(found, [text], 900, {}))
    assert set(packed) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    columns = unpack(packed)
    assert columns["signals"] == [visible(text)]
    [[name, _, _, _, [[signal, said, phrase, _]]]] = columns["examples"]["0"]
    assert (name, signal, said, phrase) == (visible(text), visible(text), f"a {visible(text)} here", visible(text))


@pytest.mark.parametrize(
    ("uri", "link"),
    [
        ("https://pictures.example/1.jpg", "https://pictures.example/1.jpg"),
        ("javascript:alert(1)", None),
        ("/home/x.png", None),
        ("https://pictures.example/\u202egpj.exe", None),
        (None, None),
    ],
)
def test_only_plain_web_addresses_become_links(uri: str | None, link: str | None) -> None:
    columns = columns_of(listed(["a"], {0: (example("a", uri=uri),)}), ["title"], 900, {})
    assert columns["examples"]["0"][0][1] == link


def test_a_picture_of_the_page_is_not_packed_again() -> None:
    images = {0: (example("a", picture="data:a"), example("b", picture="data:b")), 1: (example("c", picture="data:b"),)}
    columns = columns_of(listed(["a", "b"], images), ["title"], 900, {"data:a": 0})
    assert columns["pictures"] == [None, "data:b"]
    assert [item[3] for items in columns["examples"].values() for item in items] == [0, 1, 1]


def test_a_name_that_the_shown_one_does_not_say_is_told() -> None:
    found = listed(["Cat"])
    other = found.labels.set_column(found.labels.schema.get_field_index("name"), "name", [["cat (de)"]])
    columns = columns_of(type(found)(other, found.members, found.companions, {}, 1, 1), ["title"], 900, {})
    assert columns["plain"] == {"0": "cat (de)"}


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(-9, 9), st.none(), st.lists(st.text()))))
def test_packing_loses_nothing_but_disguise(columns: dict[str, Any]) -> None:
    shown = {
        visible(key): [visible(item) for item in value] if isinstance(value, list) else visible(value)
        for key, value in columns.items()
    }
    assert unpack(pack(columns)) == shown
    assert pack(columns) == pack(dict(columns))
