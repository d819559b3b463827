"""The configuration of a run out of its TOML file, and back into TOML with every reason."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.runtime.config import (
    AssignConfig,
    ClusterConfig,
    Config,
    EmbedConfig,
    GrowthConfig,
    LabelingConfig,
    MatchConfig,
    MineConfig,
    NormalizeConfig,
    PathsConfig,
    PublishConfig,
    ReportConfig,
    SparkConfig,
)
from pipeline.runtime.errors import ConfigError
from pipeline.runtime.inputs import FORMATS, ImagesConfig, SourceConfig
from pipeline.runtime.places import check_places
from pipeline.runtime.settings import build, parse_toml, render, shown

SECTIONS: Mapping[str, type[Any]] = {
    "spark": SparkConfig,
    "paths": PathsConfig,
    "growth": GrowthConfig,
    "normalize": NormalizeConfig,
    "mine": MineConfig,
    "embed": EmbedConfig,
    "cluster": ClusterConfig,
    "match": MatchConfig,
    "assign": AssignConfig,
    "labeling": LabelingConfig,
    "publish": PublishConfig,
    "report": ReportConfig,
}
_LISTS: Mapping[str, type[Any]] = {"sources": SourceConfig, "images": ImagesConfig}


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a run's TOML file and apply `section.key=value` overrides.

    Raises:
        ConfigError: the file is missing or no TOML, or a setting is unknown, of the wrong type or impossible.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Give a TOML file by --config.") from None
    except ValueError as error:  # a NUL in the name
        raise ConfigError(f"{shown(str(path))}: cannot be read ({error}). Give a TOML file by --config.") from None
    raw = parse_toml(content, str(path))
    return parse_config(raw, str(path), overrides)


def parse_config(raw: Mapping[str, Any], where: str, overrides: Sequence[str] = ()) -> Config:
    """Check parsed TOML, with `section.key=value` overrides, and make the configuration of it.

    Args:
        raw: the parsed TOML.
        where: its file, for messages.
        overrides: settings that go before those of the file.

    Raises:
        ConfigError: a setting is unknown, of the wrong type or impossible, or names a path that is not allowed.
    """
    raw = {key: dict(value) if key in SECTIONS and isinstance(value, Mapping) else value for key, value in raw.items()}
    for override in overrides:
        _override(raw, override)
    for key, value in raw.items():
        if key not in SECTIONS and key not in _LISTS:
            raise ConfigError(
                f"{where}: unknown section [{str(key)[:80]}]. Allowed: {', '.join([*_LISTS, *SECTIONS])}."
            )
        if key in SECTIONS and not isinstance(value, Mapping):
            raise ConfigError(f"{where}: {key} = {shown(value)} must be a section: [{key}].")
        if key in _LISTS and not (isinstance(value, list) and all(isinstance(item, Mapping) for item in value)):
            raise ConfigError(f"{where}: {key} must be a list of tables: [[{key}]].")
    if not raw.get("sources"):
        raise ConfigError(f'{where}: no [[sources]]. Name at least one table of texts, or corpus = "icons".')
    parts: dict[str, Any] = {name: build(cls, raw.get(name, {}), f"{where} [{name}]") for name, cls in SECTIONS.items()}
    for name, cls in _LISTS.items():
        items = tuple(build(cls, item, f"{where} [[{name}]] {i}") for i, item in enumerate(raw.get(name, []), start=1))
        names = [item.name for item in items]
        twice = sorted({item for item in names if names.count(item) > 1})
        if twice:
            raise ConfigError(f"{where} [[{name}]]: name {twice[0]!r} is used twice; give each its own name.")
        parts[name] = items
    config = Config(**parts)
    roots = config.paths.allowed_roots
    if roots:
        tables: list[SourceConfig | ImagesConfig] = [*config.sources, *config.images]
        for source in tables:
            if source.path and source.format not in FORMATS:  # others may lead anywhere by their options
                raise ConfigError(
                    f"{where}: {source.name!r} has format {source.format!r}. With paths.allowed_roots set, use one of "
                    f"{', '.join(FORMATS)}."
                )
    check_places({f"{where}: {name}": path for name, path in named_paths(config).items()}, roots)
    return config


def named_paths(config: Config) -> dict[str, str]:
    """Setting -> every path that the configuration names."""
    model = config.embed.encoder.removeprefix("static:")
    named = {"embed.encoder": model} if os.path.exists(model) else {}  # else a name
    return stored_paths(config) | named


def stored_paths(config: Config) -> dict[str, str]:
    """The same without the folder of a model, which lies on every machine's disk: libraries read it, and no Spark."""
    paths = {f"sources {source.name!r} path": source.path or "" for source in config.sources}
    paths |= {f"images {table.name!r} path": table.path for table in config.images}
    paths |= {
        "mine.dictionary": config.mine.dictionary,
        "labeling.trusted": config.labeling.trusted,
        "publish.held_out": config.publish.held_out,
        "publish.audit": config.publish.audit,
        "cluster.base": config.cluster.base,
        "embed.cache": config.embed.cache,
    }
    return {name: path for name, path in paths.items() if path}


def render_config(config: Config) -> str:
    """The complete effective configuration as TOML, each setting after the reason for its default."""
    parts = [f"[[{name}]]\n{render(item)}" for name in _LISTS for item in getattr(config, name)]
    parts += [f"[{name}]\n{render(getattr(config, name))}" for name in SECTIONS]
    return "\n\n".join(parts) + "\n"


def _override(raw: dict[str, Any], override: str) -> None:
    """Apply one `section.key=value`; the value is TOML, or a bare string."""
    name, equals, text = override.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (equals and dot and key):
        raise ConfigError(f"--set {override[:200]}: write it as section.key=value.")
    if section not in SECTIONS:
        raise ConfigError(f"--set {override[:200]}: unknown section {section[:80]!r}. Allowed: {', '.join(SECTIONS)}.")
    try:
        parsed = parse_toml(f"value = {text}", "--set")
    except ConfigError:
        parsed = {}
    table = raw.setdefault(section, {})
    if isinstance(table, dict):  # else it is named when the sections are checked
        # More than one value is no TOML value, so it is a string.
        table[key] = parsed["value"] if parsed.keys() == {"value"} else text
