"""A file of what must not be trained on: what cannot be understood in it is an error, since it would be trained on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from pipeline.manifest.held_out import read_held_out
from pipeline.runtime.errors import InputError

SPOILT: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.csv", b"", "a.csv"),
    "header alone": ("a.csv", b"phrase,image_id\n", "no row holds a phrase or image_id"),
    "empty cells": ("a.csv", b"phrase,image_id\n,\n , \n", "no row holds a phrase or image_id"),
    "no header": ("a.csv", b"sofa,i1\n", "no column phrase or image_id; it has sofa, i1"),
    "latin-1": ("a.csv", b"phrase\nfoug\xe8re\n", "a.csv"),
    "UTF-16": ("a.csv", "phrase\nsofa\n".encode("utf-16"), "a.csv"),
    "too many cells": ("a.csv", b"phrase,image_id\nsofa,i1\nchair,i2,i3\n", "a.csv"),
    "too few cells": ("a.csv", b"phrase,image_id\nsofa,i1\nchair\n", "a.csv"),
    "open quote": ("a.csv", b'phrase,image_id\n"sofa,i1\nchair,i2\n', "a.csv"),
    "same column twice": ("a.csv", b"phrase,phrase\nsofa,chair\n", "a.csv"),
    "no JSON": ("a.jsonl", b'{"phrase": "sofa"}\n{"phrase": \n', "a.jsonl"),
    "nested": ("a.jsonl", b'{"phrase": ["sofa", "chair"]}\n', "a.jsonl"),
    "no Parquet": ("a.parquet", b"phrase\nsofa\n", "a.parquet"),
    "absent": ("", b"", "absent.csv"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_file_holds_up_the_run(spark: SparkSession, tmp_path: Path, case: str) -> None:
    name, content, said = SPOILT[case]
    if name:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        read_held_out(spark, str(tmp_path / (name or "absent.csv")))
    assert said in str(error.value)
    assert len(str(error.value)) < 1_500


def as_is(content: bytes) -> bytes:
    return content


@pytest.mark.parametrize(
    "change",
    [as_is, lambda content: b"\xef\xbb\xbf" + content, lambda content: content.replace(b"\n", b"\r\n")],
    ids=["plain", "byte order mark", "Windows"],
)
def test_what_is_only_unusual_is_read(spark: SparkSession, tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    (tmp_path / "a b.csv").write_bytes(change("phrase,image_id\nfougère,\n,i1\n".encode()))
    found = read_held_out(spark, str(tmp_path / "a b.csv"))
    assert found.phrases == ("fougère",)
    assert [row.image_id for row in found.images.collect()] == ["i1"]


@pytest.mark.parametrize("ids", [pa.array([7, 8]), pa.array(["7", "8"])])
def test_ids_may_be_numbers(spark: SparkSession, tmp_path: Path, ids: Any) -> None:
    pq.write_table(pa.table({"image_id": ids}), tmp_path / "a.parquet")
    rows = read_held_out(spark, str(tmp_path / "a.parquet")).images.collect()
    assert sorted(row.image_id for row in rows) == ["7", "8"]
