"""What the files of an input were when a stage read them, so that a change is noticed and named.

`inputs.json` of a run holds, for each stage and each of its settings that name a file, every file's size, time and
fingerprint. A stage that is done again, or goes on after a stop, must find what was there when it began; of a finished
stage a change is only said, since its tables hold what it read.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipeline.runtime import files
from pipeline.runtime.errors import RunError
from pipeline.runtime.fingerprint import fingerprint
from pipeline.runtime.secrets import mask_text

Seen = dict[str, list[Any]]  # file -> [bytes, time in ms, fingerprint]
_READERS = 8
_NAMED = 3  # changed files that are named


class Witness:
    """The inputs of one run, as its stages found them.

    Args:
        spark: the session.
        folder: of the run.
    """

    def __init__(self, spark: SparkSession, folder: str) -> None:
        self._spark = spark
        self._path = files.join(folder, "inputs.json")
        self._known: dict[str, dict[str, Any]] = files.read_json(self._path) or {}

    def begin(self, stage: str, inputs: Mapping[str, str]) -> None:
        """Put on record what a stage is about to read.

        Args:
            stage: its name.
            inputs: setting -> path, file, folder or glob.

        Raises:
            RunError: it began before, and they have changed since.
        """
        changed = self.changes(stage, inputs)
        if changed:
            raise RunError(
                f"{stage}: {'; '.join(changed)} since the stage began. Restore what was there, or start a new run."
            )
        if inputs:
            found = {name: {"path": mask_text(path), "files": look(self._spark, path)} for name, path in inputs.items()}
            self._known[stage] = found
            files.write_json(self._path, self._known)

    def end(self, stage: str, inputs: Mapping[str, str]) -> None:
        """Make sure that they were the same all the while.

        Raises:
            RunError: they have changed meanwhile; what the stage wrote does not count.
        """
        changed = self.changes(stage, inputs)
        if changed:
            self.forget([stage])
            raise RunError(f"{stage}: {'; '.join(changed)} while it was read. Go on with --resume to read it anew.")

    def changes(self, stage: str, inputs: Mapping[str, str]) -> list[str]:
        """What differs from what the stage found: one entry a setting, the first changed files named."""
        known = self._known.get(stage, {})
        told = []
        for name, path in inputs.items():
            if name in known:
                different = compare(known[name]["files"], look(self._spark, path))
                if different:
                    more = f" and {len(different) - _NAMED} more" if len(different) > _NAMED else ""
                    told.append(f"{name} has changed: {', '.join(different[:_NAMED])}{more}")
        return told

    def size(self, stage: str) -> int | None:
        """Bytes of all files that a stage has found; None where an input has none that can be listed."""
        known = [found["files"] for found in self._known.get(stage, {}).values()]
        return sum(size for files in known for size, *_ in files.values()) if all(known) else None

    def forget(self, stages: Sequence[str]) -> None:
        """Stages that are to be done anew may find other inputs."""
        if any(self._known.pop(stage, None) is not None for stage in stages):
            files.write_json(self._path, self._known)


def look(spark: SparkSession, path: str) -> Seen:
    """Every file that Spark reads at a path: bytes, time and fingerprint; nothing where it cannot list the path.

    Of storage that pyarrow does not know the fingerprint is empty.
    """
    listing = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    try:
        rows = listing.load(files.absolute(path)).select("path", F.unix_millis("modificationTime"), "length").collect()
    except PySparkException:  # no file, or a table that has no files: the stage itself says what is wrong
        return {}
    with ThreadPoolExecutor(_READERS) as pool:
        prints = pool.map(_fingerprint, [row[0] for row in rows])
        found = {_plain(row[0]): [row[2], row[1], known] for row, known in zip(rows, prints, strict=True)}
    return dict(sorted(found.items()))


def as_one(seen: Mapping[str, Sequence[Any]]) -> str:
    """The fingerprint of a file, or of several together, whatever their names; empty where it is not known of each."""
    prints = sorted((str(told), int(size)) for size, _, told in seen.values())
    if not prints or not all(told for told, _ in prints):
        return ""
    if len(prints) == 1:
        return prints[0][0]
    return hashlib.blake2b(repr(prints).encode(), digest_size=16).hexdigest()


def compare(before: Mapping[str, Sequence[Any]], now: Mapping[str, Sequence[Any]]) -> list[str]:
    """Files that are not what they were, each with what it was and is, in the order of their names.

    A file with the same bytes and a later time is the same: it was copied or touched.
    """
    told = []
    for name in sorted(set(before) | set(now)):
        old, new = before.get(name), now.get(name)
        if old is None or new is None:
            told.append(f"{name} is {'gone' if new is None else 'new'}")
        elif old[0] != new[0]:
            told.append(f"{name} had {old[0]:,} bytes and has {new[0]:,}")
        elif old[2] != new[2] or (not old[2] and old[1] != new[1]):
            told.append(f"{name} has other contents of the same size")
    return told


def _fingerprint(uri: str) -> str:
    try:
        return fingerprint(_plain(uri))
    except (OSError, ValueError):
        return ""


def _plain(uri: str) -> str:
    """Hadoop writes local paths as file:/path, with nothing escaped."""
    return uri.removeprefix("file:") if uri.startswith("file:/") and not uri.startswith("file://") else uri
