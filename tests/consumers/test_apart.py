"""A published tree as libraries see it that need an environment of their own: img2dataset, timm, MosaicML streaming.

`python tests/consumers/environments.py` makes the environments; tests whose environment is not there are skipped.
"""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).parent))  # scripts, no package

from environments import PACKAGES, is_ready, python_of
from trees import NAMES, NOWHERE, Tree, colour_of, number_of, write_pictures, write_small_tree

LISTS = ["label_ids", "label_confidences", "label_sources"]
SCALARS = ["image_id", "primary_label", "keep_prob", "repeat_factor", "sample_u", "split"]


def needs(name: str) -> pytest.MarkDecorator:
    reason = f"no environment {name} of today's packages: run python tests/consumers/environments.py {name}"
    return pytest.mark.skipif(not is_ready(name), reason=reason)


def run(name: str, *arguments: object) -> dict[str, Any]:
    """What a script prints that the environment `name` runs: its last line, JSON."""
    script = Path(__file__).parent / f"read_{name}.py"
    # Neither may look for a newer release of itself, nor anything else, outside this machine.
    apart = {**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1", "WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1"}
    command = [str(python_of(name)), str(script), *map(str, arguments)]
    done = subprocess.run(command, env=apart, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    pins = dict(package.split("==") for packages in PACKAGES[name] for package in packages if "==" in package)
    for package, version in pins.items():
        assert found["versions"].get(package, version).partition("+")[0] == version
    return found


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "png"
    write_pictures(folder)
    return folder


@pytest.fixture(scope="module")
def served(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Iterator[Tree]:
    """A tree whose pictures a server on this machine has."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(pictures)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    yield write_small_tree(spark, tmp_path_factory.mktemp("served") / "tree", address)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def local(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Tree:
    """A tree whose pictures are named by path."""
    return write_small_tree(spark, tmp_path_factory.mktemp("local") / "tree", str(pictures))


@pytest.fixture(scope="module")
def shards(served: Tree, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Shards that img2dataset made of the training split, and what it said."""
    out = tmp_path_factory.mktemp("shards")
    return out, run("img2dataset", served.folder / "data" / "train", out, *SCALARS, *LISTS)


def with_addresses(folder: Path) -> None:
    """Make file addresses of the paths of a tree's pictures."""
    for path in folder.rglob("*.parquet"):
        table = pq.ParquetFile(path).read()
        if "image_uri" in table.column_names:
            place = table.column_names.index("image_uri")
            uris = pc.binary_join_element_wise("file://", table["image_uri"], "")
            pq.write_table(table.set_column(place, "image_uri", uris), path)


# img2dataset


@needs("img2dataset")
def test_img2dataset_downloads_the_training_split_as_it_is(served: Tree, shards: tuple[Path, dict[str, Any]]) -> None:
    _, found = shards
    rows = served.of("train")
    assert found["rows"] == len(rows)
    assert found["members"] == [".json", ".png"]  # a tree has no captions, and needs none
    assert found["shards"] >= len(list(served.folder.glob("data/train/*.parquet"))) > 1  # no shard has two files' rows
    there = {image for image, row in rows.items() if row["image_uri"] is not None}
    assert {sample["image_id"] for sample in found["samples"]} == there
    assert all(sample["status"] == "success" for sample in found["samples"])


@needs("img2dataset")
def test_img2dataset_hands_on_every_column_and_lists_too(served: Tree, shards: tuple[Path, dict[str, Any]]) -> None:
    _, found = shards
    for sample in found["samples"]:
        row = served.rows[sample["image_id"]]
        assert {name: sample[name] for name in [*SCALARS, *LISTS]} == {name: row[name] for name in [*SCALARS, *LISTS]}
        assert sample["url"] == row["image_uri"]
    assert found["types"]["label_ids"].startswith("list<element: int32")
    assert found["types"]["label_confidences"].startswith("list<element: float")


@needs("img2dataset")
def test_img2dataset_counts_an_image_without_address_as_not_downloaded(
    served: Tree, shards: tuple[Path, dict[str, Any]]
) -> None:
    _, found = shards
    nowhere = [image for image, row in served.of("train").items() if row["image_uri"] is None]
    assert [number_of(image) for image in nowhere] == [NOWHERE]
    assert found["failed"] == {nowhere[0]: "unknown url type: 'None'"}


@needs("img2dataset")
def test_trap_img2dataset_opens_file_addresses_but_no_paths(local: Tree, tmp_path: Path) -> None:
    folder = shutil.copytree(local.folder / "data" / "validation", tmp_path / "paths")
    found = run("img2dataset", folder, tmp_path / "none", "image_id")
    assert not found["samples"]
    assert all(reason.startswith("unknown url type") for reason in found["failed"].values())
    with_addresses(folder)
    found = run("img2dataset", folder, tmp_path / "all", "image_id")
    assert {sample["image_id"] for sample in found["samples"]} == set(local.of("validation"))


# timm


@pytest.fixture(scope="module")
def timm(local: Tree, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run("timm", "tree", local.folder, tmp_path_factory.mktemp("timm"))


@needs("timm")
def test_timm_finds_splits_class_names_pictures_and_targets(local: Tree, timm: dict[str, Any]) -> None:
    assert timm["rows"] == local.sizes
    assert timm["names"] == {name: i for i, name in enumerate(NAMES)}
    there = {image: row for image, row in local.of("train").items() if row["image_uri"] is not None}
    assert timm["pixels"] == {
        image: [*colour_of(number_of(image)), row["primary_label"]] for image, row in there.items()
    }


@needs("timm")
def test_timm_takes_the_class_map_as_it_is(local: Tree, timm: dict[str, Any]) -> None:
    assert timm["mapped"] == timm["names"]
    assert timm["mapped_targets"] == {image: row["primary_label"] for image, row in local.of("train").items()}


@needs("timm")
def test_timm_trains_on_several_labels_an_image(local: Tree, timm: dict[str, Any]) -> None:
    rows = local.of("validation").values()
    batches = [min(16, len(rows) - start) for start in range(0, len(rows), 16)]
    assert timm["shapes"] == [[[n, 3, 8, 8], [n, len(NAMES)]] for n in batches]
    seen = Counter(label for row in rows for label in row["label_ids"])
    assert timm["many"] == [seen[label] for label in range(len(NAMES))]


@needs("timm")
def test_trap_timm_stops_at_an_image_without_address(timm: dict[str, Any]) -> None:
    assert timm["nowhere"].startswith("TypeError")


@needs("timm")
def test_trap_timm_opens_paths_but_no_file_addresses(local: Tree, tmp_path: Path) -> None:
    folder = shutil.copytree(local.folder, tmp_path / "addresses")
    with_addresses(folder)
    assert run("timm", "first", local.folder, tmp_path / "cache")["error"] == ""
    assert "Failed to load" in run("timm", "first", folder, tmp_path / "cache")["error"]


@needs("timm")
def test_trap_timm_without_the_card_has_targets_but_no_class_names(local: Tree, tmp_path: Path) -> None:
    shutil.copytree(local.folder / "data", tmp_path / "bare/data")
    assert run("timm", "names", tmp_path / "bare", tmp_path / "cache")["names"] == {}


@needs("timm")
@needs("img2dataset")
@pytest.mark.parametrize("key", ["primary_label", "label_ids"])
def test_timm_reads_the_shards_of_img2dataset(
    served: Tree, shards: tuple[Path, dict[str, Any]], tmp_path: Path, key: str
) -> None:
    folder, said = shards
    files = sorted(path.name for path in folder.glob("*.tar"))
    pattern = f"{{{files[0].removesuffix('.tar')}..{files[-1].removesuffix('.tar')}}}.tar"
    found = run("timm", "shards", folder, pattern, len(said["samples"]), key)
    expected = [row[key] for row in served.of("train").values() if row["image_uri"] is not None]
    assert sorted(found["targets"]) == sorted(expected)


# MosaicML streaming


@pytest.fixture(scope="module")
def mosaic(local: Tree, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run("streaming", local.folder, tmp_path_factory.mktemp("mosaic"))


@needs("streaming")
def test_streaming_writes_rows_with_flat_lists_and_reads_the_same(local: Tree, mosaic: dict[str, Any]) -> None:
    there = {image: row for image, row in local.of("train").items() if row["image_uri"] is not None}
    assert mosaic["shards"] > 1
    assert mosaic["left_out"] == 1
    for row in mosaic["rows"]:
        assert row.pop("pixel") == [*colour_of(number_of(row["image_id"]))]
    assert {row["image_id"]: row for row in mosaic["rows"]} == there
    assert mosaic["dtypes"] == {"label_ids": "int32", "label_confidences": "float32", "label_sources": "int32"}


@needs("streaming")
def test_trap_streaming_takes_no_list_of_texts_no_null_and_no_plain_list(mosaic: dict[str, Any]) -> None:
    assert "unsupported" in mosaic["texts"]
    assert "NoneType" in mosaic["null"]
    assert "dtype" in mosaic["plain_list"]
    assert mosaic["texts_as_json"] == ""
