"""Static models: one vector a token, distilled from a sentence-transformers model; a phrase is the mean of its tokens.

Many times as fast as the model that they come from, and blind to word order. After model2vec (Tulkens and van Dongen,
2024): every token of the model's vocabulary is encoded alone, the vectors are turned to their principal components and
cut, and frequent tokens weigh less (SIF, Arora et al. 2017; a token's rank in the vocabulary stands for its frequency).
"""

import contextlib
import hashlib
import importlib.util
import io
import logging
import uuid
import zipfile
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
from pyarrow import fs

from pipeline.runtime import files
from pipeline.runtime.errors import ConfigError, RunError
from pipeline.vocabulary.encoding import sentence
from pipeline.vocabulary.encoding.fixed_shapes import Vectors, to_unit

PREFIX = "static:"
DIMENSIONS = 256  # most components after these are noise of single tokens
SIF = 1e-4
_PACKAGES = ("model2vec", "skeletoken")
log = logging.getLogger("pipeline")


class StaticEncoder:
    """A model distilled from another; it is made once and kept as one file.

    Args:
        source: a sentence-transformers model, as for `SentenceEncoder`.
        store: folder of distilled models, local or remote.

    Raises:
        ConfigError: what it needs is not installed, or there is no such model.
        RunError: the kept file is damaged.
    """

    def __init__(self, source: str, store: str) -> None:
        self.fingerprint = fingerprint(source)
        from model2vec import StaticModel
        from tokenizers import Tokenizer

        path = prepare(source, store)
        system, inside = files.open_storage(path)
        with system.open_input_stream(inside) as stream:
            content = io.BytesIO(stream.read())
        try:
            with np.load(content, allow_pickle=False) as kept:
                vectors, tokenizer = kept["vectors"], kept["tokenizer"].tobytes().decode()
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise RunError(f"{path}: no readable static model ({error}). Delete the file; it is made anew.") from None
        self._model = StaticModel(vectors, Tokenizer.from_str(tokenizer), normalize=False)
        self.dimensions = int(vectors.shape[1])

    def encode(self, phrases: Sequence[str]) -> Vectors:
        """Unit vectors of the phrases, float32 [n, dimensions]; zero where the model knows no token of a phrase."""
        if not len(phrases):
            return np.zeros((0, self.dimensions), dtype=np.float32)
        # The package would share out a long list over processes; a worker has one core.
        return to_unit(np.asarray(self._model.encode(list(phrases), use_multiprocessing=False)))


def fingerprint(source: str) -> str:
    """Identity of a static model without making it: the source's identity, the package and the settings.

    Raises:
        ConfigError: as for the encoder.
    """
    missing = [name for name in _PACKAGES if not importlib.util.find_spec(name)]
    if missing:
        raise ConfigError(
            f"embed.encoder = '{PREFIX}{source}': {' and '.join(missing)} not installed. "
            "Install the extra: pip install 'longtail-labels[static]'."
        )
    identity = f"{sentence.fingerprint(source)} {version('model2vec')} {np.__version__} {DIMENSIONS} {SIF}"
    return f"static-{source.rpartition('/')[2]}-{hashlib.blake2b(identity.encode(), digest_size=8).hexdigest()}"


def libraries(source: str) -> tuple[str, ...]:
    """Packages without which a worker cannot load the model: its own, and those of the model that it comes from."""
    return (*_PACKAGES, *sentence.libraries(source))


def prepare(source: str, store: str) -> str:
    """Path of the distilled model, which is made where it is not there yet; some minutes on one core.

    It is written beside and renamed: a killed run leaves nothing that is read, and of two that make it at the same
    time both write the same.
    """
    path = files.join(store, f"{fingerprint(source)}.npz")
    if not files.exists(path):
        log.info("  distilling %s: some minutes, once", source)
        vectors, tokenizer = _distill(source)
        content = io.BytesIO()
        np.savez(content, vectors=vectors, tokenizer=np.frombuffer(tokenizer.encode(), dtype=np.uint8))
        write_once(path, content.getvalue())
    return path


def write_once(path: str, content: bytes) -> None:
    """Write a file as one step, making its folder where needed; a file that is there by then stays."""
    system, inside = files.open_storage(path)
    folder = inside.rpartition("/")[0]
    system.create_dir(folder, recursive=True)
    beside = f"{folder}/.{uuid.uuid4().hex}"
    with system.open_output_stream(beside) as stream:
        stream.write(content)
    if system.get_file_info(inside).type is fs.FileType.File:
        system.delete_file(beside)
    else:
        system.move(beside, inside)


def _distill(source: str) -> tuple[Vectors, str]:
    """Vectors of the tokens, float32 [tokens, DIMENSIONS], and the tokenizer as JSON."""
    import torch
    from model2vec.distill import distill
    from threadpoolctl import threadpool_limits

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums depend on the number of threads
    try:
        with threadpool_limits(1), contextlib.redirect_stderr(io.StringIO()):  # it draws a progress bar
            model = distill(
                sentence.locate(source),
                device="cpu",
                pca_dims=DIMENSIONS,
                sif_coefficient=SIF,
                quantize_to="float32",
            )
    finally:
        torch.set_num_threads(threads)
    return np.asarray(model.embedding, dtype=np.float32), model.tokenizer.to_str()
