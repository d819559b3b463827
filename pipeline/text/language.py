"""Which language a short text is in: script first, then how common its words are, then their letters.

Titles, tags and queries have one to three words, on which models of running text fail. So three kinds of evidence meet
in one posterior, as naive Bayes: the prior; the frequency of each word in each language (wordfreq's lists, Speer 2022);
and a model of the letters of the same lists, for what no list has. A text of whose words most are in no list of the
winner may be in a language that nobody expected: fastText's model (Joulin et al. 2016, lid.176 in its 0.9 MB form) is
asked then. Nothing is downloaded.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import regex

from pipeline.text.scripts import MANY_LANGUAGES, ONE_LANGUAGE, OWN_SCRIPT, main_script
from pipeline.text.word_evidence import language_by_letters, word_evidence, word_shares

UNDETERMINED = "und"
_UNSTATED = ("", "und", "mul", "zxx", "mis")
_WORDS = regex.compile(r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*")
# The same of most texts, at twice the speed; a letter of its own (vitamin C, exit w) belongs to no language.
_ASCII_WORDS = re.compile(r"[a-z]{2,}(?:'[a-z]+)*|[a-z](?:'[a-z]+)+")
_MOST_WORDS = 12  # as many say for certain
_RIVAL_ODDS = math.log(1_000)  # odds by the words alone below which a language is no rival of the best
_LEAST_LETTERS = 8  # from which fastText is worth asking
_FOREIGN = 0.6  # fastText's probability from which a language is taken for a foreign one


class Detection(NamedTuple):
    """What the words of one text say about its language."""

    language: str  # primary subtag, or und below the least confidence
    confidence: float  # posterior of the most probable language, in [0, 1]
    rivals: dict[str, float]  # log likelihood of the languages that it may be in, the best at 0; the prior is not in it


class _Rivals(NamedTuple):
    """The languages that a text in one script can be in."""

    possible: int  # how many
    languages: tuple[str, ...]  # those that have a word list, by which their words are told
    log_priors: tuple[float, ...]
    by_word: Callable[[str], tuple[float, ...]]  # log likelihood of a word in each, up to what is the same in all


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

    def detect(self, texts: Sequence[str]) -> list[Detection]:
        """What each text's words say about its language.

        The answer is `und` where the posterior is below the least confidence, and where fastText is sure of a language
        that is not expected. A text without letters says nothing, so its posterior is the prior.

        Args:
            texts: of any case and script.
        """
        return [self._checked(self._most_probable(text.lower())) for text in texts]

    def _checked(self, found: Detection) -> Detection:
        return found if found.confidence >= self._min_confidence else found._replace(language=UNDETERMINED)

    def _most_probable(self, text: str) -> Detection:
        script = "Latin" if text.isascii() else main_script(text)
        if script in ONE_LANGUAGE:
            return _certain(ONE_LANGUAGE[script])
        words = (_ASCII_WORDS if text.isascii() else _WORDS).findall(text)[:_MOST_WORDS]
        if script is None or not words:
            return Detection(self._default, self._prior, {})
        rivals = self._rivals(script)
        if rivals.possible < 2:
            return _certain(rivals.languages[0]) if rivals.languages else Detection(UNDETERMINED, 0.0, {})
        evidence: list[float] = list(map(sum, zip(*map(rivals.by_word, words), strict=True)))
        scores = [prior + words_say for prior, words_say in zip(rivals.log_priors, evidence, strict=True)]
        first = max(scores)
        language = rivals.languages[scores.index(first)]
        confidence = 1.0 / sum(math.exp(score - first) for score in scores)
        foreign = self._foreign(language, words)
        if foreign is not None:
            return foreign
        best = max(evidence)
        return Detection(
            language,
            confidence,
            {
                rival: words_say - best
                for rival, words_say in zip(rivals.languages, evidence, strict=True)
                if words_say > best - _RIVAL_ODDS
            },
        )

    def _foreign(self, language: str, words: Sequence[str]) -> Detection | None:
        """What fastText says where few of the words are listed in the language, if that is another one without a list.

        Languages that are not expected have no list here, and the same goes for expected ones that wordfreq lacks.
        """
        shares = word_shares(language)
        listed = sum(word in shares for word in words)
        if 2 * listed >= len(words) or sum(map(len, words)) < _LEAST_LETTERS:
            return None
        share, name = language_by_letters(" ".join(words))
        if share < _FOREIGN or (name in self._expected and word_shares(name)):
            return None
        return Detection(name if name in self._expected else UNDETERMINED, share, {})

    def _rivals(self, script: str) -> _Rivals:
        if script not in self._by_script:
            if script == "Latin":
                possible = tuple(language for language in self._expected if language not in OWN_SCRIPT)
            else:
                several = MANY_LANGUAGES[script]
                possible = tuple(language for language in several if language in self._expected) or several[:1]
            other = (1.0 - self._prior) / max(1, len(self._expected) - 1)
            told = tuple(language for language in possible if word_shares(language)) or possible[:1]
            priors = [self._prior if language == self._default else other for language in told]
            self._by_script[script] = _Rivals(
                len(possible),
                told,
                tuple(math.log(max(prior, 1e-9)) for prior in priors),
                word_evidence(told, self._default),
            )
        return self._by_script[script]


def primary_subtag(tag: str | None) -> str | None:
    """The language of a BCP 47 tag or a locale (pt-BR, zh_Hans, EN) in lower case; None where it states none."""
    if tag is None:
        return None
    language = tag.strip().replace("_", "-").partition("-")[0].lower()
    return language if language.isalpha() and language not in _UNSTATED else None


def _certain(language: str) -> Detection:
    return Detection(language, 1.0, {language: 0.0})
