"""The settings of a run: one dataclass a stage, every default with its reason. `load` makes them of a TOML file."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field

from pipeline.runtime.config.growth import GrowthConfig
from pipeline.runtime.config.labels import AssignConfig, LabelingConfig, MatchConfig
from pipeline.runtime.config.output import PublishConfig, ReportConfig
from pipeline.runtime.config.phrases import MineConfig, NormalizeConfig
from pipeline.runtime.config.vocabulary import ClusterConfig, EmbedConfig
from pipeline.runtime.inputs import ImagesConfig, SourceConfig
from pipeline.runtime.places import PathsConfig
from pipeline.runtime.secrets import mask
from pipeline.runtime.settings import setting

__all__ = [
    "AssignConfig",
    "ClusterConfig",
    "Config",
    "EmbedConfig",
    "GrowthConfig",
    "LabelingConfig",
    "MatchConfig",
    "MineConfig",
    "NormalizeConfig",
    "PathsConfig",
    "PublishConfig",
    "ReportConfig",
    "SparkConfig",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkConfig:
    """The engine."""

    master: str = setting("local[*]", "All cores of this machine; spark-submit --master goes before it.")
    driver_memory: str = setting("3g", "Heap of the JVM: room for 10 M signals, and left over on an 8 GiB machine.")
    shuffle_partitions: int = setting(
        16, "Partitions of a shuffle before Spark merges small ones; tables do not depend on it.", low=1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that decides what a run computes."""

    sources: tuple[SourceConfig, ...]
    images: tuple[ImagesConfig, ...] = ()
    spark: SparkConfig = field(default_factory=SparkConfig)
    paths: PathsConfig = field(default_factory=PathsConfig)
    growth: GrowthConfig = field(default_factory=GrowthConfig)
    normalize: NormalizeConfig = field(default_factory=NormalizeConfig)
    mine: MineConfig = field(default_factory=MineConfig)
    embed: EmbedConfig = field(default_factory=EmbedConfig)
    cluster: ClusterConfig = field(default_factory=ClusterConfig)
    match: MatchConfig = field(default_factory=MatchConfig)
    assign: AssignConfig = field(default_factory=AssignConfig)
    labeling: LabelingConfig = field(default_factory=LabelingConfig)
    publish: PublishConfig = field(default_factory=PublishConfig)
    report: ReportConfig = field(default_factory=ReportConfig)

    def digest(self, *sections: str) -> str:
        """16 hexadecimal digits of the named sections without their secrets: equal settings, equal digest."""
        settings = mask(dataclasses.asdict(self))
        chosen = {name: settings[name] for name in sections}
        text = json.dumps(chosen, sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
