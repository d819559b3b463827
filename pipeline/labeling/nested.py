"""Which member phrases stand inside others and count with them, because their labels are broader.

The longest match hides what is inside it: 'hot dog' is no 'dog'. But a 'kitchen table' is a 'table', and the hierarchy
knows it. What counts depends on the two phrases alone, so it is found once a vocabulary and joined after matching: the
cost of a text stays as it is.
"""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.vocabulary.hierarchy import HOW
from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import KeySet

_Ids = npt.NDArray[np.int64]
_NONE = -1


def nested_phrases(members: pa.Table, forest: pa.Table, kinds: Collection[str] = HOW) -> pa.Table:
    """(phrase_id int64, inner int64): what else counts where a member phrase is found; sorted, each pair once.

    A member phrase inside another of its language counts where its label is an ancestor of the other's label. One of
    the same label would say nothing new.

    Args:
        members: phrase_id (int64), label_id (int), phrase (words with one space between) and language (string); each
            phrase_id once, and the key that mining gives to phrase and language.
        forest: label_id (int), parent (int, null = root) and parent_how (string) of every label; parents close no
            circle.
        kinds: of `hierarchy.HOW`; a parent by other evidence ends the way up.
    """
    phrase_id, label = _column(members, "phrase_id"), _column(members, "label_id")
    order = np.argsort(phrase_id, kind="stable")
    phrase_id, label = phrase_id[order], label[order]
    outer, inner = _inside(_words(members), phrase_id)
    outer = np.searchsorted(phrase_id, _column(members, "phrase_id")[outer])
    counts = _is_above(label[outer], label[inner], forest, kinds)
    pairs = np.unique(np.stack([phrase_id[outer[counts]], phrase_id[inner[counts]]], axis=1), axis=0)
    return pa.table({"phrase_id": pa.array(pairs[:, 0], pa.int64()), "inner": pa.array(pairs[:, 1], pa.int64())})


def _words(members: pa.Table) -> word_arrays.Words:
    phrases, languages = (members[name].cast(pa.string()).combine_chunks() for name in ("phrase", "language"))
    return word_arrays.read_words(phrases, languages)


def _inside(words: word_arrays.Words, phrase_id: _Ids) -> tuple[_Ids, _Ids]:
    """Row of the outer phrase in `words` and place of the inner one in the ascending ids, of every such pair."""
    known = KeySet(phrase_id)
    outer, inner = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for gram in ngrams.grams(words, max(1, int(words.lengths.max(initial=1)) - 1)):
        part = np.flatnonzero(words.lengths[gram.text] > gram.n)
        part = part[known.holds(gram.key[part])]
        outer.append(gram.text[part])
        inner.append(np.searchsorted(phrase_id, gram.key[part]))
    return np.concatenate(outer), np.concatenate(inner)


def _is_above(lower: _Ids, upper: _Ids, forest: pa.Table, kinds: Collection[str]) -> npt.NDArray[np.bool_]:
    """Whether the upper label of each pair is an ancestor of the lower one: all pairs climb a level at a time."""
    above = np.zeros(len(lower), dtype=bool)
    if not forest.num_rows:
        return above
    label = np.sort(_column(forest, "label_id"))
    parent = _parents(forest, kinds, label)
    goal = _place(label, upper)
    pair = np.flatnonzero(goal != _NONE)
    at = _place(label, lower)[pair]
    for _ in range(len(label)):  # no way up is longer
        known = at != _NONE
        pair, at = pair[known], parent[at[known]]
        if not len(pair):
            break
        above[pair[at == goal[pair]]] = True
    return above


def _parents(forest: pa.Table, kinds: Collection[str], label: _Ids) -> _Ids:
    """Place of each label's parent in the ascending labels, by the kinds that count; -1 for none."""
    counts = pc.is_in(forest["parent_how"], value_set=pa.array(sorted(kinds), pa.string()))
    listed = pc.if_else(pc.fill_null(counts, False), forest["parent"].cast(pa.int64()), None)
    rooted = listed.is_null().to_numpy()
    parent = _place(label, pc.fill_null(listed, 0).to_numpy())
    parent[rooted] = _NONE
    return parent[np.argsort(_column(forest, "label_id"), kind="stable")]


def _place(ordered: _Ids, values: _Ids) -> _Ids:
    """Place of each value in an ascending array that is not empty; -1 where it is not there."""
    place = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.where(ordered[place] == values, place, _NONE)


def _column(table: pa.Table, name: str) -> _Ids:
    return np.asarray(table[name].cast(pa.int64()).to_numpy())
