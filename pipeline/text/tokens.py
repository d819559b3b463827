"""Words of a text, and the breaks between them that no phrase may cross.

What is one word, by rule:

- A run of letters, marks and digits. In scripts without spaces between words (Han, kana, Thai, Lao, Khmer, Myanmar) a
  run is cut by the dictionary, as `pipeline.text.segment` says; its words follow each other with no break between.
- An apostrophe, hyphen or middle dot between letters or digits is part of the word: o'clock, t-shirt, rock'n'roll. So
  is a period or comma between digits (3.5, 1,000), and a period between single letters (u.s.a).
- `&` without spaces beside one or two letters is part of the word (h&m, at&t); between other words it is a word of its
  own (black & white), since it means and.
- An underscore is a space. All other signs, emoji too, are breaks: they mean something, but they name no label.
"""

import re
from collections.abc import Sequence

import regex

from pipeline.text.joined import english_share, split_word
from pipeline.text.segment import SPACELESS, holds_spaceless, parted_by_space, segment

BREAK = ""
_RUN = r"[\p{L}\p{N}][[\p{L}\p{M}\p{N}\u200c\u200d]--[\ufe00-\ufe0f\u20e3]]*"
_LETTER = rf"[\p{{L}}--[{SPACELESS}]]"
_PIECE = regex.compile(
    rf"""(?V1)
      (?<![\p{{L}}\p{{N}}])(?:{_LETTER}{{1,2}}&{_LETTER}{{1,2}})(?![\p{{L}}\p{{M}}\p{{N}}])    # h&m
    | (?<![\p{{L}}\p{{M}}\p{{N}}]){_LETTER}(?:\.{_LETTER})+(?![\p{{L}}\p{{M}}\p{{N}}])         # u.s.a
    | {_RUN}(?:(?:['\-·׳״]|(?<=\p{{N}})[.,](?=\p{{N}})){_RUN})*
    | &
    | [^\s_]
    """,
    regex.VERBOSE,
)
_OPENS = regex.compile(r"[\p{L}\p{N}]")  # Python's own isalnum is years of Unicode behind
_PLAIN = re.compile(r"[a-z0-9 ]*")
# Plain sentences, most captions: signs stand before a space, or are a hyphen or apostrophe inside a word.
_SENTENCES = re.compile(r"[a-z0-9 ]*(?:(?:[,.!?;:](?=[ ,.!?;:]|\Z)|(?<=[a-z0-9])['-](?=[a-z0-9]))[a-z0-9 ]*)*")
_ENDS = re.compile("[,.!?;:]+")
_HUMPS = regex.compile(
    r"(?V1)\p{Lu}\p{M}*(?:\p{Lu}\p{M}*)*(?=\p{Lu}\p{M}*\p{Ll})|\p{Lu}?\p{M}*[\p{Ll}\p{M}]+|[\p{Lu}\p{M}]+|\p{N}+(?:[sdkDK](?!\p{Ll}))?"
    r"|[[\p{L}\p{M}\u200c\u200d]--[\p{Lu}\p{Ll}]]+"
)
_NAME = 1e-6  # share of English text of a name with capitals inside that stays whole: iPhone, and not IceCream


def tokenize(text: str) -> list[str]:
    """The words of a normalized text in order, with `BREAK` ("") where signs part them.

    Args:
        text: from `pipeline.text.unicode.fold_case`; else words keep what it would have folded.

    Returns:
        Words; no break at either end and no two in a row. Empty where the text has no letter and no digit.
    """
    if _PLAIN.fullmatch(text):
        return text.split()
    return _sentences(text) if _SENTENCES.fullmatch(text) else _any_text(text)


def join_words(words: Sequence[str]) -> str:
    """Words as people write them: one space between, but none where both neighbours touch in a script without spaces.

    Args:
        words: tokens in order, without breaks; 紅色 and 連衣裙 become 紅色連衣裙, iphone and ケース stay apart.
    """
    text = ""
    last = ""
    for word in words:
        text += f" {word}" if last and parted_by_space(last, word) else word
        last = word
    return text


def split_hashtag(tag: str) -> list[str]:
    """The words of a hashtag in lower case: #DIYHomeDecor and #livingroomdecor.

    Its underscores, case and digits part it first, then `split_word` its parts in lower case. Names with capitals
    inside that people write about (iPhone, YouTube) stay whole.

    Args:
        tag: with or without its sign, in its own case.
    """
    whole = tag.lstrip("#").lower()
    if whole.isalpha() and whole.isascii() and english_share(whole) >= _NAME:
        return [whole]
    return [word for part in _HUMPS.findall(tag) for word in split_word(part.lower())]


def _sentences(text: str) -> list[str]:
    """What `_any_text` gives, five times as fast, for what `_SENTENCES` matches."""
    words: list[str] = []
    for run in _ENDS.split(text):
        if inside := run.split():
            if words:
                words.append(BREAK)
            words += inside
    return words


def _any_text(text: str) -> list[str]:
    words: list[str] = []
    spaceless = holds_spaceless(text)
    for piece in _PIECE.findall(text):
        if piece[0].isalnum() or piece == "&" or _OPENS.match(piece):
            words += segment(piece) if spaceless else (piece,)
        elif words and words[-1] != BREAK:
            words.append(BREAK)
    if "&" in words:
        words = _and_between_words(words)
    if words and words[-1] == BREAK:
        words.pop()
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
