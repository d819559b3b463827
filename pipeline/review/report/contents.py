"""What the page of a run shows, as plain values: read out of the tables by `collect`, drawn by `report`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline.review.charts import Sizes
from pipeline.review.stored_evaluation import Kept


@dataclass(frozen=True, slots=True)
class Member:
    """A phrase of a label. `images` carry it, `how` it came: self, inflection, order, spacing or embedding."""

    phrase: str
    how: str
    similarity: float
    images: int


@dataclass(frozen=True, slots=True)
class Said:
    """A text that says a label of an image: `phrase` is the part of `text` that does; seen `count` times."""

    signal: str
    text: str
    phrase: str
    count: int


@dataclass(frozen=True, slots=True)
class Example:
    """An image of a label. `picture` is a data URI, or None where there is none to show."""

    image_id: str
    uri: str | None
    confidence: float
    said: tuple[Said, ...]
    picture: str | None


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """A label on the page.

    Attributes:
        key: stable across runs.
        images: that carry it in the manifest.
        kept: of these, in the capped set.
        phrases: number of its members, of which `members` are the most frequent.
        signals: signal -> images on which it says the label.
    """

    key: str
    name: str
    language: str
    band: str
    images: int
    kept: int
    parent: str | None
    repeat_factor: float
    class_weight: float
    phrases: int
    members: tuple[Member, ...]
    signals: tuple[tuple[str, int], ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """A phrase that may be in the wrong label.

    Attributes:
        phrase: the member; `images` carry it.
        how: the way it joined.
        similarity: cosine of its vector to that of the label's naming phrase, or as the table `members` has it.
        key: of the label, `name` and `label_images` are the label's own.
    """

    phrase: str
    images: int
    how: str
    similarity: float
    key: str
    name: str
    label_images: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """An image label with little confidence that stayed in the manifest."""

    key: str
    name: str
    band: str
    example: Example


@dataclass(frozen=True, slots=True)
class Listed:
    """The labels of the browser, as columns; a label is its row in `labels`, most images first.

    Attributes:
        labels: label_id, key, name, display, language, band, images, kept, confidence (mean, per mille), parent (row,
            or -1), parent_how, repeat_factor, class_weight, phrases (members in all), x and y (place on the map, or -1)
            and a column a signal: signal_0, ...
        members: label (row), phrase, how, similarity and images of the members that are listed, by label, the naming
            phrase first.
        companions: label and other (rows), images of both: what a label is seen with, by label, the closest first.
        examples: row -> its images.
        counted: labelled images that companions were counted on.
        total: labels of the run.
    """

    labels: pa.Table
    members: pa.Table
    companions: pa.Table
    examples: Mapping[int, tuple[Example, ...]]
    counted: int
    total: int


@dataclass(frozen=True, slots=True)
class Audited:
    """What people said of a drawn sample: of `judged` pairs of a band `right` were right."""

    band: str
    judged: int
    right: int
    precision: str
    interval: str


@dataclass(frozen=True, slots=True)
class Taught:
    """How well a label was learnt from trusted images, cross-validated; None where nothing could be measured."""

    name: str
    images: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """Labels of one band, and their image-label pairs: all, and in the capped set."""

    name: str
    labels: int
    pairs: int
    kept: int


@dataclass(frozen=True, slots=True)
class Language:
    """What one language has: distinct texts, phrases that went into clustering, labels, image-label pairs."""

    language: str
    texts: int
    phrases: int
    labels: int
    pairs: int


@dataclass(frozen=True, slots=True)
class ReportData:
    """All that the page shows; bounded, whatever the size of the run.

    Attributes:
        record: run.json: run_id, created, config, digest, versions, signals, stages.
        images: distinct images of the sources, reposts folded.
        labelled: images with at least one label.
        kept: labelled images in the capped set.
        validation: labelled images that are held out.
        cap: images a label that are kept for sure (t); None where no label has more.
        phrases: images -> phrases that went into clustering.
        labels: images -> labels.
        capped: images in the capped set -> labels.
        ways: how -> members.
        drops: (stage, unit, reason) -> some of what was dropped, most frequent first.
        largest: labels with the most images.
        tail: labels of the tail, drawn by a hash.
        listed: the labels of the browser and the map.
        far: members that joined by meaning, the least similar first.
        odd: members that joined by their form and are far from their label's name by meaning, the farthest first.
        doubts: image labels with the least confidence, one a label.
        audit: precision by band as people judged it; empty where nobody has.
        taught: labels that trusted images taught, most images first; empty where there were none.
        evaluation: the run judged by trusted labels; None where it was not.
    """

    record: Mapping[str, Any]
    images: int
    labelled: int
    kept: int
    validation: int
    cap: int | None
    phrases: Sizes
    labels: Sizes
    capped: Sizes
    bands: tuple[Band, ...]
    languages: tuple[Language, ...]
    ways: Mapping[str, int]
    drops: Mapping[tuple[str, str, str], tuple[str, ...]]
    largest: tuple[ShownLabel, ...]
    tail: tuple[ShownLabel, ...]
    listed: Listed
    far: tuple[Merge, ...]
    odd: tuple[Merge, ...]
    doubts: tuple[Doubt, ...]
    audit: tuple[Audited, ...]
    taught: tuple[Taught, ...]
    evaluation: Kept | None
