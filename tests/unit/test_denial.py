import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.labeling import denial
from pipeline.labeling.match import match_batch
from pipeline.text.tokens import tokenize
from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import KeySet


def found(texts: list[str], members: list[str], language: str = "en") -> list[dict[str, bool]]:
    """Of each text, the members found in it and whether they are denied."""
    spoken = [" ".join(word or "|" for word in tokenize(text)) for text in texts]
    words = word_arrays.read_words(pa.array(spoken, pa.string()), pa.array([language] * len(texts), pa.string()))
    names = dict(zip(ngrams.whole_keys(members, language).tolist(), members, strict=True))
    wanted = KeySet(np.sort(np.array(list(names), dtype=np.int64)))
    got: list[dict[str, bool]] = [{} for _ in texts]
    for _, text, key, denied in match_batch(words, wanted, 4):
        for t, k, d in zip(text.tolist(), key.tolist(), denied.tolist(), strict=True):
            assert names[k] not in got[t]  # each once
            got[t][names[k]] = d
    return got


def says(text: str, member: str, language: str = "en") -> bool | None:
    """Whether the member counts in the text; None where it is not found."""
    denied = found([text], [member], language)[0].get(member)
    return None if denied is None else not denied


@pytest.mark.parametrize(
    ("text", "language", "member"),
    [
        ("this is not a dog", "en", "dog"),
        ("no dogs allowed", "en", "dogs"),
        ("coffee without sugar", "en", "sugar"),
        ("coffee without any sugar", "en", "sugar"),
        ("this isn't my dog", "en", "dog"),
        ("we do not have dogs", "en", "dogs"),
        ("salad free of nuts", "en", "nuts"),
        ("tea instead of coffee", "en", "coffee"),
        ("all animals except dogs", "en", "dogs"),
        ("no dogs", "und", "dogs"),
        ("kein hund", "de", "hund"),
        ("tee ohne zucker", "de", "zucker"),
        ("das ist nicht der hund", "de", "hund"),
        ("thé sans sucre", "fr", "sucre"),
        ("il n'y a pas de chien", "fr", "chien"),
        ("aucun chien", "fr", "chien"),
        ("té sin azúcar", "es", "azúcar"),
        ("té sin azucar", "es", "azucar"),
        ("no hay perros", "es", "perros"),
        ("no es un perro", "es", "perro"),
        ("tè senza zucchero", "it", "zucchero"),
        ("non è un cane", "it", "cane"),
        ("chá sem açúcar", "pt", "açúcar"),
        ("não é um cachorro", "pt", "cachorro"),
        ("thee zonder suiker", "nl", "suiker"),
        ("geen enkele hond", "nl", "hond"),
        ("herbata bez cukru", "pl", "cukru"),
        ("to nie jest pies", "pl", "pies"),
        ("čaj bez cukru", "cs", "cukru"),
        ("to není pes", "cs", "pes"),
        ("чай без сахара", "ru", "сахара"),
        ("это не собака", "ru", "собака"),
        ("чай без цукру", "uk", "цукру"),
        ("це не собака", "uk", "собака"),
        ("bu köpek değil", "tr", "köpek"),
        ("hiçbir köpek", "tr", "köpek"),
        ("没有狗的照片", "zh", "狗"),
        ("不是一只狗", "zh", "狗"),
        ("砂糖なしの飲み物", "ja", "砂糖"),
        ("犬ではない", "ja", "犬"),
        ("犬のいない公園", "ja", "犬"),
        ("설탕 없는 음료", "ko", "설탕"),
    ],
)
def test_what_is_denied_does_not_count(text: str, language: str, member: str) -> None:
    assert says(text, member, language) is False


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ("not only dogs", "dogs"),
        ("nothing but dogs", "dogs"),
        ("why not dogs", "dogs"),
        ("not without my dog", "dog"),
        ("none other than dogs", "dogs"),
        ("can not wait dogs", "dogs"),
        ("no | dogs", "dogs"),
        ("no, dogs", "dogs"),
        ("no 7 dogs", "dogs"),
        ("no other dog", "dog"),
        ("no cats or dogs", "dogs"),  # a denier reaches one phrase
        ("dog not cat", "dog"),
        ("sans dogs", "dogs"),  # of another language
        ("not any of the many dogs", "dogs"),  # 'many' is no determiner of the list
    ],
)
def test_what_stands_near_a_denier_counts(text: str, member: str) -> None:
    assert says(text, member) is True


@pytest.mark.parametrize(
    ("text", "language", "member"),
    [
        ("er fängt nicht den ball", "de", "ball"),
        ("nicht nur ein hund", "de", "hund"),
        ("pas seulement un chien", "fr", "chien"),
        ("no solo perros", "es", "perros"),
        ("não só cães", "pt", "cães"),
        ("non solo cani", "it", "cani"),
        ("niet alleen honden", "nl", "honden"),
        ("nie tylko psy", "pl", "psy"),
        ("не только собака", "ru", "собака"),
        ("не лише собака", "uk", "собака"),
        ("有没有狗", "zh", "狗"),
        ("西洋ナシ", "ja", "西洋"),
        ("白抜きのバツ", "ja", "白"),
        ("no parque", "pt", "parque"),
        ("sin köpek", "tr", "köpek"),  # of another language
        ("no dog", "vi", "dog"),  # without a list
    ],
)
def test_set_phrases_and_words_that_look_alike_deny_nothing(text: str, language: str, member: str) -> None:
    assert says(text, member, language) is True


