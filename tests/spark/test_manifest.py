import dataclasses
import itertools
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash
from fake_run import full_record
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.manifest.rows import count_labels, kept_evidence, label_table, manifest_rows, with_learnt
from pipeline.manifest.split import held_out_units, uniform
from pipeline.manifest.tree.publish import write_tree
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.errors import ConfigError, RunError
from pipeline.runtime.schema import conform, load_schema

SIGNALS = ["board", "tag", "title"]
NAMES = ["red shoe", "tag: yes", "чай", "null"]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def assignments_of(spark: SparkSession, rows: list[tuple[str, int, float, list[str]]]) -> DataFrame:
    said = [
        (image, label, confidence, [(s, "phrase", 1) for s in signals]) for image, label, confidence, signals in rows
    ]
    return spark.createDataFrame(said, load_schema("assignments").struct)


def images_of(spark: SparkSession, ids: list[str]) -> DataFrame:
    return spark.createDataFrame([(image, f"file:///{image}.jpg", None) for image in ids], load_schema("images").struct)


def labels_of(spark: SparkSession, weights: list[tuple[float, float]]) -> DataFrame:
    rows = [
        (
            *(i, f"{i:016x}", NAMES[i], NAMES[i], ["en"], [NAMES[i]], "en", "head", 1, None, None),
            *(keep, repeat, 1, 1.0, 1.0, 1.0, 1.0),
        )
        for i, (keep, repeat) in enumerate(weights)
    ]
    return spark.createDataFrame(rows, load_schema("labels").struct)


def test_a_draw_is_xxh64_of_seed_and_values(spark: SparkSession) -> None:
    got = spark.createDataFrame([("i1", 7)], "image_id string, n int").select(uniform("image_id", "n", seed=3)).first()
    bits = xxhash.xxh64_intdigest(struct.pack("<q", 3), seed=42)  # Spark's own starting point
    for value in (b"i1", b"7"):
        bits = xxhash.xxh64_intdigest(value, seed=bits)
    assert got is not None
    assert got[0] == bits % 2**53 / 2**53


def test_null_is_a_value_and_keeps_its_place(spark: SparkSession) -> None:
    rows = [(None, "a"), ("a", None), ("a", "a"), ("", "a")]
    draws = spark.createDataFrame(rows, "x string, y string").select(uniform("x", "y", seed=0)).collect()
    assert len({row[0] for row in draws}) == 4


@pytest.fixture(scope="module")
def draws(spark: SparkSession) -> pa.Table:
    images = spark.range(20_000).select(F.concat(F.lit("pin-"), "id").alias("unit"), F.lit(0).alias("rarest"))
    rows = images.select("unit", uniform("unit", seed=0).alias("u"), uniform("unit", seed=1).alias("other"))
    for name, share, seed in (("quarter", 0.25, 0), ("half", 0.5, 0), ("another", 0.25, 1)):
        held = held_out_units(images, share, seed, stratify=False).withColumns({name: F.lit(True)})
        rows = rows.join(held, "unit", "left").fillna(False)
    return rows.toArrow()


def test_draws_fill_the_unit_interval_evenly(draws: pa.Table) -> None:
    u = draws["u"].to_numpy()
    assert u.min() >= 0
    assert u.max() < 1
    for edge in (0.1, 0.5, 0.9):
        assert (u < edge).mean() == pytest.approx(edge, abs=0.015)  # four standard deviations
    other = draws["other"].to_numpy()
    assert ((u < 0.5) & (other < 0.5)).mean() == pytest.approx(0.25, abs=0.0125)


def test_split_and_sample_u_are_independent_with_the_same_seed(draws: pa.Table) -> None:
    held = draws["quarter"].to_numpy()
    low = draws["u"].to_numpy() < 0.25
    assert held.mean() == pytest.approx(0.25, abs=0.0125)
    assert (held & low).mean() == pytest.approx(1 / 16, abs=0.007)


