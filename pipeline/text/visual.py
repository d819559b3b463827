"""How far a picture can show what a phrase names: a soft signal from WordNet.

Every sense of a word stands in one of WordNet's 45 lexicographer files (lexnames(5WN)): animals, artifacts, cognition,
motion... A file has a weight here, from what can be photographed or drawn (1) to what cannot (near 0); a word has the
mean of its senses' weights, each counted as often as WordNet's tagged texts have it. Words that WordNet does not know,
names above all, and words of other languages get the weight of not knowing.
"""

import functools
from collections.abc import Sequence
from types import MappingProxyType

from pipeline.text.wordnet import times_seen, wordnet

UNKNOWN = 0.7  # names of people, places and products: many can be seen

_WEIGHTS = MappingProxyType(
    {
        # Things, and what they are made of.
        **dict.fromkeys(("noun.animal", "noun.artifact", "noun.body", "noun.food", "noun.object"), 1.0),
        **dict.fromkeys(("noun.person", "noun.plant", "noun.shape", "noun.substance", "noun.phenomenon"), 1.0),
        **dict.fromkeys(("noun.location", "noun.event", "noun.Tops"), 0.8),
        # What people do and feel shows in them, now and then.
        **dict.fromkeys(("noun.act", "noun.group", "noun.feeling", "noun.attribute"), 0.6),
        **dict.fromkeys(("noun.communication", "noun.process", "noun.state", "noun.time", "noun.possession"), 0.4),
        **dict.fromkeys(("noun.cognition", "noun.quantity", "noun.relation", "noun.motive"), 0.3),
        **dict.fromkeys(("adj.all", "adj.ppl", "adj.pert"), 0.5),
        **dict.fromkeys(("verb.body", "verb.consumption", "verb.contact", "verb.motion", "verb.weather"), 0.5),
        **dict.fromkeys(("verb.competition", "verb.creation", "verb.emotion", "verb.perception"), 0.3),
        **dict.fromkeys(("verb.change", "verb.cognition", "verb.communication"), 0.1),
        **dict.fromkeys(("verb.possession", "verb.social", "verb.stative"), 0.1),
        "adv.all": 0.0,
    }
)
# The kind of thing that an English phrase names stands before the first of these, else at its end.
_AFTER_HEAD = frozenset(
    {"of", "in", "on", "at", "with", "for", "by", "from", "to", "and", "or", "&", "near", "under", "over", "behind"}
)


def visibility(words: Sequence[str], language: str) -> float:
    """How far a picture can show what the phrase names, in [0, 1], rounded to two digits.

    A phrase that WordNet has as a whole ('hot dog') counts as that, any other as its head: the word before the first
    preposition (*portrait* of a woman), else the last word with a letter (flat *icon* 10).

    Args:
        words: of a normalized phrase.
        language: primary subtag; `UNKNOWN` for other languages than English, and where WordNet is not installed.
    """
    if language != "en":
        return UNKNOWN
    if len(words) > 1 and (whole := _mean_weight("_".join(words))) is not None:
        return whole
    end = next((place for place, word in enumerate(words) if place and word in _AFTER_HEAD), len(words))
    head = next((word for word in reversed(words[:end]) if any(map(str.isalpha, word))), words[-1])
    found = _mean_weight(head)
    return UNKNOWN if found is None else found


@functools.lru_cache(maxsize=200_000)
def _mean_weight(word: str) -> float | None:
    reader = wordnet()
    if reader is None or not word.replace("_", "").replace("-", "").replace("'", "").isalnum():
        return None
    total = weight = 0.0
    for synset in reader.synsets(word):  # of its base forms too: shoes
        bases = {word, *filter(None, [reader.morphy(word, synset.pos())])}
        # One more than seen, so that a sense which the tagged texts never use counts a little.
        seen = 1 + sum(times_seen().get(lemma.key(), 0) for lemma in synset.lemmas() if lemma.name().lower() in bases)
        total += seen
        weight += seen * _WEIGHTS[synset.lexname()]
    return round(weight / total, 2) if total else None
