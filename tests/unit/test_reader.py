import collections
import itertools
import json
import math
import pickle
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.manifest.reader import ManifestReader, as_torch_dataset, draws, targets
from pipeline.manifest.reader.row_groups import Group, Split
from pipeline.runtime.errors import ConfigError, InputError, RunError


def write_tree(folder: Path, files: list[int], group_rows: int = 7, seed: int = 0) -> Path:
    """A tree whose train files have so many rows."""
    random = np.random.default_rng(seed)
    n = sum(files)
    table = pa.table(
        {
            "image_id": [f"i{i}" for i in range(n)],
            "label_ids": pa.array([list(range(1 + i % 3)) for i in range(n)], pa.list_(pa.int32())),
            "keep_prob": random.choice([0.1, 0.5, 1.0], n),
            "repeat_factor": random.choice([1.0, 1.5, 2.25], n),
            "sample_u": random.integers(0, 1 << 53, n) / (1 << 53),
        }
    )
    place = folder / "data" / "train"
    place.mkdir(parents=True)
    start = 0
    for i, rows in enumerate(files):
        pq.write_table(table.slice(start, rows), place / f"part-{i}.parquet", row_group_size=group_rows)
        start += rows
    (folder / "run.json").write_text(json.dumps({"run_id": "r1"}))
    return folder


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tree(tmp_path_factory.mktemp("trees") / "r1", [40, 33, 0, 27]))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tree(tmp_path_factory.mktemp("trees") / "large", [10_000, 10_000], group_rows=3_000))


def ids(reader: ManifestReader) -> list[str]:
    return [row["image_id"] for row in reader]


def rows_of(folder: str) -> pa.Table:
    return pq.read_table(f"{folder}/data/train")


@pytest.mark.parametrize("sampling", ["all", "keep", "repeat", "both"])
@pytest.mark.parametrize("world", [1, 3, 13, 200])
def test_ranks_together_show_what_one_alone_does_and_share_no_row(tree: str, sampling: str, world: int) -> None:
    alone = collections.Counter(ids(ManifestReader(tree, sampling=sampling)))
    shards = [ids(ManifestReader(tree, sampling=sampling, rank=k, world=world, buffer_rows=5)) for k in range(world)]
    together = collections.Counter(image for shard in shards for image in shard)
    assert together == alone
    assert sum(len(set(shard)) for shard in shards) == len(alone)  # disjoint
    if sampling == "all":
        assert alone == collections.Counter(rows_of(tree)["image_id"].to_pylist())
        assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_the_fixed_draw_is_the_published_one_in_every_epoch(tree: str) -> None:
    rows = rows_of(tree)
    expected = {
        image
        for image, u, keep in zip(*(rows[n].to_pylist() for n in ("image_id", "sample_u", "keep_prob")), strict=True)
        if u < keep
    }
    reader = ManifestReader(tree, sampling="keep", draw="fixed", seed=5)
    orders = []
    for epoch in (0, 1, 2):
        reader.set_epoch(epoch)
        orders.append(ids(reader))
        assert sorted(orders[-1]) == sorted(expected)
    assert orders[0] != orders[1] != orders[2]
    assert set(ids(ManifestReader(tree, sampling="keep"))) == expected  # and epoch 0 of seed 0


def test_epochs_and_seeds_draw_independently_and_each_within_three_sigma(large: str) -> None:
    keep = dict(zip(*(rows_of(large)[name].to_pylist() for name in ("image_id", "keep_prob")), strict=True))
    half = sorted(image for image, p in keep.items() if p == 0.5)
    expected = sum(keep.values())
    sigma = math.sqrt(sum(p * (1 - p) for p in keep.values()))
    shown = []
    for seed, epoch in ((0, 0), (0, 1), (1, 0), (1, 1)):
        reader = ManifestReader(large, sampling="keep", seed=seed)
        assert reader.expected_rows() == pytest.approx(expected)
        reader.set_epoch(epoch)
        found = ids(reader)
        assert abs(len(found) - expected) < 3 * sigma
        shown.append(np.isin(half, found))
    for a in range(4):
        for b in range(a):
            both = (shown[a] & shown[b]).mean()
            assert abs(both - 0.25) < 4 * math.sqrt(0.25 * 0.75 / len(half))