def test_a_larger_share_holds_out_more_and_another_seed_others(draws: pa.Table) -> None:
    quarter, half, another = (draws[name].to_numpy() for name in ("quarter", "half", "another"))
    assert not (quarter & ~half).any()
    assert (quarter & another).mean() == pytest.approx(1 / 16, abs=0.007)


@pytest.mark.parametrize("parts", [1, 7])
def test_labels_of_an_image_stand_by_confidence_then_rarity_whatever_the_partitions(
    spark: SparkSession, parts: int
) -> None:
    found = [
        ("i1", 2, 0.5, ["tag"]),
        ("i1", 0, 0.5, ["title", "board", "title"]),
        ("i1", 1, 0.75, ["tag", "title"]),
        ("i2", 2, 0.25, ["board"]),
    ]
    labels = labels_of(spark, [(0.5, 1.0), (0.25, 2.0), (1e-3, 1.5)])
    rows = manifest_rows(
        assignments_of(spark, found).repartition(parts),
        images_of(spark, ["i1", "i3"]),
        labels,
        SIGNALS,
        PublishConfig(),
    )
    one, two = conform(rows, load_schema("manifest")).orderBy("image_id").collect()
    assert (one.image_id, one.image_uri, one.primary_label) == ("i1", "file:///i1.jpg", 1)
    assert one.label_ids == [1, 2, 0]
    assert one.label_confidences == [0.75, 0.5, 0.5]
    assert one.label_sources == [0b110, 0b010, 0b101]
    assert one.keep_prob == pytest.approx(1 - 0.5 * 0.75 * 0.999)
    assert one.repeat_factor == 2.0
    assert (two.image_id, two.image_uri, two.label_ids, two.keep_prob) == ("i2", None, [2], 1 - 0.999)


def test_no_bit_of_keep_prob_depends_on_the_order_of_labels(spark: SparkSession) -> None:
    weights = [0.1, 0.123456789, 0.7]  # their product differs in its last bits with the order
    labels = labels_of(spark, [(p, 1.0) for p in weights])
    orders = {"a": [0, 1, 2], "b": [2, 1, 0], "c": [1, 2, 0]}
    found = [(image, i, 0.9 - place / 10, ["tag"]) for image, order in orders.items() for place, i in enumerate(order)]
    rows = manifest_rows(assignments_of(spark, found), images_of(spark, []), labels, SIGNALS, PublishConfig())
    assert len({row.keep_prob for row in rows.collect()}) == 1


def test_more_kinds_of_text_than_bits_are_refused(spark: SparkSession) -> None:
    with pytest.raises(ConfigError, match="32 kinds of text, but label_sources has 31 bits: s0, s1"):
        manifest_rows(
            assignments_of(spark, []),
            images_of(spark, []),
            labels_of(spark, []),
            [f"s{i}" for i in range(32)],
            PublishConfig(),
        )


@dataclasses.dataclass(frozen=True)
class Frames:
    manifest: DataFrame
    labels: DataFrame
    members: DataFrame
    evidence: DataFrame
    record: dict[str, Any]


