from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary.mining import bundles, ngrams

TEXTS = st.sampled_from(["red shoe", "shoe | red", "große", "靴", ""])
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(["en", "de"]), st.integers(1, 9)), max_size=12)


def batches(columns: dict[str, list[object]], size: int) -> Iterator[pa.RecordBatch]:
    types = {"text": pa.string(), "language": pa.string(), "weight": pa.int64(), "text_id": pa.int64()}
    schema = pa.schema([(name, types[name]) for name in columns])
    yield from pa.table(columns, schema=schema).to_batches(size)


def spoken(bundle: bundles.Bundle) -> list[tuple[str, int, int]]:
    """(language and words, weight, text_id) of each text of a bundle."""
    words, ends = bundle.words, [*bundle.words.first[1:].tolist(), len(bundle.words.word)]
    texts = [ngrams.spell(words, start, end - start) for start, end in zip(words.first.tolist(), ends, strict=True)]
    return list(zip(texts, bundle.weight.tolist(), bundle.text_id.tolist(), strict=True))


def through(rows: Iterator[pa.RecordBatch]) -> list[tuple[str, int, int]]:
    packed = list(bundles._pack_batches(rows))
    assert [row for batch in packed for row in batch["texts"].to_pylist()] == [
        len(bundle.weight) for bundle in bundles.unpack(iter(packed))
    ]
    return [text for bundle in bundles.unpack(iter(packed)) for text in spoken(bundle)]


@given(ROWS, st.integers(1, 5))
def test_texts_with_ids_come_out_as_they_went_in(rows: list[tuple[str, str, int]], size: int) -> None:
    columns = {
        "text_id": list(range(len(rows))),
        "text": [text for text, _, _ in rows],
        "language": [language for _, language, _ in rows],
        "weight": [weight for _, _, weight in rows],
    }
    expected = [(f"{language} {text}", weight, i) for i, (text, language, weight) in enumerate(rows)]
    assert through(batches(columns, size)) == expected


@given(ROWS, st.integers(1, 5))
def test_equal_texts_of_one_language_without_ids_become_one_with_all_their_weight(
    rows: list[tuple[str, str, int]], size: int
) -> None:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(["text", "language", "weight"])}
    expected: dict[str, int] = {}
    for text, language, weight in rows:
        expected[f"{language} {text}"] = expected.get(f"{language} {text}", 0) + weight
    found = through(batches(columns, size))
    assert {text: weight for text, weight, _ in found} == expected
    assert len(found) == len(expected)
    assert {text_id for _, _, text_id in found} <= {-1}


def test_a_task_of_many_texts_gives_several_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "_TEXTS", 2)
    columns: dict[str, list[object]] = {"text_id": [1, 2, 3], "text": ["a", "b", "c"], "language": ["en"] * 3}
    packed = list(bundles._pack_batches(batches({**columns, "weight": [1, 1, 1]}, 3)))
    assert [batch["texts"].to_pylist() for batch in packed] == [[2], [1]]
