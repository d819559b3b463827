"""The settings of texts and phrases."""

from dataclasses import dataclass

from pipeline.runtime.settings import setting


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