@pytest.fixture(scope="module")
def frames(spark: SparkSession) -> Iterator[Frames]:
    """400 images; label 0 on all of them, label 1 on every second, label 2 on two; label 3 on none."""
    found = [(f"i{n:03}", 0, 0.5, ["title"]) for n in range(400)]
    found += [(f"i{n:03}", 1, 0.75, ["tag", "title"]) for n in range(0, 400, 2)]
    found += [(f"i{n:03}", 2, 0.25, ["board"]) for n in (0, 1)]
    assignments = assignments_of(spark, found)
    config = PublishConfig(cap=100)
    vocabulary = pa.table(
        {
            "label_id": pa.array(range(4), pa.int32()),
            "label_key": [f"{i:016x}" for i in range(4)],
            "name": NAMES,
            "display": NAMES,
            "name_languages": [["en"], ["en"], ["ru"], ["und"]],
            "names": [[name] for name in NAMES],
            "language": ["en", "en", "ru", "und"],
            "support": [400, 200, 2, 2],
            "phrases": pa.array([1, 1, 1, 1], pa.int32()),
            "parent": pa.array([None, 0, None, None], pa.int32()),
            "parent_how": [None, "hypernym", None, None],
        }
    )
    table = label_table(vocabulary, count_labels(assignments).toArrow(), config)
    labels = spark.createDataFrame(table)
    images = images_of(spark, [f"i{n:03}" for n in range(400)])
    manifest = manifest_rows(assignments, images, labels, SIGNALS, config).persist()
    members = [(10 + i, i, name, "self", 1.0) for i, name in enumerate(NAMES)]
    record = full_record("r1", SIGNALS)
    said = [(image, label, 10 + label, "tag", NAMES[label], 1, 1, None, 1.0, 7) for image, label, *_ in found]
    said += [("i000", 3, 13, "tag", NAMES[3], 1, 1, None, 1.0, 7)]  # which did not stay
    kept = kept_evidence(spark.createDataFrame(said, load_schema("evidence").struct), assignments)
    yield Frames(manifest, labels, spark.createDataFrame(members, load_schema("members").struct), kept, record)
    manifest.unpersist()


def write(frames: Frames, folder: Path, config: PublishConfig) -> None:
    write_tree(str(folder), frames.manifest, frames.labels, frames.members, frames.evidence, frames.record, config)


