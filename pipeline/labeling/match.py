"""Which member phrases stand in a text: the longest wins, and nothing inside a found phrase counts again.

Phrases are known by the hashes that mining gave them, so a text is matched by looking up the hashes of its n-grams: the
cost grows with the words of the text and not with the number of phrases.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.labeling import denial
from pipeline.runtime.tasks import map_batches
from pipeline.text.stopwords import stop_words
from pipeline.vocabulary.clustering.compounds import HEAD_LAST
from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import Hashes, KeySet

if TYPE_CHECKING:  # who matches one text starts no Spark, and need not wait for it
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

_MATCHES = pa.schema(
    [("text_id", pa.int64()), ("phrase_id", pa.int64()), ("coverage", pa.float64()), ("denied", pa.bool_())]
)
_MATCHES_DDL = "text_id long, phrase_id long, coverage double, denied boolean"


def match_texts(
    texts: "DataFrame", members: "Broadcast[bytes]", most: int, hiding: "Broadcast[bytes] | None" = None
) -> "DataFrame":
    """(text_id, phrase_id, coverage, denied): the member phrases of each text, and the share of its words of each.

    A phrase is `denied` where the text denies it every time that it says it, see `pipeline.labeling.denial`.

    Args:
        texts: the table texts.
        members: ascending phrase_ids of all members, as bytes of int64.
        most: words of the longest phrase.
        hiding: ascending phrase_ids of phrases that hide what is inside them, as bytes of int64, see `find_spans`;
            none by default.
    """
    matcher = functools.partial(_match_batches, members=members, most=most, hiding=hiding)
    return map_batches(texts.select("text_id", "text", "language"), matcher, _MATCHES_DDL)


def longest_matches(
    words: word_arrays.Words, members: KeySet, most: int, hiding: KeySet | None = None
) -> Iterator[tuple[int, npt.NDArray[np.int64], Hashes]]:
    """For each length, longest first: (n, text of each match int64 [k], phrase_id int64 [k]), denied ones too.

    A match never overlaps a longer one; of two overlapping ones of equal length the left one wins.
    """
    for span in find_spans(words, list(ngrams.grams(words, most)), members, hiding):
        yield span.n, span.text, span.key


def find_spans(
    words: word_arrays.Words,
    grams: Sequence[ngrams.Grams],
    members: KeySet,
    hiding: KeySet | None = None,
) -> Iterator[ngrams.Grams]:
    """The n-grams that are matches, longest first; by the rule of `longest_matches`.

    Args:
        words: of a batch of texts.
        grams: their n-grams, shortest first.
        members: phrase_ids to find.
        hiding: further phrases, no members, of languages whose compounds end in their kind. What is inside one does not
            count, save a member that ends where it ends: a 'dog toy' is a 'toy' and no 'dog'. A member of the same
            length goes first.
    """
    taken = np.zeros(len(words.word) + 1, dtype=bool)
    hidden = np.zeros(len(words.word) + 1 if hiding else 0, dtype=np.int64)  # where the phrase ends that hides a word
    for gram in reversed(grams):
        found = np.flatnonzero(members.holds(gram.key))
        free = _untouched(taken, gram.start[found], gram.n)
        if hiding:
            start = gram.start[found]
            free &= _untouched(hidden > 0, start, gram.n) | (hidden[start] == start + gram.n)
        found = found[free]
        found = found[leftmost(gram.start[found], gram.n)]
        start = gram.start[found]
        for offset in range(gram.n):
            taken[start + offset] = True
        yield ngrams.Grams(gram.n, start, gram.text[found], gram.key[found])
        if hiding and gram.n > 1:
            start = gram.start[hiding.holds(gram.key)]
            start = start[_untouched(taken, start, gram.n) & _untouched(hidden > 0, start, gram.n)]
            start = start[leftmost(start, gram.n)]
            for offset in range(gram.n):
                hidden[start + offset] = start + gram.n


def hiding_phrases(kept: pa.Table, members: Hashes) -> Hashes:
    """Ascending ids of the phrases that `find_spans` may take for hiding ones, int64.

    These are compounds without a label, in languages that say last what kind of thing a compound is. Phrases with a
    function word are none: the head of a 'house of cards' is its first word.

    Args:
        kept: phrase_id (int64), phrase and language of the kept candidates.
        members: ids of all members.
    """
    listed = zip(*(kept[name].to_pylist() for name in ("phrase_id", "phrase", "language")), strict=True)
    known = set(members.tolist())
    found = [
        phrase_id
        for phrase_id, phrase, language in listed
        if language in HEAD_LAST
        and phrase_id not in known
        and " " in phrase
        and stop_words(language).isdisjoint(phrase.split())
    ]
    return np.array(sorted(found), dtype=np.int64)


def leftmost(start: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.bool_]:
    """Which spans of one length to keep so that none overlap, from the left; `start` ascending, bool [k]."""
    kept = np.ones(len(start), dtype=bool)
    last = -1
    for i in np.flatnonzero(np.diff(start) < length) + 1:  # only spans that start inside their neighbour
        last = int(i) - 1 if kept[i - 1] else last
        kept[i] = start[i] - start[last] >= length
    return kept


def match_batch(
    words: word_arrays.Words, members: KeySet, most: int, hiding: KeySet | None = None
) -> Iterator[tuple[int, npt.NDArray[np.int64], Hashes, npt.NDArray[np.bool_]]]:
    """For each length, longest first: (n, text int64 [k], phrase_id int64 [k], denied bool [k]), each pair once.

    Args:
        words: of a batch of texts.
        members: phrase_ids to find.
        most: words of the longest phrase.
        hiding: see `find_spans`.
    """
    grams = list(ngrams.grams(words, max(most, denial.LONGEST)))
    spans = list(find_spans(words, grams[:most], members, hiding))
    covered = np.zeros(len(words.word), dtype=bool)
    for span in spans:
        for offset in range(span.n if span.n > 1 else 0):
            covered[span.start + offset] = True
    begins, ends = denial.denied(words, grams, covered)
    twice = word_arrays.repeating(words)
    for span in spans:
        denied = begins[span.start] | ends[span.start + span.n]
        once = _once(span, denied, twice)
        yield span.n, span.text[once], span.key[once], denied[once]


def _once(span: ngrams.Grams, denied: npt.NDArray[np.bool_], twice: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """One match of each phrase in each text, one that is not denied where there is one; bool [k].

    Args:
        span: matches of one length.
        denied: whether each is denied.
        twice: whether a text can say a phrase twice, see `word_arrays.repeating`; others need no sorting.
    """
    doubtful = twice[span.text]
    place = np.flatnonzero(doubtful)
    place = place[np.lexsort([denied[place], span.key[place], span.text[place]])]
    text, key = span.text[place], span.key[place]
    first = np.ones(len(place), dtype=bool)
    first[1:] = (text[1:] != text[:-1]) | (key[1:] != key[:-1])
    once = ~doubtful
    once[place[first]] = True
    return once


def _untouched(flags: npt.NDArray[np.bool_], start: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.bool_]:
    """Whether none of the n places from each start on is flagged."""
    free = np.ones(len(start), dtype=bool)
    for offset in range(n):
        free &= ~flags[start + offset]
    return free


def _match_batches(
    batches: Iterator[pa.RecordBatch],
    members: "Broadcast[bytes]",
    most: int,
    hiding: "Broadcast[bytes] | None",
) -> Iterator[pa.RecordBatch]:
    wanted = KeySet(np.frombuffer(members.value, dtype=np.int64))
    hides = KeySet(np.frombuffer(hiding.value, dtype=np.int64)) if hiding is not None else None
    for batch in batches:
        words = word_arrays.read_words(batch.column("text"), batch.column("language"))
        ids = batch.column("text_id").to_numpy()
        for n, text, key, denied in match_batch(words, wanted, most, hides):
            coverage = n / words.lengths[text]
            columns = (pa.array(column) for column in (ids[text], key, coverage, denied))
            yield pa.record_batch(list(columns), schema=_MATCHES)
