"""What a compound is a kind of, by its words: a 'kitchen table' is a table."""

from collections.abc import Iterator

from pipeline.vocabulary.merging.phrases import Index, Phrases, Words

# Where the last word of a compound says what kind of thing it is.
HEAD_LAST = frozenset({"en", "de", "nl", "sv", "da", "nb", "no", "fi", "hu", "tr"})


def heads(words: Words, language: str) -> Iterator[Words]:
    """The proper ends of some words, longest first, in languages whose compounds end in their kind; else none."""
    if language in HEAD_LAST:
        yield from (words[cut:] for cut in range(1, len(words)))


class Heads:
    """The units that a unit's words end with, longest first, in languages whose compounds end in their kind.

    Args:
        phrases: ranked phrases.
        firsts: the phrase that leads each unit, int64 [units].
    """

    def __init__(self, phrases: Phrases, firsts: Index) -> None:
        self._words = [phrases.bases[i] for i in firsts]
        self._language = [phrases.language[i] for i in firsts]
        self._unit = {
            key: unit for unit, key in reversed(list(enumerate(zip(self._language, self._words, strict=True))))
        }

    def __call__(self, unit: int) -> list[int]:
        """The heads of a unit, without itself."""
        language, words = self._language[unit], self._words[unit]
        found = (self._unit.get((language, head)) for head in heads(words, language))
        return [head for head in found if head is not None and head != unit]
