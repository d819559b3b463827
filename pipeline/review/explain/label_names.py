"""Which label is meant: by its number, its key, its name in any language, or one of its phrases."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline.review.explain.nearest import nearest_names
from pipeline.review.page import visible
from pipeline.review.stored_run import StoredRun
from pipeline.runtime.errors import RunError

_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class NamedLabel:
    """A label as it is listed.

    Attributes:
        label_id: dense number.
        key: stable across runs.
        name: unique name.
        language: of the name.
        band: head, torso or tail; None before the run is published.
        images: that carry it in the manifest; before the run is published, those that say it.
    """

    label_id: int
    key: str
    name: str
    language: str
    band: str | None
    images: int


def read_labels(run: StoredRun, ids: Sequence[int]) -> dict[int, NamedLabel]:
    """label_id -> label, of those that the run has."""
    if not ids:
        return {}
    wanted = ds.field("label_id").isin(pa.array(sorted(set(ids)), pa.int32()))
    table, columns = _listing(run)
    rows = run.rows(table, columns, wanted)
    return {
        row["label_id"]: NamedLabel(
            row["label_id"],
            row["label_key"],
            row["name"],
            row["language"],
            row.get("band"),
            row["images" if table == "labels" else "support"],
        )
        for row in rows
    }


def find_labels(run: StoredRun, asked: str, language: str | None = None) -> list[NamedLabel]:
    """The labels that are meant, most images first: by number, key or name; else by a member phrase.

    Args:
        run: whose labels.
        asked: as a user writes it.
        language: of the name or phrase; any by default.

    Raises:
        RunError: there is none; the nearest names are told.
    """
    words = fold(asked)
    for ways in ((_by_number, _by_name), (_by_member,)):  # a name may be a number: then both are shown
        labels = read_labels(run, [label_id for way in ways for label_id in way(run, words)]).values()
        fitting = [label for label in labels if language in (None, label.language)]
        if fitting:
            return sorted(fitting, key=lambda label: (-label.images, label.label_id))
    spoken = "" if language is None else f" of language {language}"
    missing = f"run {run.run_id} has no label {asked!r}{spoken}."
    if not _by_member(run, words) and run.rows("candidates", ["phrase"], ds.field("phrase") == words):
        raise RunError(f"{missing} It is a phrase of the run; explain.py phrase {asked!r} tells why it is in no label.")
    raise RunError(f"{missing}{hint(nearest_names(words, _names(run)))}")


def hint(near: Sequence[str]) -> str:
    """A sentence with the nearest names; empty where there are none."""
    return f" The nearest: {', '.join(str(visible(name)) for name in near)}." if near else ""


def fold(asked: str) -> str:
    """What was asked for as names and phrases are written: lower case, one space between words."""
    return " ".join(asked.lower().split())


def _listing(run: StoredRun) -> tuple[str, list[str]]:
    """The table that lists the labels, and its columns: that of the manifest, where the run has one already."""
    shared = ["label_id", "label_key", "name", "language"]
    return ("labels", [*shared, "band", "images"]) if run.has("labels") else ("vocabulary", [*shared, "support"])


def _by_number(run: StoredRun, asked: str) -> list[int]:
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        return [int(asked)]
    if not _KEY.fullmatch(asked):
        return []
    return [row["label_id"] for row in run.rows(_listing(run)[0], ["label_id"], ds.field("label_key") == asked)]


def _by_name(run: StoredRun, asked: str) -> list[int]:
    """Numbers of the labels whose name, name as shown, or name in one more language it is."""
    table = _listing(run)[0]
    shown = ["name", "display"] if table == "labels" else ["name"]
    found: list[int] = []
    for batch in run.batches(table, ["label_id", "names", *shown]):
        hit = np.zeros(batch.num_rows, dtype=bool)
        for name in shown:
            hit |= pc.equal(pc.utf8_lower(batch[name]), asked).to_numpy(zero_copy_only=False)
        inner = pc.list_flatten(batch["names"])
        owner = pc.list_parent_indices(batch["names"]).to_numpy()
        hit[owner[pc.equal(pc.utf8_lower(inner), asked).to_numpy(zero_copy_only=False)]] = True
        found += batch["label_id"].filter(pa.array(hit)).to_pylist()
    return found


def _by_member(run: StoredRun, asked: str) -> list[int]:
    return [row["label_id"] for row in run.rows("members", ["label_id"], ds.field("phrase") == asked)]


def _names(run: StoredRun) -> Iterator[pa.Array]:
    for batch in run.batches(_listing(run)[0], ["name"]):
        yield batch["name"]
    for batch in run.batches("members", ["phrase"]):
        yield batch["phrase"]
