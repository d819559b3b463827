"""What a compound is a kind of, by its words: a 'kitchen table' is a table."""

from pipeline.vocabulary.canonical import lemmas
from pipeline.vocabulary.hierarchy import HEAD_LAST
from pipeline.vocabulary.phrases import Index, Phrases


class Heads:
    """The units that a unit's words end with, longest first, in languages whose compounds end in their kind.

    Args:
        phrases: ranked phrases.
        firsts: the phrase that leads each unit, int64 [units].
    """

    def __init__(self, phrases: Phrases, firsts: Index) -> None:
        self._words = [lemmas(phrases.phrase[i], phrases.language[i]) for i in firsts]
        self._language = [phrases.language[i] for i in firsts]
        self._unit = {
            key: unit for unit, key in reversed(list(enumerate(zip(self._language, self._words, strict=True))))
        }

    def __call__(self, unit: int) -> list[int]:
        """The heads of a unit, without itself."""
        language, words = self._language[unit], self._words[unit]
        if language not in HEAD_LAST:
            return []
        ends = (self._unit.get((language, words[cut:])) for cut in range(1, len(words)))
        return [head for head in ends if head is not None and head != unit]
