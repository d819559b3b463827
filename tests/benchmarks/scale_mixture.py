"""What real tables have and clean ones lack: many languages, few of them stated, reposts, rows that are dirty.

Every choice is a hash of (seed, what it is for, row, image or text), as in `generate`, so a row does not depend on how
many there are. Shares are of rows, but for reposts, which are of images.

| property | as `scale.py` asks for it | in public data |
|---|---|---|
| language not stated | .30 | 0 icons and captions, .002 clip art, 1 web pictures |
| not English | .20, in ten languages | detected .02 icons, .14 clip art, .23 web pictures; .57 captions, .92 emoji |
| with letters beyond ASCII | .08 | .001 icons, .0004 clip art, .002 alt texts, .014 web pictures, .56 emoji |
| file names as texts | .010 | .0000 icons, .0002 clip art, .037 web pictures |
| web addresses | .004 | 0 icons and alt texts, .001 web pictures, .003 clip art |
| e-mail addresses | .002 | 0 icons, .0001 web pictures, .0025 clip art |
| empty texts | .003 | 0: these tables were cleaned before |
| without an image_id | .001 | 0, as before |
| images that repost another | .10, four of each original, 200 of the first | not known: no table says it |

An image has a language; four in five of its texts are in it, the others in English, so that what is said around an
image tells its language. Words are those of the lists of wordfreq (Speer 2022), but for the most frequent, which
join others and stand on few pictures; words beyond a list are made up, as names and brands are: about one in a hundred.
Shares of single languages, and of reposts, are assumptions.
"""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from draws import Draw, Ints, ranks

WORDS = 200_000  # of a list: rarer ones are as often noise as words
_FUNCTION_WORDS = 150  # the first of a list: the, of, and; no tag and few titles are made of them
OWN = 0.8  # texts in the language of their image
# Language -> share of what is not English, and what stands between words.
LANGUAGES = {
    "es": (0.22, " "),
    "pt": (0.16, " "),
    "fr": (0.14, " "),
    "de": (0.14, " "),
    "it": (0.08, " "),
    "ru": (0.08, " "),
    "ja": (0.06, ""),
    "pl": (0.05, " "),
    "nl": (0.04, " "),
    "tr": (0.03, " "),
}
# Kind of dirt -> share of the dirty rows.
DIRT = {"file": 0.5, "url": 0.2, "mail": 0.1, "empty": 0.15, "null": 0.05}


