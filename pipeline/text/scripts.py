"""Scripts, and the languages that are written in them."""

from collections import Counter

import regex

# Scripts that one language of the world's pictures uses, by and large: certain, in the list of languages or not.
ONE_LANGUAGE = {
    "Hangul": "ko",
    "Kana": "ja",
    "Thai": "th",
    "Hebrew": "he",
    "Greek": "el",
    "Georgian": "ka",
    "Armenian": "hy",
    "Bengali": "bn",
    "Tamil": "ta",
    "Telugu": "te",
    "Kannada": "kn",
    "Malayalam": "ml",
    "Gujarati": "gu",
    "Gurmukhi": "pa",
    "Oriya": "or",
    "Sinhala": "si",
    "Khmer": "km",
    "Lao": "lo",
    "Myanmar": "my",
    "Ethiopic": "am",
    "Tibetan": "bo",
}
# Scripts that several share, the most written first; it is taken where none of them is expected.
MANY_LANGUAGES = {
    "Han": ("zh", "ja"),
    "Cyrillic": ("ru", "uk", "bg", "sr", "mk", "be", "kk", "mn"),
    "Arabic": ("ar", "fa", "ur", "ps", "ckb", "ug", "sd"),
    "Devanagari": ("hi", "mr", "ne"),
}
OWN_SCRIPT = frozenset(ONE_LANGUAGE.values()).union(*MANY_LANGUAGES.values())
_RUNS = regex.compile(
    r"(?P<Latin>\p{Latin}+)|(?P<Kana>[\p{Hiragana}\p{Katakana}]+)|"
    + "|".join(rf"(?P<{name}>\p{{{name}}}+)" for name in (*ONE_LANGUAGE, *MANY_LANGUAGES) if name != "Kana")
)


def main_script(text: str) -> str | None:
    """The script of most letters; kana before Han, since Japanese mixes them; None without letters of a known one."""
    letters: Counter[str] = Counter()
    for run in _RUNS.finditer(text):
        letters[str(run.lastgroup)] += run.end() - run.start()
    if not letters:
        return None
    if letters["Kana"]:
        letters["Kana"] += letters.pop("Han", 0)
    return min(letters, key=lambda script: (-letters[script], script))
