"""Labels of images against trusted ones: which classes the labels stand for, how often both agree, who is covered.

What is judged are pairs of an image and a class. A label says the classes that are mapped to it; labels without a class
are not judged. Images that the truth does not know are left out, and so are those of the truth that the run does not
know: they are counted.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from pipeline.labeling.classes import NamedClass, lookup_learnt, lookup_members, map_classes, name_classes
from pipeline.labeling.spoken import spoken_members
from pipeline.manifest.split import uniform
from pipeline.review import measures
from pipeline.review.baselines import Labelling, match_members
from pipeline.review.calibration import Judged, judge_confidence
from pipeline.review.truth import map_nearest
from pipeline.vocabulary.encoding.encoders import fingerprint, load_encoder
from pipeline.vocabulary.encoding.matrix import as_matrix

Tables = Callable[[str], DataFrame]
Mapping = Sequence[frozenset[int]]  # the labels of each class
NEAREST = (
    0.6  # cosine from which a class is mapped to the label nearest to its name; below, names share a topic at most
)
_STEPS = 10_000  # confidence is collected in 4 decimals, so that the driver gets 40,004 rows at most


@dataclass(frozen=True, slots=True)
class Truth:
    """Trusted labels of the images of a run.

    Attributes:
        pairs: image_id, class_id; each once, persisted.
        classes: by class_id.
        true: pairs of each class, int64 [classes].
        images: images with truth.
        unknown: images of the truth that the run has not.
        gold: phrase_id -> class that more than half of the phrase's images with truth carry.
        names: unit vectors of the classes' names, float32 [classes, d]; None where the run's encoder is not at hand.
    """

    pairs: DataFrame
    classes: Sequence[NamedClass]
    true: measures.Counts
    images: int
    unknown: int
    gold: dict[int, int]
    names: Any | None


def prepare(tables: Tables, rows: DataFrame, kept: pa.Table, most: int, encoder: str, language: str) -> Truth:
    """The truth as a run sees it.

    Args:
        tables: reads a table of the run.
        rows: image_id, label; as `truth.read_truth` gives them. A repost's labels are those of its original.
        kept: phrase_id of the kept candidates.
        most: words of the longest phrase.
        encoder: name of the run's encoder.
        language: of the names.
    """
    images = tables("images").select("image_id", "duplicate_of")
    here = rows.join(images, "image_id").select(F.coalesce("duplicate_of", "image_id").alias("image_id"), "label")
    names = here.distinct().groupBy("label").count().orderBy("label").collect()
    classes, place = name_classes([(row.label, row["count"]) for row in names], language)
    spark = rows.sparkSession
    numbers = spark.createDataFrame(list(place.items()), "label string, class_id int")
    pairs = here.join(F.broadcast(numbers), "label").select("image_id", "class_id").distinct()
    pairs = pairs.persist(StorageLevel.MEMORY_AND_DISK)  # met by every mapping
    counts = {row.class_id: row["count"] for row in pairs.groupBy("class_id").count().collect()}
    unknown = rows.join(images, "image_id", "left_anti").select("image_id").distinct().count()
    return Truth(
        pairs,
        classes,
        np.array([counts.get(i, 0) for i in range(len(classes))], dtype=np.int64),
        pairs.select("image_id").distinct().count(),
        unknown,
        _gold(tables, pairs, kept, most),
        _encode(tables, classes, encoder),
    )


def of_run(tables: Tables, language: str) -> Labelling:
    """The labels of a run: its members, what was taught, and its assignments."""
    members = spoken_members(tables("members"), tables("candidates"))
    listed = zip(*(members[name].to_pylist() for name in ("label_id", "phrase", "language")), strict=True)
    assignments = tables("assignments").select("image_id", "label_id", "confidence")
    learnt = tables("learnt").select("display", "label_id", "new").collect()
    names = sorted((row.display, row.label_id) for row in learnt)
    lookup = lookup_learnt(names, lookup_members(listed, language), language)
    return Labelling(assignments, lookup, members, tables("vocabulary").count() + sum(row.new for row in learnt))


def evaluate(labelling: Labelling, truth: Truth, tables: Tables) -> dict[str, Any]:
    """Every measure of a labelling, as plain values for JSON.

    Keys: `string` and `embedding` (None where there are no vectors), one for each way to map classes to labels;
    `confidence` under the mapping by names (as `calibration.Calibration`; None where labels have no confidence or no
    pair is judged); `grouping` (of phrases; None where labels are no groups of phrases) and `coverage`.
    """
    assignments = labelling.assignments.persist(StorageLevel.MEMORY_AND_DISK)  # met by every measure
    sizes = assignments.groupBy("label_id").count().toArrow()["count"].to_numpy()
    labels = len(sizes) if labelling.labels is None else labelling.labels
    sizes = np.concatenate([sizes, np.zeros(labels - len(sizes), dtype=np.int64)])
    labelled = assignments.select("image_id").distinct().count()
    images = tables("mentions").select("image_id").distinct().count()
    named = map_classes(truth.classes, labelling.lookup)
    nearest = _map_by_vectors(labelling, truth, tables)
    result = {
        "string": score_mapping(assignments, truth, named),
        "embedding": None if nearest is None else score_mapping(assignments, truth, nearest),
        "confidence": _score_confidence(assignments, truth, named),
        "grouping": None if labelling.members is None else dataclasses.asdict(_group(labelling.members, truth)),
        "coverage": {
            "images": images,
            "labelled": labelled,
            "share": labelled / max(images, 1),
            "pairs": int(sizes.sum()),
            "labels": labels,
            "labels_with": measures.at_least(sizes),
            "gini": measures.gini(sizes),
        },
    }
    assignments.unpersist()
    return result


def score_mapping(assignments: DataFrame, truth: Truth, mapping: Mapping) -> dict[str, Any]:
    """Precision, recall and F1 over all classes and by band, under one mapping, with what is unmapped."""
    hits, said = _count(assignments, truth, mapping)
    mapped = np.array([bool(labels) for labels in mapping], dtype=bool)
    missed = sorted(np.flatnonzero(~mapped).tolist(), key=lambda i: (-truth.true[i], i))
    return {
        "bands": {name: dataclasses.asdict(band) for name, band in measures.by_band(hits, said, truth.true).items()},
        "mapped": dataclasses.asdict(measures.micro(hits[mapped], said[mapped], truth.true[mapped])),
        "classes_mapped": int(mapped.sum()),
        "classes_unmapped": len(missed),
        "pairs_unmapped": int(truth.true[~mapped].sum()),
        "unmapped": [truth.classes[i].name for i in missed],
    }


def _count(assignments: DataFrame, truth: Truth, mapping: Mapping) -> tuple[measures.Counts, measures.Counts]:
    """Of each class the pairs that are said and true, and those that are said; int64 [classes] both."""
    hits, said = (np.zeros(len(truth.classes), dtype=np.int64) for _ in range(2))
    totals = _judge(assignments, truth, mapping).groupBy("class_id")
    for row in totals.agg(F.count(F.lit(1)).alias("said"), F.sum("right").alias("hits")).collect():
        hits[row.class_id], said[row.class_id] = row.hits, row.said
    return hits, said


def _score_confidence(assignments: DataFrame, truth: Truth, mapping: Mapping) -> dict[str, Any] | None:
    """Whether the confidence of judged pairs is true; of a pair that several labels say it is the largest."""
    if "confidence" not in assignments.columns:
        return None
    step = F.round(F.col("confidence").cast("double") * _STEPS).cast("long").alias("step")
    # Halves by a draw of its own: independent of the split and of sample_u.
    half = (uniform(F.lit("calibration"), "image_id", seed=0) < 0.5).cast("long").alias("half")
    pairs = _judge(assignments, truth, mapping).groupBy(step, half, "right")
    counted = pairs.agg(F.count(F.lit(1)).alias("pairs")).toArrow()
    steps, halves, right, count = (counted[name].to_numpy() for name in ("step", "half", "right", "pairs"))
    found = judge_confidence(Judged(steps / _STEPS, halves, right, count))
    return None if found is None else dataclasses.asdict(found)


def _judge(assignments: DataFrame, truth: Truth, mapping: Mapping) -> DataFrame:
    """(image_id, class_id, confidence, right): each said pair of the images with truth, once; right is 1 or 0."""
    links = [(label, i) for i, labels in enumerate(mapping) for label in sorted(labels)]
    table = assignments.sparkSession.createDataFrame(links, "label_id int, class_id int")
    confidence = F.col("confidence") if "confidence" in assignments.columns else F.lit(None).cast("float")
    said = assignments.join(F.broadcast(table), "label_id").groupBy("image_id", "class_id")
    pairs = said.agg(F.max(confidence).alias("confidence"))
    pairs = pairs.join(truth.pairs.select("image_id").distinct(), "image_id", "left_semi")
    known = truth.pairs.withColumns({"true": F.lit(1)})
    right = F.coalesce("true", F.lit(0)).cast("long").alias("right")
    return pairs.join(known, ["image_id", "class_id"], "left").select("image_id", "class_id", "confidence", right)


def _gold(tables: Tables, pairs: DataFrame, kept: pa.Table, most: int) -> dict[int, int]:
    """phrase_id -> class of most of its images; all kept phrases are looked for together, the longest first."""
    if not kept.num_rows:
        return {}
    ids = kept["phrase_id"].to_numpy()
    numbered = pa.table({"phrase_id": ids, "label_id": pa.array(np.arange(len(ids)), pa.int32())})
    said = match_members(tables("texts"), tables("mentions"), numbered, most)
    said = said.join(pairs.select("image_id").distinct(), "image_id").persist(StorageLevel.MEMORY_AND_DISK)
    images = said.groupBy("label_id").agg(F.count(F.lit(1)).alias("images"))
    votes = said.join(pairs, "image_id").groupBy("label_id", "class_id").agg(F.count(F.lit(1)).alias("votes"))
    first = Window.partitionBy("label_id").orderBy(F.desc("votes"), "class_id")
    best = votes.withColumns({"place": F.row_number().over(first)}).where("place = 1")
    rows = best.join(images, "label_id").where("2 * votes > images").select("label_id", "class_id").collect()
    said.unpersist()
    return {int(ids[row.label_id]): row.class_id for row in sorted(rows)}


def _group(members: pa.Table, truth: Truth) -> measures.Grouping:
    place = dict(zip(members["phrase_id"].to_pylist(), members["label_id"].to_pylist(), strict=True))
    gold = np.fromiter(truth.gold.values(), dtype=np.int64, count=len(truth.gold))
    return measures.grouping(gold, np.array([place.get(phrase, -1) for phrase in truth.gold], dtype=np.int64))


def _encode(tables: Tables, classes: Sequence[NamedClass], encoder: str) -> Any | None:
    """Vectors of the names, where the run's vectors are of this very encoder."""
    row = tables("embeddings").select("encoder").limit(1).collect()
    if not row or row[0].encoder != fingerprint(encoder):
        return None
    return load_encoder(encoder).encode([item.thing or item.name for item in classes])


def _map_by_vectors(labelling: Labelling, truth: Truth, tables: Tables) -> list[frozenset[int]] | None:
    if labelling.members is None or truth.names is None:
        return None
    spark = labelling.assignments.sparkSession
    label_of = spark.createDataFrame(labelling.members.select(["phrase_id", "label_id"]))
    found = tables("embeddings").join(label_of, "phrase_id").select("label_id", "phrase_id", "vector").toArrow()
    found = found.sort_by([("label_id", "ascending"), ("phrase_id", "ascending")])
    vectors = as_matrix(found["vector"]).reshape(-1, truth.names.shape[1])
    return map_nearest(truth.names, vectors, found["label_id"].to_numpy().astype(np.int64), NEAREST)
