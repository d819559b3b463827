"""The phrases of a vocabulary in memory, ranked: what clustering works on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.text.lexicon import lemma
from pipeline.vocabulary.encoding.matrix import Rows, place_rows
from pipeline.vocabulary.merging.companions import Beside, Companions

Index = npt.NDArray[np.int64]
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases by falling support, so that a lower index is a more frequent phrase (ties by phrase and language).

    Attributes:
        ids: phrase_id, int64 [n].
        phrase: the strings, n of them.
        language: primary subtag of each.
        images: distinct images of each, int64 [n].
        keys: hashes of its images where it is rare, else None; n of them.
        vectors: unit vectors of d dimensions, n rows; zero where the encoder does not know the language.
        known: whether there is a vector, bool [n].
        pinned: whether the user's dictionary keeps it, bool [n].
        synonym_of: phrase_id whose label the user's dictionary gives it to, None for most; n of them.
        context: unit vectors of what is said of its images, n rows; zero where nothing; None = not known.
        looked: images that the context was told from, int64 [n]; None with it.
        companions: words on most of these images, each (index, images); of none where they are not known.
        bases: the words of each in their base forms, n of them; found when made, since every step asks for them.
    """

    ids: Index
    phrase: list[str]
    language: list[str]
    images: Index
    keys: list[Index | None]
    vectors: Rows
    known: npt.NDArray[np.bool_]
    pinned: npt.NDArray[np.bool_]
    synonym_of: list[int | None]
    context: Rows | None = None
    looked: Index | None = None
    companions: Mapping[int, Beside] = field(default_factory=dict)
    bases: list[Words] = field(init=False)

    def __post_init__(self) -> None:
        bases: list[Words] = [()] * len(self.phrase)
        for i in sorted(range(len(bases)), key=self.language.__getitem__):  # a language's dictionary is loaded once
            bases[i] = lemmas(self.phrase[i], self.language[i])
        object.__setattr__(self, "bases", bases)

    def __len__(self) -> int:
        return len(self.ids)

    def union(self, members: Sequence[int] | Index) -> tuple[int, Index | None]:
        """Images that carry any of the members: exact, with their keys, if all are rare; else an upper bound."""
        keys = [self.keys[i] for i in members]
        rare = [key for key in keys if key is not None]
        if len(rare) < len(keys):
            return int(self.images[list(members)].sum()), None
        together = rare[0] if len(rare) == 1 else np.unique(np.concatenate(rare))
        return len(together), together


def lemmas(phrase: str, language: str) -> Words:
    """The words of a phrase, each in its base form."""
    return tuple(lemma(word, language) for word in phrase.split(" "))


def rank_phrases(candidates: pa.Table, embeddings: pa.Table, contexts: pa.Table | None = None) -> Phrases:
    """Rank the kept candidates and put their vectors beside them.

    What the tables hold beside image keys is let go, where the caller does not hold them, before words are looked up.

    Args:
        candidates: phrase_id, phrase, language, images, image_keys, pinned, synonym_of.
        embeddings: phrase_id, vector.
        contexts: phrase_id, images, vector, companions; None where contexts are not to count.
    """
    order = [("images", "descending"), ("phrase", "ascending"), ("language", "ascending"), ("phrase_id", "ascending")]
    ranked = candidates.sort_by(order)
    ids = ranked["phrase_id"].to_numpy()
    with_vector = _rows(ids, embeddings["phrase_id"].to_numpy())
    known = np.zeros(len(ids), dtype=bool)
    known[with_vector] = True
    context, looked = None, None
    companions: Mapping[int, Beside] = {}
    if contexts is not None and contexts.num_rows:
        rows = _rows(ids, contexts["phrase_id"].to_numpy())
        context = place_rows(len(ids), rows, contexts["vector"])
        looked = np.zeros(len(ids), dtype=np.int64)
        looked[rows] = contexts["images"].to_numpy()
        looked[~context.there] = 0
        companions = _companions(ids, contexts)
    columns = (
        ids,
        ranked["phrase"].to_pylist(),
        ranked["language"].to_pylist(),
        ranked["images"].to_numpy(),
        _lists(ranked["image_keys"]),
        place_rows(len(ids), with_vector, embeddings["vector"]),
        known,
        ranked["pinned"].to_numpy(),
        ranked["synonym_of"].to_pylist(),
    )
    del candidates, ranked, embeddings, contexts
    pa.default_memory_pool().release_unused()
    return Phrases(*columns, context, looked, companions)


def _lists(column: pa.ChunkedArray) -> list[Index | None]:
    """Each list of a column as an array, None where there is none; they share the memory of the column."""
    found: list[Index | None] = []
    for chunk in column.chunks:
        values, ends = chunk.values.to_numpy(zero_copy_only=False), chunk.offsets.to_numpy().tolist()
        there = chunk.is_valid().to_numpy(zero_copy_only=False).tolist()
        found += [values[ends[i] : ends[i + 1]] if there[i] else None for i in range(len(there))]
    return found


def _companions(ids: Index, contexts: pa.Table) -> Companions:
    """The companions of each phrase that are phrases here, by index."""
    lists = contexts["companions"].combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    named = lists.flatten()
    word = named.field("phrase_id").to_numpy()
    here = np.isin(word, ids)
    phrase = np.repeat(_rows(ids, contexts["phrase_id"].to_numpy()), lengths)
    return Companions(phrase[here], _rows(ids, word[here]), named.field("images").to_numpy()[here], len(ids))


def _rows(ids: Index, wanted: Index) -> Index:
    """Where in `ids` each of these phrase_ids stands; all are there."""
    order = np.argsort(ids)
    rows: Index = order[np.searchsorted(ids, wanted, sorter=order)]
    return rows
