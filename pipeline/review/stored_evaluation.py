"""What was found when a run was judged by trusted labels, kept in its folder. No Spark.

It says of which tables it is. A run may be assigned and published anew, and what was judged before is then of other
labels than those that it has by now: such an evaluation is known, told, and never shown as that of the run.
"""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from pipeline.review.calibration import Calibration
from pipeline.review.measures import BandScores, Grouping, Scores
from pipeline.runtime import files
from pipeline.runtime.errors import InputError, RunError
from pipeline.runtime.restored import restore
from pipeline.runtime.secrets import mask_text
from pipeline.runtime.stored_tables import StoredTables

NAME = "evaluation.json"  # in the folder of a run
OWN = "run"  # the way of the run itself: its own labels, as they are
BANDS = ("all", "head", "torso", "tail")
JUDGED = (  # tables that figures are counted from
    *("images", "texts", "mentions", "candidates", "embeddings", "vocabulary", "members", "learnt", "assignments"),
)
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


@dataclass(frozen=True, slots=True)
class Kept:
    """An evaluation, and the tables that are others in the run by now: none where it is of what the run has."""

    evaluation: Evaluation
    remade: tuple[str, ...]

    @property
    def stale(self) -> str:
        """Why it does not stand for the run; empty where it does."""
        if not self.remade:
            return ""
        day = self.evaluation.made.partition("T")[0]
        return f"the evaluation of {day} is of other tables than the run has now: {', '.join(self.remade)}"


def judged_run(folder: str, record: Mapping[str, Any]) -> JudgedRun:
    """The run as it is now: taken before it is judged, so that what changes meanwhile is noticed.

    Args:
        folder: of the run.
        record: its run.json.
    """
    tables = StoredTables(folder)
    run_id = str(record.get("run_id") or tables.folder.rsplit("/", 1)[1])
    return JudgedRun(run_id, str(record.get("digest", "")), {name: tables.digest(name) for name in JUDGED})


def describe(run: JudgedRun, found: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """What is kept of an evaluation, as plain values; `read_kept` gives it back.

    Args:
        run: what was judged.
        found: `truth` and `ways`, as `trial.try_ways` gives them.
        settings: `section.key=value` that were tried.
    """
    try:
        made_by = version("longtail-labels")
    except PackageNotFoundError:  # run out of a folder or zip
        made_by = "not installed"
    return {
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "version": made_by,
        "run": {"run_id": run.run_id, "digest": run.digest, "tables": dict(run.tables)},
        "truth": found["truth"],
        "settings": [mask_text(text) for text in settings],
        "methods": list(found["ways"]),
        "ways": found["ways"],
    }


def read_kept(folder: str, path: str | None = None) -> Kept | None:
    """The evaluation of a run, and whether it is of the tables that the run has now.

    Args:
        folder: of the run.
        path: a file that jobs/evaluate.py wrote of it; the one in its folder by default.

    Returns:
        None where there is no such file.

    Raises:
        InputError: the file is damaged, or no evaluation of this version.
    """
    place = files.absolute(path or files.join(folder, NAME))
    advice = f"Write it anew by jobs/evaluate.py --run {folder} --truth FILE, or delete it."
    try:
        content = files.read_json(place)
    except RunError:
        raise InputError(f"{place}: not readable as a JSON object. {advice}") from None
    if content is None:
        return None
    try:
        found = restore(Evaluation, content)
        _require_figures(found)
    except ValueError as error:
        raise InputError(f"{place}: no evaluation that this version can read ({error}). {advice}") from None
    # JSON has them by name.
    found = dataclasses.replace(found, ways={way: found.ways[way] for way in found.methods})
    tables, told = StoredTables(folder), found.run.tables
    return Kept(found, tuple(name for name in JUDGED if told.get(name) != tables.digest(name)))


def _require_figures(found: Evaluation) -> None:
    if OWN not in found.methods:
        raise ValueError(f"the run's own labels were not judged: {', '.join(found.methods)} alone")
    if lacking := [way for way in found.methods if way not in found.ways]:
        raise ValueError(f"no ways.{lacking[0]}")
    for name, way in found.ways.items():
        for mapped in (way.string, way.embedding):
            if mapped is not None and (lacking := [band for band in BANDS if band not in mapped.bands]):
                raise ValueError(f"no scores of {', '.join(lacking)} in ways.{name}")
