"""Which tables of a run are published, and in which files each lies: told by its pointers, without Spark.

A pointer is a small JSON file, `tables/NAME.json`, or `tables/NAME.PART.json` for each part of a table that is written
in parts:

    table, version   name of the table, and version of its schema
    path             folder of the files, below that of the run
    rows             of all files together
    files            name of each file -> bytes
    fingerprints     name of each file -> what `fingerprint` gives
    run              whose files they are, where a run points to those of a run that it grew from
"""

import functools
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pyarrow import fs

from pipeline.runtime import files
from pipeline.runtime.errors import RunError

Pointer = dict[str, Any]


class Pointers:
    """The published tables of one run; how their rows are read is decided by those that inherit.

    Args:
        folder: of the run, local or remote.
    """

    def __init__(self, folder: str) -> None:
        self.folder = files.absolute(folder)

    def parts(self, name: str) -> list[str]:
        """Parts of a table that are published, sorted; a table that is written as a whole is the part ''.

        Raises:
            RunError: a part is gone that a finished stage has on record.
        """
        stems = self._stems()
        self._require([stem for stem in self._on_record if _is_of(stem, name)], stems)
        return [stem[len(name) + 1 :] for stem in stems if _is_of(stem, name)]

    def require(self) -> None:
        """Check that all that finished stages have published is there.

        Raises:
            RunError: a table is gone, or a part of one.
        """
        self._require(self._on_record, self._stems())

    def pointer(self, name: str, part: str = "") -> Pointer:
        """What the pointer of a published table says.

        Raises:
            RunError: the table is not published, or its pointer was damaged.
        """
        path = self._pointer_path(name, part)
        pointer = files.read_json(path)
        if pointer is None:
            raise RunError(f"{self.folder}: no table {name!r}. Run the stage that writes it first.")
        lacking = [key for key in ("path", "files", "rows") if key not in pointer]
        if lacking:
            raise RunError(f"{path}: no {', '.join(lacking)} in it. The file was damaged; start a new run.")
        return pointer

    def pointers(self, name: str) -> list[Pointer]:
        """What the pointers of all parts of a table say.

        Raises:
            RunError: as in `pointer`.
        """
        return [self.pointer(name, part) for part in self.parts(name) or [""]]

    def rows(self, name: str) -> int:
        """Rows of a published table, by its pointers.

        Raises:
            RunError: as in `pointer`.
        """
        return sum(int(pointer["rows"]) for pointer in self.pointers(name))

    def digest(self, name: str) -> str:
        """16 hexadecimal digits of what is published of a table; a table that is written again has others.

        They are told from its pointers, with paths, sizes and fingerprints of its files, which are not read. Empty
        where it is not published.

        Raises:
            RunError: a pointer was damaged.
        """
        found = {part: self.pointer(name, part) for part in self.parts(name)}
        text = json.dumps(found, sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest() if found else ""

    def locate(self, pointer: Pointer) -> str:
        """The folder of the files that a pointer names; their sizes are compared with those on record.

        Raises:
            RunError: a file was truncated, replaced, added or deleted since.
        """
        # A grown run points to files of the run that it grew from, which lies beside it.
        owner = files.join(self.folder.rsplit("/", 1)[0], str(pointer["run"])) if "run" in pointer else self.folder
        path = files.join(owner, str(pointer["path"]))
        recorded, found = pointer["files"], files.sizes(path)
        for name in sorted(set(recorded) | set(found)):
            if recorded.get(name) != found.get(name):
                raise RunError(
                    f"{path}/{name}: {found.get(name, 'no')} bytes, the run recorded {recorded.get(name, 'none')}: "
                    f"the file was truncated, replaced, added or deleted. Restore it or start a new run."
                )
        return path

    @functools.cached_property
    def _on_record(self) -> list[str]:
        """Names of the pointers that finished stages have published, as the run has them on record when first asked."""
        record = files.read_json(files.join(self.folder, "run.json")) or {}
        return sorted({stem for stage in record.get("stages", []) for stem in stage.get("tables", [])})

    def _require(self, wanted: Sequence[str], there: Sequence[str]) -> None:
        for stem in wanted:
            if stem not in there:
                raise RunError(
                    f"{self._pointer_path(stem, '')}: the run has published this table, and the file is gone. "
                    f"Restore it or start a new run."
                )

    def _pointer_path(self, name: str, part: str) -> str:
        return files.join(self.folder, "tables", f"{name}.{part}.json" if part else f"{name}.json")

    def _stems(self) -> list[str]:
        """Names of all pointers without .json, sorted."""
        system, inside = files.open_storage(files.join(self.folder, "tables"))
        found = system.get_file_info(fs.FileSelector(inside, allow_not_found=True))
        names = [info.base_name for info in found if info.type is fs.FileType.File]
        return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


def _is_of(stem: str, name: str) -> bool:
    """Whether this is the name of a pointer of a table."""
    return stem == name or stem.startswith(f"{name}.")
