"""The phrases of a vocabulary in memory, ranked: what clustering works on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.runtime.errors import CapacityError
from pipeline.text.lexicon import lemma

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
        vectors: unit vectors, float32 [n, d]; zero where the encoder does not know the language.
        known: whether there is a vector, bool [n].
        pinned: whether the user's dictionary keeps it, bool [n].
        synonym_of: phrase_id whose label the user's dictionary gives it to, None for most; n of them.
        context: unit vectors of what is said of its images, float32 [n, c]; zero where nothing; None = not known.
        looked: images that the context was told from, int64 [n]; None with it.
        bases: the words of each in their base forms, n of them; found when made, since every step asks for them.
    """

    ids: Index
    phrase: list[str]
    language: list[str]
    images: Index
    keys: list[Index | None]
    vectors: npt.NDArray[np.float32]
    known: npt.NDArray[np.bool_]
    pinned: npt.NDArray[np.bool_]
    synonym_of: list[int | None]
    context: npt.NDArray[np.float32] | None = None
    looked: Index | None = None
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

    Args:
        candidates: phrase_id, phrase, language, images, image_keys, pinned, synonym_of.
        embeddings: phrase_id, vector.
        contexts: phrase_id, images, vector; None where contexts are not to count.
    """
    order = [("images", "descending"), ("phrase", "ascending"), ("language", "ascending"), ("phrase_id", "ascending")]
    ranked = candidates.sort_by(order)
    ids = ranked["phrase_id"].to_numpy()
    lists = ranked["image_keys"].combine_chunks()
    keys: list[Index | None] = [None if item is None else np.array(item, dtype=np.int64) for item in lists.to_pylist()]
    vectors, known = _place(ids, embeddings)
    context, looked = None, None
    if contexts is not None and contexts.num_rows:
        context = _place(ids, contexts)[0]
        looked = np.zeros(len(ids), dtype=np.int64)
        looked[_rows(ids, contexts)] = contexts["images"].to_numpy()
        looked[~context.any(axis=1)] = 0
    return Phrases(
        ids,
        ranked["phrase"].to_pylist(),
        ranked["language"].to_pylist(),
        ranked["images"].to_numpy(),
        keys,
        vectors,
        known,
        ranked["pinned"].to_numpy(),
        ranked["synonym_of"].to_pylist(),
        context,
        looked,
    )


def _place(ids: Index, table: pa.Table) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """The vectors of a table (phrase_id, vector) in the order of `ids`, and which of them there are."""
    dimensions = len(table["vector"][0]) if table.num_rows else 0
    vectors = np.zeros((len(ids), dimensions), dtype=np.float32)
    known = np.zeros(len(ids), dtype=bool)
    if table.num_rows:
        rows = _rows(ids, table)
        flat = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors[rows] = flat.reshape(-1, dimensions)
        known[rows] = True
    return vectors, known


def _rows(ids: Index, table: pa.Table) -> Index:
    """Where in `ids` each phrase_id of a table stands."""
    order = np.argsort(ids)
    rows: Index = order[np.searchsorted(ids, table["phrase_id"].to_numpy(), sorter=order)]
    return rows


# Bytes a phrase beside its vector and images: strings and bookkeeping, and what a method holds for each neighbour.
_BYTES, _BYTES_A_NEIGHBOUR = 900, 24
_CONTEXT_BYTES = 2 * 4 * 256  # what is said of its images: a vector of 256, held by the phrase and by its unit
# By method: copies of all vectors at one time (phrases, units, queries, base, index), and bytes a neighbour of a graph
# and its tree.
_DEMANDS = {
    "none": (1, 0),
    "anchored": (5, 0),
    "kmeans": (5, 0),
    "hierarchical": (5, 0),
    "agglomerative": (4, 600),
    "hdbscan": (4, 120),
}


def require_memory(
    phrases: int, dimensions: int, neighbours: int, rare_images: int, limit_gb: float, method: str = "anchored"
) -> float:
    """GB that clustering will need at most: vectors and their index, neighbours, graphs, strings, image keys.

    Args:
        phrases: phrases to cluster.
        dimensions: of their vectors.
        neighbours: looked at for each phrase.
        rare_images: image keys that a rare phrase carries at most.
        limit_gb: what may be used.
        method: name of a method of clustering.

    Raises:
        CapacityError: it is more than `limit_gb`.
    """
    copies, graph = _DEMANDS[method]
    per_phrase = copies * 4 * dimensions + neighbours * (_BYTES_A_NEIGHBOUR + graph) + _BYTES + _CONTEXT_BYTES
    per_phrase += 8 * rare_images
    needed = phrases * per_phrase / 1e9
    if needed > limit_gb:
        less = "cluster.neighbours, mine.max_phrases" if graph else "mine.max_phrases"
        raise CapacityError(
            f"clustering {phrases:,} phrases of {dimensions} dimensions by {method} needs about {needed:.1f} GB, "
            f"cluster.max_memory_gb allows {limit_gb:.1f}. Lower {less} or mine.rare_images, "
            f"raise mine.min_images, or allow more."
        )
    return needed
