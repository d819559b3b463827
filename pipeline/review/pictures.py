"""Pictures of local files as data URIs, within a budget of bytes; nothing is ever fetched."""

import base64
import io
import itertools
from collections.abc import Sequence

from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.manifest.shards.tar import picture_extension
from pipeline.runtime import files
from pipeline.runtime.places import may_open

_EDGE = 192  # pixels of the longer side: twice the size on the page, for dense screens
_LARGEST_FILE = 64_000_000  # bytes; a larger file is no picture to show, and reading it would take the page's memory
_MOST_PIXELS = 50_000_000  # decoded at once: 150 MB
_LARGEST_SHARE = 40  # one picture takes at most this part of the budget, or one drawing could take all
_LEAST = 1_024  # bytes: hardly a picture is smaller, so that a budget that is spent but for them opens no more files
_RASTER = ("PNG", "JPEG", "WEBP", "GIF")


def inline_pictures(wanted: Sequence[Sequence[str]], budget: int, roots: Sequence[str] = ()) -> dict[str, str]:
    """Read pictures and give them as data URIs.

    Photographs (PNG, JPEG, WebP, GIF) become small ones of at most 192 pixels, without their metadata; SVG drawings
    stay as they are, for an `<img>`, where nothing in them runs or loads.

    Args:
        wanted: URIs of each label's pictures. The first of every label comes before the second of any, so that the
            budget is spread over labels.
        budget: bytes of all data URIs together; a picture takes at most a fortieth of it.
        roots: folders outside of which no file is opened, wherever its links lead; anywhere where empty.

    Returns:
        URI -> data URI, of the pictures that are local, allowed, readable and fit. Others are missing, never an error:
        a page without a picture is still a page.
    """
    found: dict[str, str] = {}
    left = budget
    for uri in dict.fromkeys(uri for turn in itertools.zip_longest(*wanted) for uri in turn if uri is not None):
        if left < _LEAST:
            break
        picture = _read(uri, min(left, budget // _LARGEST_SHARE), roots)
        if picture is not None:
            found[uri] = picture
            left -= len(picture)
    return found


def _read(uri: str, limit: int, roots: Sequence[str]) -> str | None:
    """One picture as a data URI of at most `limit` bytes."""
    path = files.local_path(uri)
    try:
        # Only regular files: a pipe or a device would never end.
        if path is None or not may_open(path, roots) or not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            return None
        raw = path.read_bytes()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    if picture_extension(raw) == "svg":  # a page or a note that only mentions a drawing is none
        return _data_uri("image/svg+xml", raw, limit)
    return _thumbnail(raw, limit)


def _thumbnail(raw: bytes, limit: int) -> str | None:
    """A photograph made small, upright, and without its metadata (which may say where it was taken)."""
    try:
        with Image.open(io.BytesIO(raw), formats=_RASTER) as image:
            image.draft("RGB", (2 * _EDGE, 2 * _EDGE))  # JPEG: decode at a fraction of its size
            if image.width * image.height > _MOST_PIXELS:
                return None
            small = ImageOps.exif_transpose(image)
            small.thumbnail((_EDGE, _EDGE))
            out = io.BytesIO()
            if "A" in small.getbands() or "transparency" in small.info:
                small.convert("RGBA").save(out, "PNG", optimize=True)
                return _data_uri("image/png", out.getvalue(), limit)
            small.convert("RGB").save(out, "JPEG", quality=80, optimize=True)
            return _data_uri("image/jpeg", out.getvalue(), limit)
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,  # so Pillow names a broken PNG
        ValueError,
    ):
        return None


def _data_uri(kind: str, raw: bytes, limit: int) -> str | None:
    uri = f"data:{kind};base64,{base64.b64encode(raw).decode('ascii')}"
    return uri if len(uri) <= limit else None
