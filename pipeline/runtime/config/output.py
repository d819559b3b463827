"""The settings of what comes out."""

from dataclasses import dataclass

from pipeline.runtime.errors import ConfigError
from pipeline.runtime.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishConfig:
    """From labels on images to what training reads."""

    cap: float = setting(
        0.0, "Images a label that are kept (t), fractions too; 0 = chosen by tail_share. jobs/plan.py finds one.", low=0
    )
    tail_share: float = setting(
        0.06, "With cap = 0: t leaves this share of matches in labels below t (MetaCLIP's rule).", low=0.0, high=1.0
    )
    over: str = setting(
        "labels",
        "What shares evenly: labels side by side, or their hierarchy, topic by topic, with as many pairs as t leaves.",
        choices=("labels", "hierarchy"),
    )
    repeat_threshold: float = setting(0.0, "Images below which labels repeat; 0 = t, 1 = never.", low=0)
    effective_beta: float = setting(
        0.999, "Effective number of samples (1 - b^n) / (1 - b), Cui et al. 2019.", low=0, high=0.999999
    )
    head_share: float = setting(0.5, "Largest labels that hold this share of all pairs are the head.", low=0, high=1)
    tail_band_share: float = setting(
        0.1, "Smallest labels that hold this share of all pairs are the tail.", low=0, high=1
    )
    validation_share: float = setting(0.05, "Share of images held out, by a hash of the image.", low=0, high=0.9)
    split_by: str = setting(
        "image",
        "What is held out as a whole: an image with its reposts, or all that one contributor said most about.",
        choices=("image", "contributor"),
    )
    stratify: bool = setting(
        True, "Whether labels with ten images of their own have one held out; small sets then hold out more than asked."
    )
    held_out: str = setting(
        "",
        "CSV or Parquet file with a column phrase or image_id, or both: labels and images of a benchmark, kept out of "
        "the manifest; none where empty.",
    )
    held_out_images: bool = setting(
        False, "Whether images with a held-out label leave as a whole, not the label alone."
    )
    seed: int = setting(0, "Of the draws and the split; another seed gives independent ones.", low=0)
    rows_per_file: int = setting(0, "Rows of a Parquet file; 0 = as many as make about 128 MB.", low=0)
    licence: str = setting("other", "Licence of your images and texts, written into the card.")
    audit: str = setting(
        "", "Result of an audit of these labels, whose precision goes into the card; none where empty."
    )

    def __post_init__(self) -> None:
        if self.head_share + self.tail_band_share > 1:
            raise ConfigError(
                f"head_share = {self.head_share} and tail_band_share = {self.tail_band_share} exceed 1 together."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConfig:
    """The page that shows a run."""

    labels_shown: int = setting(40, "Largest labels, and as many sampled tail labels, that have a card.", low=1)
    labels_listed: int = setting(
        200_000, "Labels in the browser, most images first; a page of more would be slow to open.", low=1
    )
    labels_pictured: int = setting(
        200, "Further labels with pictures in the browser: half by images, half sampled by a hash.", low=0
    )
    labels_mapped: int = setting(
        50_000, "Labels on the map, most images first; this machine holds their vectors meanwhile.", low=0
    )
    doubts_shown: int = setting(24, "Doubtful phrases and image labels, of each kind.", low=0)
    pictures_per_label: int = setting(6, "Pictures of each shown label, where readable.", low=0)
    picture_bytes: int = setting(6_000_000, "All pictures together; the page stays openable.", low=0)
