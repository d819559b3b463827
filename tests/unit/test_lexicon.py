from typing import ClassVar

import pytest

from pipeline.text import lexicon
from pipeline.text.lexicon import lemma
from pipeline.text.stopwords import stop_words

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "tr", "sv", "cs", "da")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_function_words_in_lower_case(language: str) -> None:
    words = stop_words(language)
    assert len(words) > 50
    assert all(word == word.lower().strip() for word in words)
    assert "&" in words


def test_a_language_without_a_list_has_no_stop_words() -> None:
    assert stop_words("xx") == frozenset()


@pytest.mark.parametrize(
    ("language", "particles"), [("zh", "的 是 這 这 你 你們"), ("ja", "の は が です この"), ("th", "ที่ และ ใน ของ ครับ")]
)
def test_particles_of_languages_without_spaces_are_stop_words_and_nouns_are_not(language: str, particles: str) -> None:
    assert stop_words(language) >= set(particles.split())
    assert not stop_words(language) & {"猫", "花", "人", "花束", "แมว", "บ้าน", "บาน", "くつ"}


def test_no_noun_or_adjective_is_a_stop_word() -> None:
    assert not stop_words("en") & {"red", "home", "one", "new", "old", "left", "right", "day", "room", "man", "art"}


@pytest.fixture(params=["with WordNet", "without WordNet"])
def words(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to a lemma, whatever is installed."""
    reader = _Words() if request.param == "with WordNet" else None
    monkeypatch.setattr(lexicon, "wordnet", lambda: reader)
    lemma.cache_clear()


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("women", "woman"),
        ("men", "man"),
        ("children", "child"),
        ("mice", "mouse"),
        ("knives", "knife"),
        ("leaves", "leaf"),
        ("shoes", "shoe"),
        ("dresses", "dress"),
        ("berries", "berry"),
        ("boxes", "box"),
        ("tomatoes", "tomato"),
        ("t-shirts", "t-shirt"),
        ("women's", "woman"),
        ("paintings", "painting"),
    ],
)
def test_an_english_plural_becomes_its_singular(plural: str, singular: str) -> None:
    assert lemma(plural, "en") == singular
    assert lemma(singular, "en") == singular


@pytest.mark.usefixtures("words")
def test_a_word_that_is_no_plural_stays() -> None:
    kept = "jeans glasses shorts pants scissors news christmas bus gas glass dress lens series painting running wedding"
    others = "blues goods aids blinds left better people comics canvas ios 3d café"
    for word in f"{kept} {others}".split():
        assert lemma(word, "en") == word


def test_a_plural_that_wordnet_meets_more_often_than_its_singular_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "wordnet", _Words)
    lemma.cache_clear()
    assert lemma("woods", "en") == "woods"
    assert lemma("shoes", "en") == "shoe"
    lemma.cache_clear()


@pytest.mark.parametrize(
    ("word", "language", "base"),
    [
        ("katzen", "de", "katze"),
        ("kleid", "de", "kleid"),
        ("garten", "de", "garten"),
        ("fleurs", "fr", "fleur"),
        ("l'amour", "fr", "amour"),
        ("gatos", "es", "gato"),
        ("flores", "es", "flor"),
        ("corazones", "es", "corazón"),
        ("brujas", "es", "bruja"),
        ("bruja", "es", "bruja"),
        ("lente", "it", "lente"),
        ("scarpe", "it", "scarpa"),
        ("kruis", "nl", "kruis"),
        ("wütend", "de", "wütend"),
        ("gözler", "tr", "göz"),
        ("düğmesi", "tr", "düğmesi"),
        ("пар", "ru", "пар"),
        ("vieren", "nl", "vieren"),
        ("lunettes", "fr", "lunettes"),
        ("makanan", "id", "makanan"),
        ("стоп", "ru", "стоп"),
        ("кошки", "ru", "кошка"),
        ("цветы", "ru", "цветок"),
        ("東京タワー", "ja", "東京タワー"),
        ("shoes", "und", "shoes"),
        ("shoes", "xx", "shoes"),
    ],
)
def test_other_languages_change_only_what_is_a_form_of_the_same_word(word: str, language: str, base: str) -> None:
    assert lemma(word, language) == base


class _Words:
    """A WordNet of a few nouns with their counts in tagged texts, read as NLTK's reader is."""

    counts: ClassVar = {
        **{
            "shoe": 27,
            "shoes": 1,
            "wood": 24,
            "woods": 86,
            "dress": 9,
            "dresses": 0,
            "berry": 1,
            "box": 30,
            "tomato": 3,
        },
        **{"painting": 5, "bus": 3, "canvas": 2, "series": 9, "woman": 200, "leaf": 7, "t-shirt": 1},
    }
    forms: ClassVar = {"berries": "berry", "boxes": "box", "tomatoes": "tomato", "paintings": "painting"}

    def morphy(self, word: str, pos: str) -> str | None:
        return word if word in self.counts else self.forms.get(word)

    def synsets(self, word: str, pos: str) -> "list[_Sense]":
        return [_Sense(word, self.counts.get(word, 0))]


class _Sense:
    def __init__(self, word: str, count: int) -> None:
        self._word, self._count = word, count

    def lemmas(self) -> "list[_Sense]":
        return [self]

    def name(self) -> str:
        return self._word

    def count(self) -> int:
        return self._count
