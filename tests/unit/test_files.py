"""Paths mean the same place to pyarrow as to Spark, whatever characters are in them."""

from pathlib import Path

import pyarrow.fs as fs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime import files

ODD = ["a b", "a%20b", "a#b", "a+b=c&d", "ü чай", "100%", "%2e%2e", "[x]{y}", "a:b"]
S3 = "region=us-east-1"  # else the store is asked for it


@pytest.mark.parametrize("odd", ODD)
def test_a_path_in_an_object_store_is_taken_literally(odd: str) -> None:
    system, inside = files.open_storage(f"s3a://bucket/{odd}/run.json?{S3}")
    assert isinstance(system, fs.S3FileSystem)
    assert system.region == "us-east-1"
    assert inside == f"bucket/{odd}/run.json"


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="?/\0"), min_size=1).filter(lambda name: name.strip("."))
)
def test_a_local_uri_and_a_local_path_are_one_place(name: str) -> None:
    assert files.open_storage(f"file:///x/{name}/y")[1] == files.open_storage(f"/x/{name}/y")[1] == f"/x/{name}/y"


def test_a_bucket_alone_and_the_end_of_a_folder_are_taken() -> None:
    assert files.open_storage(f"s3://bucket?{S3}")[1] == "bucket"
    assert files.open_storage(f"s3://bucket/a b/?{S3}")[1] == "bucket/a b"
    assert files.open_storage("file:///")[1] == ""


@pytest.mark.parametrize("odd", ODD)
def test_small_files_lie_where_their_folder_is_said_to_be(tmp_path: Path, odd: str) -> None:
    folder = f"file://{tmp_path}/{odd}"
    files.write_json(files.join(folder, "a.json"), {"a": 1})
    assert files.write_new(files.join(folder, "lock.json"), "mine")
    assert not files.write_new(files.join(folder, "lock.json"), "yours")
    assert sorted(path.name for path in (tmp_path / odd).iterdir()) == ["a.json", "lock.json"]
    assert files.read_json(files.join(folder, "a.json")) == {"a": 1}
    assert files.sizes(folder) == {"a.json": 13, "lock.json": 4}
    files.remove(folder)
    assert not files.exists(str(tmp_path / odd))
