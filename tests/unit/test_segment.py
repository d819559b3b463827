import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.segment import segment
from pipeline.text.tokens import BREAK, join_words, tokenize
from pipeline.text.unicode import normalize_text

_MIXED = st.text(
    st.sampled_from("紅色连衣裙の靴はひげ閉じてたケースーッ々ab1-.'สีแดงครับ้ำພາສາခွေးខ្មែរ\u200c"), max_size=30
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("紅色連衣裙", "紅色 連衣裙"),
        ("客厅装饰", "客厅 装饰"),
        ("婚禮蛋糕", "婚禮 蛋糕"),
        ("赤い靴", "赤い 靴"),
        ("結婚式のドレス", "結婚式 の ドレス"),
        ("クリスマスツリー", "クリスマスツリー"),
        ("东京塔", "东京 塔"),
        ("ชุดแต่งงาน", "ชุด แต่งงาน"),
        ("บ้านสีขาว", "บ้าน สี ขาว"),
        ("น้ำตก", "น้ำตก"),
        ("ພາສາລາວ", "ພາສາ ລາວ"),
        ("ສະບາຍດີ", "ສະບາຍດີ"),
        ("ផ្កាក្រហម", "ផ្កា ក្រហម"),
        ("សៀវភៅថ្មី", "សៀវភៅ ថ្មី"),
        ("မြန်မာစာ", "မြန်မာ စာ"),
        ("ပန်းအနီရောင်", "ပန်း အနီ ရောင်"),
    ],
)
def test_a_run_without_spaces_is_cut_into_the_words_of_its_language(text: str, words: str) -> None:
    assert tokenize(text) == words.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("目を閉じてキス", "目 を 閉じて キス"),
        ("笑った顔", "笑った 顔"),
        ("ひげ", "ひげ"),
        ("にゃんこ", "にゃんこ"),
        ("おしゃれなカフェ", "おしゃれ な カフェ"),
        ("猫の手", "猫 の 手"),
    ],
)
def test_loose_hiragana_join_the_word_before_and_particles_stay_words(text: str, words: str) -> None:
    assert tokenize(text) == words.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tシャツ", "tシャツ"),
        ("t-シャツ", "tシャツ"),
        ("90年代", "90年代"),
        ("1,000円", "1,000円"),
        ("3.5畳の部屋", "3.5畳 の 部屋"),
        ("ビタミンc", "ビタミンc"),
        ("iphoneケース", "iphone ケース"),
        ("赤-白", "赤 白"),
        ("ปี๒๕๖๐", "ปี๒๕๖๐"),
        ("第3回", "第 3回"),
        ("猫", "猫"),
    ],
)
def test_letters_and_numbers_beside_a_run_have_their_rule(text: str, words: str) -> None:
    assert tokenize(text) == words.split()


def test_signs_and_spaces_between_runs_keep_their_meaning() -> None:
    assert tokenize("赤い靴、白い靴 新品") == ["赤い", "靴", BREAK, "白い", "靴", "新品"]


def test_other_scripts_are_not_cut() -> None:
    for text in ("hello", "हिन्दी", "한국어", "привет", "t-shirt", "o'clock"):
        assert segment(text) == [text]


@given(_MIXED)
def test_tokens_joined_by_spaces_are_read_as_the_same_tokens(text: str) -> None:
    tokens = tokenize(normalize_text(text))
    assert tokenize(" ".join(token or "|" for token in tokens)) == tokens


@given(_MIXED)
def test_cutting_loses_no_letter_and_no_word_begins_with_a_mark(text: str) -> None:
    text = normalize_text(text)
    words = tokenize(text)
    letters = regex.compile(r"[\p{L}\p{N}]")
    assert letters.findall("".join(words)) == letters.findall(text)
    assert not [word for word in words if regex.match(r"\p{M}", word)]


@given(st.text(st.sampled_from("紅色連衣裙赤い靴のสวัสดีครับ"), min_size=1, max_size=12))
def test_the_words_of_one_run_joined_for_people_are_the_run(text: str) -> None:
    text = normalize_text(text)
    if regex.match(r"\p{L}", text):
        assert join_words(tokenize(text)) == text
