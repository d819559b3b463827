"""What must not become a label: addresses, people's data, file names, hashes, markup and unsafe words.

`remove` takes such parts out of a text and leaves a break in their place; a text of which nothing is left is rejected
for what was taken out. `mask` hides people's data in raw texts that are kept for a person to look at.
"""

from collections.abc import Sequence
from typing import NamedTuple

import regex

from pipeline.text.unicode import repair

CUT = " | "  # reads as a break to the tokenizer
UNSAFE = "unsafe"


class _Rule(NamedTuple):
    flag: str  # noted where something was removed
    reason: str  # why the text is rejected where nothing is left
    pattern: "regex.Pattern[str]"
    signs: str  # characters without one of which the pattern cannot match


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


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
_EMAIL = regex.compile(
    r"""
    (?<![\w.+-])(?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | (?<![\w.+-])[\w.+-]+\s?[(\[]\s?at\s?[)\]]\s?[\w-]+(?:(?:\.|\s?[(\[]\s?dot\s?[)\]]\s?)[\w-]+)+
    """,
    _IGNORE,
)
_HANDLE = regex.compile(r"(?<![\w@])@(?=[\w.]*\p{L})\w(?:[\w.]*\w)?", regex.VERBOSE)
# Sizes, dates, years and prices are no telephone numbers: without a plus sign, brackets or a word for it, only the
# shape 555-123-4567 and numbers that open with 0 count, with at least 10 digits.
_PHONE = regex.compile(
    r"""
    (?<![\w+.,/-])(?:
        \+(?:[ .()/-]{0,2}\d){8,15}
      | (?:1[ .-])?(?:\(\d{3}\)[ ]?|\d{3}[.-])\d{3}[.-]\d{4}
      | \d{3}[ ]\d{3}[ ]\d{4}
      | \(?0(?=(?:[ ()./-]{0,3}\d){9,12}(?!\d))\d{1,5}\)?[ ./-]{1,3}\d{2,8}(?:[ .-]\d{2,5}){0,4}
    )(?![\w]|[.,/-]\d)
    | \b(?:tel|telephone|phone|mobile|cell|call|fax|whats\s?app)\b[.:]*[ ]?(?:[ .()/+-]{0,2}\d){7,15}(?!\d)
    """,
    _IGNORE,
)
_MARKUP = regex.compile(r"</?[a-z][^<>]{0,500}>|<!--.{0,500}?-->", _IGNORE)
_HASH = regex.compile(
    r"""
    \bhash\(0x[0-9a-f]+\)
    | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b
    | \b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{16,}\b
    | \b(?:0x)[0-9a-f]{4,}\b
    | (?<![\w/+-])(?=(?:[a-z]++\d++[_+/-]*+){4})[\w+/-]{20,}={0,2}(?![\w+/=-])  # base64, of letters and digits in turn
    """,
    _IGNORE,
)
_EXTENSION = r"\.(?:jpe?g|png|gif|svgz?|webp|bmp|tiff?|heic|psd|eps|pdf|mp4|mov|cr2|nef|arw|dng)"
_CAMERA = regex.compile(
    rf"""
    (?<![\p{{L}}\p{{N}}])(?:
        (?:img|dsc[nf]?|pict|mvi|gopr|dji|cimg|imag|hpim|sany|stc|fb_img)[ _-]?\d{{3,}}(?:[_-]\d+)*
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

# The order decides the reason of a text of which nothing is left. E-mail addresses come before what may hold part of
# one, file names before hashes, which long numbers look like.
_RULES = (
    _Rule("email_removed", "personal_data", _EMAIL, "@(["),
    _Rule("markup_removed", "empty", _MARKUP, "<"),
    _Rule("url_removed", "url", _URL, "."),
    _Rule("phone_removed", "personal_data", _PHONE, "0123456789"),
    _Rule("handle_removed", "personal_data", _HANDLE, "@"),
    _Rule("file_name_removed", "file_name", _CAMERA, "0123456789"),
    _Rule("hash_removed", "hash", _HASH, "0123456789"),
)
_REASONS = {rule.flag: rule.reason for rule in _RULES}
_LETTER = regex.compile(r"\p{L}")
_ANY_SIGN = regex.compile(r"[\d<@.(\[]")

_UNSAFE_WORDS = _words(
    """
    anal anus bdsm blowjob blowjobs boobs bukkake butthole camgirl clitoris creampie cumshot cunnilingus cunt cunts
    deepthroat dildo dildos ejaculation erotic fellatio fetish fisting footjob fuck fucked fucker fucking gangbang
    handjob hentai incest jizz masturbate masturbating masturbation milf milfs motherfucker naked nsfw nude nudes
    nudity nudist orgasm orgy penis pedophile porn porno pornhub pornography pussies pussy rape rimjob scat semen
    sex slut sluts sodomy strapon striptease threesome tits titties topless upskirt vagina vibrator vulva whore
    whores xxx faggot faggots kike nigger niggers tranny
    """
)
# Words beside which an unsafe word means something else; "*" stands for the word itself.
_FRIENDS = {
    "nude": """* heel|heels|pump|pumps|shoe|shoes|lip|lips|lipstick|lipsticks|gloss|nail|nails|manicure|polish|makeup
        |palette|eyeshadow|blush|tone|tones|color|colors|colour|colours|pink|beige|sandal|sandals|dress|dresses|gown
        |bag|bra|tights|leggings|mesh|ombre""",
    "naked": "* palette|palettes|cake|cakes|eye|heat|juice|neck|gun|chef; urban decay *",
    "sex": "* and the city|pistols|education; same *; opposite *",
    "pussy": "* willow|willows|cat|cats|riot|foot|galore|bow",
    "tits": "blue *; great *; coal *; marsh *; willow *; long-tailed *",
    "scat": "* singing|singer; animal *; wolf *; bear *",
    "rape": "* seed|field|oil|flower|flowers",
    "vibrator": "concrete *",
    "topless": "* bar|skyscraper|jeep|car",
    "penis": "* envy",
    "anal": "* fin",
}


def remove(text: str) -> tuple[str, list[str]]:
    """The text with addresses, people's data, hashes, camera file names and markup replaced by breaks.

    Args:
        text: from `pipeline.text.unicode.repair`, in its own case.

    Returns:
        The text (file name endings such as .svg taken off the words before them) and the flags of what was removed.
    """
    if not _ANY_SIGN.search(text):
        return text, []
    flags: list[str] = []
    for rule in _RULES:
        if any(sign in text for sign in rule.signs):
            text, count = rule.pattern.subn(CUT, text)
            if count:
                flags.append(rule.flag)
    if "." in text:
        text, count = _ENDING.subn(CUT, text)
        if count:
            flags.append("file_ending_removed")
    return text, flags


def rejection(tokens: Sequence[str], flags: Sequence[str]) -> str | None:
    """Why nothing usable is left of a text, or None.

    Args:
        tokens: its words after `remove`.
        flags: those that `remove` gave.

    Returns:
        `number` where no word holds a letter; where no word is left, the reason of what was removed first (url,
        personal_data, hash, file_name), or `empty`.
    """
    if any(word.isalpha() or _LETTER.search(word) for word in tokens):
        return None
    removed = next((_REASONS[flag] for flag in flags if flag in _REASONS), None)
    return removed or ("number" if tokens else "empty")


def unsafe_words(tokens: Sequence[str]) -> list[str]:
    """The unsafe words of a text that no friend beside them excuses, in their order; whole words only.

    English, and few: words that are explicit in nearly every text about a picture, and slurs.
    """
    if _UNSAFE_WORDS.isdisjoint(tokens):
        return []
    return [word for place, word in enumerate(tokens) if word in _UNSAFE_WORDS and not _excused(word, tokens, place)]


def mask(text: str) -> str:
    """The repaired text with e-mail addresses, telephone numbers and handles hidden and addresses cut to their host.

    What follows the host of an address often names a person: instagram.com/jane.doe.
    """
    text = repair(text)[0]
    text = _EMAIL.sub("[email]", text)
    text = _URL.sub(_host, text)
    text = _PHONE.sub("[phone]", text)
    return _HANDLE.sub("[handle]", text)


def _host(match: "regex.Match[str]") -> str:
    scheme, separator, rest = match[0].rpartition("://")
    host = regex.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return f"{scheme}{separator}{host}" if host == rest else f"{scheme}{separator}{host}/..."


def _excused(word: str, tokens: Sequence[str], place: int) -> bool:
    for before, after in _FRIENDLY.get(word, ()):
        if before and tuple(tokens[max(0, place - len(before)) : place]) == before:
            return True
        if after and tuple(tokens[place + 1 : place + 1 + len(after)]) == after:
            return True
    return False


def _friendly(rules: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """(words before, words after) of each alternative of a line of `_FRIENDS`."""
    pairs = []
    for rule in rules.split(";"):
        before, _, after = rule.partition("*")
        pairs += [(tuple(before.split()), tuple(way.split())) for way in after.split("|")]
    return tuple(pairs)


_FRIENDLY = {word: _friendly(rules) for word, rules in _FRIENDS.items()}
