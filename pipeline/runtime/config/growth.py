"""The setting of a run that goes on from another one's labels."""

from dataclasses import dataclass

from pipeline.runtime.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthConfig:
    """Which run this one grows from, and which images it works on again."""

    base: str = setting(
        "", "Run of the same root whose labels stay; the sources hold what is new since. --base sets it. None if empty."
    )
    rework_share: float = setting(
        0.05,
        "An earlier image is worked on again once its new signals are this share of the earlier; they wait till then.",
        low=0,
        high=1,
    )
