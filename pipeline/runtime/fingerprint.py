"""What is in a file, told from a part of it: enough to notice that it is another one."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pipeline.runtime import files

BLOCK = 1 << 16
BLOCKS = 16
_READERS = 8  # files that are looked at side by side


def fingerprint(path: str) -> str:
    """32 hexadecimal digits of a file's size and contents: all of it up to 1 MiB, else 16 blocks of 64 KiB.

    The blocks lie evenly, the first and the last included (where Parquet and ORC have their footers), so that the cost
    does not grow with the file. A change that keeps the size and falls between the blocks is not seen.

    Args:
        path: a file, local or remote.

    Raises:
        OSError: it cannot be read.
    """
    system, inside = files.open_storage(path)
    with system.open_input_file(inside) as file:
        size = file.size()
        digest = hashlib.blake2b(str(size).encode(), digest_size=16)
        for start in _starts(size):
            file.seek(start)
            digest.update(file.read(BLOCK))
    return digest.hexdigest()


def fingerprints(folder: str, names: Iterable[str]) -> dict[str, str]:
    """The fingerprint of each file of a folder by its name.

    Args:
        folder: local or remote.
        names: of files in it, or paths below it.

    Raises:
        OSError: one cannot be read.
    """
    named = list(names)
    with ThreadPoolExecutor(_READERS) as pool:
        found = pool.map(fingerprint, (files.join(folder, name) for name in named))
        return dict(zip(named, found, strict=True))


def _starts(size: int) -> list[int]:
    """Where blocks begin, ascending; they cover a file that is small enough."""
    if size <= BLOCK * BLOCKS:
        return list(range(0, size, BLOCK))
    return [int(start) for start in np.linspace(0, size - BLOCK, BLOCKS).astype(np.int64)]
