"""What must hold of normalized words in each script: nothing lost that changes a word, one spelling for all forms."""

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.tokens import tokenize
from pipeline.text.unicode import fold_case, normalize_text, repair

# Script -> words of it, in the spelling that people type, in lower case.
_WORDS = {
    "Latin": "café naïve größe maße ångström crème łódź žluťoučký señor tiếng việt ñandú œuvre",
    "Turkish": "ışık istanbul ağaç çiçek gül şapka",
    "Greek": "οδος σοφία άνθρωπος λόγος ΐδιος",
    "Cyrillic": "йод ёлка мой київ їжак",
    "Arabic": "مُحَمَّد قَهْوَة آب سؤال ؤ ئ أحمر إسلام ٱلله",
    "Persian": "می\u200cخواهم گل‌ها کتاب‌خانه",
    "Hebrew": "שָׁלוֹם בַּיִת יְרוּשָׁלַיִם שלום",
    "Devanagari": "हिन्दी क्षेत्र ज़िंदगी क्\u200dष फूल दुल्हन",
    "Bengali": "বাংলা ভাষা ফুল ক্ষেত্র ড়",
    "Gurmukhi": "ਪੰਜਾਬੀ ਸ਼ੇਰ",
    "Tamil": "தமிழ் பூ கொடு யௌவனம்",
    "Telugu": "తెలుగు పువ్వు",
    "Malayalam": "മലയാളം പൂക്കൾ",
    "Sinhala": "සිංහල ශ්‍රී",
    "Thai": "สวัสดี น้ำ ทำ กำแพง",
    "Lao": "ສະບາຍດີ ນ້ຳ ຄຳ",
    "Khmer": "ខ្មែរ ភាសា ផ្កា",
    "Burmese": "မြန်မာ ပန်း",
    "Tibetan": "བོད་ཡིག",
    "Han": "紅色 连衣裙 花束",
    "Japanese": "ガラス パン が ぱ 々",
    "Korean": "한국어 꽃 각",
    "Ethiopic": "አማርኛ",
}
_ALL = [(script, word) for script, words in _WORDS.items() for word in words.split()]
_MARK = regex.compile(r"\p{M}")
_SAMPLE = st.text(st.sampled_from(sorted(set("".join(_WORDS.values())) | set("aI1.,-'\u0301\u3099"))), max_size=20)


@pytest.mark.parametrize(("script", "word"), _ALL)
def test_a_word_stays_as_people_type_it(script: str, word: str) -> None:
    # The one form that NFC composes or takes apart is the same word: ড় and ज़ have no composed form by rule.
    assert unicodedata.normalize("NFD", normalize_text(word)) == unicodedata.normalize("NFD", word)


@pytest.mark.parametrize(("script", "word"), _ALL)
def test_composed_and_decomposed_are_one_word_and_stable(script: str, word: str) -> None:
    forms = {unicodedata.normalize(form, word) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert len({normalize_text(form) for form in forms}) == 1
    assert normalize_text(normalize_text(word)) == normalize_text(word)


@pytest.mark.parametrize(("script", "word"), [pair for pair in _ALL if pair[0] not in ("Tibetan",)])
def test_no_mark_is_lost_between_a_word_and_its_tokens(script: str, word: str) -> None:
    text = normalize_text(word)
    assert "".join(tokenize(text)) == text


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("ｶﾞ", "ガ"),
        ("ﾊﾟﾝ", "パン"),
        ("ｱｲｽｸﾘｰﾑ", "アイスクリーム"),
        ("ﾱ", "ㅁ"),
        ("ｃａｆｅ\u0301", "café"),
        ("Ｔシャツ", "tシャツ"),
        ("㈱", "(株)"),
        ("㌔", "キロ"),
        ("１９９０年", "1990年"),
    ],
)
def test_full_and_half_width_are_one(wide: str, narrow: str) -> None:
    assert normalize_text(wide) == normalize_text(narrow)


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ("مـــرحبا", "مرحبا"),
        ("\ufee3\ufeae\ufea3\ufe92\ufe8e", "مرحبا"),
        ("\ufefb", "لا"),
        ("\u200fשלום\u200f", "שלום"),
        ("\ufb2aלום", "ש\u05c1לום"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"),
        ("\u304b\u3099", "が"),
        ("น\u0e49\u0e4dา", "น้ำ"),
        ("ஸ்ரீ", "ஸ்ரீ"),
        ("И\u0306од", "йод"),
        ("Е\u0308ЛКА", "ёлка"),
        ("ΛΌΓΟΣ", "λόγος"),
        ("ΟΔΟΣ", "οδος"),
        ("STRASSE", "strasse"),
        ("ẞ", "ß"),
        ("ﬁ", "fi"),
        ("Ǆ", "dž"),
        ("Hawaiʻi", "hawai'i"),
    ],
)
def test_other_forms_of_a_word_become_the_word(form: str, word: str) -> None:
    assert normalize_text(form) == unicodedata.normalize("NFC", word)


def test_harakat_and_niqqud_stay_and_make_another_word() -> None:
    assert normalize_text("كَتَبَ") != normalize_text("كتب")
    assert normalize_text("שָׁלוֹם") != normalize_text("שלום")


def test_turkish_keeps_its_two_letters_i() -> None:
    assert fold_case(repair("IŞIK İSTANBUL ISPARTA")[0], "tr") == "ışık istanbul ısparta"
    assert fold_case(repair("I\u0307stanbul")[0], "tr") == "istanbul"
    assert fold_case("Istanbul", "en") == "istanbul"
    assert fold_case("ışık", "en") == "ışık"


@pytest.mark.parametrize(
    "emoji",
    ["👩\u200d👧\u200d👦", "👩🏽\u200d🚀", "🇩🇪", "❤\ufe0f", "🏳\ufe0f\u200d🌈", "1\ufe0f\u20e3", "👍🏿", "☎\ufe0e"],
)
def test_an_emoji_sequence_stays_whole_and_is_a_break(emoji: str) -> None:
    assert repair(f"red {emoji} shoe")[0] == f"red {emoji} shoe"
    assert normalize_text(normalize_text(emoji)) == normalize_text(emoji)
    if not emoji.startswith("1"):
        assert tokenize(normalize_text(f"red {emoji} shoe")) == ["red", "", "shoe"]


@given(_SAMPLE)
def test_mixed_scripts_are_stable_and_have_one_spelling(text: str) -> None:
    once = normalize_text(text)
    assert normalize_text(once) == once
    assert normalize_text(unicodedata.normalize("NFD", text)) == once


@given(_SAMPLE)
def test_no_mark_of_a_word_is_lost(text: str) -> None:
    letters_and_marks = regex.compile(r"[\p{L}\p{M}\p{N}]")
    before = letters_and_marks.findall(unicodedata.normalize("NFKD", text).lower().replace("ς", "σ"))
    after = letters_and_marks.findall(unicodedata.normalize("NFKD", normalize_text(text)).lower().replace("ς", "σ"))
    assert sorted(before) == sorted(after)
