import pytest

from pipeline.text import visual
from pipeline.text.visual import UNKNOWN, visibility
from pipeline.text.wordnet import wordnet


@pytest.fixture(autouse=True)
def installed() -> None:
    assert wordnet() is not None, "make setup installs it"


@pytest.mark.parametrize("phrase", ["dog", "shoes", "table lamp", "hot dog", "portrait of a woman", "kitchen table 10"])
def test_things_can_be_seen(phrase: str) -> None:
    assert visibility(phrase.split(), "en") >= 0.7


@pytest.mark.parametrize("phrase", ["slowly", "forever", "justify", "very slowly"])
def test_manners_and_thoughts_cannot_be_seen(phrase: str) -> None:
    assert visibility(phrase.split(), "en") <= 0.1


def test_the_frequent_sense_counts_more() -> None:
    assert visibility(["love"], "en") < visibility(["heart"], "en") < visibility(["chair"], "en")


@pytest.mark.parametrize(("words", "language"), [(["nicubunu"], "en"), (["hund"], "de"), (["!?"], "en")])
def test_what_wordnet_does_not_know_is_in_the_middle(words: list[str], language: str) -> None:
    assert visibility(words, language) == UNKNOWN


def test_without_wordnet_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visual, "wordnet", lambda: None)
    visual._mean_weight.cache_clear()
    assert visibility(["slowly"], "en") == UNKNOWN
    visual._mean_weight.cache_clear()