def test_ranks_together_show_what_is_expected_within_three_sigma(large: str) -> None:
    rows = rows_of(large)
    keep, repeat = (rows[name].to_numpy() for name in ("keep_prob", "repeat_factor"))
    over = repeat - np.floor(repeat)
    square = keep * (repeat**2 + over * (1 - over))
    sigma = math.sqrt((square - (keep * repeat) ** 2).sum())
    found = sum(len(ids(ManifestReader(large, rank=k, world=4, seed=3))) for k in range(4))
    reader = ManifestReader(large, rank=0, world=4, seed=3)
    assert reader.expected_rows() == pytest.approx((keep * repeat).sum())
    assert abs(found - reader.expected_rows()) < 3 * sigma


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=50), st.floats(0, 1), st.floats(0, 1))
def test_what_is_kept_at_some_chance_is_kept_at_any_larger_one(u: list[float], keep: float, more: float) -> None:
    low, high = min(keep, more), max(keep, more)
    one = np.ones(len(u))
    few, many = (draws.times_shown(np.array(u), one * p, one, one * 0.5) for p in (low, high))
    assert (few <= many).all()


def test_a_fraction_of_repeats_is_drawn_apart_from_keeping() -> None:
    u = np.random.default_rng(0).integers(0, 1 << 53, 100_000) / (1 << 53)
    kept, repeated = (draws.unit(draws.mix(u, draws.key_of(what, 0, 1))) for what in ("keep", "repeat"))
    assert abs(np.corrcoef(kept, repeated)[0, 1]) < 3 / math.sqrt(len(u))
    times = draws.times_shown(kept, np.full(len(u), 0.5), np.full(len(u), 2.25), repeated)
    assert set(times) == {0, 2, 3}
    assert times.mean() == pytest.approx(0.5 * 2.25, abs=0.015)


