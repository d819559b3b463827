"""The sheet on which people judge image labels: the same rows as a CSV file and as a page. Spark-free.

Every text comes from strangers. On the page Jinja escapes all of it, and a Content-Security-Policy lets only the page's
own script run, by its hash, and nothing load. In the CSV file, cells that are only to be read never start a formula.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.review.page import is_link, make_environment, script_hash
from pipeline.review.pictures import inline_pictures
from pipeline.runtime import files

COLUMNS = (
    *("audit_id", "image_id", "label", "label_key", "band", "confidence", "decile", "weight"),
    *("evidence", "texts", "image_uri", "correct"),
)
PICTURE_BYTES = 24_000_000  # of all pictures on the page; it stays openable


@dataclass(frozen=True, slots=True)
class Pair:
    """An image label to judge.

    Attributes:
        audit_id: the same wherever this image and label are drawn.
        label: its name, unique in the run.
        display: the name as people write it.
        decile: of confidence in its band, from 1.
        weight: how many pairs of the run it stands for; None where it was not drawn at random.
        evidence: (signal, phrase, count), strongest first.
        texts: (signal, text, count) of the image.
    """

    audit_id: str
    image_id: str
    label: str
    display: str
    label_key: str
    band: str
    confidence: float
    decile: int
    weight: float | None
    evidence: tuple[tuple[str, str, int], ...]
    texts: tuple[tuple[str, str, int], ...]
    image_uri: str | None


def write_sheet(
    folder: str, pairs: Sequence[Pair], title: str, picture_bytes: int = PICTURE_BYTES, roots: Sequence[str] = ()
) -> int:
    """Write audit.csv and audit.html into a folder, local or remote; gives the pairs that have a picture.

    Args:
        folder: where; made where there is none.
        pairs: in the order of the sheet.
        title: what was audited.
        picture_bytes: of all pictures together; only local files are shown, nothing is fetched.
        roots: folders that pictures may lie in; anywhere where there is none.
    """
    uris = [[pair.image_uri] for pair in pairs if pair.image_uri is not None]
    pictures = inline_pictures(uris, picture_bytes, roots)
    # With a byte order mark: spreadsheets would take UTF-8 for the machine's own encoding, and spoil ids.
    files.write_text(files.join(folder, "audit.csv"), "\ufeff" + render_csv(pairs))
    files.write_text(files.join(folder, "audit.html"), render_sheet(pairs, pictures, title))
    return sum(pair.image_uri in pictures for pair in pairs)


def render_csv(pairs: Sequence[Pair]) -> str:
    """The sheet as CSV: a header with `COLUMNS`, a line a pair, `correct` empty.

    The columns evidence, texts and image_uri are for reading alone: a cell of theirs that a spreadsheet would take for
    a formula gets a leading apostrophe. image_id and label stay as they are, since they are read back.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(
        out, lineterminator="\r\n"
    )  # of RFC 4180; with "\n" the writer would leave a lone "\r" unquoted
    writer.writerow(COLUMNS)
    for pair in pairs:
        told = (_listed(pair.evidence, "; "), _listed(pair.texts, " | "), pair.image_uri or "")
        writer.writerow(
            [
                *(pair.audit_id, pair.image_id, pair.label, pair.label_key, pair.band),
                *(f"{pair.confidence:.4f}", pair.decile, weight_text(pair.weight)),
                *map(no_formula, told),
                "",
            ]
        )
    return out.getvalue()


def render_sheet(pairs: Sequence[Pair], pictures: Mapping[str, str], title: str) -> str:
    """The sheet as a page: one HTML document that works from disk and needs nothing but itself.

    Args:
        pairs: in the order of the page.
        pictures: URI -> data URI, of the pictures that are shown.
        title: what was audited.

    Returns:
        HTML5. Answers stay in the browser's storage, under a key that only equal pairs share. Equal pairs, equal page.
    """
    environment = make_environment()
    environment.filters.update(link=is_link, hash=script_hash, weight=weight_text)
    sheet = hashlib.sha256(render_csv(pairs).encode("utf-8")).hexdigest()[:16]
    return environment.get_template("audit.html").render(pairs=pairs, pictures=pictures, title=title, sheet=sheet)


def weight_text(weight: float | None) -> str:
    """A weight as it stands in files: the shortest number that is read back as the same; empty where there is none."""
    return "" if weight is None else repr(weight).removesuffix(".0")


def no_formula(cell: str) -> str:
    """The cell, with an apostrophe in front where a spreadsheet would compute it."""
    return f"'{cell}" if cell.startswith(tuple("=+-@＝＋－＠\t\r\n")) else cell


def _listed(told: Sequence[tuple[str, str, int]], separator: str) -> str:
    return separator.join(f"{signal}: {text}" + (f" (x{count})" if count > 1 else "") for signal, text, count in told)
