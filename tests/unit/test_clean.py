import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.runtime.config import NormalizeConfig
from pipeline.text.clean import Cleaner, CleanText


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner(NormalizeConfig())


def clean(text: str, language: str | None = "en", **changes: object) -> CleanText:
    return Cleaner(dataclasses.replace(NormalizeConfig(), **changes)).clean([text], [language])[0]


def test_a_text_becomes_its_words_with_breaks_and_what_was_met() -> None:
    raw = "Caf&eacute; chairs &amp; <b>tables</b>! jane@example.com #HomeDecor"
    assert clean(raw) == CleanText(
        text="café chairs | tables | home decor",
        language="en",
        tokens=["café", "chairs", "", "tables", "", "home", "decor"],
        flags=["email_removed", "entities_decoded", "hashtag_split", "markup_removed"],
        reason=None,
    )


def test_hashtags_side_by_side_are_phrases_of_their_own() -> None:
    assert clean("#wedding #dress").tokens == ["wedding", "", "dress"]


def test_a_number_sign_before_a_number_is_no_hashtag() -> None:
    assert clean("issue #17").flags == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \u200b ", "empty"),
        ("x" * 5_001, "too_long"),
        ("IMG_1234.jpg", "file_name"),
        ("hash(0x87a4bb4)", "hash"),
        ("12 / 34", "number"),
        ("jane@example.com", "personal_data"),
        ("https://example.com", "url"),
        ("nude woman", "unsafe"),
    ],
)
def test_a_text_of_no_use_has_a_reason(text: str, reason: str) -> None:
    assert clean(text).reason == reason


def test_the_longest_text_that_is_allowed_is_kept() -> None:
    assert clean("x" * 10, max_chars=10).reason is None
    assert clean("x" * 11, max_chars=10).reason == "too_long"


@pytest.mark.parametrize(
    ("policy", "reason", "flags"), [("drop", "unsafe", ["unsafe"]), ("flag", None, ["unsafe"]), ("keep", None, [])]
)
def test_policies_for_unsafe_words(policy: str, reason: str | None, flags: list[str]) -> None:
    got = clean("nude woman", unsafe=policy)
    assert (got.reason, got.flags) == (reason, flags)
    assert clean("nude heels", unsafe=policy).flags == []


def test_a_stated_language_is_kept_though_it_is_not_expected() -> None:
    assert clean("modrá kočka", "cs-CZ").language == "cs"
    assert clean("modrá kočka", "cs-CZ").flags == []


def test_an_unstated_language_is_detected_and_flagged(cleaner: Cleaner) -> None:
    german, stated, script = cleaner.clean(["rotes Kleid", "rotes Kleid", "赤い靴"], [None, "sv", "und"])
    assert (german.language, german.flags) == ("de", ["language_detected"])
    assert (stated.language, stated.flags) == ("sv", [])
    assert script.language == "ja"


def test_an_undetermined_language_is_no_detected_one() -> None:
    got = clean("chat", None, languages=("en", "fr"), min_language_confidence=1.0)
    assert (got.language, got.flags) == ("und", [])


def test_rivals_are_told_of_an_unsure_language_alone(cleaner: Cleaner) -> None:
    unsure, sure, stated = cleaner.clean(["chat", "rotes Kleid", "chat"], [None, None, "fr"])
    assert unsure.rivals is not None
    assert {"en", "fr"} <= unsure.rivals.keys()
    assert sure.rivals is None
    assert stated.rivals is None
    assert clean("chat", None, vote_below=0.0).rivals is None


def test_without_detection_an_unstated_language_is_undetermined(cleaner: Cleaner) -> None:
    (got,) = cleaner.clean(["rotes Kleid"], ["und"], detect=False)
    assert (got.text, got.language, got.flags, got.rivals) == ("rotes kleid", "und", [], None)


def test_capital_i_is_dotless_in_turkish_alone() -> None:
    assert clean("IŞIK", "tr").text == "ışık"
    assert clean("IRIS", "en").text == "iris"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40) | st.text(st.sampled_from("#aB1 .@&;é東|"), max_size=20), max_size=6))
def test_what_a_text_becomes_is_well_formed_and_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    cleaner = Cleaner(NormalizeConfig())
    together = cleaner.clean(texts, [None] * len(texts))
    assert together == [cleaner.clean([text], [None])[0] for text in texts]
    for got in together:
        assert got.text == " ".join(token or "|" for token in got.tokens)
        assert got.tokens == (got.text.replace("|", "").split(" ") if got.text else [])  # so Spark reads them
        assert got.flags == sorted(set(got.flags))
        assert got.reason is not None or got.tokens


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("abcé東 ,.-'1"), max_size=30))
def test_a_clean_text_cleans_to_itself(text: str) -> None:
    once = clean(text)
    again = clean(once.text)
    assert (again.text, again.tokens) == (once.text, once.tokens)


def test_a_text_of_one_joined_word_becomes_its_words_in_english_alone() -> None:
    assert clean("livingroomdecor").tokens == ["living", "room", "decor"]
    assert clean("livingroomdecor").flags == ["joined_split"]
    assert clean("pinterest").tokens == ["pinterest"]
    assert clean("livingroomdecor", "de").tokens == ["livingroomdecor"]
    assert clean("my livingroomdecor").tokens == ["my", "livingroomdecor"]
