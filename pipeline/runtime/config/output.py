"""The settings of what comes out."""

from dataclasses import dataclass

from pipeline.runtime.errors import ConfigError
from pipeline.runtime.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishConfig:
    """From labels on images to what training reads."""

    cap: int = setting(0, "Images a label that are kept for sure (t); 0 = chosen by tail_share.", low=0)
    tail_share: float = setting(
        0.06, "With cap = 0: t leaves this share of matches in labels below t (MetaCLIP's rule).", low=0.0, high=1.0
    )
    repeat_threshold: int = setting(0, "Images below which labels repeat; 0 = t.", low=0)
    effective_beta: float = setting(
        0.999, "Effective number of samples (1 - b^n) / (1 - b), Cui et al. 2019.", low=0, high=0.999999
    )
    head_share: float = setting(0.5, "Largest labels that hold this share of all pairs are the head.", low=0, high=1)
    tail_band_share: float = setting(
        0.1, "Smallest labels that hold this share of all pairs are the tail.", low=0, high=1
    )
    validation_share: float = setting(0.05, "Share of images held out, by a hash of the image.", low=0, high=0.9)
    seed: int = setting(0, "Of the draws and the split; another seed gives independent ones.", low=0)
    rows_per_file: int = setting(500_000, "Rows of a Parquet file, about 100 MB.", low=1)
    licence: str = setting("other", "Licence of your images and texts, written into the card.")

    def __post_init__(self) -> None:
        if self.head_share + self.tail_band_share > 1:
            raise ConfigError(
                f"head_share = {self.head_share} and tail_band_share = {self.tail_band_share} exceed 1 together."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConfig:
    """The page that shows a run."""

    labels_shown: int = setting(40, "Largest labels, and as many sampled tail labels.", low=1)
    pictures_per_label: int = setting(6, "Pictures of each shown label, where readable.", low=0)
    picture_bytes: int = setting(6_000_000, "All pictures together; the page stays openable.", low=0)