def test_a_number_after_no_is_a_number() -> None:
    assert found(["no. 7", "no 7", "no 7 eleven"], ["7", "7 eleven"]) == [
        {"7": False},
        {"7": False},
        {"7 eleven": False},
    ]


def test_the_denied_one_of_two_does_not_count() -> None:
    assert found(["dog not cat", "cat without a dog"], ["cat", "dog"]) == [
        {"dog": False, "cat": True},
        {"cat": False, "dog": True},
    ]


def test_a_phrase_said_and_denied_in_one_text_counts() -> None:
    assert found(["a dog is not a dog", "not a dog, no dog", "no dog, a dog"], ["dog"]) == [
        {"dog": False},
        {"dog": True},
        {"dog": False},
    ]


def test_a_member_that_holds_the_denier_counts_and_hides_it() -> None:
    members = ["no smoking", "smoking", "not equal", "equal", "forget me not", "flower", "why not us", "us"]
    texts = ["no smoking", "not equal", "forget me not flower", "smoking", "no us"]
    assert found(texts, members) == [
        {"no smoking": False},
        {"not equal": False},
        {"forget me not": False, "flower": False},
        {"smoking": False},
        {"us": True},
    ]


def test_a_denied_longer_phrase_keeps_hiding_what_is_inside() -> None:
    assert found(["not a hot dog"], ["hot dog", "dog"]) == [{"hot dog": True}]


def test_a_member_that_is_a_denier_itself_still_denies() -> None:
    assert found(["no dogs"], ["no", "dogs"]) == [{"no": False, "dogs": True}]


def test_free_denies_what_is_sold_without_and_not_what_costs_nothing() -> None:
    texts = ["sugar free cookies", "brown sugar free", "dog clipart free", "dog free", "free sugar", "sugar-free"]
    assert found(texts, ["sugar", "brown sugar", "dog", "clipart", "cookies"]) == [
        {"sugar": True, "cookies": False},
        {"brown sugar": True},
        {"dog": False, "clipart": False},
        {"dog": False},
        {"sugar": False},
        {},
    ]


def test_joined_words_and_less_deny_nothing() -> None:
    assert found(["wireless mouse", "dog-free zone", "eat sugar less"], ["mouse", "dog", "zone", "sugar"]) == [
        {"mouse": False},
        {"zone": False},
        {"sugar": False},
    ]


def test_at_most_two_determiners_stand_between() -> None:
    assert says("not all the dogs", "dogs") is True
    assert says("not such a dog", "dog") is False
    assert says("not the this a dog", "dog") is True


def test_a_denier_does_not_reach_into_the_next_text() -> None:
    assert found(["this is not", "dog", "not a", "dog"], ["dog"]) == [{}, {"dog": False}, {}, {"dog": False}]
    assert found(["kahve", "değil"], ["kahve"], "tr") == [{"kahve": False}, {}]


def test_a_denier_at_the_end_and_an_empty_batch_are_no_error() -> None:
    assert found(["dog not", "", "not"], ["dog"]) == [{"dog": False}, {}, {}]
    assert found([], ["dog"]) == []


@pytest.mark.parametrize(
    "language", ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "ru", "uk", "tr", "zh", "ja", "ko"]
)
def test_lists_hold_words_as_texts_hold_them_and_nothing_twice(language: str) -> None:
    tables = (denial._BEFORE, denial._AFTER, denial._SET_PHRASES)
    entries = [entry for table in tables for entry in table.get(language, "").split("|") if entry]
    assert entries
    assert len(entries) == len(set(entries))
    between = denial._BETWEENS.get(language, "").split()
    assert len(between) == len(set(between))
    for entry in [*entries, *between]:
        assert len(entry.split()) <= denial.LONGEST
        for word in entry.split():
            assert word == word.lower()
            assert tokenize(word) == [word]


WORDS = st.lists(st.sampled_from(["not", "a", "only", "dog", "cat", ""]), max_size=9)


def oracle(text: list[str]) -> dict[str, bool]:
    """The rule by a plain loop, for single-word members dog and cat."""
    got: dict[str, bool] = {}
    for place, word in enumerate(text):
        if word not in ("dog", "cat"):
            continue
        before = place - 1
        while before >= max(0, place - 2) and text[before] == "a":
            before -= 1
        denied = before >= 0 and text[before] == "not"
        got[word] = got.get(word, True) and denied
    return got


@given(st.lists(WORDS, max_size=4))
def test_the_flags_are_those_of_a_plain_loop(texts: list[list[str]]) -> None:
    parted = [" , ".join(" ".join(run) for run in _runs(text)) for text in texts]
    expected = []
    for text in texts:
        got: dict[str, bool] = {}
        runs = [oracle(run) for run in _runs(text)]
        for run in runs:
            for word, denied in run.items():
                got[word] = got.get(word, True) and denied
        expected.append(got)
    assert found(parted, ["dog", "cat"]) == expected


def _runs(text: list[str]) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    for word in text:
        if word:
            runs[-1].append(word)
        else:
            runs.append([])
    return runs
