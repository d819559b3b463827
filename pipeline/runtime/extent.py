"""How many signals a run is about to read, told from the size of its inputs."""

import glob
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.runtime import files
from pipeline.runtime.config import Config

_BYTES_A_SIGNAL = 15  # of compressed Parquet; other formats have fewer rows than this says
_FILES = 1_000  # that are looked at before Spark is there; who has more, has much


def signals_in(size: int) -> int:
    """Signals in so many bytes, rather too many than too few."""
    return size // _BYTES_A_SIGNAL


def is_small(config: Config, few: int) -> bool:
    """Whether a run surely reads fewer signals than `few`: ready-made corpora, or little files of this machine.

    Spark, which lists what is on other storage, need not be there yet.

    Args:
        config: of the run.
        few: signals.
    """
    if config.growth.base:
        return False  # its signals are there already, however many
    paths = [source.path for source in config.sources if source.path] + [images.path for images in config.images]
    try:
        found = [list(itertools.islice(_files(path), _FILES + 1)) for path in paths]
        size = sum(os.path.getsize(name) for names in found for name in names)
    except OSError:  # such as a file that has gone meanwhile
        return False
    return all(0 < len(names) <= _FILES for names in found) and signals_in(size) < few


def _files(path: str) -> Iterator[str]:
    """The files of this machine at a path: itself, those of a folder, or those of a glob; none elsewhere."""
    place = files.local_path(path)
    if place is None:
        return
    for name in glob.iglob(str(place)):
        if Path(name).is_dir():
            yield from (os.path.join(folder, own) for folder, _, owns in os.walk(name) for own in owns)
        else:
            yield name
