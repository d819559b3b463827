"""What means different things however near its vectors are: models put 'arrow left' next to 'arrow right'."""

from types import MappingProxyType

from pipeline.text.antonyms import opposite
from pipeline.vocabulary.merging.phrases import Index, Phrases


def _words(text: str) -> list[str]:
    return text.split()


_NEGATIONS = frozenset(_words("no non not without never anti kein keine nicht ohne pas sans sin senza sem não"))
_COLOURS = frozenset(
    _words(
        """
        red blue green yellow purple orange pink black white brown gray grey gold silver violet cyan magenta turquoise
        beige teal maroon navy indigo
        """
    )
)
_DIRECTIONS = frozenset(_words("left right up down top bottom north south east west upward downward forward backward"))
_CARDINALS = _words(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
    """
)
_ORDINALS = _words(
    """
    zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    """
)
_NOTHING: frozenset[str] = frozenset()  # one for all units: an empty set takes 216 bytes
_NUMBERS = MappingProxyType({word: str(n) for words in (_CARDINALS, _ORDINALS) for n, word in enumerate(words)})


class Contrast:
    """Tells units that say different things of the same.

    Two phrases are in contrast where

    - both hold numbers or single letters, and not the same ones: 'number 7' and 'number eight', 'letter a box' and
      'letter b', '4k' and '8k'; or colours ('red dress' and 'blue dress') or directions ('arrow left', 'arrow down');
    - one denies what the other says: 'no smoking' and 'smoking';
    - a word of one is the opposite of a word of the other: 'incoming call' and 'outgoing';
    - they are the same but for one word each, and these two are phrases of their own whose vectors are not near each
      other: 'flag france', 'flag spain'.

    Args:
        phrases: ranked phrases.
        firsts: the phrase that leads each unit, int64 [units].
        similarity: cosine from which two words mean the same.
    """

    def __init__(self, phrases: Phrases, firsts: Index, similarity: float) -> None:
        self._similarity = similarity
        self._words = [phrases.bases[i] for i in firsts]
        self._language = [phrases.language[i] for i in firsts]
        self._parts = [frozenset(part for word in words for part in word.split("-")) for words in self._words]
        self._marks = [marks(parts) for parts in self._parts]
        self._colours = [parts & _COLOURS or _NOTHING for parts in self._parts]
        self._directions = [parts & _DIRECTIONS or _NOTHING for parts in self._parts]
        self._denies = [not parts.isdisjoint(_NEGATIONS) for parts in self._parts]
        self._vector = {
            (phrases.language[i], words[0]): phrases.vectors[i]
            for i, words in zip(firsts.tolist(), self._words, strict=True)
            if len(words) == 1 and phrases.known[i]
        }

    def __call__(self, one: int, other: int) -> bool:
        """Whether the two units are in contrast."""
        for told in (self._marks, self._colours, self._directions):
            if told[one] and told[other] and told[one] != told[other]:
                return True
        if self._denies[one] != self._denies[other]:
            return True
        return self._say_opposites(one, other) or self._differ_in_a_word(one, other)

    def _say_opposites(self, one: int, other: int) -> bool:
        ours, theirs = self._parts[one] - self._parts[other], self._parts[other] - self._parts[one]
        return any(opposite(word, instead, self._language[one]) for word in ours for instead in theirs)

    def _differ_in_a_word(self, one: int, other: int) -> bool:
        ours, theirs = self._words[one], self._words[other]
        only_ours, only_theirs = set(ours) - set(theirs), set(theirs) - set(ours)
        if len(ours) == 1 or len(ours) != len(theirs) or len(only_ours) != 1 or len(only_theirs) != 1:
            return False
        word, instead = only_ours.pop(), only_theirs.pop()
        vector = self._vector.get((self._language[one], word))
        substitute = self._vector.get((self._language[other], instead))
        if vector is None or substitute is None:
            return False
        return float(vector @ substitute) < self._similarity


def marks(parts: frozenset[str]) -> frozenset[str]:
    """The numbers and single letters among some words, numbers in digits: 'letter b', '3rd', 'nine plus', 'f4'."""
    found = (_NUMBERS.get(part, part) for part in parts)
    return frozenset(part for part in found if len(part) == 1 or any(sign.isdigit() for sign in part)) or _NOTHING
