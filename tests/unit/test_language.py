import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.runtime.config import NormalizeConfig
from pipeline.text.language import Detection, LanguageDetector, primary_subtag

EXPECTED = NormalizeConfig().languages


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
    assert detector.detect([text]) == [(language, 1.0, {language: 0.0})]


def test_a_script_is_told_by_most_of_the_letters(detector: LanguageDetector) -> None:
    found = detector.detect(["nike красное платье", "東京タワーの夜 tokyo"])
    assert [answer.language for answer in found] == ["ru", "ja"]


def test_a_text_without_letters_has_the_prior(detector: LanguageDetector) -> None:
    assert detector.detect(["123", "", "!"]) == [("en", 0.6, {})] * 3
    assert LanguageDetector(EXPECTED, "en", 0.3, 0.5).detect(["123"]) == [("und", 0.3, {})]


def test_digits_do_not_make_the_only_latin_language_certain() -> None:
    assert LanguageDetector(("ja", "en"), "ja", 0.6, 0.5).detect(["123"]) == [("ja", 0.6, {})]


def test_below_the_least_confidence_the_language_is_undetermined() -> None:
    text = "chat"  # English and French
    language, confidence, rivals = LanguageDetector(("en", "fr"), "en", 0.5, 0.0).detect([text])[0]
    assert 0.0 < confidence < 1.0
    assert language in ("en", "fr")
    assert LanguageDetector(("en", "fr"), "en", 0.5, 1.0).detect([text]) == [("und", confidence, rivals)]


def test_rivals_hold_no_prior_and_the_best_is_at_zero() -> None:
    weak, strong = (LanguageDetector(("en", "fr", "de"), "en", prior, 0.0).detect(["chat"])[0] for prior in (0.4, 0.9))
    assert weak.rivals == strong.rivals
    assert max(weak.rivals.values()) == 0.0
    assert {"en", "fr"} <= weak.rivals.keys()


@pytest.mark.parametrize(
    ("text", "language"),
    [("Windmolenlandschap", "nl"), ("Schmetterlingsflügel", "de"), ("kaplumbağalarımız", "tr"), ("жалюзійна", "uk")],
)
def test_letters_tell_the_language_of_a_word_in_no_list(detector: LanguageDetector, text: str, language: str) -> None:
    assert detector.detect([text])[0].language == language


def test_a_language_that_nobody_expects_is_undetermined(detector: LanguageDetector) -> None:
    assert detector.detect(["punainen mökki järven rannalla"])[0].language == "und"


def test_a_letter_of_its_own_says_nothing(detector: LanguageDetector) -> None:
    assert detector.detect(["w", "C"]) == [("en", 0.6, {})] * 2


def test_an_expected_language_without_a_word_list_is_told_by_its_letters() -> None:
    detector = LanguageDetector(("en", "et"), "en", 0.6, 0.5)
    assert detector.detect(["väike punane maja järve kaldal metsas"])[0].language == "et"


def test_a_stronger_prior_never_makes_its_language_less_probable() -> None:
    texts = ["chat", "rose", "piano", "table", "original"]
    for text in texts:
        weak, strong = (LanguageDetector(("en", "fr"), "en", prior, 0.0).detect([text])[0] for prior in (0.2, 0.9))
        assert _english(strong) >= _english(weak)


def test_one_expected_language_needs_no_detection() -> None:
    assert [
        (found.language, found.confidence)
        for found in LanguageDetector(("de",), "de", 0.6, 0.5).detect(["anything", "12"])
    ] == [("de", 1.0), ("de", 1.0)]


def test_no_expected_language_of_the_script_is_undetermined() -> None:
    assert LanguageDetector(("ja",), "ja", 0.6, 0.5).detect(["hello"]) == [("und", 0.0, {})]


@settings(deadline=None)  # the first of a script loads
@given(texts=st.lists(st.text(), max_size=5))
def test_every_text_has_an_answer_that_does_not_depend_on_its_neighbours(
    detector: LanguageDetector, texts: list[str]
) -> None:
    together = detector.detect(texts)
    assert together == [detector.detect([text])[0] for text in texts]
    assert all(0.0 <= found.confidence <= 1.0 for found in together)


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


def _english(found: Detection) -> float:
    return found.confidence if found.language == "en" else 1.0 - found.confidence
