"""From a raw text to its words, its language and what was met on the way; or to the reason why it is of no use."""

from collections.abc import Sequence
from typing import NamedTuple

import regex

from pipeline.runtime.config import NormalizeConfig
from pipeline.text import hygiene
from pipeline.text.joined import split_word
from pipeline.text.language import UNDETERMINED, Detection, LanguageDetector, primary_subtag
from pipeline.text.tokens import BREAK, split_hashtag, tokenize
from pipeline.text.unicode import fold_case, repair

_HASHTAG = regex.compile(r"(?<![\p{L}\p{M}\p{N}&#])#(?=[\p{M}\p{N}_]*\p{L})[\p{L}\p{M}\p{N}_\u200c\u200d]+")


class CleanText(NamedTuple):
    """What one raw text became."""

    text: str  # tokens joined by one space, or by " | " where signs part them
    language: str  # primary subtag, or und
    tokens: list[str]  # words in order; "" is a break that no phrase may cross
    flags: list[str]  # what was met, sorted, each once
    reason: str | None  # why it cannot be used; None where it can
    rivals: dict[str, float] | None = None  # of an unsure language: log likelihoods as in `Detection`


class _Draft(NamedTuple):
    text: str  # repaired and freed of what must not be a label, in its own case
    flags: list[str]


class Cleaner:
    """Cleans texts under one configuration; holds no state beside the caches of its parts.

    Args:
        cfg: the settings of normalization.
    """

    def __init__(self, cfg: NormalizeConfig) -> None:
        self.max_chars = cfg.max_chars
        self._unsafe = cfg.unsafe
        self._vote_below = cfg.vote_below
        self._detector = LanguageDetector(
            cfg.languages, cfg.default_language, cfg.default_prior, cfg.min_language_confidence
        )

    def clean(self, texts: Sequence[str], languages: Sequence[str | None], *, detect: bool = True) -> list[CleanText]:
        """What each text becomes, in the order given.

        Reasons of rejection: empty, too_long, url, personal_data, file_name, hash, number (nothing else is left of
        the text) and unsafe. Flags: entities_decoded, escapes_decoded, mojibake_fixed, markup_removed,
        email_removed, url_removed, phone_removed, handle_removed, iban_removed, card_removed, id_number_removed,
        hash_removed, file_name_removed, file_ending_removed, timestamp_removed, hashtag_split, joined_split, unsafe,
        language_detected.

        Args:
            texts: raw texts.
            languages: the language that the source states of each; None, und or '' where it states none.
            detect: whether to detect languages that are not stated; they are und where not.
        """
        drafts = [self._draft(text) for text in texts]
        stated = [primary_subtag(language) for language in languages]
        unknown = [
            place
            for place, draft in enumerate(drafts)
            if detect and isinstance(draft, _Draft) and stated[place] is None
        ]
        found = self._detector.detect([drafts[place].text for place in unknown])
        detected = dict(zip(unknown, found, strict=True))
        return [
            self._finish(draft, stated[place], detected.get(place))
            if isinstance(draft, _Draft)
            else draft._replace(language=stated[place] or UNDETERMINED)
            for place, draft in enumerate(drafts)
        ]

    def _draft(self, raw: str) -> _Draft | CleanText:
        if len(raw) > self.max_chars:
            return CleanText("", UNDETERMINED, [], [], "too_long")
        text, flags = repair(raw)
        text, removed = hygiene.remove(text)
        flags = flags + removed
        if "#" in text:
            text, count = _HASHTAG.subn(_hashtag_words, text)
            if count:
                flags.append("hashtag_split")
        return _Draft(text, flags)

    def _finish(self, draft: _Draft, stated: str | None, detected: Detection | None) -> CleanText:
        language = stated or (detected.language if detected else UNDETERMINED)
        tokens = tokenize(fold_case(draft.text, language))
        flags = draft.flags
        if language == "en" and len(tokens) == 1 and len(parts := split_word(tokens[0])) > 1:  # livingroomdecor
            tokens, flags = list(parts), [*flags, "joined_split"]
        reason = hygiene.rejection(tokens, flags)
        if self._unsafe != "keep" and hygiene.unsafe_words(tokens):
            flags = [*flags, hygiene.UNSAFE]
            if self._unsafe == "drop":
                reason = reason or hygiene.UNSAFE
        if detected and language != UNDETERMINED:
            flags = [*flags, "language_detected"]
        text = " ".join([token or "|" for token in tokens]) if BREAK in tokens else " ".join(tokens)
        unsure = detected and reason is None and detected.confidence < self._vote_below
        rivals = (detected.rivals or None) if detected and unsure else None
        return CleanText(text, language, tokens, sorted(set(flags)), reason, rivals)


def _hashtag_words(match: "regex.Match[str]") -> str:
    # A hashtag is a phrase of its own: #wedding #dress is no wedding dress.
    return f"{hygiene.CUT}{' '.join(split_hashtag(match[0]))}{hygiene.CUT}"
