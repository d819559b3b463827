"""Trusted images to lessons, and lessons to labels."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.labeling import assign
from pipeline.labeling.classes import Lookup, lookup_members
from pipeline.labeling.spoken import spoken_members
from pipeline.labeling.trusted import apply, features, lessons, teach
from pipeline.labeling.trusted.read import TrustedRows, read_trusted
from pipeline.runtime.errors import InputError
from pipeline.runtime.road import Run, log
from pipeline.vocabulary.encoding.encoders import load_encoder
from pipeline.vocabulary.encoding.matrix import as_matrix
from pipeline.vocabulary.labels import label_key
from pipeline.vocabulary.versions import distinct_keys

_LEARNT = pa.schema(
    [
        ("label_id", pa.int32()),
        *((name, pa.string()) for name in ("label_key", "name", "display", "language")),
        *(("new", pa.bool_()), ("said_by", pa.list_(pa.int32())), ("images", pa.int64())),
        *((name, pa.float32()) for name in ("threshold", "precision", "recall")),
    ]
)


def add_learnt(run: Run, ranked: DataFrame) -> tuple[DataFrame, DataFrame | None]:
    """The labels of each image, as trusted images teach them where there are enough; writes the table learnt.

    Gives what it holds in memory for that too, to be let go once the labels are written.
    """
    config = run.config.labeling
    trusted = read_trusted(run.spark, config.trusted, run.read("images")) if config.trusted else None
    lesson = _learn(run, ranked, trusted) if trusted is not None else None
    if lesson is None:
        run.tables.write("learnt", run.spark.createDataFrame(_LEARNT.empty_table()))
        return ranked, None
    images, learnt = lesson
    sent = run.spark.sparkContext.broadcast(learnt)
    given = apply.give_labels(images, sent)
    phrases = run.read("candidates").where("kept").select("phrase_id", "phrase")
    taught = run.read("learnt").select("label_id")
    return assign.add_learnt(ranked, given, phrases, taught, run.config.assign), images


def _learn(run: Run, ranked: DataFrame, trusted: TrustedRows) -> tuple[DataFrame, apply.Lesson] | None:
    """All images as they are described, and what trusted ones teach of them; None where it does not pay."""
    config = run.config.labeling
    space = read_space(run)
    classes = lessons.find_classes(
        trusted.rows, find_label(run), run.read("vocabulary").count(), run.config.normalize.default_language
    )
    images = describe_images(run, ranked, space).persist(StorageLevel.MEMORY_AND_DISK)  # read for the lesson, and by it
    names = encode_names(run, classes, space.vectors.shape[1])
    sample = sample_images(images, trusted.rows, config.max_trusted)
    log.info(
        "  %d trusted images (%d are not in the run), %d classes, %d of them new",
        *(sample.num_rows, trusted.unknown, len(classes.named), int((classes.labels >= classes.first_new).sum())),
    )
    if sample.num_rows < config.min_trusted:
        log.warning("  fewer than labeling.min_trusted = %d: nothing is learnt", config.min_trusted)
        images.unpersist()
        return None
    near, spoken = features.near_names(space, names), classes.spoken_by()
    described = apply.describe(sample["phrases"], sample["labels"], space, near, spoken)
    true, known = lessons.targets(trusted.rows, classes, sample["image_id"].to_pylist(), trusted.whole)
    taught = teach.teach(described, names, true, known, config.min_precision)
    log.info(
        "  %s on trusted images, cross-validated: %.3f learnt, %.3f without%s",
        "precision" if config.min_precision else "F1",
        *(taught.with_it, taught.without, "" if taught.pays else ": no more than luck, so nothing changes"),
    )
    if not taught.pays:
        images.unpersist()
        return None
    thresholds = taught.thresholds[taught.parts.level]
    run.tables.write("learnt", run.spark.createDataFrame(_learnt_rows(run, classes, taught, thresholds, true, known)))
    lesson = apply.Lesson(
        *(space, names, near, classes.labels, spoken, taught.parts, taught.combiner, thresholds),
        *(taught.curve, trusted.whole),
    )
    return images, lesson


def read_space(run: Run) -> features.Space:
    """All kept phrases; those without a vector have zeros."""
    kept = run.read("candidates").where("kept").select("phrase_id", "images").toArrow().sort_by("phrase_id")
    ids, all_images = kept["phrase_id"].to_numpy(), run.read("mentions").select("image_id").distinct().count()
    table = run.read("embeddings").select("phrase_id", "vector").toArrow().sort_by("phrase_id")
    if not table.num_rows:
        raise InputError("labeling.trusted needs vectors, and no phrase has one. Choose another embed.encoder.")
    known = as_matrix(table["vector"])
    vectors = np.zeros((len(ids), known.shape[1]), dtype=np.float32)
    vectors[np.searchsorted(ids, table["phrase_id"].to_numpy())] = known
    rarity = np.log(all_images / np.maximum(kept["images"].to_numpy(), 1))
    return features.Space(ids, np.maximum(rarity, 0.0).astype(np.float32), vectors)


def find_label(run: Run) -> Lookup:
    """Finds labels of the vocabulary by the words of a name."""
    language = run.config.normalize.default_language
    members = spoken_members(run.read("members"), run.read("candidates"))
    columns = (members[name].to_pylist() for name in ("label_id", "phrase", "language"))
    return lookup_members(zip(*columns, strict=True), language)


def describe_images(run: Run, ranked: DataFrame, space: features.Space) -> DataFrame:
    """(image_id, phrases, labels): all phrases of each image, and the labels that texts give it, however many."""
    ids = run.spark.sparkContext.broadcast(space.ids.tobytes())
    phrases = apply.find_phrases(run.read("texts"), run.read("mentions"), ids, run.config.mine.max_words)
    kept = ranked.where(F.col("confidence") >= run.config.assign.min_confidence)
    labels = kept.groupBy("image_id").agg(F.array_sort(F.collect_list("label_id")).alias("labels"))
    none = F.array().cast("array<int>")
    return phrases.join(labels, "image_id", "left").select(
        "image_id", "phrases", F.coalesce("labels", none).alias("labels")
    )


def encode_names(run: Run, classes: lessons.Classes, width: int) -> npt.NDArray[np.float32]:
    """Unit vectors of the classes' names by the run's encoder, float32 [classes, width]."""
    config = run.config.embed
    names = [item.thing or item.name for item in classes.named]
    vectors = load_encoder(config.encoder, config.backend).encode(names)
    return np.asarray(vectors, dtype=np.float32).reshape(len(names), width)


def sample_images(images: DataFrame, rows: pa.Table, most: int) -> pa.Table:
    """(image_id, phrases, labels) of trusted images with any phrase, sorted; drawn by a hash where too many."""
    wanted = rows.select(["image_id"]).group_by("image_id").aggregate([])
    trusted = images.join(images.sparkSession.createDataFrame(wanted), "image_id")
    drawn = trusted.orderBy(F.xxhash64("image_id"), "image_id").limit(most)
    return drawn.toArrow().sort_by("image_id")


def _learnt_rows(
    run: Run,
    classes: lessons.Classes,
    taught: teach.Taught,
    thresholds: npt.NDArray[np.float64],
    true: npt.NDArray[np.float32],
    known: npt.NDArray[np.bool_],
) -> pa.Table:
    language = run.config.normalize.default_language
    own = run.read("vocabulary").select("label_id", "label_key", "name").toArrow()
    known_labels = {row["label_id"]: row for row in own.to_pylist()}
    having, said = ((true > 0) & known).sum(axis=0), taught.said.sum(axis=0)
    hits = (taught.said & (true > 0)).sum(axis=0)
    keys, names = own["label_key"].to_pylist(), set(own["name"].to_pylist())
    rows = []
    for i, (item, label) in enumerate(zip(classes.named, classes.labels.tolist(), strict=True)):
        plain = " ".join(item.words) or item.name
        old = known_labels.get(label)
        if old is None:
            keys += distinct_keys([label_key(plain, language)], keys)
            plain = plain if plain not in names else f"{plain} ({language})"
            names.add(plain)
        rows.append(
            {
                "label_id": label,
                "label_key": keys[-1] if old is None else old["label_key"],
                "name": plain if old is None else old["name"],
                "display": item.name,
                "language": language,
                "new": old is None,
                "said_by": sorted(classes.spoken[i]),
                "images": int(having[i]),
                "threshold": float(thresholds[i]) if thresholds[i] <= 1 else None,
                "precision": float(hits[i] / said[i]) if said[i] else None,
                "recall": float(hits[i] / having[i]) if having[i] else None,
            }
        )
    return pa.Table.from_pylist(rows, schema=_LEARNT)
