"""What labels are called: of each one's members the most typical, central and frequent, and one in every language.

A word is typical of a label where it makes up much of it and little of the others: c-TF-IDF of Grootendorst (BERTopic,
2022, arXiv:2203.05794), tf(w, label) * log(1 + A / tf(w)), where a phrase counts as the square root of its images and
A is the mean sum of a label.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.vocabulary.merging.canonical import HOW, Merged
from pipeline.vocabulary.merging.phrases import Index, Phrases

Word = tuple[str, str]  # language and base form: 'gift' is another word in German


def choose_names(phrases: Phrases, members: Sequence[Sequence[int]], merged: Merged) -> list[list[int]]:
    """The phrases that name each label: the first names it, the others do in one more language each, by language.

    A phrase counts as sqrt(images) * typicality of its words (mean, of the label's most typical word) * cosine to the
    label's centre; the more frequent phrase wins where two count the same. Phrases of the user's dictionary go before
    all others, and of them those that are no synonyms; misspelt phrases name nothing that has another phrase.

    Args:
        phrases: ranked phrases.
        members: indices of each label's phrases; no phrase is in two labels.
        merged: exact groups; one's phrases have the words of its first, so that 't-shirt' is as typical as 't shirt'.
    """
    wrong = frozenset(np.flatnonzero(merged.how == HOW.index("spelling")).tolist())
    scores = rate_members(phrases, members, merged.first)
    named = []
    for group, score in zip(members, scores, strict=True):
        ranked = sorted(
            zip(group, score.tolist(), strict=True),
            key=lambda pair: (_by_right(phrases, pair[0]), pair[0] in wrong, -pair[1], pair[0]),
        )
        best: dict[str, int] = {}
        for i, _ in ranked:
            best.setdefault(phrases.language[i], i)
        first, *others = best.values()
        named.append([first, *sorted(others, key=phrases.language.__getitem__)])
    return named


def rate_members(phrases: Phrases, members: Sequence[Sequence[int]], first: Index) -> list[npt.NDArray[np.float64]]:
    """How well each member names its label; one array a label, in the order of its members, rounded to 6 digits."""
    counts: list[Counter[Word]] = []
    for group in members:
        count: Counter[Word] = Counter()
        for i in group:
            weight = math.isqrt(int(phrases.images[i]) * 1_000_000)  # whole numbers: sums do not depend on their order
            count.update({word: weight for word in _words(phrases, int(first[i]))})
        counts.append(count)
    everywhere: Counter[Word] = Counter()
    for count in counts:
        everywhere.update(count)
    mean = sum(everywhere.values()) / max(1, len(members))
    rated = []
    for group, count in zip(members, counts, strict=True):
        typical = {word: tf * np.log1p(mean / everywhere[word]) for word, tf in count.items()}
        typicality = _typicality(phrases, first[list(group)].tolist(), typical)
        rated.append(np.round(np.sqrt(phrases.images[list(group)]) * typicality * _centrality(phrases, group), 6))
    return rated


def unique_names(labels: Sequence[tuple[str, str]]) -> list[str]:
    """Names that differ: where a word is a label in several languages, all but the first add theirs: 'gift (de)'.

    Args:
        labels: (name, language), most important first. Equal pairs are told apart by a number: 'gift (de 2)'.
    """
    seen: set[str] = set()
    names = []
    for name, language in labels:
        fresh, again = name, 1
        while fresh in seen:
            fresh = f"{name} ({language})" if again == 1 else f"{name} ({language} {again})"
            again += 1
        seen.add(fresh)
        names.append(fresh)
    return names


def _by_right(phrases: Phrases, i: int) -> int:
    """0 = the user's own phrase, 1 = the user's synonym of another, 2 = found in the data."""
    if not phrases.pinned[i]:
        return 2
    return 0 if phrases.synonym_of[i] in (None, int(phrases.ids[i])) else 1


def _words(phrases: Phrases, i: int) -> set[Word]:
    """Its words; parts of a hyphenated one by themselves, since 'left-align' is said of what 'align left' is."""
    language = phrases.language[i]
    return {(language, part) for word in phrases.bases[i] for part in word.split("-")}


def _typicality(phrases: Phrases, group: Sequence[int], typical: Mapping[Word, float]) -> npt.NDArray[np.float64]:
    most = max(typical.values())
    means = [sum(sorted(typical[word] for word in words)) / len(words) for words in (_words(phrases, i) for i in group)]
    return np.array(means) / most


def _centrality(phrases: Phrases, group: Sequence[int]) -> npt.NDArray[np.float64]:
    """Cosine to the mean of the members' vectors by sqrt(images), at least 0; 1 for all where fewer than two have one.

    A phrase without a vector is as central as the least central one.
    """
    chosen = np.array(group)
    known = phrases.known[chosen]
    central = np.ones(len(chosen))
    if known.sum() < 2:
        return central
    vectors = phrases.vectors[chosen[known]].astype(np.float64)
    centre = np.sqrt(phrases.images[chosen[known]]) @ vectors
    cosine = np.maximum(0.0, vectors @ centre / max(float(np.linalg.norm(centre)), 1e-12))
    central[known] = cosine
    central[~known] = cosine.min()
    return central
