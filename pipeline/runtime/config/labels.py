"""The settings of the labels of images."""

from dataclasses import dataclass

from pipeline.runtime.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchConfig:
    """From labels and texts to evidence."""

    nested_by: tuple[str, ...] = setting(
        ("head", "hypernym", "containment"),
        "Kinds of parents by which a phrase inside a longer one counts too: a table in a kitchen table; [] = never.",
        choices=("head", "hypernym", "containment"),
    )
    modifiers: bool = setting(
        True,
        "Whether a phrase counts inside a longer one that people say and no label has: dog in dog toy. False keeps out "
        "what modifies, and with it as much that is right (F1 -.007 on icons, +.002 on clip art).",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignConfig:
    """From evidence to labels of images."""

    max_labels: int = setting(20, "Labels an image, most confident first.", low=1)
    min_confidence: float = setting(0.3, "Below it a label is dropped and counted.", low=0, high=1)
    max_evidence: int = setting(8, "Evidence kept an image and label: millions of captions stay bounded.", low=1)
    terms: tuple[str, ...] = setting(
        ("reliability", "saturation", "specificity"),
        "What confidence is made of; the other terms bought nothing, see jobs/evaluate.py --ablate.",
        choices=("reliability", "saturation", "specificity", "coverage", "completeness", "agreement"),
    )
    best_reliability: float = setting(
        0.95, "Agreement tells reliabilities up to one factor; the best signal gets this.", low=0.5, high=1
    )
    agreement_weight: float = setting(
        0.5, "Signals that complement each other agree little; 0 = all alike, 1 = as they agree.", low=0, high=1
    )
    prior_reliability: float = setting(0.7, "A signal that never meets another gets this.", low=0.01, high=1)
    prior_strength: float = setting(20.0, "Observations that the prior is worth.", low=0)
    band_strength: float = setting(
        500.0, "Observations that a signal's reliability over all labels is worth in each band.", low=0
    )
    closure: int = setting(
        0, "Levels of broader labels that an image gets too; 0 = none: they cost more precision than they give.", low=0
    )
    closure_by: tuple[str, ...] = setting(
        ("head", "containment"),
        "Kinds of parents that closure follows; of the third, hypernym, most precision is lost.",
        choices=("head", "hypernym", "containment"),
    )
    closure_discount: float = setting(
        0.7, "How far a parent is believed where its child is certain; once more for each level.", low=0, high=1
    )
    implications: bool = setting(
        False, "Whether labels that go with another on most of its images follow from it; precision falls more often."
    )
    implication_share: float = setting(
        0.8, "Share of the images of a label on which the other one stands, that implies it.", low=0.5, high=1
    )
    implication_images: int = setting(20, "Images that carry both labels, at least.", low=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelingConfig:
    """What a few trusted images teach."""

    trusted: str = setting(
        "",
        "File of trusted labels (image_id, label: all that is true of an image), or the result of an audit (with the "
        "column correct); none where empty.",
    )
    min_trusted: int = setting(50, "Fewer trusted images teach too little to be told from luck.", low=10)
    min_precision: float = setting(
        0.0,
        "Precision that taught labels should have; 0 = as many right and as few wrong as possible (F1).",
        low=0,
        high=1,
    )
    max_trusted: int = setting(
        8_000, "More trusted images are sampled by a hash: the fit works on a square of them, 0.5 GB.", low=50
    )
