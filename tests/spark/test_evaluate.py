"""A tiny run against trusted labels: every figure can be counted by hand."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from pipeline.review import baselines, measures
from pipeline.review.ablation import Overlay, read_record, recorded_config
from pipeline.review.evaluate import evaluate, of_run, prepare
from pipeline.review.truth import read_truth
from pipeline.runtime.errors import ConfigError, InputError, RunError
from pipeline.runtime.load import parse_config
from pipeline.runtime.tables import Tables
from pipeline.text.wordnet import wordnet
from pipeline.vocabulary.encoding.encoders import HashingEncoder, load_encoder

PHRASES = {phrase: baselines.phrase_keys([phrase], "en")[0] for phrase in ("cats", "cat", "puppy", "car")}
TEXTS = ["my cats", "a cat", "puppy", "car | sale", "tree"]
SAID = [("i0", 0), ("i1", 1), ("i2", 2), ("i3", 3), ("i4", 4), ("i5", 0)]  # image, place of its text
# i3 is a repost's original; i9 is no image of the run; nothing is said of fish; i5 has no truth.
TRUTH = [("i0", "Cats"), ("i1", "cat"), ("i1", "Fish"), ("i2", "Pets/Puppy"), ("repost", "Cars"), ("i9", "Cats")]


@pytest.fixture
def frames(spark: SparkSession) -> dict[str, DataFrame]:
    vectors = HashingEncoder().encode(list(PHRASES)).tolist()
    images = [(f"i{n}", None) for n in range(6)] + [("repost", "i3")]
    label = {"cats": 0, "cat": 0, "puppy": 1, "car": 2}
    tokens = [[word.replace("|", "") for word in text.split(" ")] for text in TEXTS]
    rows: dict[str, tuple[list[tuple[Any, ...]], str]] = {
        "images": (images, "image_id string, duplicate_of string"),
        "texts": (
            [(n, text, "en", tokens[n]) for n, text in enumerate(TEXTS)],
            "text_id long, text string, language string, tokens array<string>",
        ),
        "mentions": (SAID, "image_id string, text_id long"),
        "candidates": (
            [(key, "en", name) for name, key in PHRASES.items()],
            "phrase_id long, language string, phrase string",
        ),
        "embeddings": (
            [(key, HashingEncoder.fingerprint, vectors[n]) for n, key in enumerate(PHRASES.values())],
            "phrase_id long, encoder string, vector array<float>",
        ),
        "members": (
            [(key, label[name], name) for name, key in PHRASES.items()],
            "phrase_id long, label_id int, phrase string",
        ),
        "vocabulary": ([(0,), (1,), (2,)], "label_id int"),
        "assignments": ([("i0", 0), ("i1", 0), ("i2", 0), ("i3", 2), ("i5", 0)], "image_id string, label_id int"),
    }
    return {name: spark.createDataFrame(values, ddl) for name, (values, ddl) in rows.items()}


def test_a_run_and_its_baselines_are_counted_as_by_hand(spark: SparkSession, frames: dict[str, DataFrame]) -> None:
    tables = frames.__getitem__
    kept = tables("candidates").toArrow().sort_by("phrase_id")
    rows = spark.createDataFrame(TRUTH, "image_id string, label string")
    truth = prepare(tables, rows, kept, 2, "hashing", "en")
    assert [item.name for item in truth.classes] == ["Cars", "Cats", "Fish", "Pets/Puppy"]
    assert (truth.images, truth.unknown, truth.true.tolist()) == (4, 1, [1, 2, 1, 1])
    assert truth.gold == {PHRASES["car"]: 0, PHRASES["cats"]: 1, PHRASES["cat"]: 1, PHRASES["puppy"]: 3}

    found = evaluate(of_run(tables, "en"), truth, tables)
    # Said: cat of i0, i1, i2 (wrong) and car of i3; i5 is not judged. Missed: a fish and a puppy.
    micro = found["string"]["bands"]["all"]["micro"]
    assert (micro["precision"], micro["recall"]) == (3 / 4, 3 / 5)
    assert found["string"]["unmapped"] == ["Fish"]
    assert (found["string"]["classes_unmapped"], found["string"]["pairs_unmapped"]) == (1, 1)
    assert found["string"]["mapped"]["recall"] == 3 / 4
    assert found["embedding"]["bands"]["all"]["micro"]["precision"] == 3 / 4
    assert (found["grouping"]["items"], found["grouping"]["b_cubed"]["f1"]) == (4, 1.0)
    coverage = found["coverage"]
    assert (coverage["images"], coverage["labelled"], coverage["pairs"], coverage["labels"]) == (6, 5, 5, 3)
    assert coverage["labels_with"] == {1: 2, 10: 0, 100: 0, 1000: 0}
    assert coverage["gini"] == pytest.approx(measures.gini(np.array([4, 1, 0])))

    exact = evaluate(baselines.exact(tables("texts"), tables("mentions"), truth.classes, "en"), truth, tables)
    # As written: cats of i0 and of i5, which is not judged, and the puppy, since no text says the whole path.
    assert exact["string"]["bands"]["all"]["micro"] == {"precision": 1.0, "recall": 2 / 5, "f1": 4 / 7}
    assert exact["grouping"] is None
    merged = baselines.inflection(tables("texts"), tables("mentions"), kept, 2, "en")
    assert merged.labels == 3
    assert evaluate(merged, truth, tables)["string"]["bands"]["all"]["micro"]["recall"] == 4 / 5
    if wordnet() is not None:
        senses = evaluate(baselines.first_senses(tables("texts"), tables("mentions")), truth, tables)
        assert senses["string"]["bands"]["all"]["micro"]["recall"] == 4 / 5
        assert senses["string"]["unmapped"] == []  # WordNet knows fish, though no text says it


def test_vectors_of_another_encoder_map_no_class(spark: SparkSession, frames: dict[str, DataFrame]) -> None:
    frames["embeddings"] = frames["embeddings"].selectExpr("phrase_id", "'older' as encoder", "vector")
    rows = spark.createDataFrame(TRUTH, "image_id string, label string")
    kept = frames["candidates"].toArrow()
    truth = prepare(frames.__getitem__, rows, kept, 2, "hashing", "en")
    load_encoder.cache_clear()
    assert truth.names is None
    assert evaluate(of_run(frames.__getitem__, "en"), truth, frames.__getitem__)["embedding"] is None


def test_a_truth_that_cannot_be_used_says_why(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file"):
        read_truth(spark, str(tmp_path / "none.csv"))
    wrong, empty, good = (tmp_path / name for name in ("wrong.csv", "empty.csv", "good.csv"))
    wrong.write_text("image_id,name\ni0,cat\n")
    with pytest.raises(InputError, match=r"no column label; it has image_id, name"):
        read_truth(spark, str(wrong))
    empty.write_text("image_id,label\ni0,\n")
    with pytest.raises(InputError, match="no row holds"):
        read_truth(spark, str(empty))
    good.write_text("image_id,label\ni0,cat\ni0,dog\ni0, cat\n")
    assert sorted(map(tuple, read_truth(spark, str(good)).collect())) == [("i0", "cat"), ("i0", "dog")]
    (tmp_path / "text.parquet").write_text("image_id,label\n")
    with pytest.raises(InputError, match=r"text\.parquet"):
        read_truth(spark, str(tmp_path / "text.parquet"))


def test_a_trial_reads_the_run_and_writes_beside_it(spark: SparkSession, tmp_path: Path) -> None:
    run = Tables(spark, str(tmp_path / "run"))
    ddl = "image_id string, image_uri string, duplicate_of string"
    run.write("images", spark.createDataFrame([("i0", None, None)], ddl))
    trial = Overlay(run, str(tmp_path / "scratch"))
    assert trial.read("images").count() == 1
    trial.write("images", spark.createDataFrame([("i0", None, None), ("i1", None, None)], ddl))
    assert (trial.read("images").count(), run.read("images").count()) == (2, 1)


def test_settings_of_an_older_run_are_read_and_only_later_stages_tried(tmp_path: Path) -> None:
    config = parse_config({"sources": [{"path": "x", "signal": "title"}], "cluster": {"min_images": 7}}, "test")
    record = {"config": dataclasses.asdict(config)}
    record["config"]["cluster"]["gone"] = 1
    del record["config"]["assign"]["max_labels"]
    again = recorded_config(record, ["cluster.attach_similarity=0.9"])
    assert (again.cluster.min_images, again.cluster.attach_similarity) == (7, 0.9)
    assert (again.assign, again.sources) == (config.assign, config.sources)
    with pytest.raises(ConfigError, match=r"mine\.min_images=2: only cluster, assign"):
        recorded_config(record, ["mine.min_images=2"])
    with pytest.raises(RunError, match=r"no run\.json"):
        read_record(str(tmp_path))
