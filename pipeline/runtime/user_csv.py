"""Small CSV files that people write by hand or save from a spreadsheet: every fault is named by file and line."""

import csv
import io
from collections.abc import Iterator, Sequence

from pyarrow import fs

from pipeline.runtime import files
from pipeline.runtime.errors import InputError

_LONGEST = 200  # characters of names that a message repeats


def read_rows(
    path: str, needed: Sequence[str], what: str, known: Sequence[str] | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, column -> cell) of each row that is not blank; line is where the row ends, counted from 1.

    The columns are separated by comma, semicolon or tab, whichever the header has most of; a cell that a row lacks at
    its end is empty.

    Args:
        path: of the file, local or remote, in UTF-8 with or without a byte order mark.
        needed: columns that the header must have.
        what: the rows are and which columns they have, for messages.
        known: columns that the header may have; any where None.

    Raises:
        InputError: there is no such file, it is no text in UTF-8 or no CSV, or its header lacks a column, has one
            twice or one that is not known.
    """
    text = read_user_text(path, what)
    separator = separator_of(text.partition("\n")[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    names: list[str] | None = None
    try:
        for cells in reader:
            if not any(cells):
                continue
            if names is None:
                names = _checked_header(path, cells, needed, what, known)
                continue
            if any(cells[len(names) :]):
                raise InputError(f"{path}, line {reader.line_num}: {len(cells)} cells, the header has {len(names)}.")
            yield reader.line_num, dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=False))
    except csv.Error as error:
        long = "field limit" in str(error)
        why = "a cell without end; a quote is not closed" if long else f"not readable as CSV ({error})"
        raise InputError(f"{path}, line {reader.line_num}: {why}.") from None
    if names is None:
        raise InputError(f"{path}: the file is empty; expected a CSV file. {what}")


def read_user_text(path: str, what: str) -> str:
    """The text of a user's file, without its byte order mark.

    Raises:
        InputError: there is no such file, it is a folder, cannot be read, or holds no text in UTF-8.
    """
    try:
        system, inside = files.open_storage(path)
        kind = system.get_file_info(inside).type
        if kind is not fs.FileType.File:
            found = "a folder, and one file is needed" if kind is fs.FileType.Directory else "there is no such file"
            raise InputError(f"{path}: {found}. Mend the path in the configuration.")
        with system.open_input_stream(inside, compression=None) as stream:
            raw = bytes(stream.read())
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file. Mend the path in the configuration.") from None
    except (OSError, ValueError) as error:  # ValueError: such as a NUL in the path, or an unknown storage
        raise InputError(f"{path}: cannot be read ({' '.join(str(error).split())[:_LONGEST]}).") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"line {raw.count(10, 0, error.start) + 1}"
        kind = "it is UTF-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else f"byte 0x{raw[error.start]:02x} in {place}"
        raise InputError(f"{path}: the file is no UTF-8: {kind}. Save it as CSV in UTF-8. {what}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{path}, line {line}: the character NUL, so no text file. Save it as CSV in UTF-8. {what}")
    return text


def separator_of(head: str) -> str:
    """What stands between columns most often in the first line: comma, semicolon or tab."""
    return max(",;\t", key=lambda mark: (head.count(mark), mark == ","))


def _checked_header(
    path: str, cells: Sequence[str], needed: Sequence[str], what: str, known: Sequence[str] | None
) -> list[str]:
    names = [cell.strip() for cell in cells]
    missing = [name for name in needed if name not in names]
    if missing:
        listed = ", ".join(names)[:_LONGEST]
        raise InputError(f"{path}: no column {', '.join(missing)}; it has {listed}. {what}")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InputError(f"{path}: column {', '.join(twice)[:_LONGEST]} stands there twice. Delete one of them.")
    strange = [name for name in names if name and known is not None and name not in known]
    if strange:
        raise InputError(f"{path}: there is no use for the column {strange[0][:_LONGEST]!r}. {what}")
    return names
