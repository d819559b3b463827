"""The settings of what goes in: sources of texts, and tables of images."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.runtime.errors import ConfigError
from pipeline.runtime.settings import setting

FORMATS = ("parquet", "json", "csv", "tsv", "orc")
SIGNALS = ("title", "board", "query", "description", "alt", "tag", "comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """One table of texts about images, or a ready-made corpus."""

    name: str = setting("", "Name in counts and rejects; the file's name where empty.")
    corpus: str | None = setting(None, "A ready-made corpus in place of a table.", choices=("icons", "openclipart"))
    path: str | None = setting(None, "File, folder or glob; anything that Spark can read by path.")
    format: str = setting("parquet", f"{', '.join(FORMATS)}, or the name of any Spark data source.")
    options: Mapping[str, str] = setting({}, "Options handed to Spark's reader as they are.")
    signal: str | None = setting(None, f"Kind of text: {', '.join(SIGNALS)}, or your own.")
    signal_column: str | None = setting(None, "Column that holds the kind of text, for tables in long form.")
    image_id: str = setting("image_id", "Column with the image's id.")
    text: str = setting("text", "Column with the text; a list is one fact an element.")
    count: str | None = setting(None, "Column with how often the fact was seen; 1 where none.")
    contributor: str | None = setting(None, "Column with who said it: one voice in support, whatever its volume.")
    language: str | None = setting(None, "Column with the text's language (en, pt-BR, …); detected where none.")
    image_uri: str | None = setting(None, "Column with where the picture is.")
    licence: str = setting("", "Licence of this source, for the card; that of [publish] where empty.")

    def __post_init__(self) -> None:
        _require_named(self.path, self.image_id, self.text)
        _require_named(self.signal, self.signal_column, self.count, self.contributor, self.language, self.image_uri)
        if (self.corpus is None) == (self.path is None):
            raise ConfigError("give either path or corpus, and not both.")
        if self.corpus is None and (self.signal is None) == (self.signal_column is None):
            raise ConfigError("give either signal (one kind for all rows) or signal_column, and not both.")
        if not self.name:
            object.__setattr__(self, "name", self.corpus or Path(str(self.path)).name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesConfig:
    """One table of images: where they are, and which repost which."""

    name: str = setting("", "Name in counts and rejects; the file's name where empty.")
    path: str = setting("", "File, folder or glob; anything that Spark can read by path.")
    format: str = setting("parquet", f"{', '.join(FORMATS)}, or the name of any Spark data source.")
    options: Mapping[str, str] = setting({}, "Options handed to Spark's reader as they are.")
    image_id: str = setting("image_id", "Column with the image's id.")
    image_uri: str | None = setting(None, "Column with where the picture is.")
    duplicate_of: str | None = setting(None, "Column with the id of the image that this one reposts.")
    perceptual_hash: str | None = setting(
        None, "Column with a hash of the picture, 64 bits as 16 hexadecimal digits or as a number; equal is a repost."
    )
    max_distance: int = setting(
        0,
        "Bits by which the hash of a repost may differ; 0 = equal alone. Each bit folds more strangers too.",
        low=0,
        high=8,
    )

    def __post_init__(self) -> None:
        if not self.path:
            raise ConfigError("path is missing.")
        _require_named(self.path, self.image_id, self.image_uri, self.duplicate_of, self.perceptual_hash)
        if self.max_distance and not self.perceptual_hash:
            raise ConfigError(f"max_distance = {self.max_distance} needs perceptual_hash, the column to compare.")
        if not self.name:
            object.__setattr__(self, "name", Path(self.path).name)


def _require_named(*settings: str | None) -> None:
    """Raise where a setting is given, and has nothing in it or what no file and column can have."""
    for value in settings:
        if value is not None and (not value.strip() or "\0" in value):
            raise ConfigError(f"{value!r} names nothing: give path, signal and columns a name, or leave them out.")
