"""A tiny run against trusted labels: every figure can be counted by hand."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField

from pipeline.review import baselines, measures, trial
from pipeline.review.ablation import Overlay, read_record, recorded_config, toggle_terms
from pipeline.review.evaluate import Truth, evaluate, of_run, prepare
from pipeline.review.truth import read_truth
from pipeline.runtime import files
from pipeline.runtime.errors import ConfigError, InputError, RunError
from pipeline.runtime.fingerprint import fingerprint
from pipeline.runtime.load import parse_config
from pipeline.runtime.road import Run
from pipeline.runtime.schema import load_schema
from pipeline.runtime.tables import Tables
from pipeline.text.wordnet import wordnet
from pipeline.vocabulary.encoding.encoders import HashingEncoder, load_encoder
from pipeline.vocabulary.mining import ngrams

PHRASES = {phrase: int(ngrams.whole_keys([phrase], "en")[0]) for phrase in ("cats", "cat", "puppy", "car")}
IMAGES = "image_id string, image_uri string, duplicate_of string"
ASSIGNED = "image_id string, label_id int, confidence float"
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
        "learnt": ([], "label_id int, display string, new boolean"),
        "assignments": (
            [("i0", 0, 0.9), ("i1", 0, 0.8), ("i2", 0, 0.4), ("i3", 2, 0.9), ("i5", 0, 0.1)],
            ASSIGNED,
        ),
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
    # Of the four judged pairs that of i2, the least sure one, is wrong.
    confidence = found["confidence"]
    assert (confidence["pairs"], confidence["right"], confidence["auc"]) == (4, 3, 1.0)
    assert [(item["pairs"], round(item["confidence"], 6), item["precision"]) for item in confidence["raw"]["bins"]] == [
        (1, 0.4, 0.0),
        (1, 0.8, 1.0),
        (2, 0.9, 1.0),
    ]
    assert confidence["raw"]["ece"] == pytest.approx((0.4 + 0.2 + 2 * 0.1) / 4)
    assert coverage["gini"] == pytest.approx(measures.gini(np.array([4, 1, 0])))

    exact = evaluate(baselines.exact(tables("texts"), tables("mentions"), truth.classes, "en"), truth, tables)
    # As written: cats of i0 and of i5, which is not judged, and the puppy, since no text says the whole path.
    assert exact["string"]["bands"]["all"]["micro"] == {"precision": 1.0, "recall": 2 / 5, "f1": 4 / 7}
    assert exact["grouping"] is None
    assert exact["confidence"] is None
    merged = baselines.inflection(tables("texts"), tables("mentions"), kept, 2, "en")
    assert merged.labels == 3
    assert evaluate(merged, truth, tables)["string"]["bands"]["all"]["micro"]["recall"] == 4 / 5
    if wordnet() is not None:
        senses = evaluate(baselines.first_senses(tables("texts"), tables("mentions")), truth, tables)
        assert senses["string"]["bands"]["all"]["micro"]["recall"] == 4 / 5
        assert senses["string"]["unmapped"] == []  # WordNet knows fish, though no text says it


def test_a_class_said_by_several_labels_is_as_sure_as_the_surest_and_halves_go_by_image(
    spark: SparkSession, frames: dict[str, DataFrame]
) -> None:
    images = [f"j{n}" for n in range(200)]
    frames["images"] = spark.createDataFrame([(name, None) for name in images], "image_id string, duplicate_of string")
    rows = spark.createDataFrame(
        [(name, label) for name in images for label in ("red", "blue")], "image_id string, label string"
    )
    truth = prepare(frames.__getitem__, rows, frames["candidates"].toArrow(), 2, "hashing", "en")
    # Labels 0 and 1 say blue, 2 says red: two pairs an image, whichever way they are partitioned.
    said = [(name, label, 0.1 + label * 0.2) for name in images for label in range(3)]
    lookup = {("blue",): {0, 1}, ("red",): {2}}

    def found(parts: int) -> dict[str, Any]:
        assignments = spark.createDataFrame(said, ASSIGNED).repartition(parts)
        labelling = baselines.Labelling(assignments, lambda words: lookup.get(words, set()), None, 3)
        return evaluate(labelling, truth, frames.__getitem__)["confidence"]

    once = found(1)
    assert [(item["pairs"], item["confidence"]) for item in once["raw"]["bins"]] == [(200, 0.3), (200, 0.5)]
    halves = once["calibrated"]
    assert halves["fitted"] + halves["measured"] == 400
    assert halves["fitted"] % 2 == halves["measured"] % 2 == 0  # both pairs of an image are in one half
    assert 120 < halves["fitted"] < 280
    assert found(7) == once


def publish(tables: Tables, name: str, frame: DataFrame) -> None:
    """Write a table with blanks in the columns that a frame lacks."""

    empty = {"array": F.array(), "map": F.create_map(), "string": F.lit("")}

    def blank(field: StructField) -> Column:
        value = F.lit(None) if field.nullable else empty.get(field.dataType.typeName(), F.lit(0))
        return value.cast(field.dataType).alias(field.name)

    missing = [field for field in load_schema(name).struct if field.name not in frame.columns]
    tables.write(name, frame.select("*", *map(blank, missing)))


def test_each_term_is_toggled_once_and_compared_with_the_run_assigned_again(
    spark: SparkSession, frames: dict[str, DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = parse_config(
        {"sources": [{"path": "x", "signal": "title"}], "assign": {"terms": ["reliability", "coverage"]}}, "test"
    )
    toggled = toggle_terms(config)
    assert list(toggled) == [
        "without reliability",
        "with saturation",
        "with specificity",
        "without coverage",
        "with completeness",
        "with agreement",
    ]
    assert toggled["without reliability"].assign.terms == ("coverage",)
    assert set(toggled["with agreement"].assign.terms) == {"reliability", "coverage", "agreement"}
    assert dataclasses.replace(toggled["with agreement"], assign=config.assign) == config

    folder = tmp_path / "run"
    record = {"config": dataclasses.asdict(config)}
    files.write_json(str(folder / "run.json"), record)
    run = Tables(spark, str(folder))
    publish(run, "candidates", frames["candidates"])
    publish(run, "images", frames["images"])
    (tmp_path / "truth.csv").write_text("image_id,label\ni0,cat\n")
    # Preparing and judging are dear and of no interest here: a way is told by the images that it reads.
    known = Truth(frames["images"], [], np.zeros(0, np.int64), 1, 0, {}, None)
    monkeypatch.setattr(trial, "prepare", lambda *_: known)
    monkeypatch.setattr(trial, "of_run", lambda tables, language: tables("images").count())
    monkeypatch.setattr(trial, "evaluate", lambda images, truth, tables: {"images": images, "grouping": 0})
    tried: list[tuple[str, ...]] = []

    def reassign(again: Run) -> None:
        tried.append(again.config.assign.terms)
        made = [(f"i{n}", None, None) for n in range(len(tried) % 4)]
        again.tables.write("images", spark.createDataFrame(made, IMAGES))

    def remake(_: Run) -> None:
        pytest.fail("labels are those of the run")

    def ways(again: Callable[[Run], object] | None) -> dict[str, Any]:
        truth, scratch = str(tmp_path / "truth.csv"), str(tmp_path / "scratch")
        found = trial.try_ways(spark, str(folder), config, truth, ["run"], scratch, remake, again)
        assert found["truth"]["file"] == truth
        assert (found["truth"]["rows"], found["truth"]["fingerprint"]) == (1, fingerprint(truth))
        return found["ways"]

    assert ways(None) == {"run": {"images": 7, "grouping": 0}}
    found = ways(reassign)
    assert list(found) == ["run", "run again", *(f"run {name}" for name in toggled)]
    assert [way["images"] for way in found.values()] == [7, 1, 2, 3, 0, 1, 2, 3]
    assert [way["grouping"] for way in found.values()] == [0, *[None] * 7]
    assert tried == [config.assign.terms, *(item.assign.terms for item in toggled.values())]
    assert run.read("images").count() == 7
    assert list((tmp_path / "scratch").glob("*")) == []


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


def test_images_that_taught_are_no_judges(spark: SparkSession, tmp_path: Path) -> None:
    for name, text in (("truth", "a,dog\na,cat\nb,dog\n"), ("taught", "a,dog\n,bird\n")):
        (tmp_path / f"{name}.csv").write_text("image_id,label\n" + text)
    truth, taught = (str(tmp_path / f"{name}.csv") for name in ("truth", "taught"))
    assert {tuple(row) for row in read_truth(spark, truth, taught).collect()} == {("b", "dog")}
    assert read_truth(spark, truth).count() == 3


def test_a_trial_reads_the_run_and_writes_beside_it(spark: SparkSession, tmp_path: Path) -> None:
    run = Tables(spark, str(tmp_path / "run"))
    run.write("images", spark.createDataFrame([("i0", None, None)], IMAGES))
    tried = Overlay(run, str(tmp_path / "scratch"))
    assert tried.read("images").count() == 1
    tried.write("images", spark.createDataFrame([("i0", None, None), ("i1", None, None)], IMAGES))
    assert (tried.read("images").count(), run.read("images").count()) == (2, 1)


def test_settings_of_an_older_run_are_read_and_only_later_stages_tried(tmp_path: Path) -> None:
    config = parse_config({"sources": [{"path": "x", "signal": "title"}], "cluster": {"min_images": 7}}, "test")
    record = {"config": dataclasses.asdict(config)}
    record["config"]["cluster"]["gone"] = 1
    del record["config"]["assign"]["max_labels"]
    del record["config"]["labeling"]
    again = recorded_config(record, ["cluster.attach_similarity=0.9", "labeling.min_trusted=60"])
    assert (again.cluster.min_images, again.cluster.attach_similarity) == (7, 0.9)
    assert (again.assign, again.sources) == (config.assign, config.sources)
    assert again.labeling == dataclasses.replace(config.labeling, min_trusted=60)
    with pytest.raises(ConfigError, match=r"mine\.min_images=2: only cluster, match, assign"):
        recorded_config(record, ["mine.min_images=2"])
    with pytest.raises(RunError, match=r"no run\.json"):
        read_record(str(tmp_path))
