"""Spelling: a rare word that is no word, one or two slips away from a frequent word, is that word.

Words are corrected once each, not phrases, and never against all others: two words are compared only where they become
equal by leaving out letters (deletion neighbourhoods; W. Garbe, SymSpell, 2012), so work is linear in the words.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from pipeline.text.joined import split_word
from pipeline.vocabulary.merging.words import foreign, is_word, share_of

RATIO = 10  # times as many images as its slip that the right form has
# Letters from which a word is corrected, by the slip. Names are a letter away from words (Lumon, Winster): a letter
# doubled by mistake or swapped with its neighbour is seldom a name, another letter often is.
RIVAL = 1e-7  # of running text: another word as near that is so frequent may be meant
SPOKEN = 1_000  # times as frequent in running text as its slip, where that is listed at all
DOUBLED, SWAPPED, CHANGED, TWO = 5, 6, 7, 9
# Alphabets in which one letter more or less is a slip, and that write words apart. In an abjad, in an abugida and in
# syllables it is another word, and so it is with the tones of Vietnamese.
LANGUAGES = frozenset(
    [
        *["bg", "ca", "cs", "da", "de", "el", "en", "es", "fi", "fr", "hu", "id", "is", "it", "lt", "lv", "mk", "ms"],
        *["nb", "nl", "pl", "pt", "ro", "sh", "sk", "sl", "sv", "tr", "ru", "uk"],
    ]
)


# Those that write new compounds as one word.
COMPOUNDING = frozenset(["da", "de", "fi", "hu", "is", "nb", "nl", "sv"])


def correct(support: Mapping[str, int], language: str) -> dict[str, str]:
    """The right form of each misspelt word; words that are right, or of which that is unsure, are missing.

    A slip is a letter left out, put in, changed, or two neighbours swapped. A word is corrected where

    - it has nothing but letters, and no dictionary or list of running text of its language has it, nor is it a frequent
      word of another large language, nor made of words (birdhouse);
    - the right form is a word and has `RATIO` times its images;
    - one slip parts them, or two in a word of `TWO` letters (never two put in or left out: these make new words); how
      long it is for one slip depends on the slip;
    - the first letter is right, since words grow there by prefixes and by a lost space, and so is the last, where
      grammar and other languages change words (musica, musical);
    - no second right form is as near, and no other frequent word of the language is a slip away, seen here or not.

    Args:
        support: images of each word, all of one language; lower case.
        language: primary subtag; one that has no dictionary here corrects nothing.
    """
    if language not in LANGUAGES or not support:
        return {}
    most = max(support.values())
    rare = [word for word, images in support.items() if images * RATIO <= most and len(word) >= DOUBLED]
    doubtful = sorted(word for word in rare if word.isalpha() and not is_word(word, language))
    if not doubtful:
        return {}
    least = RATIO * min(support[word] for word in doubtful)
    frequent = [word for word, images in support.items() if images >= least and len(word) >= DOUBLED - 1]
    near = _near([word for word in frequent if word.isalpha() and is_word(word, language)])
    found = {
        word: right
        for word in doubtful
        if (right := _right_form(word, near, support)) is not None
        and share_of(word, language) * SPOKEN <= share_of(right, language)
    }
    letters = sorted({letter for right in found.values() for letter in right})
    known = {word for word in found if is_word(word, language) or _is_compound(word, language)}
    known |= {word for word, right in found.items() if _has_rival(word, right, letters, language)}
    known |= foreign(found.keys() - known, language)
    return {word: right for word, right in found.items() if word not in known}


def slips(one: str, other: str, most: int) -> int:
    """Edits of a letter, or swaps of neighbours, from one word to the other; most + 1 where there are more.

    The optimal string alignment distance, a restriction of Damerau's (1964): no part is edited twice.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, instead in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != instead))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == instead:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def _is_compound(word: str, language: str) -> bool:
    """Whether it is made of words that it may never have been seen together: birdhouse, Schneebahn."""
    if language not in COMPOUNDING:
        return len(split_word(word)) > 1
    halves = ((word[:i], word[i:]) for i in range(3, len(word) - 2))
    return any(
        is_word(last, language) and (is_word(first, language) or is_word(first.removesuffix("s"), language))
        for first, last in halves
    )


def _near(right: list[str]) -> dict[str, list[str]]:
    """Words by what is left of them when letters are left out."""
    near: dict[str, list[str]] = defaultdict(list)
    for word in right:
        for rest in _rests(word, 2 if len(word) >= TWO - 2 else 1):
            near[rest].append(word)
    return near


def _rests(word: str, letters: int) -> Iterator[str]:
    """The word itself, and what is left of it without one letter, or one and two."""
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    yield word
    yield from once
    if letters == 2:
        yield from {rest[:i] + rest[i + 1 :] for rest in once for i in range(len(rest))}


def _right_form(word: str, near: Mapping[str, list[str]], support: Mapping[str, int]) -> str | None:
    most = 2 if len(word) >= TWO else 1
    found = {right for rest in _rests(word, most) for right in near.get(rest, ())}
    ranked = sorted(
        (distance, -support[right], right)
        for right in found
        if support[right] >= RATIO * support[word]
        and word[0] == right[0]
        and word[-1] == right[-1]
        and (distance := slips(word, right, most)) <= most
        and len(word) >= _least_letters(word, right)
        and (distance < 2 or abs(len(word) - len(right)) < 2)
    )
    if not ranked or (len(ranked) > 1 and ranked[1][0] == ranked[0][0] and -ranked[1][1] * RATIO > -ranked[0][1]):
        return None
    return ranked[0][2]


def _has_rival(word: str, right: str, letters: list[str], language: str) -> bool:
    """Whether one slip also makes it of another word; where two part it from the right form, that one is nearer."""
    parts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    forms = {
        *(head + tail[1:] for head, tail in parts if tail),
        *(head + tail[1] + tail[0] + tail[2:] for head, tail in parts if len(tail) > 1),
        *(head + letter + tail[1:] for head, tail in parts if tail for letter in letters),
        *(head + letter + tail for head, tail in parts for letter in letters),
    } - {word, right}
    return any(share_of(form, language) >= RIVAL for form in forms)


def _least_letters(word: str, right: str) -> int:
    """Letters that a word needs where one slip parts it from the right form."""
    if len(word) == len(right):
        return SWAPPED if sorted(word) == sorted(right) else CHANGED
    return DOUBLED if _undoubled(word) == _undoubled(right) else CHANGED


def _undoubled(word: str) -> str:
    return "".join(letter for letter, before in zip(word, "\0" + word, strict=False) if letter != before)
