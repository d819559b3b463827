"""Companions of phrases held in arrays, and ranked phrases, beside plain loops over the same rows."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary.merging.companions import Companions
from pipeline.vocabulary.merging.phrases import rank_phrases

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(1, 99)), max_size=30)


@given(PAIRS)
def test_they_are_those_of_a_dictionary(pairs: list[tuple[int, int, int]]) -> None:
    plain: dict[int, tuple[tuple[int, int], ...]] = {}
    for phrase, companion, images in pairs:
        plain[phrase] = (*plain.get(phrase, ()), (companion, images))
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
    found = Companions(*columns, 6)
    assert dict(found) == plain
    assert len(found) == len(plain)
    assert found.get(17, ()) == found.get(-1, ()) == ()


def test_ranked_phrases_have_their_own_keys_vectors_and_companions_from_tables_in_pieces() -> None:
    rows = [
        {"phrase_id": 11, "phrase": "lamp", "images": 3, "image_keys": [5, 6, 7]},
        {"phrase_id": 22, "phrase": "sofa", "images": 90, "image_keys": None},
        {"phrase_id": 33, "phrase": "rug", "images": 2, "image_keys": [8, 9]},
    ]
    same = {"language": "en", "pinned": False, "synonym_of": None}
    kinds = {"phrase_id": pa.int64(), "phrase": pa.string(), "language": pa.string(), "images": pa.int64()}
    kinds |= {"image_keys": pa.list_(pa.int64()), "pinned": pa.bool_(), "synonym_of": pa.int64()}
    schema = pa.schema(kinds)
    candidates = pa.concat_tables([pa.Table.from_pylist([{**row, **same}], schema=schema) for row in rows])
    vectors = [pa.table({"phrase_id": [key], "vector": [[key, 1.0]]}) for key in (33, 22)]
    beside = [{"phrase_id": 22, "images": 2}, {"phrase_id": 404, "images": 1}]
    contexts = pa.table(
        {"phrase_id": [11, 33], "images": [3, 2], "vector": [[1.0], [0.5]], "companions": [beside, None]}
    )
    ranked = rank_phrases(candidates, pa.concat_tables(vectors), contexts)
    assert ranked.phrase == ["sofa", "lamp", "rug"]
    assert [None if keys is None else keys.tolist() for keys in ranked.keys] == [None, [5, 6, 7], [8, 9]]
    assert ranked.vectors[:].tolist() == [[22, 1], [0, 0], [33, 1]]
    assert ranked.known.tolist() == [True, False, True]
    assert dict(ranked.companions) == {1: ((0, 2),)}  # what is no phrase here is left out
    assert ranked.looked is not None
    assert ranked.looked.tolist() == [0, 3, 2]
