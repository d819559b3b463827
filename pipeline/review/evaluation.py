"""What was found when a run was judged by trusted labels, beside other ways of labelling the same texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.review.calibration import Calibration
from pipeline.review.measures import BandScores, Grouping, Scores

OWN = "run"  # the way of the run itself: its own labels, as they are
BANDS = ("all", "head", "torso", "tail")
# What else may be judged, as a page tells it; other ways cluster the run's phrases otherwise, and are named by how.
MEANINGS: Mapping[str, str] = {
    OWN: "the labels that the run has",
    "exact": "the names of the classes as they are, as words of the texts",
    "wordnet": "the first noun sense of each word, in English and undetermined texts",
    "inflection": "every kept phrase a label, inflections merged, nothing clustered",
}


@dataclass(frozen=True, slots=True)
class Trusted:
    """The trusted labels that judged.

    Attributes:
        file: where they were read from, without secrets.
        fingerprint: of what is in it, 32 hexadecimal digits; empty where storage does not tell.
        rows: of an image and a label, each once; those of images that taught the run left out.
        images: of the run with trusted labels, reposts folded.
        unknown_images: of the file that the run has not.
        classes: distinct names, inflections folded.
        pairs: of an image and a class.
    """

    file: str
    fingerprint: str
    rows: int
    images: int
    unknown_images: int
    classes: int
    pairs: int


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """What was judged: the run's name, the digest of its settings, and that of each table, 16 digits."""

    run_id: str
    digest: str
    tables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mapped:
    """Scores under one way to map classes to labels.

    Attributes:
        bands: all, head, torso and tail of the classes, by their frequency in truth.
        mapped: over the classes that have a label.
        classes_mapped: how many have one.
        classes_unmapped: how many have none.
        pairs_unmapped: true pairs of these.
        unmapped: their names, most pairs first.
    """

    bands: Mapping[str, BandScores]
    mapped: Scores
    classes_mapped: int
    classes_unmapped: int
    pairs_unmapped: int
    unmapped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many images and labels there are.

    Attributes:
        images: of which anything is said.
        labelled: of these, with a label.
        share: labelled by images.
        pairs: of an image and a label.
        labels: of the way.
        labels_with: images -> labels with at least so many.
        gini: how unequal labels are in images, 0 to 1.
    """

    images: int
    labelled: int
    share: float
    pairs: int
    labels: int
    labels_with: Mapping[int, int]
    gini: float


@dataclass(frozen=True, slots=True)
class Way:
    """One way of labelling; None is what it has no figures for.

    Attributes:
        string: classes mapped to labels by their names.
        embedding: classes mapped to the label nearest to their name.
        confidence: whether it is true, classes mapped by name.
        grouping: of phrases, against the classes of their images.
        coverage: of images and labels.
    """

    string: Mapped
    embedding: Mapped | None
    confidence: Calibration | None
    grouping: Grouping | None
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A run judged by trusted labels, beside other ways of labelling the same texts.

    Attributes:
        made: when, UTC, as 2025-01-31T12:00:00+00:00.
        version: of this project.
        run: what was judged.
        truth: what it was judged by.
        settings: `section.key=value` that were tried in place of the run's, for all ways but its own.
        methods: the ways, in the order in which they were asked for.
        ways: way -> its figures, in the same order.
    """

    made: str
    version: str
    run: JudgedRun
    truth: Trusted
    settings: tuple[str, ...]
    methods: tuple[str, ...]
    ways: Mapping[str, Way]

    def of(self, mapping: Literal["string", "embedding"]) -> dict[str, Mapped]:
        """Scores of the ways that have any under one way to map classes to labels."""
        every = {name: getattr(way, mapping) for name, way in self.ways.items()}
        return {name: found for name, found in every.items() if found is not None}

    @property
    def confident(self) -> dict[str, Calibration]:
        """Of the ways whose pairs have a confidence, whether it is true."""
        return {name: way.confidence for name, way in self.ways.items() if way.confidence is not None}
