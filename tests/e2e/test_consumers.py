"""A published tree as its readers see it: Hugging Face datasets, torch, Croissant, DuckDB and Polars."""

import collections
import math
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import datasets
import duckdb
import huggingface_hub
import mlcroissant
import polars as pl
import pytest
import torch
from pyspark.sql import SparkSession
from torch.utils.data import DataLoader, WeightedRandomSampler

sys.path.insert(0, str(Path(__file__).parents[1] / "consumers"))  # scripts, no package

from trees import NAMES, NOWHERE, Tree, colour_of, number_of, write_pictures, write_small_tree

from pipeline.runtime.schema import load_schema

COUNTS = {"labels": len(NAMES), "members": len(NAMES), "evidence": 801}


@pytest.fixture(scope="module")
def tree(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    folder = tmp_path_factory.mktemp("consumers")
    write_pictures(folder / "pictures")
    return write_small_tree(spark, folder / "tree", (folder / "pictures").as_uri())


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network, and a cache of its own for each test."""
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def sizes_of(data: Any) -> dict[str, int]:
    """Rows of each split, counted by reading them."""
    return {split: sum(1 for _ in rows) for split, rows in data.items()}


def by_image(rows: Any) -> dict[str, dict[str, Any]]:
    return {row["image_id"]: row for row in rows}


# Hugging Face datasets


@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_reads_every_row_of_both_splits_from_several_files(tree: Tree, streaming: bool) -> None:
    assert all(len(list(tree.folder.glob(f"data/{split}/*"))) > 1 for split in tree.sizes)
    data = datasets.load_dataset(str(tree.folder), streaming=streaming)
    for split in ("train", "validation"):
        assert by_image(data[split]) == tree.of(split)
    assert sizes_of(data) == tree.sizes


@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_knows_class_names_with_quotes_colons_and_other_scripts(tree: Tree, streaming: bool) -> None:
    features = datasets.load_dataset(str(tree.folder), split="train", streaming=streaming).features
    assert list(features) == load_schema("manifest").struct.names
    assert features["primary_label"].names == NAMES
    assert features["label_ids"].feature.names == NAMES
    assert features["label_ids"].feature.int2str(3) == 'the "big" one'


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("table", ["labels", "members", "evidence"])
def test_datasets_reads_the_side_tables_as_configs(tree: Tree, table: str, streaming: bool) -> None:
    rows = list(datasets.load_dataset(str(tree.folder), table, split="train", streaming=streaming))
    assert len(rows) == COUNTS[table]
    assert list(rows[0]) == load_schema(table).struct.names


@pytest.mark.parametrize("streaming", [False, True])
def test_a_row_number_of_labels_is_its_label_id_and_its_line_of_the_class_map(tree: Tree, streaming: bool) -> None:
    labels = list(datasets.load_dataset(str(tree.folder), "labels", split="train", streaming=streaming))
    assert [row["label_id"] for row in labels] == list(range(len(NAMES)))
    assert [row["name"] for row in labels] == NAMES
    assert (tree.folder / "class_map.txt").read_text(encoding="utf-8").split("\n") == [*NAMES, ""]


def test_trap_folders_that_spark_partitions_by_split_are_all_train(tree: Tree, tmp_path: Path) -> None:
    for split in tree.sizes:
        shutil.copytree(tree.folder / "data" / split, tmp_path / "hive" / f"split={split}")
    assert sizes_of(datasets.load_dataset(str(tmp_path / "hive"))) == {"train": sum(tree.sizes.values())}


def test_trap_side_tables_beside_the_data_of_a_tree_without_configs_break_it(tree: Tree, tmp_path: Path) -> None:
    shutil.copytree(tree.folder / "data" / "train", tmp_path / "naive" / "manifest")
    shutil.copytree(tree.folder / "labels", tmp_path / "naive" / "labels")
    with pytest.raises(datasets.exceptions.DatasetGenerationError) as error:
        datasets.load_dataset(str(tmp_path / "naive"))
    assert "column names don't match" in str(error.value.__cause__)


def test_trap_success_markers_are_opened_as_data_by_pattern_and_by_folder(tree: Tree, tmp_path: Path) -> None:
    folder = tmp_path / "naive"
    shutil.copytree(tree.folder / "data" / "train", folder)
    (folder / "_SUCCESS").touch()
    for wanted in ({"data_dir": str(folder)}, {"data_files": f"{folder}/*"}):
        with pytest.raises(Exception, match="Parquet file size is 0 bytes"):
            datasets.load_dataset("parquet", **wanted)


@pytest.mark.parametrize("wanted", ["data_dir", "data_files"])
def test_our_folders_are_read_by_pattern_and_by_folder_without_the_card(tree: Tree, wanted: str) -> None:
    folder = tree.folder / "data"
    files = {split: f"{folder}/{split}/*" for split in tree.sizes}
    data = datasets.load_dataset("parquet", **{wanted: str(folder) if wanted == "data_dir" else files})
    assert sizes_of(data) == tree.sizes


def test_trap_without_the_card_class_names_and_side_tables_are_lost(tree: Tree, tmp_path: Path) -> None:
    bare = shutil.copytree(tree.folder, tmp_path / "bare", ignore=shutil.ignore_patterns("README.md"))
    data = datasets.load_dataset(str(bare))
    assert sizes_of(data) == tree.sizes
    assert not hasattr(data["train"].features["primary_label"], "names")
    with pytest.raises(ValueError, match="'labels' not found"):
        datasets.load_dataset(str(bare), "labels")


def test_trap_datasets_opens_pictures_by_path_but_not_by_file_address(tree: Tree) -> None:
    data = datasets.load_dataset(str(tree.folder), split="train")
    with pytest.raises(FileNotFoundError):
        data.cast_column("image_uri", datasets.Image())[0]
    uris = [uri and uri.removeprefix("file://") for uri in data["image_uri"]]
    paths = data.remove_columns("image_uri").add_column("image", uris).cast_column("image", datasets.Image())
    for row in paths:
        n = number_of(row["image_id"])
        assert row["image"] is None if n == NOWHERE else row["image"].getpixel((0, 0)) == colour_of(n)


def two_trees_of_one_name(tree: Tree, folder: Path, cards: tuple[str, str]) -> list[dict[str, int]]:
    """Rows that are read of a whole tree, then of one that lacks a file, both called `tree`, by one cache."""
    found = []
    for name, card in zip("ab", cards, strict=True):
        copy = shutil.copytree(tree.folder, folder / name / "tree")
        (copy / "README.md").write_text(card, encoding="utf-8")
        if name == "b":
            sorted(copy.glob("data/train/*"))[0].unlink()
        found.append(sizes_of(datasets.load_dataset(str(copy))))
    return found


def card_of(tree: Tree, description: str | None) -> str:
    """The card with this description of the first config, or none."""
    card = re.sub("^  description: .*\n", "", (tree.folder / "README.md").read_text("utf-8"), flags=re.MULTILINE)
    first = "- config_name: default\n"
    return card if description is None else card.replace(first, f"{first}  description: {description}\n", 1)


def test_trap_datasets_takes_a_tree_for_another_of_the_same_folder_name_and_class_names(
    tree: Tree, tmp_path: Path
) -> None:
    first, second = two_trees_of_one_name(tree, tmp_path, (card_of(tree, None), card_of(tree, None)))
    assert second == first == tree.sizes  # though the second lacks a file


def test_a_description_of_the_run_in_a_config_keeps_two_trees_apart(tree: Tree, tmp_path: Path) -> None:
    first, second = two_trees_of_one_name(tree, tmp_path, (card_of(tree, "run a"), card_of(tree, "run b")))
    assert first == tree.sizes
    assert second["train"] < first["train"]


def test_our_trees_of_two_runs_are_kept_apart(tree: Tree, tmp_path: Path) -> None:
    card = (tree.folder / "README.md").read_text(encoding="utf-8")
    other = card.replace("2025-01-02", "2025-01-03").replace("0123456789abcdef", "fedcba9876543210")
    first, second = two_trees_of_one_name(tree, tmp_path, (card, other))
    assert second["train"] < first["train"]


# torch


def test_repeat_factor_as_weights_shows_each_label_as_often_as_expected(tree: Tree) -> None:
    data = datasets.load_dataset(str(tree.folder), split="train")
    weights = list(data["repeat_factor"])
    draws = 20 * round(sum(weights))
    sampler = WeightedRandomSampler(weights, draws, generator=torch.Generator().manual_seed(0))
    # Rows have different numbers of labels: the usual way to stack them fails.
    loader = DataLoader(
        data, batch_size=64, sampler=sampler, collate_fn=lambda rows: [row["label_ids"] for row in rows]
    )
    shown = collections.Counter(label for batch in loader for labels in batch for label in labels)
    total = sum(weights)
    for label in range(9):
        here = [weight for weight, labels in zip(weights, data["label_ids"], strict=True) if label in labels]
        rate = sum(here) / total
        assert abs(shown[label] - draws * rate) <= 3 * math.sqrt(draws * rate * (1 - rate)), NAMES[label]
        if label >= 5 and here:  # at least 1.6 times as often as all images alike would show it, and beyond chance
            even = len(here) / len(weights)
            assert shown[label] > 1.6 * draws * even + 3 * math.sqrt(draws * even * (1 - even)), NAMES[label]
    assert shown[9] == 0


def test_trap_torch_stacks_no_lists_of_labels_but_all_columns_of_one_value(tree: Tree) -> None:
    data = datasets.load_dataset(str(tree.folder), split="train").with_format("torch")
    with pytest.raises(Exception, match=r"(stack expects each tensor|should be of equal size|same size)"):
        next(iter(DataLoader(data, batch_size=64)))
    columns = [name for name in data.column_names if not name.startswith("label_")]
    batch = next(iter(DataLoader(data.select_columns(columns), batch_size=64)))
    assert batch["primary_label"].dtype == torch.int64
    assert batch["keep_prob"].shape == (64,)
    assert len(batch["image_uri"]) == 64


def test_the_snippets_of_the_card_run_as_they_stand(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "path/to/this").mkdir(parents=True)
    (tmp_path / "path/to/this/folder").symlink_to(tree.folder)
    monkeypatch.chdir(tmp_path)
    card = (tree.folder / "README.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    assert len(snippets) == 6
    names: dict[str, Any] = {}
    for snippet in snippets:
        exec(snippet, names)
    train = tree.of("train")
    capped = {image for image, row in train.items() if row["sample_u"] < row["keep_prob"]}
    assert set(names["capped"]["image_id"]) == capped
    assert 0 < len(capped) < len(train)
    assert len(list(names["sampler"])) == round(sum(row["repeat_factor"] for row in train.values()))
    assert {row["image_id"] for row in names["rows"]} <= set(train)
    assert names["class_weight"].shape == (len(NAMES),)
    assert names["class_weight"][-1] == 0


# Croissant


def test_croissant_is_without_errors_and_yields_every_row_of_every_table(tree: Tree) -> None:
    found = mlcroissant.Dataset(jsonld=tree.folder / "croissant.json")
    assert not found.metadata.ctx.issues.errors
    tables = {table.id: list(found.records(table.id)) for table in found.metadata.record_sets}
    assert {name: len(rows) for name, rows in tables.items()} == {**COUNTS, "manifest": len(tree.rows)}

    def plain(value: Any) -> Any:  # texts come as bytes
        return value.decode() if isinstance(value, bytes) else value

    rows = [{key.partition("/")[2]: plain(value) for key, value in row.items()} for row in tables["manifest"]]
    assert by_image(rows) == tree.rows
    assert [row["labels/name"].decode() for row in tables["labels"]] == NAMES


# DuckDB and Polars

EXPECTED = {name: math.ceil(400 / 2**label) for label, name in enumerate(NAMES[:-1])}


def test_duckdb_unnests_labels_and_joins_their_names(tree: Tree) -> None:
    data, labels = f"{tree.folder}/data/*/*.parquet", f"{tree.folder}/labels/*.parquet"
    sizes = duckdb.sql(f"SELECT split, count(*) FROM '{data}' GROUP BY split").fetchall()
    assert dict(sizes) == tree.sizes
    counts = duckdb.sql(
        f"""SELECT name, any_value(images), count(*), min(confidence)
        FROM (SELECT unnest(label_ids) AS label_id, unnest(label_confidences) AS confidence FROM '{data}')
        JOIN '{labels}' USING (label_id) GROUP BY name"""
    ).fetchall()
    assert {name: seen for name, _, seen, _ in counts} == EXPECTED
    assert all(images == seen for _, images, seen, _ in counts)
    assert {name: least for name, *_, least in counts} == {name: 0.25 + i / 16 for i, name in enumerate(EXPECTED)}
    capped = duckdb.sql(f"SELECT count(*) FROM '{data}' WHERE sample_u < keep_prob").fetchall()
    assert capped == [(sum(row["sample_u"] < row["keep_prob"] for row in tree.rows.values()),)]


def test_polars_explodes_labels_and_joins_their_names(tree: Tree) -> None:
    data = pl.scan_parquet(f"{tree.folder}/data/*/*.parquet")
    assert dict(data.group_by("split").len().collect().iter_rows()) == tree.sizes
    labels = pl.scan_parquet(f"{tree.folder}/labels/*.parquet")
    pairs = data.select("label_ids", "label_confidences").explode("label_ids", "label_confidences")
    joined = pairs.join(labels, left_on="label_ids", right_on="label_id")
    counts = joined.group_by("name").agg(pl.len(), pl.col("images").first()).collect()
    assert {name: seen for name, seen, _ in counts.iter_rows()} == EXPECTED
    assert all(seen == images for _, seen, images in counts.iter_rows())
    assert data.collect_schema()["label_ids"] == pl.List(pl.Int32)
