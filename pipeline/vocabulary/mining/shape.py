"""What the words of a phrase say of it, without any count: its faults, what can be seen of it, its parts."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, DoubleType, LongType, StringType, StructField, StructType

from pipeline.runtime.tasks import map_batches
from pipeline.text.stopwords import stop_words
from pipeline.text.visual import visibility
from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import Hashes

_ADDED = (
    pa.field("fault", pa.string()),
    pa.field("visibility", pa.float64()),
    pa.field("parts", pa.list_(pa.list_(pa.int64()))),
    pa.field("opening", pa.int64()),
    pa.field("ending", pa.int64()),
)
_ADDED_TYPES = (StringType(), DoubleType(), ArrayType(ArrayType(LongType())), LongType(), LongType())


def add_shapes(phrases: DataFrame) -> DataFrame:
    """The same rows with fault, visibility, parts, opening and ending.

    Parts are the keys of both sides of each cut of the phrase; opening and ending are the longest phrases without a
    fault that it opens and ends with (statue and liberty, of 'statue of liberty'), null where there is none.

    Python, since stop words, WordNet and the hashes of parts are; once a distinct phrase.

    Args:
        phrases: phrase, language and any other columns.
    """
    added = [StructField(field.name, kind) for field, kind in zip(_ADDED, _ADDED_TYPES, strict=True)]
    return map_batches(phrases, _shape_batches, StructType([*phrases.schema, *added]))


def shape_fault(words: Sequence[str], language: str) -> str | None:
    """Why these words are no phrase, or None: a stop word at an edge, a number, a serial number, letters alone."""
    stops = stop_words(language)
    if words[0] in stops or words[-1] in stops:
        return "stop_word" if len(words) == 1 else "stop_word_edge"
    if all(not any(letter.isalpha() for letter in word) for word in words):
        return "number"
    if words[-1].isdigit() and (words[-1].startswith("0") or len(words[-1]) > 4):
        return "serial_number"  # archite 01; not: air max 90, paris 2024
    if all(word.isascii() and (len(word) == 1 or word.isdigit()) for word in words):
        return "single_letter"  # x, and c 2: the cards and columns of something
    return None


def cut_in_two(opening: Hashes, closing: Hashes, lengths: npt.NDArray[np.int64]) -> pa.ListArray:
    """Keys of both sides of each cut of each phrase, the first word alone first; list<list<int64>> [phrases].

    Args:
        opening: from `ngrams.end_keys`.
        closing: from it too.
        lengths: words of each phrase, int64 [phrases].
    """
    cuts = lengths - 1
    ends = np.cumsum(cuts)
    row = np.repeat(np.arange(len(lengths)), cuts)
    cut = np.arange(len(row)) - np.repeat(ends - cuts, cuts)  # words left of it, less one
    sides = np.stack([opening[row, cut], closing[row, cuts[row] - cut - 1]], axis=1)
    pairs = pa.ListArray.from_arrays(pa.array(np.arange(len(row) + 1) * 2, pa.int32()), pa.array(sides.ravel()))
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), pairs)


def _shape_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        spoken = word_arrays.read_words(batch.column("phrase"), batch.column("language"))
        opening, closing = ngrams.end_keys(spoken)
        faults, visible, openings, endings = [], [], [], []
        pairs = zip(batch.column("phrase").to_pylist(), batch.column("language").to_pylist(), strict=True)
        for i, (phrase, language) in enumerate(pairs):
            words = phrase.split(" ")
            fault = shape_fault(words, language)
            faults.append(fault)
            visible.append(0.0 if fault else visibility(words, language))
            inner = range(1, len(words))
            opens = next((cut for cut in reversed(inner) if shape_fault(words[:cut], language) is None), None)
            ends = next((cut for cut in inner if shape_fault(words[cut:], language) is None), None)
            openings.append(None if opens is None else int(opening[i, opens - 1]))
            endings.append(None if ends is None else int(closing[i, len(words) - ends - 1]))
        parts = cut_in_two(opening, closing, spoken.lengths)
        for field, values in zip(_ADDED, (faults, visible, parts, openings, endings), strict=True):
            batch = batch.append_column(field, values if isinstance(values, pa.Array) else pa.array(values, field.type))
        yield batch
