"""A user's own phrases: kept whatever their support, blocked, or synonyms of one another."""

import pyarrow as pa

from pipeline.runtime.errors import InputError
from pipeline.runtime.user_csv import read_rows
from pipeline.text.language import primary_subtag
from pipeline.text.tokens import BREAK, tokenize
from pipeline.text.unicode import fold_case, repair
from pipeline.vocabulary.mining import ngrams, word_arrays

COLUMNS = ("phrase", "language", "rule", "synonym_of")
RULES = ("keep", "block", "synonym")
_WHAT = f"In mine.dictionary the header is {','.join(COLUMNS)}; all but phrase may be left out."

SCHEMA = pa.schema(
    [
        ("phrase_id", pa.int64()),
        ("phrase", pa.string()),
        ("language", pa.string()),
        ("n_words", pa.int32()),
        ("pinned", pa.bool_()),
        ("blocked", pa.bool_()),
        ("synonym_of", pa.int64()),
    ]
)


def read_dictionary(path: str, default_language: str, most: int) -> pa.Table:
    """The phrases of a CSV file with the header phrase,language,rule,synonym_of, as `SCHEMA`, by phrase_id.

    Rules: `keep` (the phrase is a label whatever its support), `block` (it is never one), `synonym` (it is a member of
    the label of the phrase in the column synonym_of, which is kept as well). Phrases are normalized like texts.

    Args:
        path: local or remote; no dictionary where it is empty.
        default_language: of a row whose language is empty.
        most: words of the longest phrase that is mined.

    Raises:
        InputError: there is no such file, it is no CSV in UTF-8, the header is another, or a row cannot be used; it
            names the line.
    """
    if not path:
        return SCHEMA.empty_table()
    rows: dict[int, tuple[int, str, str, int, bool, bool, int | None]] = {}
    for line, row in read_rows(path, ("phrase",), _WHAT, known=COLUMNS):
        where = f"{path}, line {line}"
        rule = (row.get("rule") or "").strip() or "keep"
        language = primary_subtag(row.get("language")) or default_language
        if rule not in RULES:
            raise InputError(f"{where}: rule is {rule!r}, expected {', '.join(RULES)}.")
        words = _words(row["phrase"], language, most, where)
        target = None
        if rule == "synonym":
            main = _words(row.get("synonym_of") or "", language, most, where)
            target = _key(main, language)
            if rows.setdefault(target, (target, " ".join(main), language, len(main), True, False, target))[6] != target:
                raise InputError(f"{where}: {' '.join(main)!r} is no label itself: another line gives it another rule.")
        key = _key(words, language)
        before = rows.get(key)
        entry = (key, " ".join(words), language, len(words), rule != "block", rule == "block", target)
        if before is not None and (before[5] != entry[5] or (target is not None and before[6] not in (None, target))):
            raise InputError(
                f"{where}: {' '.join(words)!r} ({language}) has another rule further up. Keep one of them."
            )
        if before is None or target is not None:
            rows[key] = entry
    if not rows:
        return SCHEMA.empty_table()
    return pa.table([list(column) for column in zip(*(rows[key] for key in sorted(rows)), strict=True)], schema=SCHEMA)


def _words(phrase: str | None, language: str, most: int, where: str) -> list[str]:
    words = tokenize(fold_case(repair(phrase or "")[0], language))
    if not words or BREAK in words or len(words) > most:
        raise InputError(f"{where}: {phrase!r} is no phrase of 1 to {most} words without signs between them.")
    return words


def _key(words: list[str], language: str) -> int:
    text = word_arrays.read_words(pa.array([" ".join(words)]), pa.array([language]))
    return int(list(ngrams.grams(text, len(words)))[-1].key[0])
