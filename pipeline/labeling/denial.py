"""Where a text says that something is not there: 'not a dog', 'without sugar', 'sugar free', 'sans sucre'.

By rule, a phrase is denied

- right after a denier, with at most `_BETWEEN` determiners between: 'not a dog', 'without any of the dogs';
- right before a closing denier: 'köpek değil', 砂糖なし;
- right before 'free' where the two words are one of `_FREE`. A bare 'free' mostly means the price ('dog clipart free')
  and a bare 'less' an amount, so that neither denies by itself.

A denier denies nothing in a set phrase ('not only dogs', 'why not dogs', 'not without my dog'), inside a found phrase
of several words ('forget me not'), nor a number ('no 7'). It reaches one phrase and crosses no break: in 'no dogs or
cats' and 'no, dogs' the cats and the second dogs count. Joined words (dog-free, dogless, zuckerfrei) are other words.

The lists are function words, put together from grammars of each language, without those that mean something else as
often: German 'noch', Czech 'místo', French 'plus', English 'sans' ('comic sans') and 'never' are left out. Russian,
Japanese and the like write some deniers behind. Words stand as `pipeline.text.tokens` cuts them.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import Hashes, KeySet

LONGEST = 3  # words of the longest entry below
_BETWEEN = 2  # determiners
_Places = npt.NDArray[np.int64]

# language -> deniers of what follows
_BEFORE = MappingProxyType(
    {
        "en": "no|not|non|without|nor|neither|isn't|aren't|wasn't|weren't|ain't|isnt|arent|except|excluding|lacking"
        "|not have|not contain|don't have|doesn't have|don't contain|doesn't contain|free of|free from|instead of"
        "|rather than|other than|lack of|absence of|devoid of",
        "de": "kein|keine|keinen|keinem|keiner|keines|nicht|ohne|weder|außer|ausser|statt|anstatt|frei von",
        "fr": "sans|pas|ni|aucun|aucune|non|sauf|hormis|excepté|au lieu de|au lieu du|plutôt que",
        "es": "sin|no|ni|ningún|ningun|ninguna|excepto|salvo|no es|no son|no hay|no tiene|no tienen|no contiene"
        "|libre de|libres de|en lugar de|en vez de",
        "it": "senza|non|né|nessun|nessuno|nessuna|tranne|eccetto|non è|non sono|non ha|non c'è|non ci sono"
        "|non contiene|privo di|priva di|al posto di|invece di",
        "pt": "sem|não|nao|nem|nenhum|nenhuma|exceto|não é|não são|não tem|não há|não contém|livre de|livres de"
        "|em vez de",
        "nl": "geen|niet|zonder|noch|behalve|vrij van|in plaats van",
        "pl": "bez|nie|ani|żaden|żadna|żadne|żadnego|żadnej|żadnych|oprócz|prócz|zamiast|nie jest|nie są|nie ma"
        "|nie zawiera|wolny od|wolne od",
        "cs": "bez|beze|ne|není|nejsou|ani|žádný|žádná|žádné|žádní|žádného|žádných|kromě|nemá|neobsahuje",
        "ru": "без|не|нет|ни|никакой|никакая|никаких|никакого|кроме|вместо|не является|не содержит",
        "uk": "без|не|немає|нема|ні|ані|жоден|жодна|жодного|жодної|жодних|крім|окрім|замість|не є|не містить",
        "tr": "hiçbir",
        "zh": "没有|沒有|不是|并非|並非|无|無|不含|不 含有|除了",
    }
)
# language -> deniers of what stands before
_AFTER = MappingProxyType(
    {
        "tr": "değil|olmayan|yok|hariç|içermez|içermeyen",
        "zh": "以外|除外",
        "ja": "なし|無し|抜き|以外|では ない|じゃ ない|の い ない|の ない",
        "ko": "없는|없이|없음|없다|아닌|제외",
    }
)
# language -> what goes with 'free'; food and goods are sold by these words
_FREE = MappingProxyType(
    {
        "en": "additive alcohol allergen bpa caffeine carb cholesterol chemical cruelty dairy egg fat fragrance gluten"
        " gmo grain lactose latex lead meat milk nut oil paraben peanut pesticide plastic pork preservative smoke soy"
        " sugar sulfate tobacco toxin wheat yeast"
    }
)
# language -> what may stand between a denier and what it denies
_BETWEENS = MappingProxyType(
    {
        "en": "a an any the of my your his her its our their this that these those such",
        "de": "der die das den dem des ein eine einen einem einer eines jede jeden jeder jegliche jeglichen mein meine"
        " dein deine sein seine ihr ihre unser unsere dieser diese dieses diesen",
        "fr": "de du des d le la les l un une aucun aucune mon ma mes ton ta tes son sa ses leur leurs ce cet cette"
        " ces",
        "es": "de el la los las un una unos unas ningún ningun ninguna mi mis tu tus su sus este esta estos estas",
        "it": "di il lo la i gli le l un uno una alcun alcuno alcuna nessun nessuna del della dei degli delle mio mia",
        "pt": "de o a os as um uma uns umas nenhum nenhuma qualquer meu minha meus minhas seu sua seus suas",
        "nl": "de het een enkele enig enige mijn zijn haar hun deze die dit dat",
        "pl": "żadnego żadnej żadnych żadnym tego tej tych ten ta to mojego mojej",
        "cs": "žádného žádné žádných toho té těch ten ta to jakéhokoli jakékoli",
        "ru": "никакого никакой никаких всякого всякой этого этой этих это",
        "uk": "жодного жодної жодних будь-якого будь-якої цього цієї цих це",
        "tr": "bir",
        "zh": "任何 一 一个 一個 一只 一隻 一条 一條 一张 一張 这 這 那 个 個 只 隻",
    }
)
# language -> set phrases in which a denier denies nothing
_SET_PHRASES = MappingProxyType(
    {
        "en": "not only|not just|not merely|why not|not without|never without|nothing without"
        "|nothing except|none other than",
        "de": "nicht nur|nicht bloß|warum nicht|wieso nicht|nicht ohne|nie ohne|nicht den|nicht dem|nicht einen"
        "|nicht einem",
        "fr": "pas seulement|pas que|non seulement|pourquoi pas|pas sans|jamais sans",
        "es": "no solo|no sólo|no solamente|por qué no|no sin|nunca sin|sin duda",
        "it": "non solo|non soltanto|perché no|non senza|mai senza|perché non",
        "pt": "não só|não somente|não apenas|por que não|não sem|nunca sem",
        "nl": "niet alleen|niet enkel|niet slechts|waarom niet|niet zonder|nooit zonder",
        "pl": "nie tylko|dlaczego nie|nie bez|nigdy bez",
        "cs": "ne jen|ne pouze|proč ne|ne bez|nikdy bez",
        "ru": "не только|не просто|почему не|почему бы не|не без|никогда без",
        "uk": "не тільки|не лише|не просто|чому не|чому б не|не без|ніколи без",
        "zh": "有 没有|有 沒有",
        "ja": "白 抜き",
    }
)
_AS = MappingProxyType({"und": "en"})  # undetermined texts are short, and most of them English
_ROLES = ("set", "before", "after", "free")


@dataclass(frozen=True, slots=True)
class _Lists:
    """Keys of all entries, by language: ascending int64, and the role of each (index in `_ROLES`)."""

    keys: Hashes
    roles: npt.NDArray[np.int8]
    known: KeySet
    between: KeySet


def denied(
    words: word_arrays.Words, grams: Sequence[ngrams.Grams], covered: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Where denied phrases begin and end.

    Args:
        words: of a batch of texts.
        grams: their n-grams, shortest first, of 1 to at least `LONGEST` words.
        covered: whether a word belongs to a found phrase of several words, bool [n or more].

    Returns:
        Two arrays bool [n + 1] over the places of words: a phrase is denied that begins at a True place of the first,
        or whose last word stands right before a True place of the second.
    """
    lists = _read_lists()
    size = len(words.word)
    begins, ends = np.zeros(size + 1, dtype=bool), np.zeros(size + 1, dtype=bool)
    taken = np.zeros(size, dtype=bool)
    for gram in reversed(grams[:LONGEST]):
        start, role = _entries(gram, lists)
        open_, role = _outside(start, gram.n, taken, role)
        _mark(taken, open_, gram.n)
        denier = role != _ROLES.index("free")  # of 'sugar free' only the last word is one: 'brown sugar free'
        outside = np.where(denier, ~_any(covered, open_, gram.n), ~covered[open_ + gram.n - 1])
        open_, role = open_[outside], role[outside]
        _after_deniers(words, grams[0], open_[role == _ROLES.index("before")] + gram.n, begins, lists)
        ends[open_[role == _ROLES.index("after")]] = True
        ends[open_[role == _ROLES.index("free")] + gram.n - 1] = True
    return begins, ends


