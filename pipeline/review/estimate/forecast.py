"""What is asked of an estimate, and what it says: the target, and the forecast for each stage."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.review.estimate.growth import Power
from pipeline.review.estimate.memory import Memory
from pipeline.runtime.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be run, and on what.

    Attributes:
        signals: rows of the sources.
        executors: how many.
        cores: of each executor.
        memory_gb: of each executor, heap and Python workers together.
        driver_memory_gb: of the driver's machine.
        disk_mb_s: of each executor's disk.
        network_mb_s: of each executor.
        languages: that hold mine.max_phrases each, at most.
        phrases_per_second: that the encoder does on the target, all together; as in the run, by cores, where None.
    """

    signals: float
    executors: int = 1
    cores: int = 2
    memory_gb: float = 8.0
    driver_memory_gb: float = 8.0
    disk_mb_s: float = 200.0
    network_mb_s: float = 1_000.0
    languages: int = 1
    phrases_per_second: float | None = None

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if value is not None and not (0 < value < math.inf):
                raise ConfigError(f"{name} must be above 0, got {value}")

    @property
    def all_cores(self) -> int:
        """Of all executors."""
        return self.executors * self.cores


@dataclass(frozen=True, slots=True, kw_only=True)
class StageForecast:
    """One stage of the target.

    Attributes:
        stage: name.
        hours: expected.
        most_hours: if all that was measured grows with the size, at the exponent measured, and nothing overlaps.
        fixed_hours: of these, whatever the size and the machines.
        driver: what takes the time: fixed, driver, cores, disk or network.
        shuffle_bytes: written by shuffles; None where the runs did not record it.
        spill_bytes: written to disk for lack of memory, as in the runs; None too.
        table_bytes: of the tables that it writes.
    """

    stage: str
    hours: float
    most_hours: float
    fixed_hours: float
    driver: str
    shuffle_bytes: float | None
    spill_bytes: float | None
    table_bytes: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """A whole run.

    Attributes:
        target: what was asked for.
        counts: at the target.
        growth: count -> its power law.
        stages: forecasts.
        memory: of driver and executors.
        partitions: spark.shuffle_partitions that it needs.
        faults: what does not fit, and which setting to change.
        warnings: what the forecast cannot know.
    """

    target: Target
    counts: Mapping[str, float]
    growth: Mapping[str, Power]
    stages: Sequence[StageForecast]
    memory: Memory
    partitions: int
    faults: Sequence[str]
    warnings: Sequence[str]

    @property
    def hours(self) -> float:
        """Of all stages."""
        return sum(stage.hours for stage in self.stages)

    @property
    def most_hours(self) -> float:
        """Of all stages, at most."""
        return sum(stage.most_hours for stage in self.stages)


def as_values(found: Forecast) -> dict[str, Any]:
    """The forecast as plain values for JSON."""
    target = {name: getattr(found.target, name) for name in found.target.__dataclass_fields__}
    return {
        "target": target,
        "counts": dict(found.counts),
        "exponents": {name: law.exponent for name, law in found.growth.items()},
        "stages": [{name: getattr(item, name) for name in item.__dataclass_fields__} for item in found.stages],
        "hours": found.hours,
        "most_hours": found.most_hours,
        "memory_gb": {"driver": dict(found.memory.driver), "executor": dict(found.memory.executor)},
        "shuffle_partitions": found.partitions,
        "faults": list(found.faults),
        "warnings": list(found.warnings),
    }
