import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary.merging.spelling import RATIO, correct, slips

words = st.text(alphabet="abc", max_size=5)


@pytest.mark.parametrize(
    ("slip", "right"),
    [
        ("cartooon", "cartoon"),  # a letter too many
        ("magnifing", "magnifying"),  # one too few
        ("geagraphy", "geography"),  # another letter
        ("cacuts", "cactus"),  # two letters swapped
        ("transpirant", "transparent"),  # two slips in a long word
    ],
)
def test_a_slip_is_corrected(slip: str, right: str) -> None:
    assert correct({slip: 3, right: 300}, "en") == {slip: right}


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("horse", "house"),
        ("bag", "bags"),
        ("ballon", "balloon"),  # each a word
        ("lucide", "lucid"),  # a name that goes on where the word ends
        ("tabler", "table"),
        ("winster", "wintery"),  # the last letter differs
        ("kweather", "weather"),  # the first letter is one too many
        ("lumon", "lemon"),  # too short for another letter
        ("musica", "music"),
        ("konzert", "concert"),
        ("birdhose", "birdhouse"),  # made of words
        ("model3", "model2"),
        ("slowley", "slow-ley"),
    ],
)
def test_a_word_or_a_name_is_left_alone(word: str, other: str) -> None:
    assert correct({word: 3, other: 300}, "en") == {}


def test_the_right_form_has_many_times_the_images() -> None:
    assert correct({"umbrela": 10, "umbrella": 10 * RATIO - 1}, "en") == {}
    assert correct({"umbrela": 10, "umbrella": 10 * RATIO}, "en") == {"umbrela": "umbrella"}


def test_a_second_word_as_near_leaves_it_unsure_though_the_data_do_not_have_it() -> None:
    assert correct({"quoations": 3, "questions": 300}, "en") == {}  # quotations
    assert correct({"blowling": 3, "blowing": 300}, "en") == {}  # bowling


def test_two_letters_put_in_make_another_word() -> None:
    assert correct({"islandkos": 3, "islands": 300}, "en") == {}


def test_german_makes_words_of_words() -> None:
    support = {"steinsteg": 3, "steinweg": 300, "fahradfahrer": 3, "fahrradfahrer": 300}
    assert correct(support, "de") == {"fahradfahrer": "fahrradfahrer"}


@pytest.mark.parametrize("language", ["ja", "ar", "vi", "xx", "und"])
def test_a_language_without_an_alphabet_of_slips_or_a_dictionary_is_left_alone(language: str) -> None:
    assert correct({"umbrela": 3, "umbrella": 300}, language) == {}


def test_no_words_no_corrections() -> None:
    assert correct({}, "en") == {}


@given(words, words)
def test_slips_count_the_same_in_both_directions_and_agree_with_the_whole_table(one: str, other: str) -> None:
    assert slips(one, other, 2) == slips(other, one, 2) == min(3, _whole_table(one, other))


def _whole_table(one: str, other: str) -> int:
    """Optimal string alignment distance by its recursion."""
    if not one or not other:
        return len(one) + len(other)
    ways = [
        _whole_table(one[:-1], other) + 1,
        _whole_table(one, other[:-1]) + 1,
        _whole_table(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    ]
    if one[-2:] == other[-2:][::-1] and len(one) > 1 and len(other) > 1:
        ways.append(_whole_table(one[:-2], other[:-2]) + 1)
    return min(ways)
