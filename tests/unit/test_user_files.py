"""The small files that people write: each way to spoil one ends in rows or in one message that names file and line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.labeling.judgements import holds_judgements, read_judgements
from pipeline.runtime.errors import InputError
from pipeline.runtime.user_csv import read_rows
from pipeline.vocabulary.mining.dictionary import read_dictionary


def judged(path: str) -> Any:
    return read_judgements(path)


def phrases(path: str) -> Any:
    return read_dictionary(path, "en", 6)


READERS: list[tuple[Callable[[str], Any], bytes, bytes]] = [
    (judged, b"image_id,label,correct\n", b"i1,fern,1\n"),
    (phrases, b"phrase,rule\n", b"sofa,keep\n"),
]
NAMES = ["judgements", "dictionary"]
# What is done to a file of a header and two rows, what is said, and the name of the case.
SPOILT: list[tuple[Callable[[bytes, bytes], bytes], str, str]] = [
    (lambda head, row: b"", "the file is empty", "empty"),
    (lambda head, row: b"\n\n \n", "no column", "blank lines"),
    (
        lambda head, row: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "no UTF-8: byte 0x89 in line 1",
        "picture",
    ),
    (lambda head, row: b"\x7fELF\x02\x01\x00", "line 1: the character NUL", "program"),
    (lambda head, row: (head + row).decode().encode("utf-16"), "no UTF-8: it is UTF-16. Save it as CSV", "UTF-16"),
    (lambda head, row: b"\xfe\xff" + (head + row).decode().encode("utf-16-be"), "it is UTF-16", "UTF-16 other end"),
    (lambda head, row: (head + row).decode().encode("utf-16-le"), "line 1: the character NUL", "UTF-16 without mark"),
    (lambda head, row: head + row + b"foug\xe8re" + row, "byte 0xe8 in line 3", "latin-1"),
    (lambda head, row: head + row + row.replace(b"e", b"\x00", 1), "line 3: the character NUL", "NUL"),
    (lambda head, row: row, "no column", "no header"),
    (lambda head, row: head.replace(b",", b";;", 1) + row, "no column|is no phrase", "other separators"),
    (lambda head, row: head[:-1] + b"," + head + row, "stands there twice", "duplicate columns"),
    (
        lambda head, row: head + row[:-1] + b",,surplus\n",
        "line 2: 5 cells, the header has 3|line 2: 4 cells",
        "too many",
    ),
    (
        lambda head, row: head + b'"' + row * 30_000,
        "line [0-9]+: a cell without end; a quote is not closed",
        "open quote",
    ),
    (lambda head, row: head + b'"' + row, "line 2: not readable as CSV", "open quote at the end"),
    (lambda head, row: head + b"a" * 200_000 + row, "line 2: a cell without end", "huge cell"),
    (lambda head, row: b"x" * 200_000 + row, "line 1: a cell without end", "huge header"),
    (lambda head, row: head + b'"a"b' + row, "line 2: not readable as CSV", "quote in the middle"),
    (lambda head, row: b"\x1f\x8b\x08\x00" + bytes(20), "no UTF-8: byte 0x8b in line 1", "gzip"),
]


@pytest.mark.parametrize(("read", "head", "row"), READERS, ids=NAMES)
@pytest.mark.parametrize(("spoil", "said", "name"), SPOILT, ids=[name for _, _, name in SPOILT])
def test_a_spoilt_file_is_told_with_its_line(
    tmp_path: Path, read: Any, head: bytes, row: bytes, spoil: Any, said: str, name: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(spoil(head, row))
    with pytest.raises(InputError, match=said) as error:
        read(str(path))
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 700


@pytest.mark.parametrize(("read", "head", "row"), READERS, ids=NAMES)
def test_what_is_no_file_is_told(tmp_path: Path, read: Any, head: bytes, row: bytes) -> None:
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "gone.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    for name, said in [
        ("absent.csv", "there is no such file"),
        ("dangling.csv", "there is no such file"),
        ("loop.csv", "cannot be read|there is no such file"),
        ("", "a folder, and one file is needed"),
        ("a\0b.csv", "cannot be read|there is no such file"),
        ("n" * 5_000, "cannot be read|there is no such file"),
    ]:
        with pytest.raises(InputError, match=said):
            read(f"{tmp_path}/{name}")
    with pytest.raises(InputError, match="cannot be read"):
        read("nowhere://host/own.csv")
    pq.write_table(pa.table({"phrase": ["sofa"]}), tmp_path / "own.parquet")
    with pytest.raises(InputError, match=r"no UTF-8|NUL"):
        read(str(tmp_path / "own.parquet"))


@pytest.mark.parametrize(("read", "head", "row"), READERS, ids=NAMES)
def test_what_is_only_unusual_is_read(tmp_path: Path, read: Any, head: bytes, row: bytes) -> None:
    path = tmp_path / "own name [1]%20.csv"
    path.write_bytes(head + row)
    plain = read(str(path))
    assert plain.num_rows == 1
    for content in (
        b"\xef\xbb\xbf" + head + row,
        (head + row).replace(b"\n", b"\r\n"),
        (head + row).replace(b"\n", b"\r"),
        (head + row).replace(b",", b";"),
        (head + row).replace(b",", b"\t"),
        b"\n\n" + head + b"\n" + row + b",,\n\n",
        head + row + row,
        head + row[:-1],
    ):
        path.write_bytes(content)
        assert read(str(path)) == plain
    path.write_bytes(head)
    assert read(str(path)).num_rows == 0


def test_a_million_judgements_are_read(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("image_id,label,correct\n" + "".join(f"i{n},fern,{n % 2}\n" for n in range(1_000_000)))
    assert read_judgements(str(path)).num_rows == 1_000_000


def test_a_row_that_lacks_cells_at_its_end_has_empty_ones(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("phrase,language,rule\nsofa\n")
    assert list(read_rows(str(path), ("phrase",), "")) == [(2, {"phrase": "sofa", "language": "", "rule": ""})]


def test_a_column_without_use_is_told_even_where_no_row_follows(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("phrase,lang\n")
    with pytest.raises(InputError, match=r"no use for the column 'lang'\. In mine\.dictionary the header is phrase"):
        read_dictionary(str(path), "en", 6)


def test_what_is_unreadable_holds_no_judgements(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    assert not holds_judgements(str(path))
    path.write_bytes("image_id,label,correct\n".encode("utf-16"))
    assert not holds_judgements(str(path))
    path.write_bytes(b"\xef\xbb\xbf\n\nimage_id;label;correct\n")
    assert holds_judgements(str(path))


@given(content=st.one_of(st.binary(max_size=200), st.text(',;\t"\n\r\0aphrase1é', max_size=80).map(str.encode)))
@settings(max_examples=200, deadline=None)
def test_any_file_is_rows_or_one_message(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for read, head, _ in READERS:
        for whole in (content, head + content):
            path.write_bytes(whole)
            try:
                assert read(str(path)).num_rows >= 0
            except InputError as error:
                assert str(error).startswith(str(path))  # noqa: PT017
