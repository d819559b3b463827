"""What is a word: by WordNet, by the forms that simplemma knows, and by how often running text has it."""

import functools
from collections.abc import Iterable, Mapping

import simplemma
from wordfreq import available_languages, get_frequency_dict

from pipeline.text.wordnet import wordnet

FREQUENT = 1e-6  # of running text: once in a million words, zipf 3; below it lists of words hold slips as well
_MIXED_IN = ("cs", "da", "de", "en", "es", "fi", "fr", "id", "it", "nb", "nl", "pl", "pt", "sv", "tr")


def share_of(word: str, language: str) -> float:
    """The share of running text of the language that a word is; 0 for one that is not in its list (wordfreq)."""
    return _shares(language).get(word, 0.0)


def is_word(word: str, language: str) -> bool:
    """Whether it is frequent in running text or a dictionary has it, in any of its forms; WordNet's for English.

    Args:
        word: lower case.
        language: primary subtag; of an unknown language nothing is a word.
    """
    return share_of(word, language) >= FREQUENT or _in_dictionary(word, language)


def foreign(words: Iterable[str], language: str) -> set[str]:
    """Those that are words of another language of Latin script that texts are mixed with."""
    found: set[str] = set()
    left = sorted(words)
    for other in _MIXED_IN if left else ():  # one dictionary after the other: few are held in memory at a time
        if other != language:
            found.update(word for word in left if word in _frequent(other))
    return found


@functools.lru_cache(maxsize=200_000)
def _in_dictionary(word: str, language: str) -> bool:
    reader = wordnet() if language == "en" else None
    if reader is not None and any(reader.morphy(word, part) is not None for part in "nvar"):
        return True
    try:
        return bool(simplemma.is_known(word, lang=language))
    except ValueError:  # simplemma has no such language
        return False


@functools.cache
def _shares(language: str) -> Mapping[str, float]:
    if language not in available_languages("small"):
        return {}
    return get_frequency_dict(language, wordlist="best")


@functools.cache
def _frequent(language: str) -> frozenset[str]:
    return frozenset(get_frequency_dict(language, wordlist="small"))