def _entries(gram: ngrams.Grams, lists: _Lists) -> tuple[_Places, npt.NDArray[np.int8]]:
    """Where entries of this length stand, and their roles."""
    hit = lists.known.holds(gram.key)
    return gram.start[hit], lists.roles[np.searchsorted(lists.keys, gram.key[hit])]


def _outside(
    start: _Places, n: int, taken: npt.NDArray[np.bool_], role: npt.NDArray[np.int8]
) -> tuple[_Places, npt.NDArray[np.int8]]:
    """Those that no longer entry covers: 'not only' before 'not'."""
    free = ~_any(taken, start, n)
    return start[free], role[free]


def _any(flags: npt.NDArray[np.bool_], start: _Places, n: int) -> npt.NDArray[np.bool_]:
    """Whether any of the n places from each start on is flagged."""
    found = np.zeros(len(start), dtype=bool)
    for step in range(n):
        found |= flags[start + step]
    return found


def _mark(flags: npt.NDArray[np.bool_], start: _Places, n: int) -> None:
    for step in range(n):
        flags[start + step] = True


def _after_deniers(
    words: word_arrays.Words,
    single: ngrams.Grams,
    place: _Places,
    begins: npt.NDArray[np.bool_],
    lists: _Lists,
) -> None:
    """Mark the place right after each denier, and further places behind determiners; numbers stay out."""
    for step in range(_BETWEEN + 1):
        place = place[place < len(words.word)]
        place = place[words.inside[place]]
        if not len(place):
            return
        begins[place[~_opens_with_digit(words, place)]] = True
        if step < _BETWEEN:
            key = single.key[np.searchsorted(single.start, place)]  # every word is an n-gram of one
            place = place[lists.between.holds(key)] + 1


