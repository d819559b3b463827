"""Lemmas: singulars of plurals, and nothing else changed."""

import functools
from types import MappingProxyType
from typing import Any

import simplemma
from wordfreq import zipf_frequency

from pipeline.text.wordnet import wordnet


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# English words whose plural is the thing itself, or which only look like a plural.
_KEPT = _words(
    """
    jeans glasses eyeglasses sunglasses goggles binoculars shorts pants trousers leggings tights overalls pajamas
    pyjamas scissors pliers tweezers tongs clippers shears headphones earphones earbuds dungarees slacks briefs boxers
    joggers
    sweats sweatpants chinos khakis culottes capris knickers panties underpants stockings suspenders clothes news
    christmas swiss paris texas mars venus olympics paralympics athletics gymnastics aerobics graphics electronics
    ceramics physics mathematics maths economics politics ethics mechanics robotics genetics aesthetics acoustics
    series species crossroads headquarters barracks kudos thanks congratulations regards groceries arms outdoors indoors
    upstairs downstairs besides always perhaps its us bus gas lens iris canvas atlas cactus octopus census chaos cosmos
    bias plus yes this has was states netherlands philippines bahamas maldives alps himalayas andes rockies lego legos
    adidas vans converse crocs hermes levis asics swarovski simpsons beatles avengers transformers wales
    blues rights goods aids flats finals blinds trunks cheers commons belongings royals braves tops spectacles braces
    customs dominoes odds whites reds greens savings times shutters
    arkansas kansas illinois massachusetts athens naples brussels cannes los las angeles vegas jesus moses james
    charles thomas lucas marcus nicholas dennis chris alexis louis mercedes pokemon media data comics fries
    """
)
# The same of other languages: words that simplemma takes for a form of one of another meaning (nl vieren, to celebrate,
# for one of vier, four; ru пар, steam, for one of пара, a pair).
_KEPT_ELSEWHERE = MappingProxyType(
    {
        "de": _words("weise weisen reichen jeans brille shorts leggings eltern ferien kosten leute möbel"),
        "es": _words("gafas jeans pantalones tijeras lentes esposas"),
        "fr": _words("jeans lunettes ciseaux vacances toilettes échecs"),
        "it": _words("rifiuti rifiuto jeans occhiali pantaloni forbici nozze"),
        "nl": _words("vieren kussen jeans hersenen"),
        "pt": _words("jeans calças óculos férias"),
        "ru": _words("пар часы часа часов час очки джинсы ножницы"),
        "uk": _words("окуляри джинси ножиці"),
    }
)
_ELISIONS = ("l'", "d'", "j'", "m'", "t'", "s'", "n'", "c'", "qu'", "dell'", "all'", "nell'", "sull'", "dall'", "un'")
_SHORTEST = 4  # letters of a word that is inflected at all, outside of English
_SHARED = 0.6  # of the shorter word must open both, for one to be a form of the other
# Languages of simplemma that write their words apart and inflect at the end; not Indonesian and Malay, whose endings
# make other words (makan, to eat, and makanan, food). And of them, those in which a singular may
# be longer than its plural (цветы, цветок).
_INFLECTED = _words(
    "bg ca cs cy da de el es et fi fr ga gd gl hu hy is it lb lt lv mk nb nl nn pl pt ro ru sk sl sq sv tr uk"
)
_GROWING = frozenset(("bg", "cs", "mk", "pl", "ru", "sk", "sl", "uk"))
_SLAVIC_PLURALS = ("ы", "и", "і", "y", "i")
_ADDED = ("", "s", "es", "n", "e")  # what a noun that looks like an infinitive takes on (Gartens)
# What plurals end in, where that is sure: a word that ends otherwise stays, since simplemma makes one gender of two
# (bruja, brujo) and takes Turkish words back to the verb that they come from.
_PLURALS = MappingProxyType(
    {
        **dict.fromkeys(("ca", "es", "gl", "pt"), ("s",)),
        "fr": ("s", "x"),
        "it": ("i", "e"),
        "nl": ("n", "s"),
        "tr": ("ler", "lar"),
    }
)
# What verbs end in: simplemma takes flores (flowers) for a form of florar.
_INFINITIVES = MappingProxyType(
    {
        "ca": ("ar", "er", "ir", "re"),
        "de": ("en", "ern", "eln"),
        "es": ("ar", "er", "ir"),
        "fr": ("er", "ir", "re"),
        "gl": ("ar", "er", "ir"),
        "it": ("are", "ere", "ire"),
        "nl": ("en",),
        "pl": ("ć",),
        "pt": ("ar", "er", "ir"),
        "ru": ("ть", "ться", "ти"),
        "uk": ("ти", "тися"),
    }
)
# English plurals without a rule, also where WordNet has the plural as a word of its own (men: the force of workers).
_IRREGULAR = MappingProxyType(
    dict(
        pair.split(":")
        for pair in _words(
            """
            women:woman men:man children:child mice:mouse geese:goose feet:foot teeth:tooth oxen:ox leaves:leaf
            wolves:wolf shelves:shelf knives:knife wives:wife lives:life thieves:thief halves:half calves:calf
            loaves:loaf scarves:scarf hooves:hoof elves:elf axes:axe analyses:analysis crises:crisis cacti:cactus
            firemen:fireman policemen:policeman snowmen:snowman fishermen:fisherman businessmen:businessman
            businesswomen:businesswoman grandchildren:grandchild womens:woman mens:man childrens:child
            """
        )
    )
)


