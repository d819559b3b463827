"""Cleans whole Arrow arrays: plain texts at once, the others one by one."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.text.clean import Cleaner
from pipeline.text.joined import split_word
from pipeline.text.language import UNDETERMINED, primary_subtag
from pipeline.text.plain import clean_plain, find_plain
from pipeline.text.unicode import TURKIC

# As `CleanText`, but for the tokens: the text tells them.
CLEANED = pa.schema(
    [
        ("raw", pa.string()),
        ("stated", pa.string()),
        ("text", pa.string()),
        ("language", pa.string()),
        ("flags", pa.list_(pa.string())),
        ("reason", pa.string()),
        ("rivals", pa.map_(pa.string(), pa.float64())),
    ]
)


def clean_batch(
    cleaner: Cleaner, raw: pa.StringArray, stated: pa.StringArray, *, detect: bool = True
) -> Iterator[pa.RecordBatch]:
    """What `Cleaner.clean` makes of each text, by the shortest road.

    Args:
        cleaner: the settings.
        raw: raw texts.
        stated: the language that the source states of each; null or '' where it states none.
        detect: whether to detect languages that are not stated.

    Yields:
        Batches of the columns of `CLEANED`: first the plain texts, then the others, each in the order given.
    """
    language = _languages(stated, detect)
    plain = pc.and_(find_plain(raw), pc.less_equal(pc.utf8_length(raw), cleaner.max_chars))
    plain = pc.and_(plain, pc.invert(pc.is_in(language, pa.array([None, *TURKIC], pa.string()))))
    plain = pc.and_not(pc.fill_null(plain, False), _joined(raw, language, plain))
    if pc.any(plain).as_py():
        yield _clean_plain(raw.filter(plain), stated.filter(plain), language.filter(plain))
    rest = pc.invert(plain)
    if pc.any(rest).as_py():
        yield _clean_others(cleaner, raw.filter(rest), stated.filter(rest), detect)


def _languages(stated: pa.StringArray, detect: bool) -> pa.StringArray:
    """The language of each text as far as it is known before the text is seen, else null."""
    coded = stated.dictionary_encode()  # few languages, many texts
    known = [primary_subtag(tag) for tag in coded.dictionary.to_pylist()]
    named = pa.array(known, pa.string()).take(coded.indices)
    return named if detect else named.fill_null(UNDETERMINED)


def _joined(raw: pa.StringArray, language: pa.StringArray, plain: pa.BooleanArray) -> pa.BooleanArray:
    """Which of the plain texts are one English word that is written as one, as livingroomdecor is."""
    single = pc.and_(pc.equal(language, "en"), pc.match_substring_regex(raw, r"^[A-Za-z]{7,40}[^A-Za-z]*$"))
    single = pc.fill_null(pc.and_(plain, single), False)
    parted = [len(split_word(word.rstrip(" ,.!?;:").lower())) > 1 for word in raw.filter(single).to_pylist()]
    return pc.replace_with_mask(single, single, pa.array(parted, pa.bool_()))


def _clean_plain(raw: pa.StringArray, stated: pa.StringArray, language: pa.StringArray) -> pa.RecordBatch:
    flags = pa.ListArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), len(raw) + 1), pa.array([], pa.string()))
    reason, rivals = (pa.nulls(len(raw), CLEANED.field(name).type) for name in ("reason", "rivals"))
    return pa.record_batch([raw, stated, clean_plain(raw), language, flags, reason, rivals], schema=CLEANED)


def _clean_others(cleaner: Cleaner, raw: pa.StringArray, stated: pa.StringArray, detect: bool) -> pa.RecordBatch:
    found = cleaner.clean(raw.to_pylist(), stated.to_pylist(), detect=detect)
    columns = [pa.array([getattr(item, field.name) for item in found], field.type) for field in list(CLEANED)[2:]]
    return pa.record_batch([raw, stated, *columns], schema=CLEANED)
