"""Samples of a WebDataset: what a picture is, what its files are called, and how they stand in a tar.

A sample is a run of files that share a name up to the first dot: KEY.cls, KEY.json, KEY.png. The bytes of a tar depend
on the samples and their order alone: no time, no owner, no name of a machine.
"""

import errno
import hashlib
import io
import json
import os
import re
import stat
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from pipeline.runtime import files
from pipeline.runtime.errors import RunError
from pipeline.runtime.places import may_open

MISSING, REMOTE, OUTSIDE, TOO_LARGE, UNREADABLE, NOT_A_PICTURE = REASONS = (
    *("missing", "remote", "outside_roots", "too_large", "unreadable", "not_a_picture"),
)

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
    (b"\xff\x0a", "jxl"),
)
_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic"}
_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # sizes that exist: "BM" alone begins many a text
# What may stand before the first element of an XML file. A page that only holds a drawing begins with another one.
_PROLOG = re.compile(rb"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL | re.IGNORECASE)
_SVG = re.compile(rb"\s*<(?:[A-Za-z_][\w.-]*:)?svg[\s/>]")
_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


class LeftOutError(Exception):
    """An image has no usable picture.

    Attributes:
        reason: one of REASONS.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sample_key(image_id: str) -> str:
    """The name of an image's files: 20 hexadecimal digits, BLAKE2b of its id.

    An id may hold dots and slashes, which mean something in the names of samples; its digits never do. Two of a
    billion ids share a key with probability 4e-7.
    """
    return hashlib.blake2b(image_id.encode("utf-8"), digest_size=10).hexdigest()


def picture_extension(raw: bytes) -> str | None:
    """The usual file name extension of a picture, by its content; None where it is none.

    Args:
        raw: the file. It is not decoded: a picture that was cut off passes.
    """
    for signature, extension in _SIGNATURES:
        if raw.startswith(signature):
            return extension
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "webp"
    if raw[4:8] == b"ftyp":
        return _BRANDS.get(raw[8:12])
    if raw[:2] == b"BM" and raw[6:10] == bytes(4) and int.from_bytes(raw[14:18], "little") in _BITMAP_HEADERS:
        return "bmp"
    return "svg" if _is_svg(raw) else None


def read_picture(uri: str | None, limit: int, roots: Sequence[str] = ()) -> bytes:
    """The file that an image's URI names, where it is on this machine: `file://` or a plain path.

    Args:
        uri: of the manifest.
        limit: bytes of the largest picture; no more than one byte above it is ever read.
        roots: folders outside of which no file is opened, wherever its links lead; anywhere where empty.

    Raises:
        LeftOutError: missing, remote, outside_roots, too_large, or unreadable: no permission, or no regular file.
    """
    if not uri:
        raise LeftOutError(MISSING)
    path = files.local_path(uri)
    if path is None:
        raise LeftOutError(REMOTE)
    try:
        if not may_open(path, roots):
            raise LeftOutError(OUTSIDE)
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device would never end
            raise LeftOutError(UNREADABLE)
        if found.st_size > limit:
            raise LeftOutError(TOO_LARGE)
        with open(path, "rb") as file:
            raw = file.read(limit + 1)
    except ValueError:  # a NUL in the path
        raise LeftOutError(MISSING) from None
    except OSError as error:
        raise LeftOutError(MISSING if error.errno in _NOWHERE else UNREADABLE) from None
    if len(raw) > limit:  # it grew, or its file system does not tell sizes
        raise LeftOutError(TOO_LARGE)
    return raw


def sample_files(row: Mapping[str, Any], picture: bytes, names: Sequence[str]) -> dict[str, bytes]:
    """The files of a sample, by extension: its picture, its labels as json, its first label as cls.

    Args:
        row: of the table `manifest`.
        picture: of the image.
        names: of the labels; place = label_id.

    Raises:
        LeftOutError: it is not_a_picture.
        RunError: a label has no name.
    """
    extension = picture_extension(picture)
    if extension is None:
        raise LeftOutError(NOT_A_PICTURE)
    beyond = [label for label in row["label_ids"] if not 0 <= label < len(names)]
    if beyond:
        raise RunError(
            f"image {row['image_id']!r} has label {beyond[0]}, and the class map has {len(names):,} names. "
            "Publish the run again."
        )
    about = {
        "image_id": row["image_id"],
        "image_uri": row["image_uri"],
        "label_ids": row["label_ids"],
        "label_names": [names[label] for label in row["label_ids"]],
        # The shortest text of a float32: 0.3, not 0.30000001192092896.
        "label_confidences": [float(str(np.float32(value))) for value in row["label_confidences"]],
        "keep_prob": row["keep_prob"],
        "repeat_factor": row["repeat_factor"],
    }
    text = json.dumps(about, ensure_ascii=False)
    return {extension: picture, "json": text.encode("utf-8"), "cls": str(row["primary_label"]).encode("ascii")}


def open_tar(stream: BinaryIO) -> tarfile.TarFile:
    """A tar for `add_sample` to write into a stream, from its beginning to its end, without going back."""
    return tarfile.open(fileobj=stream, mode="w|", format=tarfile.USTAR_FORMAT)


def add_sample(tar: tarfile.TarFile, key: str, members: Mapping[str, bytes]) -> None:
    """Write the files of one sample, sorted by extension.

    Args:
        tar: from `open_tar`.
        key: without dots and slashes.
        members: extension -> content.
    """
    for extension in sorted(members):
        info = tarfile.TarInfo(f"{key}.{extension}")
        info.size = len(members[extension])
        # Said although they are the defaults of today: the bytes of a shard depend on them.
        info.mtime, info.uid, info.gid, info.uname, info.gname, info.mode = 0, 0, 0, "", "", 0o644
        tar.addfile(info, io.BytesIO(members[extension]))


def _is_svg(raw: bytes) -> bool:
    place = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    while before := _PROLOG.match(raw, place):
        place = before.end()
    return _SVG.match(raw, place) is not None
