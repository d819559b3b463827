"""Pictures on the page: small, without metadata, within their budget, and from local files only."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.review import pictures
from pipeline.review.pictures import inline_pictures
from pipeline.runtime.files import local_path


def png(path: Path, edge: int, *, seed: int = 0) -> str:
    pixels = np.random.default_rng(seed).integers(0, 256, (edge, edge, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return str(path)


def test_a_photograph_becomes_small_and_loses_its_metadata(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (900, 300)).save(tmp_path / "p.jpg", exif=exif)
    [uri] = inline_pictures([[(tmp_path / "p.jpg").as_uri()]], 1_000_000).values()
    raw = base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"))
    assert Image.open(io.BytesIO(raw)).size == (192, 64)
    assert b"taken at home" not in raw


def test_pictures_stay_within_the_budget_and_every_label_has_its_first(tmp_path: Path) -> None:
    wanted = [[png(tmp_path / f"{i}-{j}.png", 16, seed=10 * i + j) for j in range(6)] for i in range(20)]
    sizes = [len(uri) for uri in inline_pictures(wanted, 10_000_000).values()]
    budget = sum(sizes) // 2
    found = inline_pictures(wanted, budget)
    assert sum(len(uri) for uri in found.values()) <= budget
    assert {uris[0] for uris in wanted} <= set(found)
    assert len(found) < len(sizes)
    assert inline_pictures(wanted, 0) == {}


def test_a_spent_budget_opens_no_more_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [[png(tmp_path / f"{i}.png", 64)] for i in range(45)]
    budget = len(next(iter(inline_pictures(wanted[:1], 10_000_000).values()))) * 40 + 40
    opened: list[str] = []
    read = pictures._read
    monkeypatch.setattr(pictures, "_read", lambda uri, *rest: (opened.append(uri), read(uri, *rest))[1])
    found = inline_pictures(wanted, budget)
    assert len(opened) < len(wanted)
    assert sum(map(len, found.values())) <= budget


def test_one_large_drawing_does_not_take_the_budget(tmp_path: Path) -> None:
    (tmp_path / "large.svg").write_text(f"<svg><desc>{'x' * 50_000}</desc></svg>")
    (tmp_path / "small.svg").write_text("<?xml version='1.0'?>\n<svg/>")
    found = inline_pictures([[str(tmp_path / "large.svg"), str(tmp_path / "small.svg")]], 100_000)
    assert list(found) == [str(tmp_path / "small.svg")]
    assert found[str(tmp_path / "small.svg")].startswith("data:image/svg+xml;base64,")


def test_what_is_no_local_picture_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("root:x:0:0")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (tmp_path / "broken.jpg").write_bytes(Path(png(tmp_path / "whole.png", 40)).read_bytes()[:200])
    odd = [
        str(tmp_path / name) for name in ("secret.txt", "broken.png", "broken.jpg", "missing.png", "nul\x00.png", "")
    ]
    odd += ["/dev/zero", "https://pictures.example/1.png", "s3://bucket/1.png", "file://host/1.png", "http://["]
    assert inline_pictures([odd], 1_000_000) == {}


def test_no_picture_outside_the_roots_is_opened(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    inside, outside = png(tmp_path / "in" / "a b.png", 16), png(tmp_path / "out" / "b.png", 16, seed=1)
    (tmp_path / "in" / "link.png").symlink_to(outside)
    (tmp_path / "in" / "way").symlink_to(tmp_path / "out")
    beyond = [
        *(outside, Path(outside).as_uri(), f"{tmp_path}/in/../out/b.png", f"file://{tmp_path}/in/%2e%2e/out/b.png"),
        *(f"{tmp_path}/in/link.png", f"{tmp_path}/in/way/b.png"),
    ]
    within = [inside, Path(inside).as_uri()]
    assert list(inline_pictures([[*beyond, *within]], 1_000_000, [f"{tmp_path}/in"])) == within
    assert len(inline_pictures([[*beyond, *within]], 1_000_000)) == len(beyond) + len(within)


def test_a_file_address_is_decoded_and_a_plain_path_is_not() -> None:
    assert local_path("file:///a%20b.png") == Path("/a b.png")
    assert local_path("/a%20b.png") == Path("/a%20b.png")
    assert local_path("file://elsewhere/a.png") is None
