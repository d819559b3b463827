"""Initials: 'cdn' is 'content delivery network' where both are said of the same images."""

from collections import defaultdict

import numpy as np

from pipeline.vocabulary.merging.phrases import Phrases

SHARE = 0.5  # of all images that carry either, those that carry both: what the data themselves say
LEAST = 3  # images that carry both
SHORTEST, LONGEST = 2, 5  # letters


def spell_out(phrases: Phrases) -> dict[int, int]:
    """For initials, by their index, the index of the phrase that they stand for.

    Only phrases rare enough to carry the keys of their images are compared, and only those whose initials are equal.
    Letters of languages that have capitals; in others a letter is a syllable or a word.

    Args:
        phrases: ranked phrases.
    """
    short: dict[tuple[str, str], int] = {}
    long: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, (phrase, language) in enumerate(zip(phrases.phrase, phrases.language, strict=True)):
        words = phrase.split(" ")
        if phrases.keys[i] is None or not phrase[0].isalpha() or phrase.upper() == phrase:
            continue
        if len(words) == 1 and SHORTEST <= len(phrase) <= LONGEST and phrase.isalpha():
            short[language, phrase] = i
        elif SHORTEST <= len(words) <= LONGEST:
            long[language, "".join(word[0] for word in words)].append(i)
    found: dict[int, int] = {}
    for key, i in short.items():
        ranked = sorted((-_overlap(phrases, i, j), j) for j in long.get(key, ()))
        if ranked and -ranked[0][0] >= SHARE:
            found[i] = ranked[0][1]
    return found


def _overlap(phrases: Phrases, one: int, other: int) -> float:
    """Jaccard index of the images of two phrases; 0 where too few carry both."""
    ours, theirs = phrases.keys[one], phrases.keys[other]
    assert ours is not None
    assert theirs is not None
    both = len(np.intersect1d(ours, theirs))
    return both / (len(ours) + len(theirs) - both) if both >= LEAST else 0.0