@settings(deadline=None, max_examples=40)
@given(
    files=st.lists(st.integers(0, 25), min_size=1, max_size=4).filter(any),
    group=st.integers(1, 9),
    world=st.integers(1, 4),
    buffer=st.integers(1, 30),
    sampling=st.sampled_from(["all", "both"]),
    epoch=st.integers(0, 2),
    batch=st.integers(1, 11),
)
def test_going_on_from_anywhere_equals_reading_through(
    tmp_path_factory: pytest.TempPathFactory, batch: int, files: list[int], group: int, epoch: int, **how: Any
) -> None:
    folder = str(write_tree(tmp_path_factory.mktemp("resumed") / "r1", files, group))
    options = {
        "world": how["world"],
        "rank": how["world"] - 1,
        "sampling": how["sampling"],
        "buffer_rows": how["buffer"],
    }
    reader = ManifestReader(folder, **options)
    reader.set_epoch(epoch)
    rows, states = [], [reader.state_dict()]
    for row in reader:
        rows.append(row)
        states.append(json.loads(json.dumps(reader.state_dict())))
    for place in sorted({0, len(rows) // 3, len(rows) // 2, len(rows)}):
        again = ManifestReader(folder, **options)
        again.load_state_dict(states[place])
        assert list(again) == rows[place:]
    reader.set_epoch(epoch)
    seen = []
    for found in reader.batches(batch):
        seen += found.to_pylist()
        assert found.num_rows == batch or len(seen) == len(rows)
        again = ManifestReader(folder, **options)
        again.load_state_dict(reader.state_dict())
        assert [row for rest in again.batches(batch) for row in rest.to_pylist()] == rows[len(seen) :]
    assert seen == rows


def test_going_on_does_not_read_what_was_read(large: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = ManifestReader(large, sampling="all", buffer_rows=1_000)
    rows = iter(reader)
    for _ in range(18_500):
        next(rows)
    again = ManifestReader(large, sampling="all", buffer_rows=1_000)
    again.load_state_dict(reader.state_dict())
    read, read_group = [], Split.read

    def counted(split: Split, group: Group, columns: Sequence[str]) -> pa.Table:
        read.append(group.rows)
        return read_group(split, group, columns)

    monkeypatch.setattr(Split, "read", counted)
    assert len(list(again)) == 1_500
    assert sum(read) <= 6_000  # one or two row groups of 20,000 rows


def test_a_state_of_other_settings_is_refused(tree: str, large: str) -> None:
    state = ManifestReader(tree, rank=1, world=2).state_dict()
    for other, message in (
        (ManifestReader(tree, rank=0, world=2), "the state is of shard = 1, this reader has 0"),
        (ManifestReader(tree, rank=1, world=2, seed=1), "seed = 0, this reader has 1"),
        (ManifestReader(large, rank=1, world=2), "num_rows = 100, this reader has 20000"),
    ):
        with pytest.raises(ConfigError, match=message):
            other.load_state_dict(state)


def test_copies_of_a_row_do_not_stand_together(large: str) -> None:
    shown = ids(ManifestReader(large, sampling="repeat"))
    together = sum(a == b for a, b in itertools.pairwise(shown))
    assert together < 10  # by chance about 2 of 30,000


def test_only_the_asked_columns_come_and_batches_have_the_asked_rows(tree: str) -> None:
    reader = ManifestReader(tree, columns=["label_ids", "image_id"], sampling="all", buffer_rows=9)
    sizes = []
    for batch in reader.batches(32):
        assert batch.schema.names == ["label_ids", "image_id"]
        sizes.append(batch.num_rows)
    assert sizes == [32, 32, 32, 4]


def test_targets_share_1_among_the_labels_of_an_image() -> None:
    found = targets(pa.array([[2], [0, 3], [], [1, 2, 3]], pa.list_(pa.int32())), 4)
    third = np.float32(1 / 3)
    assert found.tolist() == [[0, 0, 1, 0], [0.5, 0, 0, 0.5], [0, 0, 0, 0], [0, third, third, third]]
    assert found.dtype == np.float32
    sliced = pa.array([[1], [2], [0, 3]], pa.list_(pa.int32())).slice(1)
    assert targets(sliced, 4).tolist() == [[0, 0, 1, 0], [0.5, 0, 0, 0.5]]


def test_an_empty_split_gives_nothing(tmp_path: Path) -> None:
    reader = ManifestReader(str(write_tree(tmp_path / "r1", [0])))
    assert list(reader) == []
    assert reader.expected_rows() == 0
    assert list(reader.batches(4)) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sampling": "some"}, "sampling = 'some' must be one of all, keep"),
        ({"draw": "never"}, "draw = 'never' must be one of"),
        ({"rank": 2, "world": 2}, r"rank = 2 must be in \[0, 2\)"),
        ({"columns": ["pixels"]}, "no column 'pixels'; there are: image_id"),
        ({"buffer_rows": 0}, "buffer_rows = 0"),
    ],
)
def test_impossible_arguments_are_named(tree: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ManifestReader(tree, **arguments)


def test_a_tree_that_is_not_complete_and_a_split_that_is_not_there_are_named(tree: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no split 'test'"):
        ManifestReader(tree, split="test")
    torn = write_tree(tmp_path / "r1", [3])
    (torn / "run.json").unlink()
    with pytest.raises(RunError, match="no complete manifest"):
        ManifestReader(str(torn))


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_of_a_torch_loader_share_the_rows_of_their_rank(tree: str, workers: int) -> None:
    from torch.utils.data import DataLoader

    dataset = as_torch_dataset(ManifestReader(tree, rank=1, world=2, sampling="all"))
    found = []
    for epoch in (0, 1):
        dataset.set_epoch(epoch)  # type: ignore[attr-defined]
        loader = DataLoader(dataset, batch_size=8, num_workers=workers, collate_fn=list)
        found.append(sorted(row["image_id"] for batch in loader for row in batch))
    assert len(found[0]) == 50
    assert found[0] != found[1]  # another order of groups gives the rank other rows
    first = ManifestReader(tree, rank=0, world=2, sampling="all")
    assert not set(found[0]) & set(ids(first))


def test_a_reader_can_be_sent_to_another_process(tree: str) -> None:
    reader = pickle.loads(pickle.dumps(ManifestReader(tree, seed=2)))
    assert ids(reader) == ids(ManifestReader(tree, seed=2))


def test_neither_torch_nor_spark_is_needed(tree: str) -> None:
    code = f"""
import sys
import time
sys.modules.update(dict.fromkeys(("torch", "pyspark", "py4j")))
from pipeline.manifest.reader import ManifestReader, as_torch_dataset
reader = ManifestReader({tree!r}, sampling="all")
assert len(list(reader)) == 100
try:
    as_torch_dataset(reader)
except Exception as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "needs torch, and it is not installed" in done.stdout


def test_epoch_0_of_seed_0_shows_what_the_fixed_draw_shows_repeats_included(large: str) -> None:
    drawn = collections.Counter(ids(ManifestReader(large)))
    assert drawn == collections.Counter(ids(ManifestReader(large, draw="fixed")))
    assert drawn != collections.Counter(ids(ManifestReader(large, seed=1)))


def test_rows_that_were_read_but_not_handed_out_are_not_lost_where_reading_fails(
    large: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reader() -> ManifestReader:
        return ManifestReader(large, sampling="all", buffer_rows=1_000)

    read, calls = Split.read, itertools.count(1)

    def failing(split: Split, group: Group, columns: Sequence[str]) -> pa.Table:
        if next(calls) == 3:
            raise OSError("away for a moment")
        return read(split, group, columns)

    monkeypatch.setattr(Split, "read", failing)
    broken = reader()
    seen: list[str] = []
    batches = (batch["image_id"].to_pylist() for batch in broken.batches(300))  # of blocks of 1,000: some rows wait
    with pytest.raises(OSError, match="away"):
        seen.extend(image for batch in batches for image in batch)
    monkeypatch.undo()
    again = reader()
    again.load_state_dict(broken.state_dict())
    assert seen
    assert seen + ids(again) == ids(reader())


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_that_live_on_read_the_next_epoch(tree: str, method: str) -> None:
    from torch.utils.data import DataLoader

    dataset = as_torch_dataset(ManifestReader(tree, sampling="all"))
    how: dict[str, Any] = {"multiprocessing_context": method, "persistent_workers": True, "collate_fn": list}
    loader = DataLoader(dataset, batch_size=8, num_workers=2, **how)
    found = []
    for epoch in (0, 1):
        dataset.set_epoch(epoch)  # type: ignore[attr-defined]
        found.append([row["image_id"] for batch in loader for row in batch])
    assert sorted(found[0]) == sorted(found[1]) == sorted(rows_of(tree)["image_id"].to_pylist())
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epoch": None}, "epoch = None"),
        ({"block": -1}, "block = -1"),
        ({"block": 2}, "block below 2"),
        ({"block": "0"}, "block = '0'"),
        ({"done": -1}, "done = -1"),
        ({"done": 10**9}, "row 1000000000 of a block of"),
    ],
)
def test_a_state_that_is_no_place_of_the_reader_is_refused(large: str, changed: dict[str, Any], message: str) -> None:
    reader = ManifestReader(large)

    def go_on() -> None:
        reader.load_state_dict({**reader.state_dict(), **changed})
        next(iter(reader))  # how many rows a block shows is known when it is drawn

    with pytest.raises(ConfigError, match=message):
        go_on()


def test_a_state_of_another_run_is_refused(tmp_path: Path) -> None:
    state = ManifestReader(str(write_tree(tmp_path / "r1", [9]))).state_dict()
    other = write_tree(tmp_path / "r2", [9])
    (other / "run.json").write_text(json.dumps({"run_id": "r2"}))
    with pytest.raises(ConfigError, match="made_by = 'r1', this reader has 'r2'"):
        ManifestReader(str(other)).load_state_dict(state)


def test_damaged_and_foreign_files_are_named(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "r1", [30, 30])
    last = tree / "data/train/part-1.parquet"
    opened = ManifestReader(str(tree))
    whole = last.read_bytes()
    last.write_bytes(whole[:-50])
    for read in (lambda: ManifestReader(str(tree)), lambda: list(opened)):
        with pytest.raises(RunError, match=r"part-1\.parquet: not readable"):
            read()
    pq.write_table(pa.table({"pixels": [1]}), last)
    with pytest.raises(RunError, match=r"part-1\.parquet: has columns pixels, expected image_id, label_ids"):
        ManifestReader(str(tree))
    (tree / "run.json").write_text("{}")
    with pytest.raises(RunError, match=r"run\.json: no run_id"):
        ManifestReader(str(tree))


@pytest.mark.parametrize("split", ["", ".", "..", "train/../train", "../data/train"])
def test_a_split_is_a_name_and_no_path(tree: str, split: str) -> None:
    with pytest.raises(RunError, match="no split"):
        ManifestReader(tree, split=split)


def test_the_epoch_that_is_expected_is_read_once(tree: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = ManifestReader(tree)
    expected = reader.expected_rows()
    monkeypatch.delattr(Split, "read")
    assert reader.expected_rows() == expected


def test_no_group_is_held_while_the_next_one_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, group = 40_000, 10_000
    place = tmp_path / "data" / "train"
    place.mkdir(parents=True)
    (tmp_path / "run.json").write_text(json.dumps({"run_id": "r1"}))
    one = np.ones(rows)
    wide = pa.table(
        {"image_id": [f"{i:0200d}" for i in range(rows)], "keep_prob": one, "repeat_factor": one, "sample_u": one / 2}
    )
    pq.write_table(wide, place / "part-0.parquet", row_group_size=group)
    size = wide.slice(0, group).nbytes
    del wide
    held, read = [], Split.read

    def watched(split: Split, group: Group, columns: Sequence[str]) -> pa.Table:
        for _ in range(200):  # Arrow's threads may give a group back late; what a reader holds stays
            if pa.total_allocated_bytes() - before < size / 2:
                break
            time.sleep(0.05)
        held.append(pa.total_allocated_bytes() - before)
        return read(split, group, columns)

    monkeypatch.setattr(Split, "read", watched)
    before = pa.total_allocated_bytes()
    for _ in ManifestReader(str(tmp_path), sampling="all", buffer_rows=768).batches(64):  # blocks across two groups
        pass
    assert len(held) == 4
    assert max(held) < size / 2


@pytest.mark.parametrize(("label", "message"), [(4, "from 4 to 4, but classes = 4"), (-1, "from -1 to -1")])
def test_targets_of_labels_that_are_not_in_the_class_map_are_refused(label: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        targets(pa.array([[label]], pa.list_(pa.int32())), 4)