def _opens_with_digit(words: word_arrays.Words, place: _Places) -> npt.NDArray[np.bool_]:
    """Whether the word at each place begins with a digit, looked at once per distinct word."""
    code, back = np.unique(words.code[place], return_inverse=True)
    first = pc.utf8_slice_codeunits(pa.array(words.distinct[code], pa.string()), 0, 1)
    numeric: npt.NDArray[np.bool_] = pc.utf8_is_numeric(first).to_numpy(zero_copy_only=False)
    return numeric[back]


@functools.lru_cache(maxsize=1)
def _read_lists() -> _Lists:
    """The lists above as keys; where an entry has two roles the first of `_ROLES` holds."""
    keys: list[Hashes] = []
    roles: list[npt.NDArray[np.int8]] = []
    between: list[Hashes] = []
    free = {spoken: "|".join(f"{word} free" for word in listed.split()) for spoken, listed in _FREE.items()}
    tables: tuple[Mapping[str, str], ...] = (_SET_PHRASES, _BEFORE, _AFTER, free)
    for role, table in enumerate(tables):
        for spoken, listed in _spoken(table):
            keys.append(ngrams.whole_keys(listed.split("|"), spoken))
            roles.append(np.full(len(keys[-1]), role, dtype=np.int8))
    for spoken, listed in _spoken(_BETWEENS):
        between.append(ngrams.whole_keys(listed.split(), spoken))
    joined = np.concatenate(keys)
    distinct, first = np.unique(joined, return_index=True)
    return _Lists(
        distinct,
        np.concatenate(roles)[first],
        KeySet(distinct),
        KeySet(np.unique(np.concatenate(between))),
    )


def _spoken(table: Mapping[str, str]) -> list[tuple[str, str]]:
    """The list of each language, and those that a language borrows."""
    borrowed = [(spoken, table[lender]) for spoken, lender in _AS.items() if lender in table]
    return [*table.items(), *borrowed]
