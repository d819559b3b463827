import functools
import sys
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.runtime.config import NormalizeConfig
from pipeline.text.batches import CLEANED, clean_batch
from pipeline.text.clean import Cleaner
from pipeline.text.plain import find_plain

Fact = tuple[str, str | None]  # a text and its stated language

# Pieces on the edge of what is plain, or that mean something beside the right neighbour.
_PIECES = st.sampled_from(
    [
        *[
            "a",
            "I",
            "red",
            "Shoe",
            "IRIS",
            "Größe",
            "ß",
            "ﬁ",
            "İ",
            "ı",
            "ſ",
            "K",
            "ŉ",
            "ĳ",
            "ÿ",
            "ž",
            "кот",
            "Ёлка",
            "й",
        ],
        *[
            " ",
            " ",
            " ",
            " ",
            "  ",
            "\t",
            "\n",
            "\u00a0",
            "\u200b",
            "\u00ad",
            "\ufe0f",
            "😀",
            "e\u0301",
            "東",
            "σς",
            "ก",
        ],
        *[
            ".",
            ",",
            " . ",
            ", ",
            "...",
            "!?",
            "? ",
            ":",
            ";",
            "-",
            "'",
            "’",
            "_",
            "|",
            "/",
            "+",
            "&",
            "&amp;",
            "\\n",
            "#",
        ],
        *["1", "42", "1984", "IMG_1234", "photo 12", ".jpg", ".com", "www.", "0x1f", "u9577u6c99", "ubeda", "u00e9"],
        *["at ", " at gmail", " dot com", "jane", "@", "jane@example.com", "tel 555 123 4567", "<b>", "(", "hash("],
        *["nude", "heels", "sex", "city", "Blue tits", "livingroomdecor", "WeddingDress", "pinterest", "#DIYHome"],
        *["cafÃ©", "Ã", "©", "š", "áš", "Œ", "u.s.a", "h&m", "rock'n'roll", "t-shirt", "™", "½"],
    ]
)
_TEXTS = st.lists(_PIECES, max_size=6).map("".join) | st.lists(_PIECES, max_size=5).map(" ".join) | st.text(max_size=20)
_LANGUAGES = st.sampled_from(["en", "en", "EN-us", "de", "tr", "az-Latn", "ru", "", "und", None])


@functools.cache
def cleaner(**changes: Any) -> Cleaner:
    return Cleaner(NormalizeConfig(languages=("de", "en"), **changes))  # few, for each has lists to load


def by_batch(facts: list[Fact], detect: bool = True, **changes: Any) -> list[dict[str, Any]]:
    raw, stated = (pa.array([fact[place] for fact in facts], pa.string()) for place in (0, 1))
    rows = pa.Table.from_batches(clean_batch(cleaner(**changes), raw, stated, detect=detect), CLEANED).to_pylist()
    return sorted(({**row, "rivals": row["rivals"] and dict(row["rivals"])} for row in rows), key=repr)


def one_by_one(facts: list[Fact], detect: bool = True, **changes: Any) -> list[dict[str, Any]]:
    found = cleaner(**changes).clean([text for text, _ in facts], [said for _, said in facts], detect=detect)
    rows = [{"raw": raw, "stated": said, **item._asdict()} for (raw, said), item in zip(facts, found, strict=True)]
    return sorted(({name: row[name] for name in CLEANED.names} for row in rows), key=repr)


def plain(*texts: str | None) -> list[bool]:
    found: list[bool] = find_plain(pa.array(texts, pa.string())).to_pylist()
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_TEXTS, _LANGUAGES), max_size=8), st.booleans())
@example([("ubedaubeda", "en"), ("jane at gmail dot com", "en"), ("so Nude!", "en"), ("Maß, MASS", "de")], True)
@example([("livingroomdecor.", "en"), ("LivingRoomDecor", "en"), ("livingroomdecor", "de"), ("IRIS", "tr")], True)
def test_short_and_long_road_give_the_same(facts: list[Fact], detect: bool) -> None:
    assert by_batch(facts, detect) == one_by_one(facts, detect)


def test_every_letter_that_is_taken_becomes_what_the_long_road_makes_of_it() -> None:
    texts = [f"{letter}a{letter}. {letter} {letter}b" for letter in map(chr, range(sys.maxunicode)) if letter.isalpha()]
    taken = [(text, "de") for text, is_plain in zip(texts, plain(*texts), strict=True) if is_plain]
    assert len(taken) > 300
    assert by_batch(taken) == one_by_one(taken)


def test_words_and_sentences_are_plain() -> None:
    texts = ["red shoe", "Größe M.", "Кот, кошка!", "rock'n'roll t-shirt", "a man , who smiles .", "łódź"]
    assert [text for text, is_plain in zip(texts, plain(*texts), strict=True) if not is_plain] == []


def test_what_the_long_road_may_change_is_not_plain() -> None:
    texts = [None, "", " red", "red  shoe", "red 2", "a.b", "red...", "h&m", "#red", "red's'", "ﬁt", "ıI", "e\u0301"]
    texts += ["u9577u6c99", "ubedaubeda", "jane at Gmail dot com", "Nude heels", "naked-eye", "áš", "red|blue", "東"]
    assert [text for text, is_plain in zip(texts, plain(*texts), strict=True) if is_plain] == []


def test_a_plain_text_longer_than_allowed_is_rejected() -> None:
    facts: list[Fact] = [("é" * 9, "fr"), ("é" * 10, "fr")]
    assert {row["raw"]: row["reason"] for row in by_batch(facts, max_chars=9)} == {"é" * 9: None, "é" * 10: "too_long"}
    assert by_batch(facts, max_chars=9) == one_by_one(facts, max_chars=9)


@pytest.mark.parametrize("policy", ["drop", "flag", "keep"])
def test_unsafe_words_are_met_under_every_policy(policy: str) -> None:
    facts: list[Fact] = [("a nude, sitting", "en"), ("nude heels", "en"), ("XXX", None)]
    assert by_batch(facts, unsafe=policy) == one_by_one(facts, unsafe=policy)


def test_every_row_comes_back_once_with_the_language_that_its_source_states() -> None:
    facts: list[Fact] = [("red shoe", "en-US"), ("red shoe", "en-US"), ("red shoe #2", "en-US"), ("red shoe", "fr")]
    rows = [(row["raw"], row["stated"], row["language"]) for row in by_batch(facts)]
    assert sorted(rows) == sorted((raw, said, str(said)[:2]) for raw, said in facts)
