"""Words that mean the opposite of each other."""

import functools

from pipeline.text.wordnet import wordnet

# What pictures show and WordNet's antonyms leave out.
_PAIRS = frozenset(
    {
        *(frozenset(("left", "right")), frozenset(("up", "down")), frozenset(("top", "bottom"))),
        *(frozenset(("in", "out")), frozenset(("incoming", "outgoing")), frozenset(("on", "off"))),
        *(frozenset(("male", "female")), frozenset(("full", "empty")), frozenset(("add", "remove"))),
        *(frozenset(("northeast", "southwest")), frozenset(("northwest", "southeast"))),
    }
)


def opposite(one: str, other: str, language: str) -> bool:
    """Whether two words are antonyms: English, by WordNet (Princeton, 3.0) where its data is installed.

    Args:
        one: a word in its base form.
        other: another.
        language: primary subtag.
    """
    return language == "en" and (frozenset((one, other)) in _PAIRS or other in _antonyms(one))


@functools.lru_cache(maxsize=50_000)
def _antonyms(word: str) -> frozenset[str]:
    reader = wordnet()
    if reader is None:
        return frozenset()
    named = (lemma for synset in reader.synsets(word) for lemma in synset.lemmas() if lemma.name().lower() == word)
    return frozenset(other.name().lower() for lemma in named for other in lemma.antonyms())
