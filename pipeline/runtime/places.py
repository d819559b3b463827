"""Where a run may read: the folders that whoever runs others' configurations allows, and paths that are one place.

A path is judged by where it leads, after `..`, symbolic links, braces of a glob and percent-encoding are resolved.
Every way in which Spark or pyarrow may take a spelling must lie below an allowed root.
"""

import glob
import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from pipeline.runtime.errors import ConfigError
from pipeline.runtime.settings import setting

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):(?=/)")
_MAX_SPELLINGS = 1000  # a glob with more alternatives is refused, not unfolded


@dataclass(frozen=True, slots=True, kw_only=True)
class PathsConfig:
    """Where a run may read."""

    allowed_roots: tuple[str, ...] = setting(
        (), "Folders below which all that settings name must lie; anywhere where empty: one's own machine."
    )

    def __post_init__(self) -> None:
        for root in self.allowed_roots:
            if not root.strip() or re.search(r"[*?\[\]{}]", root):
                raise ConfigError(f"allowed_roots: {root!r} must be one folder.")


def check_places(paths: Mapping[str, str], roots: Sequence[str]) -> None:
    """Check that every path lies below one of the roots, and so does all that it leads to on this machine's disk.

    Args:
        paths: setting -> path: a file, folder, glob or URI.
        roots: allowed folders; none: anywhere is allowed.

    Raises:
        ConfigError: naming setting, path, where it leads and the roots.
    """
    if not roots:
        return
    for name, path in paths.items():
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(?!/)", path):
            raise ConfigError(f"{name} = {path!r}: with paths.allowed_roots set, write a URI as scheme://place.")
        for place in _leads_to(name, path):
            if not is_below(place, roots):
                led = "" if place == path else f" leads to {place}, which"
                raise ConfigError(
                    f"{name} = {path!r}{led} lies outside paths.allowed_roots ({', '.join(roots)}). "
                    f"Name a path below one of them."
                )


def refuse_plain(default: str, paths: Mapping[str, str]) -> None:
    """Check that no path means one place to Spark and another one to pyarrow.

    To pyarrow a path without a scheme lies on this machine's disk, to Spark on its default file system.

    Args:
        default: URI of Spark's default file system, as `session.default_storage` gives it.
        paths: setting -> path that both read or write.

    Raises:
        ConfigError: the default is not the local disk, and a path has no scheme; naming the first one.
    """
    if default.startswith("file:"):
        return
    for name, path in paths.items():
        if path and "://" not in path:
            scheme = _SCHEME.match(path)  # file:/x, which nobody but Java takes for a URI
            place = path[scheme.end() :] if scheme else os.path.abspath(path)
            raise ConfigError(
                f"{name} = {path!r}: Spark's default file system is {default}, so a path without a scheme would mean "
                f"two places. Write file://{place} for the disk of every machine, or {default.rstrip('/')}{place}."
            )


def is_below(path: str, roots: Sequence[str]) -> bool:
    """Whether one file or folder, local or remote, is an allowed root or lies below one, links resolved.

    Args:
        path: no glob; each of its spellings (as it is, and percent-decoded) must lie below.
        roots: allowed folders.
    """
    allowed = [_resolved(root) for root in roots]
    return all(
        any(place == root or place.startswith(root.rstrip("/") + "/") for root in allowed)
        for place in {_resolved(spelling) for spelling in _decoded(path)}
    )


def may_open(path: Path, roots: Sequence[str]) -> bool:
    """Whether a local file may be opened: it lies below a root, links resolved, or there are no roots."""
    return not roots or is_below(str(path.absolute()), roots)


def absolute_roots(roots: Sequence[str]) -> tuple[str, ...]:
    """The same folders for processes that work elsewhere, such as workers."""
    return tuple(root if _SCHEME.match(root) else str(Path(root).absolute()) for root in roots)


def _resolved(path: str) -> str:
    """The one spelling of a place: real path, or scheme://host/path without `..`."""
    local = _local(path)
    if local is not None:
        return os.path.realpath(local)
    scheme, _, rest = path.partition(":")
    host, _, inside = rest.lstrip("/").partition("/") if rest.startswith("//") else ("", "", rest)
    return f"{scheme.lower()}://{host}{posixpath.normpath('/' + inside.lstrip('/'))}"


def _local(path: str) -> str | None:
    """The path on this machine's disk; None for a remote one."""
    scheme = _SCHEME.match(path)
    if scheme is None:
        return path
    if scheme[1].lower() != "file":
        return None
    rest = path[scheme.end() :]
    return (
        "/" + rest.lstrip("/").removeprefix("localhost/") if rest.startswith("//localhost/") else "/" + rest.lstrip("/")
    )


def _decoded(path: str) -> list[str]:
    """The path as it is, and with percent-encoding taken off, again and again."""
    spellings = [path]
    while (plain := unquote(spellings[-1])) != spellings[-1]:
        spellings.append(plain)
    return spellings


def _leads_to(name: str, path: str) -> Iterator[str]:
    """Every place that the path can stand for, and where links in it lead."""
    spellings = _unfolded(name, path)
    for spelling in spellings:
        bare = re.sub(r"\\(.)", r"\1", spelling)  # Spark takes a backslash off
        yield from {spelling, bare}
        local = _local(spelling)
        if local is None:
            continue
        for top in {local, bare if _local(bare) is None else str(_local(bare)), *_matches(local)}:
            yield top
            yield from _links(top, set())


def _unfolded(name: str, path: str) -> list[str]:
    """Every alternative that the braces of a glob stand for; the path itself is among them."""
    done, waiting = [path], [path]
    while waiting:
        braces = re.search(r"\{([^{}]*)\}", spelling := waiting.pop())
        if braces is None:
            done.append(spelling)
            continue
        waiting += [spelling[: braces.start()] + part + spelling[braces.end() :] for part in braces[1].split(",")]
        if len(done) + len(waiting) > _MAX_SPELLINGS:
            raise ConfigError(f"{name} = {path!r} stands for more than {_MAX_SPELLINGS:,} paths. Write a simpler one.")
    return list(dict.fromkeys(done))


def _matches(pattern: str) -> list[str]:
    """What a glob finds on the disk; Spark writes [^a] for Python's [!a]."""
    if not re.search(r"[*?\[]", pattern):
        return []
    return glob.glob(re.sub(r"\\(.)", r"[\1]", pattern.replace("[^", "[!")), include_hidden=True)


def _links(top: str, seen: set[str]) -> Iterator[str]:
    """Where the symbolic links inside a folder lead, and those in the folders that they lead to."""
    real = os.path.realpath(top)
    if real in seen or not Path(real).is_dir():
        return
    seen.add(real)
    for folder, names, others in os.walk(real):
        for link in (os.path.join(folder, entry) for entry in names + others):
            if os.path.islink(link):
                yield link
                yield from _links(link, seen)
