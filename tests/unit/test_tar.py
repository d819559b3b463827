import hashlib
import io
import json
import os
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.manifest.shards.tar import (
    LeftOutError,
    add_sample,
    open_tar,
    picture_extension,
    read_picture,
    sample_files,
    sample_key,
)
from pipeline.runtime.errors import RunError

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'


def drawn(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(out, kind)
    return out.getvalue()


def tar_of(samples: list[tuple[str, dict[str, bytes]]]) -> bytes:
    out = io.BytesIO()
    with open_tar(out) as opened:
        for key, members in samples:
            add_sample(opened, key, members)
    return out.getvalue()


def row_of(**changed: Any) -> dict[str, Any]:
    row = {"image_id": "i", "image_uri": None, "label_ids": [1], "label_confidences": [0.5], "primary_label": 1}
    return {**row, "keep_prob": 1.0, "repeat_factor": 1.0, **changed}


def test_a_tar_is_these_bytes_and_no_others() -> None:
    made = tar_of([("k2", {"png": b"picture", "cls": b"7", "json": b"{}"}), ("k1", {"svg": b"", "cls": b"0"})])
    # Counted by hand: five members, four with a block of content, padded to a record of 20 blocks.
    assert len(made) == 20 * 512
    assert made[:512] == header(b"k2.cls", 1)
    assert made[512:1024] == b"7".ljust(512, b"\0")
    assert made[9 * 512 :] == bytes(11 * 512)
    with tarfile.open(fileobj=io.BytesIO(made)) as opened:
        assert opened.getnames() == ["k2.cls", "k2.json", "k2.png", "k1.cls", "k1.svg"]


def header(name: bytes, size: int) -> bytes:
    """A ustar header as POSIX has it: nobody's file, of 1970."""
    start = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"00000000000\0"
    end = b"0" + bytes(100) + b"ustar\x0000" + bytes(247)
    total = sum(start) + 8 * ord(" ") + sum(end)
    return start + b"%06o\0 " % total + end


def test_a_tar_does_not_know_the_time_the_user_or_the_order_of_members(monkeypatch: pytest.MonkeyPatch) -> None:
    before = tar_of([("k", {"a": b"1", "b": b"2"})])
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setenv("USER", "somebody")
    assert tar_of([("k", {"b": b"2", "a": b"1"})]) == before


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_key_is_20_digits_of_any_id(image_id: str) -> None:
    key = sample_key(image_id)
    assert len(key) == 20
    assert set(key) <= set("0123456789abcdef")
    assert key == hashlib.blake2b(image_id.encode(), digest_size=10).hexdigest()


def test_ids_that_differ_in_little_have_other_keys() -> None:
    ids = ["a", "a.", "a/", "A", "a ", "é", "e\u0301", "x" * 200, "x" * 199, ""]
    assert len({sample_key(image_id) for image_id in ids}) == len(ids)


@pytest.mark.parametrize(
    ("kind", "extension"),
    [("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp"), ("BMP", "bmp"), ("TIFF", "tiff")],
)
def test_a_picture_is_known_by_its_content(kind: str, extension: str) -> None:
    assert picture_extension(drawn(kind)) == extension


@pytest.mark.parametrize(
    ("raw", "extension"),
    [
        (b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00", "avif"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "heic"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x00\x00", None),  # a film
        (b"\xff\x0a\x00", "jxl"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", None),
        (b"BM is a usual beginning", None),
        (b"GIF88a", None),
        (b"", None),
        (b"%PDF-1.7", None),
    ],
)
def test_what_only_begins_alike_is_no_picture(raw: bytes, extension: str | None) -> None:
    assert picture_extension(raw) == extension


@pytest.mark.parametrize(
    "raw",
    [
        SVG,
        b"\xef\xbb\xbf \n" + SVG,
        b'<?xml version="1.0"?>\n<!-- by <b>hand</b> -->\n<!-- ' + b"long " * 2000 + b"-->" + SVG,
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">' + SVG,
        b'<!DOCTYPE svg [ <!ENTITY a "]"> <!ENTITY b ">"> ]>\n' + SVG,
        b'<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>',
        b"<svg>",
    ],
)
def test_a_drawing_is_known_behind_whatever_xml_allows(raw: bytes) -> None:
    assert picture_extension(raw) == "svg"


@pytest.mark.parametrize(
    "raw", [b"<!DOCTYPE html><html><body>404" + SVG, b"<html>" + SVG, b"<svgish/>", b"<!-- " + SVG, b"text " + SVG]
)
def test_a_page_with_a_drawing_in_it_is_no_picture(raw: bytes) -> None:
    assert picture_extension(raw) is None


def test_unending_prologs_are_read_once() -> None:
    assert picture_extension(b"<!-- -->" * 200_000 + b"<!--" * 200_000) is None


def reason_of(uri: str | None, limit: int = 1000) -> str:
    with pytest.raises(LeftOutError) as caught:
        read_picture(uri, limit)
    return caught.value.reason


def test_local_pictures_are_read_by_path_and_by_uri(tmp_path: Path) -> None:
    path = tmp_path / "a b#c?d é%20.png"
    path.write_bytes(b"picture")
    assert read_picture(str(path), 7) == b"picture"
    assert read_picture(path.as_uri(), 7) == b"picture"
    assert read_picture(path.as_uri().replace("file:///", "file://localhost/"), 7) == b"picture"
    assert read_picture(path.as_uri().replace("file:///", "FILE:/"), 7) == b"picture"


@pytest.mark.parametrize(
    "uri",
    ["http://host/a.png", "HTTPS://host/a.png", "s3://bucket/a.png", "file://host/a.png", "data:,x", "http://[a/"],
)
def test_nothing_is_fetched(uri: str) -> None:
    assert reason_of(uri) == "remote"


def test_each_failure_of_a_file_has_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")
    assert reason_of(None) == reason_of("") == "missing"
    assert reason_of(str(tmp_path / "none")) == "missing"
    assert reason_of(str(file / "below")) == "missing"
    assert reason_of(str(tmp_path / ("x" * 5000))) == "missing"
    assert reason_of(f"{file}\0") == "missing"
    assert reason_of(str(tmp_path)) == "unreadable"
    assert reason_of(str(tmp_path / "pipe")) == "unreadable"
    assert reason_of("/dev/zero") == "unreadable"
    assert reason_of(str(file), limit=4) == "too_large"
    assert read_picture(str(file), 5) == b"12345"


def test_a_picture_outside_the_roots_is_left_out_before_it_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").write_bytes(b"12345")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "file").write_bytes(b"1")
    roots = [str(tmp_path / "in")]
    for uri in (str(tmp_path / "in" / "link"), (tmp_path / "out").as_uri(), str(tmp_path / "none"), "/dev/zero"):
        with pytest.raises(LeftOutError, match=r"^outside_roots$"):
            read_picture(uri, 1000, roots)
    assert read_picture((tmp_path / "in" / "file").as_uri(), 1000, roots) == b"1"
    with pytest.raises(LeftOutError, match=r"^remote$"):
        read_picture("https://host/a.png", 1000, roots)


def test_a_file_without_permission_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"1")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr("builtins.open", refuse)  # whoever runs the tests may be allowed everything
    assert reason_of(str(tmp_path / "file")) == "unreadable"


def test_a_file_that_grows_while_it_is_read_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    seen = os.stat_result((0o100644, *[0] * 9))
    monkeypatch.setattr("pipeline.manifest.shards.tar.os.stat", lambda _: seen)
    assert reason_of(str(tmp_path / "file"), limit=4) == "too_large"


def test_the_files_of_a_sample_say_all_of_the_row() -> None:
    confidences = list(struct.unpack("<2f", struct.pack("<2f", 0.3, 0.9)))
    row = row_of(image_id="a.b/ü", image_uri="x", label_ids=[2, 0], label_confidences=confidences, primary_label=2)
    files = sample_files({**row, "keep_prob": 0.1, "repeat_factor": 2.5}, drawn("PNG"), ["zero", "one", "чай\u2028"])
    assert files["cls"] == b"2"
    assert files["png"] == drawn("PNG")
    assert "a.b/ü" in files["json"].decode()
    assert json.loads(files["json"]) == {
        **{"image_id": "a.b/ü", "image_uri": "x", "label_ids": [2, 0], "label_names": ["чай\u2028", "zero"]},
        **{"label_confidences": [0.3, 0.9], "keep_prob": 0.1, "repeat_factor": 2.5},
    }


def test_a_text_is_left_out_and_a_label_without_a_name_is_an_error() -> None:
    with pytest.raises(LeftOutError, match="not_a_picture"):
        sample_files(row_of(), b"text", ["a", "b"])
    with pytest.raises(RunError, match=r"image 'i' has label 1, and the class map has 1 names"):
        sample_files(row_of(), SVG, ["a"])