@dataclass(frozen=True, slots=True)
class Mixture:
    """How much of it a table has; nothing of it by default.

    Attributes:
        foreign: share of rows in another language than English; words are real ones then, English ones too.
        unstated: share of rows that do not state their language; words are real ones then.
        dirty: share of rows that are dirty.
        reposts: share of images that are reposts.
    """

    foreign: float = 0.0
    unstated: float = 0.0
    dirty: float = 0.0
    reposts: float = 0.0

    @property
    def real_words(self) -> bool:
        """Whether words are those of languages, and not made up."""
        return self.foreign > 0 or self.unstated > 0


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of all languages, most frequent first.

    Attributes:
        words: all lists one after another, then the words that are made up.
        starts: where each list starts, int64 [languages + 1]; the last is where made-up words do.
    """

    words: pa.Array
    starts: Ints


def read_lexicon(made_up: pa.Array) -> Lexicon:
    """Real words of English and `LANGUAGES`, in this order, then those that are made up."""
    lists = [_real_words(language) for language in ("en", *LANGUAGES)]
    starts = np.concatenate([[0], np.cumsum([len(words) for words in lists])]).astype(np.int64)
    return Lexicon(pa.concat_arrays([*lists, made_up]), starts)


def draw_languages(draw: Draw, row: Ints, image: Ints, foreign: float) -> Ints:
    """Language of each row, int64 [rows]: 0 = English, else 1 + its place in `LANGUAGES`.

    Args:
        draw: of the table.
        row: numbers of the rows.
        image: their images.
        foreign: share of rows that are not English, at most `OWN`.
    """
    luck = draw.uniform("tongue", image)
    abroad = min(foreign / OWN, 1.0)
    edges = abroad * np.cumsum([share for share, _ in LANGUAGES.values()])
    own = 1 + np.searchsorted(edges[:-1], luck, side="right")
    speaks = (luck < abroad) & (draw.uniform("speaks", row) < OWN)
    return np.where(speaks, own, 0).astype(np.int64)


def join_words(lexicon: Lexicon, language: Ints, words: Ints, offsets: Ints) -> pa.Array:
    """Texts, string [rows]: each from the ranks of its words in its language.

    Args:
        lexicon: all words.
        language: of each row, from `draw_languages`.
        words: ranks of all words, flat.
        offsets: where each text starts in `words`, int64 [rows + 1].
    """
    of_word = np.repeat(language, np.diff(offsets))
    size = np.diff(lexicon.starts)[of_word]
    listed = words < size
    place = np.where(listed, lexicon.starts[of_word] + words, lexicon.starts[-1] + words)
    spelled = lexicon.words.take(pa.array(place))
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), spelled)
    closed = np.isin(language, [1 + i for i, (_, gap) in enumerate(LANGUAGES.values()) if not gap])
    return pc.if_else(pa.array(closed), pc.binary_join(lists, ""), pc.binary_join(lists, " "))


def name_languages(draw: Draw, row: Ints, language: Ints, unstated: float) -> pa.Array:
    """What each row states as its language, string [rows]; null where it states none."""
    names = pa.array(["en", *LANGUAGES]).take(pa.array(language))
    return pc.if_else(pa.array(draw.uniform("stated", row) < unstated), pa.scalar(None, pa.string()), names)


def make_dirty(draw: Draw, row: Ints, columns: dict[str, pa.Array], dirty: float) -> dict[str, pa.Array]:
    """The columns with a share of dirty rows: file names, addresses inside texts, empty texts, no image_id."""
    luck = draw.uniform("dirty", row) / dirty
    edges = np.cumsum(list(DIRT.values()))
    kind = np.where(luck < 1, np.searchsorted(edges[:-1], luck, side="right"), -1)
    number = pa.array((draw.bits("camera", row) % np.uint64(10_000)).astype(np.int64)).cast(pa.string())
    number = pc.utf8_lpad(number, 4, "0")
    texts, ids = columns["text"], columns["image_id"]
    for place, text in enumerate(
        (
            pc.binary_join_element_wise("IMG_", number, ".JPG", ""),
            pc.binary_join_element_wise(
                texts, pc.binary_join_element_wise("https://shop.example/item/", number, ""), " "
            ),
            pc.binary_join_element_wise(texts, pc.binary_join_element_wise("me", number, "@mail.example", ""), " "),
            pa.scalar(""),
        )
    ):
        texts = pc.if_else(pa.array(kind == place), text, texts)
    nameless = pa.array(kind == len(DIRT) - 1)
    return columns | {"text": texts, "image_id": pc.if_else(nameless, pa.scalar(None, pa.string()), ids)}


def make_images(draw: Draw, start: int, size: int, reposts: float) -> pa.Table:
    """Images start .. start + size - 1: image_id, image_uri, duplicate_of.

    What an image reposts was there before it, and is mostly one that is popular: popular images have low numbers.
    """
    number = np.arange(start, start + size, dtype=np.int64)
    again = (draw.uniform("repost", number) < reposts) & (number > 0)
    popular = ranks(draw.uniform("of", number), 1 << 40, 1_000, 10)
    even = (draw.uniform("even", number) * number).astype(np.int64)
    original = np.where(popular < number, popular, even)
    folder = pa.array(number // 10_000).cast(pa.string())
    uri = pc.binary_join_element_wise("https://images.example", folder, _names(number), "/")
    copies = pc.if_else(pa.array(again), _names(original), pa.scalar(None, pa.string()))
    return pa.table(
        {
            "image_id": _names(number),
            "image_uri": pc.binary_join_element_wise(uri, "jpg", "."),
            "duplicate_of": copies,
        }
    )


@functools.cache
def _real_words(language: str) -> pa.Array:
    from wordfreq import top_n_list  # the peers' environments import this module, and have no word lists

    words = pa.array(top_n_list(language, WORDS)[_FUNCTION_WORDS:], pa.string())
    return words.filter(pc.invert(pc.match_substring_regex(words, r"\d")))


def _names(numbers: npt.NDArray[np.int64]) -> pa.Array:
    return pc.binary_join_element_wise("i", pa.array(numbers).cast(pa.string()), "")
