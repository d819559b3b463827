"""The setting of a run that goes on from another one's labels."""

from dataclasses import dataclass

from pipeline.runtime.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthConfig:
    """Which run this one grows from."""

    base: str = setting(
        "", "Run of the same root whose labels stay; the sources hold what is new since. --base sets it. None if empty."
    )
