"""What must not become a label: addresses, people's data, file names, hashes, times of files and markup.

`remove` takes such parts out of a text and leaves a break in their place; a text of which nothing is left is rejected
for what was taken out. `mask` hides people's data in raw texts that are kept for a person to look at.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import regex

from pipeline.text import personal
from pipeline.text.segment import EDGE, mark_edges
from pipeline.text.unicode import repair
from pipeline.text.unsafe import UNSAFE, unsafe_words

__all__ = ["CUT", "UNSAFE", "mask", "rejection", "remove", "unsafe_words"]

CUT = " | "  # reads as a break to the tokenizer


class _Rule(NamedTuple):
    flag: str  # noted where something was removed
    reason: str  # why the text is rejected where nothing is left
    pattern: "regex.Pattern[str]"
    hints: Sequence[str]  # strings without one of which the pattern cannot match
    check: Callable[[str], bool] | None = None  # whether a match is one in truth
    mask: str | None = None  # what stands for it in raw texts, for people's data


_IGNORE = regex.IGNORECASE | regex.VERBOSE
# Two-letter domains end too many words ("so.it"): bare ones need a path after them.
_TOP = r"com|net|org|info|biz|edu|gov|io|app|shop|blog|online|store|site"
_URL = regex.compile(
    rf"""
    \b(?:https?|ftp)://\S+
    | \bwww\.[\w-]+\.\S+
    | (?<![\w@.-])(?:[\w-]+\.)+
      (?:(?:{_TOP})(?:\.[a-z]{{2}})?(?![\w-])|co\.[a-z]{{2}}\b|[a-z]{{2}}(?=/\S))(?:[:/?\#]\S*)?
    """,
    _IGNORE,
)
_MARKUP = regex.compile(r"</?[a-z][^<>]{0,500}>|<!--.{0,500}?-->", _IGNORE)
_HASH = regex.compile(
    r"""
    (?<![^\W_])hash\(0x[0-9a-f]+\)
    | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b
    | (?<![^\W_])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{16,}(?![^\W_])
    | (?<![^\W_])0x[0-9a-f]{4,}(?![^\W_])
    | (?<![\w/+-])(?=(?:[a-z]++\d++[_+/-]*+){4})[\w+/-]{20,}={0,2}(?![\w+/=-])  # base64, of letters and digits in turn
    """,
    _IGNORE,
)
_EXTENSION = r"\.(?:jpe?g|png|gif|svgz?|webp|bmp|tiff?|heic|psd|eps|pdf|mp4|mov|cr2|nef|arw|dng)"
_CAMERA = regex.compile(
    rf"""
    (?<![\p{{L}}\p{{N}}])(?:
        (?:img|dsc[nf]?|pict|mvi|gopr|dji|cimg|imag|hpim|sany|stc|fb_img)[ _-]*\d{{3,}}(?:[_-]\d+)*
      | (?:pxl|vid|wp|sam|received)_?\d{{3,}}(?:_\d+)*  # words too: received 1000 likes
      | _?(?:dsc|mg)_?\d{{3,}}
      | p\d{{7}}
      | (?:19|20)\d{{6}}[_-]\d{{3,}}
      | \d{{6,}}_[0-9a-f]{{8,}}(?:_[a-z])?
    )(?:\ ?\(\d+\)|[_-]\d+|_[a-z])?(?:{_EXTENSION})?(?![\p{{L}}\p{{N}}])
    | ^(?:photo|image|picture|pic|bild|foto|scan|file|untitled|unnamed|download)[ _-]?\(?[\d_-]+\)?(?:{_EXTENSION})?$
    | ^(?:screen[ _-]?shots?|whatsapp[ _-](?:image|video))[ _-]?
      (?:from|at)?[\d .:_at-]*\d[\d .:_apm-]*(?:{_EXTENSION})?$
    """,
    _IGNORE,
)
_ENDING = regex.compile(
    rf"(?:{_EXTENSION})+(?![\p{{L}}\p{{N}}])|^(?:file|image|datei|fichier|archivo|bestand):(?=.*{_EXTENSION}$)", _IGNORE
)

# When a file was made: a date and a time of day together, alone or in brackets.
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_TIME = (
    r"[0-2]?\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,6})?)?(?:\s?[ap]\.?m\b\.?)?"
    r"(?:\s?(?:z|utc|gmt|cet|cest|[ecmp][sd]t|[+-]\d\d:?\d\d))?"
)
_TIMESTAMP = regex.compile(
    rf"""
    [(\[]?(?<![\w:.-])(?:
        (?:{_DAY}[ ,]{{1,2}})?{_MONTH}\s{{1,2}}\d{{1,2}},?\s{{1,2}}{_TIME}(?:\s\d{{4}})?     # Aug 25 23:29:46 2004
      | (?:{_DAY}[ ,]{{1,2}})?{_MONTH}\s\d{{1,2}},?\s\d{{4}}(?:,|\sat)?\s{_TIME}             # Aug 25, 2004 11:29 PM
      | (?:{_DAY}[ ,]{{1,2}})?\d{{1,2}}\.?\s{_MONTH},?\s\d{{4}}(?:,|\sat)?\s{_TIME}          # 25 Aug 2004 23:29:46
      | (?:19|20)\d\d([-:/.])[01]\d\1[0-3]\d(?:t|[ _]{{1,2}}|,\s){_TIME}                     # 2004-08-25T23:29:46Z
      | [0-3]?\d([-/.])[0-3]?\d\2(?:19|20)\d\d(?:,|\sat)?\s{{1,2}}{_TIME}                    # 25.08.2004 23:29
    )(?![\w:])[)\]]?
    """,
    _IGNORE,
)

# The order decides the reason of a text of which nothing is left. E-mail addresses come before what may hold part of
# one, times and numbers with a check digit before telephone numbers, file names before hashes, which numbers look like.
_DIGITS = "0123456789"
_RULES = (
    _Rule(
        "email_removed", "personal_data", personal.EMAIL, ("@", "(", "[", "{", " at ", " At ", " AT "), None, "[email]"
    ),
    _Rule("markup_removed", "empty", _MARKUP, "<"),
    _Rule("url_removed", "url", _URL, "."),
    _Rule("timestamp_removed", "number", _TIMESTAMP, ":"),
    _Rule("iban_removed", "personal_data", personal.IBAN, _DIGITS, personal.is_iban, "[iban]"),
    _Rule("card_removed", "personal_data", personal.CARD, _DIGITS, personal.is_card, "[card]"),
    _Rule("id_number_removed", "personal_data", personal.ID_NUMBER, _DIGITS, None, "[id]"),
    _Rule("phone_removed", "personal_data", personal.PHONE, _DIGITS, personal.is_phone, "[phone]"),
    _Rule("handle_removed", "personal_data", personal.HANDLE, "@", None, "[handle]"),
    _Rule("file_name_removed", "file_name", _CAMERA, _DIGITS),
    _Rule("hash_removed", "hash", _HASH, _DIGITS),
)
_REASONS = {rule.flag: rule.reason for rule in _RULES}
_LETTER = regex.compile(r"\p{L}")
# Without one of these no rule matches: the period that ends a sentence is none of them.
_ANY_SIGN = re.compile(rf"[\d<@(\[{{]|\.(?=\S)|\sat\s(?={personal.MAIL_HOST})", re.IGNORECASE)


def remove(text: str) -> tuple[str, list[str]]:
    """The text with addresses, people's data, times, hashes, camera file names and markup replaced by breaks.

    Flags: email_removed, markup_removed, url_removed, timestamp_removed, iban_removed, card_removed,
    id_number_removed, phone_removed, handle_removed, file_name_removed, hash_removed, file_ending_removed.

    Args:
        text: from `pipeline.text.unicode.repair`, in its own case.

    Returns:
        The text (file name endings such as .svg taken off the words before them) and the flags of what was removed.
    """
    if not _ANY_SIGN.search(text):
        return text, []
    text = mark_edges(text)
    flags: list[str] = []
    for rule in _RULES:
        if any(hint in text for hint in rule.hints):
            left = _replace(rule, CUT, text)
            if left != text:
                text = left
                flags.append(rule.flag)
    if "." in text:
        text, count = _ENDING.subn(CUT, text)
        if count:
            flags.append("file_ending_removed")
    return text.replace(EDGE, ""), flags


def rejection(tokens: Sequence[str], flags: Sequence[str]) -> str | None:
    """Why nothing usable is left of a text, or None.

    Args:
        tokens: its words after `remove`.
        flags: those that `remove` gave.

    Returns:
        `number` where no word holds a letter; where no word is left, the reason of what was removed first (url,
        personal_data, hash, file_name), or `empty`.
    """
    for word in tokens:  # the first one ends it nearly always
        if word.isalpha() or _LETTER.search(word):
            return None
    removed = next((_REASONS[flag] for flag in flags if flag in _REASONS), None)
    return removed or ("number" if tokens else "empty")


def mask(text: str) -> str:
    """The repaired text with people's data hidden, and addresses cut to their host.

    E-mail addresses, handles, and telephone, card, account and identity numbers become [email], [handle], [phone],
    [card], [iban] and [id]. What follows the host of an address often names a person: instagram.com/jane.doe.
    """
    text = mark_edges(repair(text)[0])
    for rule in _RULES:
        if rule.flag == "url_removed":
            text = _URL.sub(_host, text)
        elif rule.mask is not None:
            text = _replace(rule, rule.mask, text)
    return text.replace(EDGE, "")


def _replace(rule: _Rule, substitute: str, text: str) -> str:
    check = rule.check
    if check is None:
        return rule.pattern.sub(substitute, text)
    return rule.pattern.sub(lambda match: substitute if check(match[0]) else match[0], text)


def _host(match: "regex.Match[str]") -> str:
    scheme, separator, rest = match[0].rpartition("://")
    host = regex.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return f"{scheme}{separator}{host}" if host == rest else f"{scheme}{separator}{host}/..."
