"""One spelling for every way that Unicode, HTML and broken encodings have of writing the same text.

`repair` undoes what transport did to a text and keeps its case, which hashtags need; `fold_case` takes the case away.
`normalize_text` is both, repeated until nothing changes, so that it is idempotent whatever it is given.
"""

import html
import re
import unicodedata

import ftfy
import regex

ENTITIES = "entities_decoded"
ESCAPES = "escapes_decoded"
MOJIBAKE = "mojibake_fixed"

# With its semicolon only: "black&white" and "?a=1&copy=2" hold no entity.
_ENTITY = regex.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
# What printing a Python or JSON string leaves in a text: line ends and characters spelt out.
_ESCAPE = regex.compile(r"\\(?:r\\n|n|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})")
# The same with its backslash lost: Plau017ca, u9577u6c99. Read where it gives letters, and where chance is unlikely:
# one Latin letter with an accent, if a letter of its number or one after it shows that no year or code is meant
# (menu0105 stays); or two or more in a row of any other script or of emoji (bureau5000 stays).
_LOST_SIGN = re.compile(r"[uU][0-9a-fA-F]{4}")
_LOST_LATIN = re.compile(r"[uU](0(?:0[c-fC-F]|1[0-7])[0-9a-fA-F])(?:(?<=[a-fA-F].)|(?<=[a-fA-F])|(?=[A-Za-z]))")
_LOST_RUN = re.compile(r"(?:[uU][0-9a-fA-F]{4}){2,}")
# A lead byte of UTF-8 and a continuation byte, both read as Latin-1 or Windows-1252. Cheap; ftfy decides.
_SUSPECT = regex.compile(r"[\xc2-\xf4][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
# Scripts in which a zero-width (non-)joiner changes the word.
_JOINING = (
    r"\p{Arab}\p{Syrc}\p{Mong}\p{Deva}\p{Beng}\p{Guru}\p{Gujr}"
    r"\p{Orya}\p{Taml}\p{Telu}\p{Knda}\p{Mlym}\p{Sinh}\p{Khmr}"
)
_INVISIBLE = regex.compile(
    rf"""(?V1)
    (?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])(*SKIP)(*FAIL)        # part of the spelling
    | (?<=\p{{Extended_Pictographic}}[\ufe0f\U0001f3fb-\U0001f3ff]?)\u200d(?=\p{{Extended_Pictographic}})(*SKIP)(*FAIL)
    | (?<=\p{{Extended_Pictographic}})[\ufe0e\ufe0f](*SKIP)(*FAIL)    # text or emoji presentation
    | (?<=[0-9\#*])\ufe0f(?=\u20e3)(*SKIP)(*FAIL)                     # keycap
    | [[\p{{Cc}}\p{{Cf}}\p{{Cs}}\p{{Default_Ignorable_Code_Point}}]--\s]
    """,
    regex.VERBOSE,
)
_BEFORE_NFKC = str.maketrans(
    {
        # Apostrophes in use; NFKC would make of the acute accent a space and a loose combining mark.
        **dict.fromkeys("’‘ʼʻ´‛", "'"),
        # Marks of trade, which NFKC would spell as letters of the word: niketm.
        **dict.fromkeys("™℠®", None),
        # Accents that stand alone, same trouble as the acute.
        **dict.fromkeys("¨¯¸˘˙˚˛˜˝ͺ΄᾽᾿῀῾", " "),
        "ـ": None,  # tatweel only stretches a line of Arabic
        **{half: f" {half}" for half in "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"},  # else 1½ becomes 11/2
    }
)
# NFKC takes the Thai and Lao vowel AM apart, which no keyboard and no dictionary does; hyphens are one hyphen.
_AFTER_NFKC = (("\u0e4d\u0e32", "\u0e33"), ("\u0ecd\u0eb2", "\u0eb3"), ("\u2010", "-"))
_FINAL_SIGMA = regex.compile(r"(?<=\p{Greek}\p{M}*)σ(?!\p{M}*\p{Greek})")
_INNER_SIGMA = regex.compile(r"ς(?=\p{M}*\p{Greek})")
_STRAY_DOT = re.compile("i\u0307+")
TURKIC = ("tr", "az")


def repair(text: str) -> tuple[str, list[str]]:
    """The text with what transport did to it undone, in its own case, and flags that name what was met.

    In this order: HTML entities; escapes of Python and JSON, also without their backslash where that is safe; UTF-8
    read as Latin-1 or Windows-1252; invisible characters; NFKC; white space. Joiners stay where they are part of a word
    (Indic scripts, Persian) or of an emoji.

    Args:
        text: any string, lone surrogates included.

    Returns:
        The text, NFKC but for the vowel AM of Thai and Lao, single spaces inside and none around; and the flags
        `entities_decoded`, `escapes_decoded`, `mojibake_fixed`.
    """
    if text.isascii() and "&" not in text and "\\" not in text and not _LOST_SIGN.search(text):
        return _printable(text), []
    flags: list[str] = []
    previous = None
    while previous != text:  # ends: decoding shortens a text, and all else is stable from the second round on
        previous = text
        text = _repair_once(text, flags)
    return text, flags


def fold_case(text: str, language: str | None = None) -> str:
    """Lower case, one form of sigma, and no stray dot on the Turkish i.

    Not `str.casefold`: it makes ss of ß, and so one word of German Maße (measures) and Masse (mass).

    Args:
        text: a text from `repair`.
        language: primary language subtag where known; in Turkish and Azeri, I is the capital of ı.
    """
    if language in TURKIC:
        text = text.replace("İ", "i").replace("I", "ı")
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFC", text.replace("İ", "i").lower())
    if "i\u0307" in text:
        text = unicodedata.normalize("NFC", _STRAY_DOT.sub("i", text))
    if "σ" in text or "ς" in text:
        text = _FINAL_SIGMA.sub("ς", _INNER_SIGMA.sub("σ", text))
    return text


def normalize_text(text: str) -> str:
    """The text repaired and in lower case; equal for all spellings that differ in form alone, and idempotent."""
    previous = None
    while previous != text:
        previous = text
        text = fold_case(repair(text)[0])
    return text


def _repair_once(text: str, flags: list[str]) -> str:
    text = unicodedata.normalize("NFC", text)  # so that what follows sees composed and decomposed spellings alike
    if "&" in text:
        decoded = _ENTITY.sub(_decode, text)
        if decoded != text:
            text = decoded
            _note(flags, ENTITIES)
    if "\\" in text or _LOST_SIGN.search(text):
        decoded = _LOST_LATIN.sub(_unescape_letter, _LOST_RUN.sub(_unescape_run, _ESCAPE.sub(_unescape, text)))
        if decoded != text:
            text = decoded
            _note(flags, ESCAPES)
    if text.isascii():
        return _printable(text)
    if _SUSPECT.search(text):
        fixed = ftfy.fix_encoding(text)
        if fixed != text:
            text = fixed
            _note(flags, MOJIBAKE)
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text.translate(_BEFORE_NFKC)))
    for apart, together in _AFTER_NFKC:
        text = text.replace(apart, together)
    return " ".join(text.split())


def _decode(match: "regex.Match[str]") -> str:
    return html.unescape(match[0])


def _unescape(match: "regex.Match[str]") -> str:
    return chr(int(match[0][2:], 16)) if match[0][1] in "ux" else " "


def _unescape_letter(match: "re.Match[str]") -> str:
    letter = chr(int(match[1], 16))
    return letter if letter.isalpha() else match[0]


def _unescape_run(match: "re.Match[str]") -> str:
    units = b"".join(int(unit, 16).to_bytes(2, "big") for unit in re.split("[uU]", match[0])[1:])
    text = units.decode("utf-16-be", errors="replace")
    kinds = {unicodedata.category(letter)[0] for letter in text}
    foreign = min(text) >= "\u0370"  # Latin has its own rule
    return text if foreign and (kinds <= {"L", "M"} or min(text) > "\uffff") else match[0]


def _note(flags: list[str], flag: str) -> None:
    if flag not in flags:
        flags.append(flag)


def _printable(text: str) -> str:
    """ASCII text without control characters, single spaces."""
    text = " ".join(text.split())
    return text if text.isprintable() else "".join(filter(str.isprintable, text))
