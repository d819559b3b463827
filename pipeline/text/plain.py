"""The short road of plain texts: whole Arrow arrays at once, with the result of `pipeline.text.clean` to the letter.

Most texts are words with single spaces and the signs of a sentence. There is nothing in them to repair, to remove or
to reject: they become their lower case, parted at signs. Two patterns decide which texts these are, so that
the work in Python is left to the rest. A text that they leave out loses nothing but time; one that they take must be
one that the long road does nothing else to, which a test checks.
"""

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.text.personal import MAIL_HOST
from pipeline.text.unsafe import UNSAFE_WORDS

# Letters that NFKC and lower case take to one letter each. Not İ, ı, ĸ, ſ, and those that NFKC writes as two.
_LETTER = "[A-Za-zÀ-ÖØ-öø-ÿĀ-įĴ-ķĹ-ľŁ-ňŊ-žА-яЁёІіЇїЄєҐґ]"
_WORD = f"{_LETTER}+(?:['-]{_LETTER}+)*"
_SIGN = "[,.!?;:]"
_SHAPE = rf"^{_WORD}(?:(?: ?{_SIGN})? {_WORD})*(?: ?{_SIGN})?$"
# What takes more than the shape tells; each may name too many texts, but no text too few.
_SPECIAL = "|".join(
    [
        r"(?i:(?:u[0-9a-f]{4}){2})",  # characters spelt out: u9577u6c99
        rf"(?i: at {MAIL_HOST})",  # jane at gmail dot com
        rf"(?i:\b(?:{'|'.join(sorted(UNSAFE_WORDS))})\b)",
        "[\u00c2-\u00f4][ŒœŠšŸŽž]",  # may be mojibake
    ]
)


def find_plain(texts: pa.StringArray) -> pa.BooleanArray:
    """Which texts become their lower case, cut at spaces and signs, in any language but Turkish and Azeri.

    Args:
        texts: raw texts; null is not plain.

    Returns:
        As long as `texts`, without nulls.
    """
    shaped = pc.match_substring_regex(texts, _SHAPE)
    return pc.fill_null(pc.and_not(shaped, pc.match_substring_regex(texts, _SPECIAL)), False)


def clean_plain(texts: pa.StringArray) -> pa.StringArray:
    """The clean text of each plain text, as `CleanText` has it: lower case, with " | " where signs part words.

    Args:
        texts: those that `find_plain` finds, no others.
    """
    lower = pc.utf8_lower(texts)
    ended = pc.replace_substring_regex(lower, rf" ?{_SIGN}$", "")
    return pc.replace_substring_regex(ended, rf" ?{_SIGN} ", " | ")
