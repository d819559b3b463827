"""Words of a text, and the breaks between them that no phrase may cross.

What is one word, by rule:

- A run of letters, marks and digits. Scripts without spaces between words (Han, kana, Thai, Lao, Khmer, Myanmar) are no
  exception: what stands between spaces or punctuation there is one word, so that a tag or query is a phrase of one
  word and no phrase ends in the middle of a word that nobody parted.
- An apostrophe, hyphen or middle dot between letters or digits is part of the word: o'clock, t-shirt, rock'n'roll. So
  is a period or comma between digits (3.5, 1,000), and a period between single letters (u.s.a).
- `&` without spaces beside one or two letters is part of the word (h&m, at&t); between other words it is a word of its
  own (black & white), since it means and.
- An underscore is a space. All other signs, emoji too, are breaks: they mean something, but they name no label.
"""

import functools
import math
import re

import regex
from wordfreq import get_frequency_dict

BREAK = ""
_RUN = r"[\p{L}\p{N}][[\p{L}\p{M}\p{N}\u200c\u200d]--[\ufe00-\ufe0f\u20e3]]*"
_PIECE = regex.compile(
    rf"""(?V1)
      (?<![\p{{L}}\p{{N}}])(?:\p{{L}}{{1,2}}&\p{{L}}{{1,2}})(?![\p{{L}}\p{{M}}\p{{N}}])    # h&m
    | (?<![\p{{L}}\p{{M}}\p{{N}}])\p{{L}}(?:\.\p{{L}})+(?![\p{{L}}\p{{M}}\p{{N}}])         # u.s.a
    | {_RUN}(?:(?:['\-·׳״]|(?<=\p{{N}})[.,](?=\p{{N}})){_RUN})*
    | &
    | [^\s_]
    """,
    regex.VERBOSE,
)
_OPENS = regex.compile(r"[\p{L}\p{N}]")  # Python's own isalnum is years of Unicode behind
_PLAIN = re.compile(r"[a-z0-9 ]*")
_HUMPS = regex.compile(
    r"(?V1)\p{Lu}\p{M}*(?:\p{Lu}\p{M}*)*(?=\p{Lu}\p{M}*\p{Ll})|\p{Lu}?\p{M}*[\p{Ll}\p{M}]+|[\p{Lu}\p{M}]+|\p{N}+(?:[sdkDK](?!\p{Ll}))?"
    r"|[[\p{L}\p{M}\u200c\u200d]--[\p{Lu}\p{Ll}]]+"
)
_LOWER_WORD = re.compile(r"[a-z]{8,40}")
_LONGEST_WORD = 16
# Shares of running English text. A part must be about as common as decor (4 in a million), and a short one more, since
# nearly any string falls into short words; a whole as common as wanderlust or starbucks stays whole.
_PART = {1: 1e-3, 2: 2e-4, 3: 2e-5}
_LONG_PART = 2e-6
_WHOLE = 2e-7


def tokenize(text: str) -> list[str]:
    """The words of a normalized text in order, with `BREAK` ("") where signs part them.

    Args:
        text: from `pipeline.text.unicode.fold_case`; else words keep what it would have folded.

    Returns:
        Words; no break at either end and no two in a row. Empty where the text has no letter and no digit.
    """
    if _PLAIN.fullmatch(text):
        return text.split()
    words: list[str] = []
    for piece in _PIECE.findall(text):
        if piece[0].isalnum() or piece == "&" or _OPENS.match(piece):
            words.append(piece)
        elif words and words[-1] != BREAK:
            words.append(BREAK)
    if "&" in words:
        words = _and_between_words(words)
    if words and words[-1] == BREAK:
        words.pop()
    return words


def split_hashtag(tag: str) -> list[str]:
    """The words of a hashtag in lower case: #DIYHomeDecor and #livingroomdecor.

    Its underscores, case and digits part it first. A part in lower case of eight letters or more that is no frequent
    word is parted into frequent English words where there is such a way, along the most probable one; names that
    people write about (starbucks, pinterest) are frequent words themselves.

    Args:
        tag: with or without its sign, in its own case.
    """
    whole = tag.lstrip("#").lower()
    if whole.isalpha() and whole.isascii() and _english().get(whole, 0.0) >= _WHOLE:
        return [whole]  # iPhone, YouTube
    parts = [part.lower() for part in _HUMPS.findall(tag)]
    words: list[str] = []
    for part in parts:
        words.extend(_segment(part) if _LOWER_WORD.fullmatch(part) else (part,))
    return words


def _and_between_words(words: list[str]) -> list[str]:
    """The same with each `&` that does not stand between two words turned into a break."""
    kept: list[str] = []
    for place, word in enumerate(words):
        follower = words[place + 1] if place + 1 < len(words) else BREAK
        if word == "&" and (not kept or kept[-1] in (BREAK, "&") or follower in (BREAK, "&")):
            word = BREAK
        if word == BREAK and (not kept or kept[-1] == BREAK):
            continue
        kept.append(word)
    return kept


@functools.lru_cache(maxsize=50_000)
def _segment(word: str) -> tuple[str, ...]:
    """The most probable way to part a word into frequent words; the word itself where it is one, or none exists."""
    frequency = _english()
    if frequency.get(word, 0.0) >= _WHOLE:
        return (word,)
    # best[i]: log probability and start of the last word of the best way to part word[:i].
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(word) + 1):
        ways = [
            (best[start][0] + math.log(share), start)
            for start in range(max(0, end - _LONGEST_WORD), end)
            if best[start][0] > -math.inf
            and (share := frequency.get(word[start:end], 0.0)) >= _PART.get(end - start, _LONG_PART)
            and (end - start > 1 or word[start:end] in ("a", "i"))
        ]
        best.append(max(ways, default=(-math.inf, 0)))
    if best[-1][0] == -math.inf:
        return (word,)
    parts: list[str] = []
    end = len(word)
    while end:
        start = best[end][1]
        parts.append(word[start:end])
        end = start
    return tuple(reversed(parts))


@functools.cache
def _english() -> dict[str, float]:
    """Share of each English word in running text; loaded once a process, where the first hashtag needs it."""
    return dict(get_frequency_dict("en", wordlist="large"))
