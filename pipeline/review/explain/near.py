"""What is near by vectors: phrases near a label, and labels near a phrase. Vectors are streamed, never held."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.review.stored_run import StoredRun

_Ids = npt.NDArray[np.int64]
_Vector = npt.NDArray[np.float32]
_ROWS = 4096  # vectors of a batch: 6 MB of 384 dimensions


def vector_of(run: StoredRun, phrase_id: int) -> _Vector | None:
    """The unit vector of a phrase, float32 [d]; None where the encoder has none, or the run none yet."""
    if not run.has("embeddings"):
        return None
    rows = run.rows("embeddings", ["encoder", "vector"], ds.field("phrase_id") == phrase_id)
    if not rows:
        return None
    first = min(rows, key=lambda row: str(row["encoder"]))
    return np.array(first["vector"], dtype=np.float32)


def nearest_phrases(
    run: StoredRun, vector: _Vector, most: int, among: _Ids | None = None, without: _Ids | None = None
) -> list[tuple[int, float]]:
    """(phrase_id, cosine) of the phrases nearest to a vector, nearest first; of equal ones by number.

    Args:
        run: whose phrases.
        vector: unit vector, float32 [d].
        most: phrases given.
        among: ascending phrase_ids to choose from, int64; all by default.
        without: ascending phrase_ids to leave out, int64; none by default.
    """
    ids, cosines = np.zeros(0, dtype=np.int64), np.zeros(0)
    for batch in run.tables.batches("embeddings", ["phrase_id", "vector"], size=_ROWS):
        lengths = batch["vector"].value_lengths().to_numpy(zero_copy_only=False)
        here = batch["phrase_id"].to_numpy()
        fitting = lengths == len(vector)  # another encoder may have another width
        if among is not None:
            fitting &= np.isin(here, among)
        if without is not None:
            fitting &= ~np.isin(here, without)
        if not fitting.any():
            continue
        rows = batch["vector"].filter(pa.array(fitting)).flatten().to_numpy(zero_copy_only=False)
        near = np.round(rows.reshape(-1, len(vector)).astype(np.float64) @ vector.astype(np.float64), 4)
        ids, cosines = np.concatenate([ids, here[fitting]]), np.concatenate([cosines, near])
        order = np.lexsort((ids, -cosines))
        ids, first = np.unique(ids[order], return_index=True)  # a phrase has one vector of each encoder
        cosines = cosines[order][first]
        order = np.lexsort((ids, -cosines))[:most]
        ids, cosines = ids[order], cosines[order]
    return list(zip(ids.tolist(), cosines.tolist(), strict=True))


def ascending_ids(run: StoredRun, table: str, where: ds.Expression | None = None) -> _Ids:
    """The phrase_ids of a table, int64 ascending: 8 bytes a phrase."""
    parts = [batch["phrase_id"].to_numpy() for batch in run.batches(table, ["phrase_id"], where)]
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))


def in_ids(column: str, ids: Sequence[int]) -> ds.Expression:
    """The condition that a column of int64 is one of some numbers."""
    return ds.field(column).isin(pa.array(sorted(set(ids)), pa.int64()))
