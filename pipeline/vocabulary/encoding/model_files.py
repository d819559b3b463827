"""What the folder of a model may hold: numbers and settings, and nothing that would run when it is loaded.

`modules.json` names Python classes, and `config.json` of a dense layer another one. Before version 6
sentence-transformers imports and calls them, from files of the folder too. `sentence_bert_config.json` hands arguments
to the loader, and with `weights_only = false` it unpickles, in version 6 as well. So all of it is read here first.
"""

import json
import re
from pathlib import Path
from typing import Any

from pipeline.runtime.errors import ConfigError

# Modules whose loading imports nothing that their settings name; Dense does, and is looked at.
MODULES = (
    *("Transformer", "Pooling", "WeightedLayerPooling", "StaticEmbedding"),
    *("Dense", "Normalize", "LayerNorm", "Dropout"),
)
_OURS = re.compile(rf"sentence_transformers\.(?:\w+\.)*(?:{'|'.join(MODULES)})")
_ACTIVATION = re.compile(r"torch\.nn\.(?:modules\.\w+\.)?[A-Z]\w*")
_LOADER = ("weights_only", "use_safetensors")  # they choose to unpickle
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


def check_model_files(folder: Path, name: str) -> None:
    """Check that loading a sentence-transformers model from a folder runs nothing that the folder brings.

    Args:
        folder: with a modules.json.
        name: the encoder, for messages.

    Raises:
        ConfigError: a module is none of MODULES or lies outside the folder, an activation is none of torch's, the
            loader is asked to unpickle, the weights are pickled and no others are there, or a file is no JSON.
    """
    where = f"embed.encoder = {name!r}"
    modules = _read(folder / "modules.json", where)
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise ConfigError(f"{where}: {folder / 'modules.json'} is no list of modules.")
    for module in modules:
        kind, path = str(module.get("type")), str(module.get("path", ""))
        if not _OURS.fullmatch(kind):
            raise ConfigError(
                f"{where}: modules.json names the class {kind!r}, and loading it would run code that is no part of the "
                f"product. Models may consist of {', '.join(MODULES)} of sentence_transformers."
            )
        place = folder / path
        if not place.resolve().is_relative_to(folder.resolve()):
            raise ConfigError(f"{where}: modules.json names {path!r}, which is outside the model's folder.")
        if kind.endswith(".Dense"):
            _check_activation(_read(place / "config.json", where), where)
        _check_weights(place, where)
    for file in sorted(folder.glob("sentence_*_config.json")):
        _check_arguments(_read(file, where), file.name, where)
    if (folder / "adapter_config.json").exists():
        raise ConfigError(f"{where}: an adapter, whose model lies elsewhere. Merge both, and give the merged model.")


def _read(file: Path, where: str) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: {file} cannot be read as JSON ({type(error).__name__}).") from None


def _check_activation(config: Any, where: str) -> None:
    given = config.get("activation_function") if isinstance(config, dict) else config
    if given is not None and not _ACTIVATION.fullmatch(str(given)):
        raise ConfigError(
            f"{where}: the activation of a dense layer is {given!r}, and loading it would run it. "
            "It may be a class of torch.nn, such as torch.nn.modules.activation.Tanh."
        )


def _check_arguments(config: Any, file: str, where: str) -> None:
    """`weights_only` and the like, at any depth; and kernels, which are code from a hub."""
    for key, value in config.items() if isinstance(config, dict) else ():
        kernel = key == "attn_implementation" and not re.fullmatch(r"[a-z0-9_]+", str(value))
        if key in _LOADER or (kernel and value is not None):
            raise ConfigError(
                f"{where}: {file} sets {key} = {value!r}, which would let the model bring code. Take it out."
            )
        _check_arguments(value, file, where)


def _check_weights(place: Path, where: str) -> None:
    """Pickled weights beside a safetensors file are never read."""
    here = list(place.iterdir()) if place.is_dir() else []
    if any(file.suffix == ".safetensors" for file in here):
        return
    pickled = sorted(file.name for file in here if file.suffix in _PICKLED and not file.name.startswith("openvino_"))
    if pickled:
        raise ConfigError(
            f"{where}: the weights are pickled ({pickled[0]}), and unpickling can run code. Give a model with a "
            "safetensors file: SentenceTransformer(name).save(folder) writes one, where you trust the model."
        )