@functools.lru_cache(maxsize=200_000)
def lemma(word: str, language: str) -> str:
    """The singular of a noun; the word itself where it is none, or where it is unsure.

    English: WordNet (Princeton, 3.0) where its data is installed and knows the word, else simplemma. Where WordNet has
    singular and plural as words of their own, the more frequent counts in its texts: shoes become shoe, woods stay
    woods. Words in -ing (painting, wedding) and words whose plural is the thing (jeans, glasses, news) stay. Other
    languages: simplemma, where what it gives opens with the same letters and so can be a form of the same word.

    Args:
        word: one normalized word. A possessive 's goes in English; in French, Italian and Catalan the article or
            preposition elided before a word goes (l'amour).
        language: primary subtag; a word of an unknown language stays.
    """
    if language == "en":
        return _english(word)
    if language in ("fr", "it", "ca") and "'" in word:
        word = next((word[len(start) :] for start in _ELISIONS if word.startswith(start)), word) or word
    plurals = _PLURALS.get(language, ("",))
    if word in _KEPT_ELSEWHERE.get(language, ()):
        return word
    if language not in _INFLECTED or len(word) < _SHORTEST or not word.isalpha() or not word.endswith(plurals):
        return word
    base = simplemma.lemmatize(word, lang=language).lower()
    if word.startswith(base) or plurals[0] != "s":
        return base if _same_noun(word, base, language) else word
    # Taking the s away keeps what the base of a dictionary may not: the gender (brujas) and the noun (flores).
    shorter = (word[:-2] if word.endswith("es") else "", word[:-1])
    known = next((form for form in shorter if len(form) > 2 and simplemma.is_known(form, language)), None)
    return known or (base if _same_noun(word, base, language) else word)


def _english(word: str) -> str:
    if word.endswith("'s") and len(word) > 3:
        word = word[:-2]
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    first, hyphen, last = word.rpartition("-")
    if hyphen:  # t-shirts: the last part is what inflects
        return f"{first}-{_english(last)}"
    short = len(word) < 4  # ios, sms, gas
    if short or word in _KEPT or word.endswith(("ing", "ss")) or not (word.isascii() and word.isalpha()):
        return word
    reader = wordnet()
    if reader is not None and (base := reader.morphy(word, "n")) is not None and base[:2] == word[:2]:
        return _singular_in(reader, word) if base == word else str(base)
    base = simplemma.lemmatize(word, lang="en")
    return base if base in _regular_singulars(word) else word


def _singular_in(reader: Any, word: str) -> str:
    """The singular of a word that WordNet has as it is, where it has that too and meets it more often."""
    ranked = [
        (_count(reader, base), zipf_frequency(base, "en"), base)
        for base in (*_regular_singulars(word), word)
        if reader.morphy(base, "n") == base
    ]
    return max(ranked)[2]


def _count(reader: Any, word: str) -> int:
    """How often WordNet's tagged texts have a word as a noun."""
    senses = (sense for synset in reader.synsets(word, "n") for sense in synset.lemmas())
    return sum(sense.count() for sense in senses if sense.name().lower() == word)


def _regular_singulars(word: str) -> list[str]:
    """What a word can be the plural of, by the spelling rules of English."""
    if not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return []
    bases = [word[:-1]]
    if word.endswith("ies"):
        bases.append(f"{word[:-3]}y")
    elif word.endswith("ves"):
        bases += [f"{word[:-3]}f", f"{word[:-3]}fe"]
    if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        bases.append(word[:-2])
    return [base for base in bases if len(base) > 1]


def _same_noun(word: str, base: str, language: str) -> bool:
    """Whether the base can be the singular of the word: it opens with the same letters and is no verb of it."""
    if not base.isalpha() or (len(base) > len(word) and not (language in _GROWING and word.endswith(_SLAVIC_PLURALS))):
        return False
    ending = word.removeprefix(base)  # of the plural; the whole word where it is not the base with something added
    if base.endswith(_INFINITIVES.get(language, ())) and ending not in _ADDED:
        return False
    if language == "it" and word.endswith("e") and not base.endswith("a"):
        return False  # -e is the plural of -a alone; else it is a singular (lente)
    shortest = min(len(word), len(base))
    shared = next((place for place in range(shortest) if word[place] != base[place]), shortest)
    return shared >= 3 and shared >= _SHARED * shortest and abs(len(word) - len(base)) <= 4
