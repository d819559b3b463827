"""A file is told from another one by a part of it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime import fingerprint as module
from pipeline.runtime.fingerprint import BLOCK, BLOCKS, fingerprint
from pipeline.runtime.witness import Witness, as_one, compare

WHOLE = BLOCK * BLOCKS


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files") / "file"


@given(content=st.binary(min_size=1, max_size=300), flip=st.integers(0))
def test_every_changed_byte_of_a_small_file_shows(place: Path, content: bytes, flip: int) -> None:
    place.write_bytes(content)
    before = fingerprint(str(place))
    changed = bytearray(content)
    changed[flip % len(content)] ^= 1
    place.write_bytes(changed)
    assert fingerprint(str(place)) != before
    place.write_bytes(content)
    assert fingerprint(str(place)) == before


@pytest.mark.parametrize("size", [WHOLE - 1, WHOLE, WHOLE + 1, 3 * WHOLE + 7])
def test_first_and_last_byte_and_the_size_show_at_any_size(place: Path, size: int) -> None:
    content = bytearray(size)
    seen = set()
    for change in (None, 0, size - 1):
        one = bytearray(content)
        if change is not None:
            one[change] = 1
        place.write_bytes(one)
        seen.add(fingerprint(str(place)))
    place.write_bytes(content + b"\0")
    seen.add(fingerprint(str(place)))
    assert len(seen) == 4


@given(size=st.integers(0, 20 * WHOLE))
def test_blocks_cover_a_small_file_and_are_few_in_a_large_one(size: int) -> None:
    starts = module._starts(size)
    covered = sum(min(BLOCK, size - start) for start in starts)
    assert covered == size if size <= WHOLE else len(starts) == BLOCKS
    assert all(0 <= start < size for start in starts)


def test_an_empty_file_has_one_too(place: Path) -> None:
    place.write_bytes(b"")
    assert len(fingerprint(str(place))) == 32


def test_changes_are_named_in_order_and_a_touched_file_is_the_same() -> None:
    before = {"a": [1, 10, "x"], "b": [2, 10, "y"], "c": [3, 10, "z"], "d": [4, 10, "w"], "s3": [5, 10, ""]}
    now = {"a": [1, 99, "x"], "b": [2, 10, "q"], "c": [30_000, 10, "z"], "e": [1, 1, "e"], "s3": [5, 11, ""]}
    assert compare(before, before) == []
    assert compare(before, now) == [
        "b has other contents of the same size",
        "c had 3 bytes and has 30,000",
        "d is gone",
        "e is new",
        "s3 has other contents of the same size",
    ]


@pytest.mark.parametrize(
    ("files", "size"),
    [
        ({"one": {"/a": [5, 0, "x"], "/b": [7, 0, "y"]}, "two": {"/c": [1, 0, "z"]}}, 13),
        ({"one": {"/a": [5, 0, "x"]}, "a table that has no files": {}}, None),
        ({}, 0),
    ],
)
def test_the_size_of_what_a_stage_reads_is_known_where_all_its_files_are(
    tmp_path: Path, files: dict[str, dict[str, list[object]]], size: int | None
) -> None:
    seen = {"ingest": {name: {"path": name, "files": found} for name, found in files.items()}}
    (tmp_path / "inputs.json").write_text(json.dumps(seen))
    assert Witness(None, str(tmp_path)).size("ingest") == size  # type: ignore[arg-type]


def test_several_files_have_one_fingerprint_whatever_they_are_called_and_one_file_its_own() -> None:
    one, two = [3, 1000, "aa"], [4, 1000, "bb"]
    assert as_one({"x": one}) == "aa"
    assert as_one({"x": one, "y": two}) == as_one({"b": two, "a": one}) != as_one({"x": one, "y": one})
    assert len(as_one({"x": one, "y": two})) == 32


def test_files_of_which_one_is_not_known_have_none() -> None:
    assert as_one({}) == as_one({"x": [3, 1000, "aa"], "y": [4, 1000, ""]}) == ""
