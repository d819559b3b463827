import math

import numpy as np
import pytest

from pipeline.text.letters import LetterModel

GERMAN = {"haus": 1e-3, "hausboot": 1e-5, "boot": 1e-4}
DUTCH = {"huis": 1e-3, "huisboot": 1e-5, "boot": 1e-4}


@pytest.fixture(scope="module")
def model() -> LetterModel:
    return LetterModel([GERMAN, DUTCH])


@pytest.mark.parametrize(("word", "likeliest"), [("haustier", 0), ("huisdier", 1), ("bootshaus", 0)])
def test_a_word_in_no_list_is_likelier_where_its_parts_are_usual(model: LetterModel, word: str, likeliest: int) -> None:
    assert np.argmax(model.log_likelihoods(word)) == likeliest


def test_the_probabilities_of_what_may_follow_sum_to_one() -> None:
    model = LetterModel([{"ab": 1.0, "a": 1.0}])
    # All words of up to 14 letters over the alphabet: what is missing are longer ones.
    total, words = 0.0, [""]
    for _ in range(15):
        total += sum(math.exp(model.log_likelihoods(word)[0]) for word in words)
        words = [word + letter for word in words for letter in "ab"] if len(words) < 2**14 else []
    # Two of four codes (letters, edge, none) are spent on the letters, so that some probability is on no word at all.
    assert 0.75 < total <= 1.0


def test_unknown_letters_are_evidence_for_no_language(model: LetterModel) -> None:
    silent = model.log_likelihoods("ж")
    assert silent[0] == pytest.approx(silent[1], abs=1.0)


def test_a_language_without_words_is_never_the_likeliest() -> None:
    model = LetterModel([GERMAN, {}])
    assert np.argmax(model.log_likelihoods("haus")) == 0


def test_scripts_of_thousands_of_letters_take_shorter_n_grams() -> None:
    many = {chr(0x4E00 + place): 1e-4 for place in range(20_000)}
    found = LetterModel([many, {"\u4e00\u4e01": 1e-3}]).log_likelihoods("\u4e00\u4e01")
    assert np.all(np.isfinite(found))
    assert found[1] > found[0]
