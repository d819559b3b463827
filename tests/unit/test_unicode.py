import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.text.unicode import fold_case, normalize_text, repair

# Characters that meet in the texts of the web, so that random strings of them break rules that random ones do not.
_TRICKY = st.text(
    st.sampled_from("aIİıiΣςσßẞéÃ©â€™&;amp#x41ltﬁﷺ１½\u0307\u0301\u200c\u200d\u200b\ufe0f👩❤क्षनำํา가'ـ\\n™ \u00ad´u0e9")
)


@given(st.text() | _TRICKY)
@example("&amp;amp;amp;eacute;")
@example("＆lt;")
@example("\\x5cx41")
@example("UU00E900E9")
@example("ｕ００ｅ９")
def test_normalizing_twice_is_normalizing_once(text: str) -> None:
    once = normalize_text(text)
    assert normalize_text(once) == once


@given(st.text())
def test_composed_and_decomposed_spellings_are_one(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert normalize_text(composed) == normalize_text(decomposed)


@given(st.text() | _TRICKY)
def test_no_control_character_surrogate_or_double_space_is_left(text: str) -> None:
    clean = normalize_text(text)
    assert not {unicodedata.category(letter) for letter in clean} & {"Cc", "Cs"}
    assert clean == " ".join(clean.split())


@pytest.mark.parametrize(
    "word", ["हिन्दी", "क्षेत्र", "สวัสดี", "น้ำ", "ນ້ຳ", "한국어", "ভাষা", "தமிழ்", "ខ្មែរ", "مرحبا", "שלום", "東京タワー"]
)
def test_a_word_of_a_script_with_marks_stays_as_it_is(word: str) -> None:
    assert normalize_text(word) == word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Air Max 90", "air max 90"),
        ("ＡＢＣ１２", "abc12"),
        ("ﬁsh", "fish"),
        ("ﾊﾟｿｺﾝ", "パソコン"),
        ("\ufefb", "لا"),
        ("مـــرحبا", "مرحبا"),
        ("e\u200b\u0301", "é"),
        ("soft\u00adhyphen", "softhyphen"),
        ("non\u00a0breaking\u3000space", "non breaking space"),
        ("\u202eright\u202c", "right"),
        ("rock’n’roll l´amour", "rock'n'roll l'amour"),
        ("Nike™ Air®", "nike air"),
        ("1½ cups", "1 1⁄2 cups"),
        ("non\u2011stick", "non-stick"),
    ],
)
def test_forms_of_one_text_fold_to_one(text: str, expected: str) -> None:
    assert normalize_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tom &amp; Jerry", "tom & jerry"),
        ("caf&amp;eacute;", "café"),
        ("it&#39;s", "it's"),
        ("black&white &copy now", "black&white &copy now"),
    ],
)
def test_entities_decode_with_their_semicolon_only_and_twice_where_escaped_twice(text: str, expected: str) -> None:
    assert normalize_text(text) == expected


def test_line_ends_and_characters_spelt_out_are_read() -> None:
    assert repair("l'Am\\xe9rique\\nphoto") == ("l'Amérique photo", ["escapes_decoded"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plau017ca", "Plaża"),
        ("cafu00e9 and Cafu00E9", "café and Café"),
        ("Sau0142atka", "Sałatka"),
        ("u9577u6c99u7063", "長沙灣"),
        ("u041fu0440u0438u0432u0435u0442", "Привет"),
        ("ud83dude00", "😀"),
    ],
)
def test_escapes_that_lost_their_backslash_are_read(text: str, expected: str) -> None:
    assert repair(text) == (expected, ["escapes_decoded"])


@pytest.mark.parametrize(
    "text",
    ["menu2020", "bureau5000", "menu0105", "bandeau0100", "menu2020u2021", "u00d7x", "ud83d", "u2", "plateau1234 u1f6"],
)
def test_a_u_before_a_number_is_no_escape_where_that_is_unsure(text: str) -> None:
    assert repair(text) == (text, [])


@pytest.mark.parametrize("text", ["café", "Größe", "it’s", "naïve — Ærø", "crème brûlée", "日本", "São Paulo", "ёлка"])
def test_utf8_read_as_windows_1252_is_mended(text: str) -> None:
    broken = text.encode("utf-8").decode("cp1252", errors="replace")
    if "\ufffd" not in broken:
        assert repair(broken) == (repair(text)[0], ["mojibake_fixed"])
    assert "mojibake_fixed" not in repair(text)[1]


def test_joiners_stay_in_words_and_emoji_and_go_elsewhere() -> None:
    assert normalize_text("می\u200cخواهم") == "می\u200cخواهم"
    assert normalize_text("क्\u200dष") == "क्\u200dष"
    assert normalize_text("👩\u200d👧 ❤\ufe0f") == "👩\u200d👧 ❤\ufe0f"
    assert normalize_text("a\u200cb\u200dc x\ufe0f") == "abc x"


def test_case_folds_without_breaking_words() -> None:
    assert fold_case("Maße MASSE ẞ") == "maße masse ß"
    assert fold_case("ΟΔΟΣ οδοσ ΣΟΦΙΑ") == "οδος οδος σοφια"
    assert fold_case("İzmir") == "izmir"
    assert fold_case("i\u0307zmir") == "izmir"
    assert fold_case("i\u0307\u0307\u0301") == "í"
    assert fold_case("IŞIK İZMİR", "tr") == "ışık izmir"
