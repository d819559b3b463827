import pytest

from pipeline.text.wordnet import wordnet
from pipeline.vocabulary.merging import linking
from pipeline.vocabulary.merging.linking import Plain, may_mean_the_same, unlink


@pytest.mark.parametrize(
    ("phrase", "language", "plain"),
    [
        ("dress for wedding", "en", "wedding dress"),
        ("premiere of film", "en", "film premiere"),
        ("kleid für hochzeit", "de", "hochzeit kleid"),
        ("robe de mariage", "fr", "robe mariage"),
        ("vestido para boda", "es", "vestido boda"),
        ("abito da sposa", "it", None),  # what it is for and where it comes from
        ("tasse à thé", "fr", None),
        ("cup of tea", "en", None),
        ("wall of green", "en", None),
        ("man with dog", "en", None),
        ("performing for people", "en", None),
        ("cat in hat", "en", None),
        ("bride and groom", "en", None),
        ("house of the king", "en", None),
        ("man of man of war", "en", None),  # two links: which parts belong together is unsure
        ("for sale", "en", None),
        ("чашка для чая", "ru", None),
    ],
)
def test_a_linking_word_goes_where_it_only_links(
    phrase: str, language: str, plain: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "is_thing", lambda word: word != "green")
    monkeypatch.setattr(linking, "is_measure", lambda word: word == "cup")
    found = unlink(tuple(phrase.split(" ")), language)
    assert (found and " ".join(found.words)) == plain


@pytest.mark.skipif(wordnet() is None, reason="WordNet is not installed")
def test_wordnet_tells_measures_and_things() -> None:
    assert all(map(linking.is_measure, ["cup", "glass", "group", "bottle", "tray"]))
    assert not any(map(linking.is_measure, ["flag", "premiere", "photo"]))
    assert all(map(linking.is_thing, ["flag", "wedding", "fishing"]))
    assert not any(map(linking.is_thing, ["large", "asian", "heavy", "the"]))


def test_two_links_are_not_one() -> None:
    of, given = Plain(("copa", "vino"), "de"), Plain(("copa", "vino"), "para")
    assert not may_mean_the_same(of, given)
    assert may_mean_the_same(of, of)
    assert may_mean_the_same(of, None)