@pytest.fixture(scope="module")
def tree(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "r1"
    write(frames, folder, PublishConfig(cap=100, rows_per_file=120))
    return folder


def load(folder: Path, tmp_path: Path, *name: str) -> datasets.DatasetDict:
    return datasets.load_dataset(str(folder), *name, cache_dir=str(tmp_path / "cache"))


def test_the_tree_holds_what_is_promised_and_no_leftovers(tree: Path) -> None:
    assert {path.name for path in tree.iterdir()} == {
        *("README.md", "croissant.json", "run.json", "class_map.txt", "labels", "members", "evidence", "data")
    }
    files = [path for path in tree.rglob("*") if path.is_file()]
    assert not [path for path in files if path.name.startswith((".", "_"))]
    assert all(path.name.startswith("part-") for path in files if path.parent != tree)
    assert (tree / "class_map.txt").read_text(encoding="utf-8").splitlines() == NAMES
    assert json.loads((tree / "run.json").read_text(encoding="utf-8"))["digest"] == "0123456789abcdef"


def test_files_are_bounded_in_no_order_and_hold_every_image_once(tree: Path, frames: Frames) -> None:
    expected = {row.image_id: row.split for row in frames.manifest.select("image_id", "split").collect()}
    found = {}
    for path in tree.glob("data/*/*.parquet"):
        rows = pq.ParquetFile(path).read()
        ids = rows["image_id"].to_pylist()
        assert len(ids) <= 120
        rising = sum(a < b for a, b in itertools.pairwise(ids))
        assert abs(rising - len(ids) / 2) < 3 * (len(ids) / 12) ** 0.5 + 1  # of a random order
        assert set(rows["split"].to_pylist()) == {path.parent.name}
        found.update(dict.fromkeys(ids, path.parent.name))
    assert found == expected
    assert len(list(tree.glob("data/train/*"))) >= 4
    assert len(list(tree.glob("data/validation/*"))) == 1


def test_a_second_writing_gives_the_same_files(tree: Path, frames: Frames, tmp_path: Path) -> None:
    again = dataclasses.replace(frames, manifest=frames.manifest.repartition(5, "primary_label"))
    write(again, tmp_path / "r1", PublishConfig(cap=100, rows_per_file=120))

    def contents(folder: Path) -> set[tuple[str, ...]]:
        return {tuple(pq.ParquetFile(path).read()["image_id"].to_pylist()) for path in folder.glob("data/*/*.parquet")}

    assert contents(tmp_path / "r1") == contents(tree)
    for name in ("README.md", "croissant.json", "run.json", "class_map.txt"):
        assert (tmp_path / "r1" / name).read_bytes() == (tree / name).read_bytes()


def test_hugging_face_datasets_finds_splits_and_class_names(tree: Path, tmp_path: Path, frames: Frames) -> None:
    data = load(tree, tmp_path)
    counts = {row.split: row["count"] for row in frames.manifest.groupBy("split").count().collect()}
    assert {name: part.num_rows for name, part in data.items()} == counts
    features = data["train"].features
    assert features["primary_label"].names == NAMES
    assert features["label_ids"].feature.names == NAMES
    assert set(features) == set(load_schema("manifest").struct.names)
    row = data["train"].filter(lambda row: row["image_id"] == "i000")[0]
    assert row["label_ids"] == [1, 0, 2]
    assert features["primary_label"].int2str(row["primary_label"]) == "tag: yes"


def test_hugging_face_datasets_loads_labels_and_members_as_tables_of_their_own(tree: Path, tmp_path: Path) -> None:
    labels = load(tree, tmp_path, "labels")["train"]
    assert labels["label_id"][:] == [0, 1, 2, 3]
    assert labels["images"][:] == [400, 200, 2, 0]
    assert labels["parent"][:] == [None, 0, None, None]
    assert load(tree, tmp_path, "members")["train"]["phrase"][:] == NAMES
    evidence = load(tree, tmp_path, "evidence")["train"]
    assert evidence.num_rows == 400 + 200 + 2
    assert set(evidence["label_id"]) == {0, 1, 2}


def test_labels_that_only_trusted_images_name_come_after_those_of_the_vocabulary() -> None:
    known = pa.table(
        {
            "label_id": pa.array([0], pa.int32()),
            **{name: ["dog"] for name in ("label_key", "name", "display", "language", "parent_how")},
            **{name: [["dog"]] for name in ("name_languages", "names")},
            "parent": pa.array([None], pa.int32()),
        }
    )
    taught = [
        {"label_id": 0, "label_key": "dog", "name": "dog", "display": "Dogs", "language": "en", "new": False},
        {"label_id": 1, "label_key": "k", "name": "clothing fashion", "display": "Clothing + Fashion", "language": "en"}
        | {"new": True},
    ]
    found = with_learnt(known, pa.Table.from_pylist(taught))
    assert found["label_id"].to_pylist() == [0, 1]
    assert found["display"].to_pylist() == ["dog", "Clothing + Fashion"]
    assert found["names"].to_pylist() == [["dog"], ["clothing fashion"]]


def test_a_split_without_images_is_an_empty_file_and_the_other_split_still_loads(
    frames: Frames, tmp_path: Path
) -> None:
    whole = dataclasses.replace(frames, manifest=frames.manifest.withColumns({"split": F.lit("train")}))
    write(whole, tmp_path / "r2", PublishConfig(cap=100))
    (file,) = tmp_path.glob("r2/data/validation/*.parquet")
    empty = pq.ParquetFile(file).read()
    assert empty.num_rows == 0
    assert empty.column_names == load_schema("manifest").struct.names
    assert {name: part.num_rows for name, part in load(tmp_path / "r2", tmp_path).items()} == {"train": 400}
    described = mlcroissant.Dataset(jsonld=tmp_path / "r2" / "croissant.json")
    assert sum(1 for _ in described.records("manifest")) == 400


def test_a_folder_that_exists_is_refused_and_left_alone(frames: Frames, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match="the folder exists"):
        write(frames, tmp_path, PublishConfig())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_tree_that_fails_halfway_has_no_record(frames: Frames, tmp_path: Path) -> None:
    broken = dataclasses.replace(frames, labels=frames.labels.where("label_id > 0"))
    with pytest.raises(RunError, match="without gaps"):
        write(broken, tmp_path / "r3", PublishConfig(cap=100))
    assert not (tmp_path / "r3" / "run.json").exists()
