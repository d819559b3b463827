"""Files of trusted labels, and images described by their phrases."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession
from scipy import sparse

from pipeline.labeling.trusted import apply, features, model, teach
from pipeline.labeling.trusted.read import read_trusted
from pipeline.runtime.errors import InputError
from pipeline.vocabulary.mining import ngrams

LANGUAGE = "en"


@pytest.fixture(scope="module")
def images(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([("a", None), ("b", None), ("r", "a")], "image_id string, duplicate_of string")


def saved(folder: Path, text: str) -> str:
    path = folder / "trusted.csv"
    path.write_text(text)
    return str(path)


def test_rows_of_reposts_are_those_of_their_original_and_unknown_images_are_counted(
    spark: SparkSession, images: DataFrame, tmp_path: Path
) -> None:
    text = "image_id,label\na,dog\nr,dog\nr,Red Shoe\nnowhere,cat\nnowhere,dog\n,only a name\nb,\n"
    found = read_trusted(spark, saved(tmp_path, text), images)
    assert [tuple(row.values()) for row in found.rows.to_pylist()] == [
        ("", "only a name", True),
        ("a", "Red Shoe", True),
        ("a", "dog", True),
    ]
    assert (found.whole, found.unknown) == (True, 1)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_judgements_are_read_as_such_and_contradictions_of_reposts_teach_nothing(
    spark: SparkSession, images: DataFrame, tmp_path: Path, separator: str
) -> None:
    text = "image_id,label,correct,band\na,dog,yes,head\nr,dog,no,head\nr,cat,no,tail\nb,dog,?,tail\nb,cat,right,tail\n"
    mark = "" if separator == "," else "\ufeff"  # as spreadsheets save it
    found = read_trusted(spark, saved(tmp_path, mark + text.replace(",", separator)), images)
    assert [tuple(row.values()) for row in found.rows.to_pylist()] == [("a", "cat", False), ("b", "cat", True)]
    assert not found.whole


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,label\na,dog\n", "no column image_id"),
        ("image_id,label\n,dog\n", "no row holds an image_id and a label"),
        ("image_id,label,correct\na,dog,perhaps\n", "line 2: correct is 'perhaps'"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    spark: SparkSession, images: DataFrame, tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_trusted(spark, saved(tmp_path, text), images)


def test_judgements_in_parquet_are_refused_and_not_taken_for_truth(
    spark: SparkSession, images: DataFrame, tmp_path: Path
) -> None:
    pq.write_table(pa.table({"image_id": ["b"], "label": ["dog"], "correct": ["no"]}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="judgements, with the column correct, are read from a CSV file"):
        read_trusted(spark, str(tmp_path / "t.parquet"), images)


def test_parquet_files_are_trusted_too(spark: SparkSession, images: DataFrame, tmp_path: Path) -> None:
    pq.write_table(pa.table({"image_id": ["b"], "label": ["dog"], "other": [1]}), tmp_path / "t.parquet")
    assert read_trusted(spark, str(tmp_path / "t.parquet"), images).rows["label"].to_pylist() == ["dog"]


@pytest.mark.parametrize("partitions", [1, 5])
def test_images_are_described_by_all_their_phrases_long_and_short(spark: SparkSession, partitions: int) -> None:
    phrases = ["red shoe", "shoe", "dog"]
    keys = np.sort(ngrams.whole_keys(phrases, LANGUAGE))
    order = {int(key): phrase for key, phrase in zip(ngrams.whole_keys(phrases, LANGUAGE), phrases, strict=True)}
    texts = spark.createDataFrame(
        [(1, "red shoe", LANGUAGE), (2, "dog and shoe", LANGUAGE), (3, "none", LANGUAGE)],
        "text_id long, text string, language string",
    ).repartition(partitions)
    mentions = spark.createDataFrame(
        [(1, "a"), (2, "a"), (2, "b"), (2, "b"), (3, "c")], "text_id long, image_id string"
    )
    sent = spark.sparkContext.broadcast(keys.tobytes())
    found = {row.image_id: row.phrases for row in apply.find_phrases(texts, mentions, sent, 3).collect()}
    named = {image: [order[int(keys[i])] for i in places] for image, places in found.items()}
    assert {image: sorted(some) for image, some in named.items()} == {
        "a": ["dog", "red shoe", "shoe"],
        "b": ["dog", "shoe"],
    }
    assert all(places == sorted(places) for places in found.values())


def test_all_images_get_what_was_learnt_wherever_they_lie(spark: SparkSession) -> None:
    # Class 0 follows from phrase 1; texts say label 0 where phrase 2 stands, which is wrong.
    random = np.random.default_rng(0)
    bags = [sorted(random.choice(12, 3, replace=False).tolist()) for _ in range(300)]
    space = features.Space(np.arange(12) * 10, np.ones(12, dtype=np.float32), np.eye(12, dtype=np.float32))
    names = np.zeros((1, 12), dtype=np.float32)
    near, spoken = features.near_names(space, names), sparse.csr_matrix(np.ones((1, 1), dtype=np.float32))
    said = [[0] if 2 in bag else [] for bag in bags]
    lists = pa.table({"phrases": pa.array(bags, pa.list_(pa.int32())), "labels": pa.array(said, pa.list_(pa.int32()))})
    described = apply.describe(lists["phrases"], lists["labels"], space, near, spoken)
    true = np.array([[float(1 in bag)] for bag in bags], dtype=np.float32)
    taught = teach.teach(described, names, true, np.full(true.shape, True))
    assert taught.pays
    thresholds = taught.thresholds[taught.parts.level]
    labels = np.array([7], dtype=np.int32)
    for whole in (True, False):
        lesson = apply.Lesson(
            space, names, near, labels, spoken, taught.parts, taught.combiner, thresholds, taught.curve, whole
        )
        rows = [(f"i{n}", bag, some) for n, (bag, some) in enumerate(zip(bags, said, strict=True))]
        frame = spark.createDataFrame(rows, "image_id string, phrases array<int>, labels array<int>")
        sent = spark.sparkContext.broadcast(lesson)
        found = [
            sorted(tuple(row) for row in apply.give_labels(frame.repartition(parts), sent).collect())
            for parts in (1, 4)
        ]
        assert found[0] == found[1]
        chance = model.probability(described, taught.parts, names, taught.combiner)[:, 0]
        given = (chance >= thresholds[0]) & (np.array([bool(some) for some in said]) | whole)
        assert {row[0] for row in found[0]} == {f"i{n}" for n in np.flatnonzero(given)}
        assert all(row[1] == 7 for row in found[0])
        if whole:
            assert all(row[3] == 10 for row in found[0] if 1 in bags[int(row[0][1:])])
