"""Images of labels with their texts and pictures: for the cards, for the browser, and for what is doubtful."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.review.pictures import inline_pictures
from pipeline.review.report import examples
from pipeline.review.report.contents import Example, Said
from pipeline.runtime.config import ReportConfig

_CARD, _BROWSER, _WEAK = "card", "browser", "weak"  # why an image is shown
_EXAMPLES = 3  # images of a label at least, where pictures are off too: their texts are the proof
_BROWSED = 3  # pictures of a label that has no card
_TEXTS_SHOWN = 2  # of an image and label
_TEXT_LENGTH = 2_000  # characters of a text on the page; it is normalized text of up to normalize.max_chars


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which images are shown.

    Attributes:
        cards: label_ids of labels that have a card.
        browsed: label_ids of further labels that have pictures in the browser.
        weak: image labels, as `weak_pairs` gives them.
    """

    cards: Sequence[int]
    browsed: Sequence[int]
    weak: DataFrame


@dataclass(frozen=True, slots=True)
class Proofs:
    """The images: of each label that has any, and the weak image labels with the label_id of each."""

    of_labels: dict[int, tuple[Example, ...]]
    weak: tuple[tuple[int, Example], ...]


def find_examples(
    tables: Callable[[str], DataFrame], wanted: Wanted, cfg: ReportConfig, roots: Sequence[str]
) -> Proofs:
    """Read the images with their texts, and as many pictures as the budget holds.

    Args:
        tables: manifest, labels, assignments, mentions and texts are read.
        wanted: whose images.
        cfg: pictures of a label, and the bytes of all.
        roots: folders outside of which no picture is opened; anywhere where empty.
    """
    manifest, labels = tables("manifest"), tables("labels")
    count = max(cfg.pictures_per_label, _EXAMPLES)
    ids = [*wanted.cards, *wanted.browsed]
    drawn = examples.example_images(manifest, labels, ids, count)
    kind = F.when(F.col("label_id").isin(list(wanted.cards)), _CARD).otherwise(_BROWSER)
    drawn = drawn.withColumns({"kind": kind}).where((F.col("kind") == _CARD) | (F.col("place") <= _BROWSED))
    images = drawn.unionByName(wanted.weak.withColumns({"kind": F.lit(_WEAK)}))
    rows = images.orderBy("kind", "label_id", "place").collect()
    pairs = sorted({(row.label_id, row.image_id) for row in rows})
    said = _read_texts(tables, manifest.sparkSession.createDataFrame(pairs, "label_id int, image_id string"))
    few = {_CARD: cfg.pictures_per_label, _BROWSER: min(_BROWSED, cfg.pictures_per_label), _WEAK: 1}
    shown = [row for row in rows if row.image_uri is not None and row.place <= few[row.kind] and cfg.pictures_per_label]
    uris: dict[tuple[str, int], list[str]] = {
        (_CARD, label_id): [] for label_id in wanted.cards
    }  # in the order of the page
    uris |= {(_WEAK, row.label_id): [] for row in rows if row.kind == _WEAK}
    uris |= {(_BROWSER, label_id): [] for label_id in wanted.browsed}
    for row in shown:
        uris[row.kind, row.label_id].append(row.image_uri)
    pictures = inline_pictures(list(uris.values()), cfg.picture_bytes, roots)
    pictured = {(row.kind, row.label_id, row.image_id) for row in shown}
    of_labels: dict[int, tuple[Example, ...]] = {}
    weak: list[tuple[float, int, Example]] = []
    for row in rows:
        texts = tuple(said.get((row.label_id, row.image_id), ()))
        picture = pictures.get(row.image_uri) if (row.kind, row.label_id, row.image_id) in pictured else None
        example = Example(row.image_id, row.image_uri, row.confidence, texts, picture)
        if row.kind == _WEAK:
            weak.append((row.confidence, row.label_id, example))
        else:
            of_labels[row.label_id] = (*of_labels.get(row.label_id, ()), example)
    return Proofs(of_labels, tuple((label, example) for _, label, example in sorted(weak, key=lambda item: item[:2])))


def _read_texts(tables: Callable[[str], DataFrame], pairs: DataFrame) -> dict[tuple[int, str], list[Said]]:
    spoken = examples.spoken_evidence(pairs, tables("assignments"), tables("mentions"))
    spoken = spoken.persist(StorageLevel.MEMORY_AND_DISK)
    spoken.count()  # few, as a rule: now Spark knows, and does not put all texts in order to join them
    texts = examples.example_texts(spoken, tables("texts"), _TEXTS_SHOWN, _TEXT_LENGTH)
    said: dict[tuple[int, str], list[Said]] = {}
    for row in texts.orderBy("label_id", "image_id", "place").collect():
        text = Said(row.signal, row.text, row.phrase, row["count"])
        said.setdefault((row.label_id, row.image_id), []).append(text)
    spoken.unpersist()
    return said
