"""Words that are written as one: livingroomdecor, weddingdress, and the names that only look so.

A word is parted along the most probable way to read it as frequent English words (a unigram model, solved by dynamic
programming; Norvig, "Natural Language Corpus Data", 2009), and only where

- each part is frequent enough for its length in running English (wordfreq, Speer 2022), since nearly any string falls
  into short words, or is written apart in the data at hand;
- the whole is no frequent word itself, of English (starbucks, sunglasses) or another large language of Latin script
  (maintenant), unless the data write it apart more often than joined;
- the data do not write the whole more often than its rarest part, as they do with names of their own.
"""

import functools
import math
import re
from collections.abc import Mapping

from wordfreq import get_frequency_dict

_LOWER_WORD = re.compile(r"[a-z]{7,40}")
_LONGEST_PART = 16
# Shares of running English text that make a part, by its letters: the shorter, the likelier it is there by chance.
_PART = {3: 2e-5, 4: 5e-6, 5: 1.4e-6, 6: 7e-7}
_LONG_PART = 3e-7
_OTHER_LANGUAGES = ("de", "es", "fr", "id", "it", "nl", "pl", "pt", "sv", "tr")
# Words of tags and boards that running text has seldom.
_TAG_WORDS = frozenset(["boho", "diy", "mens", "nyc", "pic", "tee", "xmas"])
# Words of one and two letters, and where they stand; others (an, as, ti) are mostly pieces of longer foreign words.
_FIRST = frozenset(["i", "my", "no", "we", "go"])
_INNER = frozenset(
    [
        *["a", "i", "of", "in", "to", "on", "at", "by", "is", "or", "my", "me", "we", "be", "it", "no", "up", "vs"],
        *["go", "so", "do", "us"],
    ]
)
_LAST = frozenset(["up", "me", "us", "it", "tv", "uk"])
_WHOLE = 1e-7  # of a word that stays as it is, such as houseplant; hashtags that people write as one are rarer
_SEEN = 3  # times that a part must be written apart in the data


def split_word(word: str, corpus: Mapping[str, int] | None = None) -> tuple[str, ...]:
    """The words that a word written as one is made of; the word itself where it is one, or where that is unsure.

    Args:
        word: lower case. Only ASCII letters, 7 to 40 of them, are ever parted.
        corpus: how often each word, and each phrase of words with a space between, is written in the data at hand.
            It makes its own words parts (of three letters or more, three times or more) and its own names wholes;
            None leaves it to the frequencies of English.
    """
    if not _LOWER_WORD.fullmatch(word):
        return (word,)
    if corpus is None:
        return _by_english(word)
    parts = _best(word, corpus)
    if len(parts) == 1:
        return parts
    joined = corpus.get(word, 0)
    if _known_whole(word):
        return parts if corpus.get(" ".join(parts), 0) > joined else (word,)
    return (word,) if joined > min(corpus.get(part, 0) for part in parts) > 0 else parts


def english_share(word: str) -> float:
    """The share of running English text that a lower-case word is; 0 for one that it does not have."""
    return _english().get(word, 0.0)


def _known_whole(word: str) -> bool:
    return english_share(word) >= _WHOLE or word in _of_other_languages()


@functools.lru_cache(maxsize=50_000)
def _by_english(word: str) -> tuple[str, ...]:
    return (word,) if _known_whole(word) else _best(word, {})


def _best(word: str, corpus: Mapping[str, int]) -> tuple[str, ...]:
    """The most probable way to part a word into at least two words; the word itself where there is none."""
    size = len(word)
    # best[i]: log probability and start of the last word of the best way to part word[:i].
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, size + 1):
        ways = [
            (best[start][0] + math.log(share), start)
            for start in range(max(0, end - _LONGEST_PART), end)
            if best[start][0] > -math.inf
            and end - start < size
            and (end - start > 2 or word[start:end] in (_FIRST if start == 0 else _LAST if end == size else _INNER))
            and (share := _share(word[start:end], corpus)) > 0.0
        ]
        best.append(max(ways, default=(-math.inf, 0)))
    if best[-1][0] == -math.inf:
        return (word,)
    parts: list[str] = []
    end = size
    while end:
        start = best[end][1]
        parts.append(word[start:end])
        end = start
    return tuple(reversed(parts))


def _share(part: str, corpus: Mapping[str, int]) -> float:
    """How much of running text a part is; 0 for what is none."""
    least = _PART.get(len(part), _LONG_PART)
    share = english_share(part)
    if share >= least or len(part) < 3:
        return share
    return least if part in _TAG_WORDS or corpus.get(part, 0) >= _SEEN else 0.0


@functools.cache
def _english() -> dict[str, float]:
    """Share of each English word in running text; loaded once a process, where the first word needs it."""
    return dict(get_frequency_dict("en", wordlist="large"))


@functools.cache
def _of_other_languages() -> frozenset[str]:
    """Frequent words of other languages (at least one in a million) that have the form of what is parted."""
    return frozenset(
        word
        for language in _OTHER_LANGUAGES
        for word in get_frequency_dict(language, wordlist="small")
        if _LOWER_WORD.fullmatch(word)
    )
