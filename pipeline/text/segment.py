"""Words of scripts that write none between them: Chinese, Japanese, Thai, Lao, Khmer and Burmese.

The rule, by script and not by language, so that a text in an unknown language is cut as one in a known one:

- A run of Han, kana, Thai, Lao, Khmer or Myanmar letters goes through the dictionary-based word breaker of ICU (Unicode
  Standard Annex 29 and the dictionaries of CLDR). Its words are tokens in order, with no break between.
- ICU leaves hiragana that it does not know as single letters. Endings join the word before (閉|じ|て is 閉じて), and
  letters of an unknown word each other (ひ|げ is ひげ); the particles の は が を に へ と も で な stay words.
- A single letter or a number directly before such a run belongs to its first word (tシャツ, 90年代), a single letter at
  the end to its last (ビタミンc); longer runs of other scripts are words of their own (iphoneケース).
- A sign inside a word that touches such a run is a space.
- What one word is, alone, is never cut again, so tokens joined by spaces are read as the same tokens.
"""

import functools

import regex
from icu4py.breakers import WordBreaker

# The scripts, as part of a set of characters; the prolonged sound mark of kana is of no script.
SPACELESS = r"\p{Han}\p{Hira}\p{Kana}ー\p{Thai}\p{Laoo}\p{Khmr}\p{Mymr}"
_OPENING = rf"[[{SPACELESS}]--\p{{M}}]"  # their marks belong to whatever stands before
_SPACELESS = regex.compile(rf"(?V1){_OPENING}")
_CHUNK = regex.compile(rf"(?V1){_OPENING}[{SPACELESS}\p{{M}}\u200c\u200d]*|(?:(?!{_OPENING}).)+")
_ENDS_SPACELESS = regex.compile(rf"(?V1){_OPENING}[\p{{M}}\u200c\u200d]*\Z")
EDGE = "\u2060"  # the word joiner, which normalized texts have no more
_EDGES = regex.compile(rf"(?V1)(?<=[A-Za-z0-9])(?={_OPENING})|(?<={_OPENING}[\p{{M}}\u200c\u200d]*)(?=[A-Za-z0-9+])")
_CONTINUES = regex.compile(r"[\p{M}\u200c\u200dーぁぃぅぇぉっゃゅょァィゥェォッャュョ]")
_LETTER = regex.compile(r"\p{L}\p{M}*")
_NUMBER = regex.compile(r"\p{N}(?:[\p{N}.,-]*\p{N})?")
_JOINERS = "\u200c\u200d"
_SIGNS = "'-·׳״.,\u200c\u200d"
_PARTICLES = frozenset("のはがをにへともでな")
_LONGEST_CACHED = 32  # longer runs seldom come twice, and would fill the memory


def mark_edges(text: str) -> str:
    """The text with an invisible `EDGE` where such a script meets a Latin letter or digit, so that patterns see it."""
    return _EDGES.sub(EDGE, text) if holds_spaceless(text) else text


def holds_spaceless(text: str) -> bool:
    """Whether a letter of a script without spaces between words is in the text."""
    return not text.isascii() and _SPACELESS.search(text) is not None


def segment(piece: str) -> list[str]:
    """The words of one piece between spaces, by the rule above; the piece itself where no such script is in it.

    Args:
        piece: letters, marks, digits, and signs inside a word; lower case.
    """
    words: list[str] = []
    before = ""  # a letter or number that waits for its word
    chunks = _CHUNK.findall(piece)
    for place, chunk in enumerate(chunks):
        if _SPACELESS.match(chunk):
            first, *others = _cut(chunk)
            words += [before + first, *others]
            before = ""
            continue
        chunk = chunk.strip(_SIGNS)
        letter = _LETTER.fullmatch(chunk)
        if place + 1 < len(chunks) and (letter or _NUMBER.fullmatch(chunk)):
            before = chunk
        elif letter and words:
            words[-1] += chunk
        elif chunk:
            words.append(chunk)
    return words


def parted_by_space(left: str, right: str) -> bool:
    """Whether people write a space between two words: not where both touch in a script that has none."""
    return not (_SPACELESS.match(right) and _ENDS_SPACELESS.search(left))


def _cut(run: str) -> tuple[str, ...]:
    return _cut_cached(run) if len(run) <= _LONGEST_CACHED else _cut_fresh(run)


def _cut_fresh(run: str) -> tuple[str, ...]:
    run = run.rstrip(_JOINERS)  # at the end of a word they join nothing
    words: list[str] = []
    for piece in WordBreaker(run, "en"):
        if words and _belongs_to(words[-1], piece):
            words[-1] += piece
        else:
            words.append(piece)
    if len(words) == 1:
        return (run,)
    return tuple(part for word in words for part in _cut(word))


_cut_cached = functools.lru_cache(maxsize=50_000)(_cut_fresh)


def _belongs_to(word: str, piece: str) -> bool:
    if _CONTINUES.match(piece):
        return True
    lone_hiragana = len(piece) == 1 and "ぁ" <= piece <= "ん"
    return lone_hiragana and piece not in _PARTICLES and word not in _PARTICLES
