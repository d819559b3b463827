"""The phrases of a vocabulary in memory, ranked: what clustering works on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.runtime.errors import CapacityError

Index = npt.NDArray[np.int64]


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


def rank_phrases(candidates: pa.Table, embeddings: pa.Table) -> Phrases:
    """Rank the kept candidates and put their vectors beside them.

    Args:
        candidates: phrase_id, phrase, language, images, image_keys, pinned, synonym_of.
        embeddings: phrase_id, vector.
    """
    order = [("images", "descending"), ("phrase", "ascending"), ("language", "ascending"), ("phrase_id", "ascending")]
    ranked = candidates.sort_by(order)
    ids = ranked["phrase_id"].to_numpy()
    lists = ranked["image_keys"].combine_chunks()
    keys: list[Index | None] = [None if item is None else np.array(item, dtype=np.int64) for item in lists.to_pylist()]
    dimensions = len(embeddings["vector"][0]) if embeddings.num_rows else 0
    vectors = np.zeros((len(ids), dimensions), dtype=np.float32)
    known = np.zeros(len(ids), dtype=bool)
    if embeddings.num_rows:
        place = {int(phrase_id): i for i, phrase_id in enumerate(ids)}
        rows = np.array([place[int(phrase_id)] for phrase_id in embeddings["phrase_id"].to_numpy()])
        flat = embeddings["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors[rows] = flat.reshape(-1, dimensions)
        known[rows] = True
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
    )


def require_memory(phrases: int, dimensions: int, neighbours: int, rare_images: int, limit_gb: float) -> float:
    """GB that clustering will need at most: vectors twice (the index holds a copy), neighbours, strings, image keys.

    Raises:
        CapacityError: it is more than `limit_gb`.
    """
    per_phrase = 2 * 4 * dimensions + neighbours * 12 * 2 + 400 + 8 * rare_images
    needed = phrases * per_phrase / 1e9
    if needed > limit_gb:
        raise CapacityError(
            f"clustering {phrases:,} phrases of {dimensions} dimensions needs about {needed:.1f} GB, "
            f"cluster.max_memory_gb allows {limit_gb:.1f}. Lower mine.max_phrases or mine.rare_images, "
            f"raise mine.min_images, or allow more."
        )
    return needed
