"""Which files of the user each stage reads, so that the road notices where they change."""

from collections.abc import Callable, Mapping

from pipeline.runtime import files
from pipeline.runtime.config import Config
from pipeline.sources import readers

Inputs = Callable[[Config], Mapping[str, str]]


def sources(config: Config) -> dict[str, str]:
    """Setting -> path of the sources and tables of images."""
    texts = {f"sources {source.name!r}": source.path for source in config.sources}
    listed = {f"images {table.name!r}": table.path for table in config.images}
    return {name: readers.literal(path) for name, path in (texts | listed).items() if path}


def setting(*names: str) -> Inputs:
    """The files that these settings (`section.key`) name, where they name one."""

    def named(config: Config) -> dict[str, str]:
        values = {}
        for name in names:
            section, _, key = name.partition(".")
            values[name] = str(getattr(getattr(config, section), key) or "")
        return {name: path for name, path in values.items() if path}

    return named


def earlier_labels(config: Config) -> dict[str, str]:
    """The small files that publish the labels of the run in `cluster.base`."""
    base = config.cluster.base
    tables = ("vocabulary", "members", "candidates") if base else ()
    return {f"cluster.base, {name}": files.join(str(base), "tables", f"{name}.json") for name in tables}
