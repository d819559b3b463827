"""What means different things however near its vectors are: models put 'arrow left' next to 'arrow right'."""

from types import MappingProxyType

from pipeline.text.antonyms import opposite
from pipeline.vocabulary.canonical import lemmas
from pipeline.vocabulary.phrases import Index, Phrases


def _words(text: str) -> list[str]:
    return text.split()


_NEGATIONS = frozenset(_words("no non not without never anti kein keine nicht ohne pas sans sin senza sem não"))
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
_NUMBERS = MappingProxyType({word: str(n) for words in (_CARDINALS, _ORDINALS) for n, word in enumerate(words)})


class Contrast:
    """Tells units that say different things of the same.

    Two phrases are in contrast where

    - both hold numbers or single letters, and not the same ones: 'number 7' and 'number eight', 'letter a box' and
      'letter b', '4k' and '8k';
    - one denies what the other says: 'no smoking' and 'smoking';
    - they are the same but for one word each, and these two are antonyms ('top hat' and 'bottom hat'), or phrases of
      their own whose vectors are not near each other ('flag france', 'flag spain').

    Args:
        phrases: ranked phrases.
        firsts: the phrase that leads each unit, int64 [units].
        similarity: cosine from which two words mean the same.
    """

    def __init__(self, phrases: Phrases, firsts: Index, similarity: float) -> None:
        self._similarity = similarity
        self._words = [lemmas(phrases.phrase[i], phrases.language[i]) for i in firsts]
        self._language = [phrases.language[i] for i in firsts]
        self._marks = [marks(words) for words in self._words]
        self._denies = [denies(words) for words in self._words]
        self._vector = {
            (phrases.language[i], words[0]): phrases.vectors[i]
            for i, words in zip(firsts.tolist(), self._words, strict=True)
            if len(words) == 1 and phrases.known[i]
        }

    def __call__(self, one: int, other: int) -> bool:
        """Whether the two units are in contrast."""
        if self._marks[one] and self._marks[other] and self._marks[one] != self._marks[other]:
            return True
        return self._denies[one] != self._denies[other] or self._differ_in_a_word(one, other)

    def _differ_in_a_word(self, one: int, other: int) -> bool:
        ours, theirs = self._words[one], self._words[other]
        only_ours, only_theirs = set(ours) - set(theirs), set(theirs) - set(ours)
        if len(ours) != len(theirs) or len(only_ours) != 1 or len(only_theirs) != 1:
            return False
        word, instead = only_ours.pop(), only_theirs.pop()
        if opposite(word, instead, self._language[one]):
            return True
        if len(ours) == 1:  # their vectors are those that bring them together
            return False
        vector = self._vector.get((self._language[one], word))
        substitute = self._vector.get((self._language[other], instead))
        if vector is None or substitute is None:
            return False
        return float(vector @ substitute) < self._similarity


def marks(words: tuple[str, ...]) -> frozenset[str]:
    """The numbers and single letters of a phrase, numbers in digits: 'letter b', '3rd', 'nine plus', 'f4'."""
    parts = [part for word in words for part in word.split("-")]
    found = [_NUMBERS.get(part, part) for part in parts]
    return frozenset(part for part in found if len(part) == 1 or any(sign.isdigit() for sign in part))


def denies(words: tuple[str, ...]) -> bool:
    """Whether a phrase says that something is not: 'no smoking', 'non-stick', 'dress without sleeves'."""
    return any(part in _NEGATIONS for word in words for part in word.split("-"))
