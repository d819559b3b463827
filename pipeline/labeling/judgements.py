"""What people said of image labels: one CSV file of judgements, read with every fault named by its line."""

import math

import pyarrow as pa

from pipeline.runtime.errors import InputError
from pipeline.runtime.user_csv import read_rows, read_user_text, separator_of

JUDGEMENTS = pa.schema(
    [
        *(pa.field("image_id", pa.string(), nullable=False), pa.field("label", pa.string(), nullable=False)),
        pa.field("correct", pa.bool_(), nullable=False),
        *(pa.field("band", pa.string()), pa.field("weight", pa.float64())),
    ]
)
_RIGHT = ("1", "1.0", "yes", "y", "right", "true")
_WRONG = ("0", "0.0", "no", "n", "wrong", "false")
_OPEN = ("", "?")  # not judged
_WHAT = "Judgements are one row per image and label, in the columns image_id, label and correct."


def read_judgements(path: str) -> pa.Table:
    """What people said of image labels.

    A file saved by the page of an audit, its CSV file filled in by hand, or any other CSV file (comma, semicolon or
    tab) with the columns image_id, label and correct, perhaps band and weight. `correct` is 1, yes, right, true or 0,
    no, wrong, false, in any case; rows where it is empty or `?` are left out.

    Args:
        path: of the file, local or remote.

    Returns:
        (image_id string, label string, correct bool, band string or null, weight double or null), each pair once,
        sorted by image_id and label. image_id and label are as in the file, to the letter.

    Raises:
        InputError: there is no such file, it is no CSV in UTF-8, a column is missing, a cell is not understood, or rows
            of the same pair contradict each other.
    """
    found: dict[tuple[str, str], tuple[int, bool, str | None, float | None]] = {}
    for line, row in read_rows(path, ("image_id", "label", "correct"), _WHAT):
        answer = row["correct"].strip().lower()
        if answer in _OPEN:
            continue
        if answer not in (*_RIGHT, *_WRONG):
            raise InputError(
                f"{path}, line {line}: correct is {row['correct']!r}, expected 1, yes, right, true or 0, no, wrong, "
                f"false; leave it empty or write ? where you cannot tell."
            )
        if not row["image_id"] or not row["label"]:
            raise InputError(f"{path}, line {line}: a judged row needs an image_id and a label.")
        pair = (row["image_id"], row["label"])
        said = (answer in _RIGHT, row.get("band", "").strip() or None, _weight(path, line, row.get("weight", "")))
        before = found.setdefault(pair, (line, *said))
        if before[1:] != said:
            how = "judged both ways" if before[1] != said[0] else "with two bands or weights"
            raise InputError(
                f"{path}, lines {before[0]} and {line}: image {pair[0]!r} with label {pair[1]!r} stands there {how}. "
                f"Delete one of the rows."
            )
    rows = [(*pair, *found[pair][1:]) for pair in sorted(found)]
    columns = zip(*rows, strict=True) if rows else [()] * len(JUDGEMENTS)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, JUDGEMENTS, strict=True)], schema=JUDGEMENTS
    )


def holds_judgements(path: str) -> bool:
    """Whether a text file has the column `correct`, whatever separates its columns and whatever stands before."""
    try:
        lines = read_user_text(path, _WHAT).splitlines()
    except InputError:  # whoever reads it as a table says what is wrong
        return False
    head = next((line for line in lines if line.strip()), "")
    return "correct" in [name.strip().strip('"') for name in head.split(separator_of(head))]


def _weight(path: str, line: int, cell: str) -> float | None:
    if not cell.strip():
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{path}, line {line}: weight is {cell!r}, expected a number above 0, or nothing.")
    return value
