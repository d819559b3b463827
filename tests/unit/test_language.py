import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.language import LanguageDetector, primary_subtag

EXPECTED = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "ja", "zh", "ko", "ar", "tr")


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return LanguageDetector(EXPECTED, "en", 0.6, 0.5)


@pytest.mark.parametrize(
    "text", ["arrow left", "0", "abacus", "home decor", "DIY", "living room ideas", "a man on a bike"]
)
def test_short_english_is_english(detector: LanguageDetector, text: str) -> None:
    assert detector.detect([text])[0][0] == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("rotes Kleid", "de"),
        ("Wohnzimmer", "de"),
        ("robe de mariée", "fr"),
        ("cocina pequeña", "es"),
        ("ragazza con cappello", "it"),
        ("decoração de casa", "pt"),
        ("een kleine jongen", "nl"),
        ("czerwona sukienka", "pl"),
        ("kırmızı elbise", "tr"),
        ("красное платье", "ru"),
        ("赤い靴", "ja"),
        ("红色连衣裙", "zh"),
        ("빨간 신발", "ko"),
        ("فستان أحمر", "ar"),
    ],
)
def test_a_word_or_two_tell_the_language(detector: LanguageDetector, text: str, language: str) -> None:
    assert detector.detect([text])[0][0] == language


@pytest.mark.parametrize(
    ("text", "language"), [("สวัสดี", "th"), ("שלום", "he"), ("Αθήνα", "el"), ("हिन्दी", "hi"), ("ბათუმი", "ka")]
)
def test_a_script_is_certain_though_its_language_is_not_expected(
    detector: LanguageDetector, text: str, language: str
) -> None:
    assert detector.detect([text]) == [(language, 1.0)]


def test_a_script_is_told_by_most_of_the_letters(detector: LanguageDetector) -> None:
    found = detector.detect(["nike красное платье", "東京タワーの夜 tokyo"])
    assert [language for language, _ in found] == ["ru", "ja"]


def test_a_text_without_letters_has_the_prior(detector: LanguageDetector) -> None:
    assert detector.detect(["123", "", "!"]) == [("en", 0.6)] * 3
    assert LanguageDetector(EXPECTED, "en", 0.3, 0.5).detect(["123"]) == [("und", 0.3)]


def test_digits_do_not_make_the_only_latin_language_certain() -> None:
    assert LanguageDetector(("ja", "en"), "ja", 0.6, 0.5).detect(["123"]) == [("ja", 0.6)]


def test_below_the_least_confidence_the_language_is_undetermined() -> None:
    text = "chat"  # English and French
    (language, confidence), *_ = LanguageDetector(("en", "fr"), "en", 0.5, 0.0).detect([text])
    assert 0.0 < confidence < 1.0
    assert language in ("en", "fr")
    assert LanguageDetector(("en", "fr"), "en", 0.5, 1.0).detect([text]) == [("und", confidence)]


def test_a_stronger_prior_never_makes_its_language_less_probable() -> None:
    texts = ["chat", "rose", "piano", "table", "original"]
    for text in texts:
        weak, strong = (LanguageDetector(("en", "fr"), "en", prior, 0.0).detect([text])[0] for prior in (0.2, 0.9))
        assert _english(strong) >= _english(weak)


def test_one_expected_language_needs_no_detection() -> None:
    assert LanguageDetector(("de",), "de", 0.6, 0.5).detect(["anything", "12"]) == [("de", 1.0), ("de", 1.0)]


def test_no_expected_language_of_the_script_is_undetermined() -> None:
    assert LanguageDetector(("ja",), "ja", 0.6, 0.5).detect(["hello"]) == [("und", 0.0)]


@given(st.lists(st.text(), max_size=5))
def test_every_text_has_an_answer_that_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    detector = LanguageDetector(EXPECTED, "en", 0.6, 0.5)
    together = detector.detect(texts)
    assert together == [detector.detect([text])[0] for text in texts]
    assert all(0.0 <= confidence <= 1.0 for _, confidence in together)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("pt-BR", "pt"),
        ("zh_Hans", "zh"),
        (" EN ", "en"),
        ("fil", "fil"),
        *[(tag, None) for tag in (None, "", "und", "mul", "zxx", "und-Latn", "??", "1")],
    ],
)
def test_a_stated_language_is_its_primary_subtag(tag: str | None, language: str | None) -> None:
    assert primary_subtag(tag) == language


def _english(answer: tuple[str, float]) -> float:
    language, confidence = answer
    return confidence if language == "en" else 1.0 - confidence
