"""Small files of a run (pointers, records, pages) on any storage that pyarrow knows: local paths, HDFS, S3, GCS."""

import contextlib
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pyarrow import fs

from pipeline.runtime.errors import RunError


def absolute(path: str | Path) -> str:
    """The path as Spark and pyarrow both understand it: a URI as it is, a local path made absolute."""
    text = str(path)
    return text if "://" in text else os.path.abspath(text)


def join(folder: str, *parts: str) -> str:
    """A path below a folder, local or remote."""
    return "/".join([folder.rstrip("/"), *parts])


def local_path(uri: str) -> Path | None:
    """The local file that a URI names: `file://` or a plain path. None for any other scheme or host."""
    try:
        parts = urlsplit(uri)
    except ValueError:  # such as an unclosed [ of an IPv6 address
        return None
    if not parts.scheme:
        return Path(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    return None


def read_json(path: str) -> dict[str, Any] | None:
    """The JSON object in a file, or None where there is no such file.

    Raises:
        RunError: the file holds something else.
    """
    text = read_text(path)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise RunError(f"{path}: not readable as JSON ({error}). The file was damaged; start a new run.") from None
    if not isinstance(value, dict):
        raise RunError(f"{path}: expected a JSON object, found {type(value).__name__}.")
    return value


def write_json(path: str, value: Mapping[str, Any]) -> None:
    """Write a JSON object as one step: a reader sees the old file or the new one."""
    write_text(path, as_json(value))


def as_json(value: Mapping[str, Any]) -> str:
    """The JSON that people can read, keys sorted."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def read_text(path: str) -> str | None:
    """The text of a file, or None where there is no such file.

    Raises:
        RunError: it holds no text.
    """
    system, inside = open_storage(path)
    try:
        if system.get_file_info(inside).type is not fs.FileType.File:
            return None
        with system.open_input_stream(inside) as stream:
            return bytes(stream.read()).decode("utf-8")
    except FileNotFoundError:  # gone between the two
        return None
    except UnicodeDecodeError as error:
        raise RunError(f"{path}: not readable as text ({error}). The file was damaged; start a new run.") from None


def write_text(path: str, text: str) -> None:
    """Write a text as one step, making its folder where needed."""
    system, inside = open_storage(path)
    folder = inside.rpartition("/")[0]
    system.create_dir(folder, recursive=True)
    beside = f"{folder}/.{uuid.uuid4().hex}"
    try:
        with system.open_output_stream(beside) as stream:
            stream.write(text.encode("utf-8"))
        system.move(beside, inside)
    except OSError:  # such as a full disk
        with contextlib.suppress(OSError):
            system.delete_file(beside)
        raise


def write_new(path: str, text: str) -> bool:
    """Write a text as one step where there is no such file; False, and nothing written, where there is one.

    On a local disk one of many that try at the same time succeeds. Object stores have no such step: there two may
    succeed, and the last one is read.
    """
    system, inside = open_storage(path)
    if not isinstance(system, fs.LocalFileSystem):
        if exists(path):
            return False
        write_text(path, text)
        return True
    place = Path(inside)
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{uuid.uuid4().hex}")
    beside.write_text(text, encoding="utf-8")
    try:
        os.link(beside, place)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    return True


def exists(path: str) -> bool:
    """Whether a file or folder is there."""
    system, inside = open_storage(path)
    return system.get_file_info(inside).type is not fs.FileType.NotFound


def sizes(folder: str) -> dict[str, int]:
    """Path below the folder -> bytes of each data file; hidden files and markers are left out."""
    system, inside = open_storage(folder)
    selector = fs.FileSelector(inside, allow_not_found=True, recursive=True)
    found = {
        info.path[len(inside.rstrip("/")) + 1 :]: info.size
        for info in system.get_file_info(selector)
        if info.type is fs.FileType.File and not info.base_name.startswith((".", "_"))
    }
    return dict(sorted(found.items()))


def folders(folder: str) -> list[str]:
    """Names of the folders in a folder, sorted; none where it is not there."""
    system, inside = open_storage(folder)
    found = system.get_file_info(fs.FileSelector(inside, allow_not_found=True))
    return sorted(info.base_name for info in found if info.type is fs.FileType.Directory)


def remove(path: str) -> None:
    """Delete a folder or file with all that is in it; nothing happens where there is none."""
    system, inside = open_storage(path)
    kind = system.get_file_info(inside).type
    if kind is fs.FileType.Directory:
        system.delete_dir(inside)
    elif kind is fs.FileType.File:
        system.delete_file(inside)


def open_storage(path: str) -> tuple[fs.FileSystem, str]:
    """The file system that holds a path, and the path inside it.

    Every character of the path stands for itself, also behind a scheme: a space, and %20 for these three. So Spark has
    it, and a table and its pointer lie in one folder. What follows on a `?` are pyarrow's options, such as `region`.
    """
    system, inside = fs.FileSystem.from_uri(_quoted(absolute(path)))
    return system, inside.rstrip("/")


def _quoted(path: str) -> str:
    """The URI that pyarrow takes for the path; a local path is none, and stays."""
    scheme, mark, rest = path.partition("://")
    if not mark:
        return path
    host, slash, inside = rest.partition("/")
    inside, question, options = inside.partition("?")
    # Hadoop calls its S3 client s3a; pyarrow calls the same place s3.
    return f"{'s3' if scheme == 's3a' else scheme}://{host}{slash}{quote(inside)}{question}{options}"
