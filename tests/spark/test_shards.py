import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import webdataset
from PIL import Image
from pyspark.sql import DataFrame, SparkSession

from pipeline.manifest.shards.source import ShardWriter, Written
from pipeline.manifest.shards.tar import sample_key
from pipeline.manifest.shards.write import ShardSettings, describe_left_out, write_shards
from pipeline.runtime import failures
from pipeline.runtime.errors import ConfigError, InputError, RunError
from pipeline.runtime.schema import load_schema
from pipeline.stages.shards import read_pictures, recorded_roots, run_shards

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
NAMES = ["shoe", "чай", "red.shoe/left"]
ODD_IDS = ["a.b.png", "a/b/../c", "ü чай 茶", "x" * 200, "", " ", "a\nb"]
LIMIT = 5_000
LEFT_OUT = {"missing": 2, "remote": 1, "outside_roots": 0, "too_large": 1, "unreadable": 1, "not_a_picture": 1}
PICTURES = pa.schema([("image_id", pa.string()), ("bytes", pa.binary())])


def drawn(number: int, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2, 1), (number, 0, 0)).save(out, kind)
    return out.getvalue()


def row_of(image_id: str, uri: str | None, label: int = 0, keep: float = 1.0) -> dict[str, Any]:
    row = {"image_id": image_id, "image_uri": uri, "label_ids": [label, 2], "label_confidences": [0.9, 0.3]}
    given = {"label_sources": [1, 1], "primary_label": label, "keep_prob": keep, "repeat_factor": 1.5}
    return {**row, **given, "sample_u": 0.5, "split": "train"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published manifest, as far as it is read."""
    folder = tmp_path_factory.mktemp("manifest")
    (folder / "class_map.txt").write_text("".join(f"{name}\n" for name in NAMES))
    (folder / "run.json").write_text(json.dumps({"run_id": "r1"}))
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """24 images with pictures, and one or two of each reason why there is none."""
    folder = tmp_path_factory.mktemp("pictures")
    found = []
    for number, image_id in enumerate(ODD_IDS + [f"i{number}" for number in range(15)]):
        path = folder / f"{number} #.dat"
        path.write_bytes(drawn(number))
        found.append(row_of(image_id, path.as_uri(), label=number % 2))
    for image_id, content in (("drawing", SVG), ("photo", drawn(0, "JPEG")), ("text", b"404"), ("huge", SVG * 100)):
        (folder / image_id).write_bytes(content)
        found.append(row_of(image_id, str(folder / image_id)))
    other = [("nowhere", None), ("gone", str(folder / "gone")), ("folder", str(folder)), ("far", "https://a/b.png")]
    return found + [row_of(*item) for item in other]


def table_of(spark: SparkSession, rows: list[dict[str, Any]]) -> DataFrame:
    struct = load_schema("manifest").struct
    return spark.createDataFrame([tuple(row[name] for name in struct.names) for row in rows], struct)


def settings_of(tree: Path, **changed: Any) -> ShardSettings:
    given = {"split": "train", "run_id": "r1", "rows_per_shard": 6, "max_picture_bytes": LIMIT, **changed}
    return ShardSettings(manifest=str(tree), **given)


@pytest.fixture(scope="module")
def written(
    spark: SparkSession, tree: Path, rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("five") / "new"
    return out, write_shards(table_of(spark, rows), None, str(out), settings_of(tree), partitions=5)


def samples(out: Path, record: dict[str, Any], decode: str | None = None) -> Iterator[dict[str, Any]]:
    dataset = webdataset.WebDataset(str(out / record["pattern"]), shardshuffle=False)
    return iter(dataset.decode(decode) if decode else dataset)


def content(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_webdataset_reads_every_row_with_its_picture_and_labels(
    written: tuple[Path, dict[str, Any]], rows: list[dict[str, Any]]
) -> None:
    out, record = written
    by_id = {row["image_id"]: row for row in rows}
    seen = list(samples(out, record, "pil"))
    assert len(seen) == len(ODD_IDS) + 15 + 2 == record["rows"]
    assert {sample["json"]["image_id"] for sample in seen} == set(by_id) - {
        *("text", "huge", "nowhere", "gone", "folder", "far"),
    }
    for sample in seen:
        row = by_id[sample["json"]["image_id"]]
        assert sample["__key__"] == sample_key(row["image_id"])
        assert sample["cls"] == row["primary_label"]
        assert sample["json"] == {
            **{name: row[name] for name in ("image_id", "image_uri", "label_ids", "label_confidences")},
            "label_names": [NAMES[label] for label in row["label_ids"]],
            **{"keep_prob": 1.0, "repeat_factor": 1.5},
        }
        if row["image_id"] == "drawing":
            assert sample["svg"] == SVG
        elif row["image_id"] == "photo":
            assert sample["jpg"].size == (2, 1)
        else:
            number = int(Path(row["image_uri"]).name.partition("%")[0])
            assert sample["png"].getpixel((0, 0)) == (number, 0, 0)


def test_webdataset_decodes_to_tensors(written: tuple[Path, dict[str, Any]]) -> None:
    shapes = {tuple(sample["png"].shape) for sample in samples(*written, "torchrgb") if "png" in sample}
    assert shapes == {(3, 1, 2)}


def test_the_index_tells_shards_and_reasons(written: tuple[Path, dict[str, Any]]) -> None:
    out, record = written
    names = [shard["name"] for shard in record["shards"]]
    assert names == [f"train-{number:06d}.tar" for number in range(len(names))]
    assert 3 <= len(names) <= 5  # 27 rows have an address that may be read: five are planned
    assert {path.name for path in out.iterdir()} == {*names, "train.json"}
    assert [shard["bytes"] for shard in record["shards"]] == [(out / name).stat().st_size for name in names]
    assert record["left_out"] == LEFT_OUT
    assert {name: record[name] for name in ("run_id", "split", "classes")} == {
        **{"run_id": "r1", "split": "train", "classes": 3},
    }
    assert json.loads((out / "train.json").read_text()) == record
    assert record["bytes"] == sum(shard["bytes"] for shard in record["shards"])
    assert "1 remote (they are not fetched: img2dataset" in describe_left_out(record)


def test_bytes_do_not_depend_on_partitions_or_the_order_of_rows(
    spark: SparkSession, tree: Path, rows: list[dict[str, Any]], written: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    write_shards(table_of(spark, rows[::-1]).coalesce(1), None, str(tmp_path), settings_of(tree), partitions=1)
    assert content(tmp_path) == content(written[0])


def test_a_split_that_is_there_is_refused_and_another_is_written_beside_it(
    spark: SparkSession, tree: Path, rows: list[dict[str, Any]], written: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    for name in ("train.json", "train-000003.tar"):
        (tmp_path / name).touch()
        with pytest.raises(RunError, match=rf"{name}: the split is there"):
            write_shards(table_of(spark, rows), None, str(tmp_path), settings_of(tree))
        (tmp_path / name).unlink()
    with pytest.raises(RunError, match="a folder is needed"):
        write_shards(table_of(spark, rows), None, str(tree / "run.json"), settings_of(tree))
    for name in ("train.tar", "train-a.tar", "xtrain.json", "trains-000000.tar"):
        (tmp_path / name).touch()
    empty = write_shards(table_of(spark, []), None, str(tmp_path), settings_of(tree, split="validation"))
    assert (empty["rows"], empty["shards"], empty["pattern"]) == (0, [], None)
    write_shards(table_of(spark, rows[:3]), None, str(tmp_path), settings_of(tree))


def test_pictures_of_a_table_go_before_files_and_the_cap_is_kept(
    spark: SparkSession, tree: Path, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    pictures = {"far": drawn(200), "i1": drawn(201), "i2": None, "gone": SVG * 100, "text": b"", "unknown": drawn(9)}
    path = tmp_path / "pictures.parquet"
    pq.write_table(pa.table([list(pictures), list(pictures.values())], schema=PICTURES), path)
    capped = row_of("capped", "https://a/b.png", keep=0.5)
    table = table_of(spark, [*rows, capped])
    record = write_shards(
        table, read_pictures(spark, str(path)), str(tmp_path / "out"), settings_of(tree, sampling="kept")
    )
    assert record["left_out"] == {**LEFT_OUT, "missing": 1, "remote": 0, "too_large": 2}
    assert record["sampling"] == "kept"
    red = {
        sample["json"]["image_id"]: sample["png"].getpixel((0, 0))[0]
        for sample in samples(tmp_path / "out", record, "pil")
        if "png" in sample
    }
    assert {name: red[name] for name in ("far", "i1", "i2")} == {"far": 200, "i1": 201, "i2": len(ODD_IDS) + 2}
    assert not {"capped", "unknown"} & set(red)


def test_pictures_outside_the_roots_are_counted_and_never_opened(
    spark: SparkSession, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("in/a.svg", "out.svg"):
        (tmp_path / name).write_bytes(SVG)
    (tmp_path / "in" / "link.svg").symlink_to(tmp_path / "out.svg")
    names = ["in/a.svg", "in/link.svg", "out.svg"]
    table = table_of(spark, [row_of(name, (tmp_path / name).as_uri()) for name in names])
    monkeypatch.chdir(tmp_path)  # workers are elsewhere
    record = write_shards(table, None, str(tmp_path / "o"), settings_of(tree, allowed_roots=("in",)))
    assert (record["rows"], record["left_out"]["outside_roots"]) == (1, 2)
    assert "2 outside_roots (they are not opened" in describe_left_out(record)
    given = spark.createDataFrame([("out.svg", SVG)], "image_id string, bytes binary")
    record = write_shards(table, given, str(tmp_path / "o2"), settings_of(tree, allowed_roots=("in",)))
    assert (record["rows"], record["left_out"]["outside_roots"]) == (2, 1)  # a table of pictures is the operator's own


def test_the_roots_of_a_manifest_are_those_of_its_run(tree: Path, tmp_path: Path) -> None:
    assert recorded_roots(str(tree)) == ()
    (tmp_path / "run.json").write_text(json.dumps({"config": {"paths": {"allowed_roots": ["/a", "s3a://b"]}}}))
    assert recorded_roots(str(tmp_path)) == ("/a", "s3a://b")


def test_a_task_that_fails_leaves_nothing_and_a_second_try_succeeds(
    spark: SparkSession, tree: Path, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    table = table_of(spark, [*rows, {**rows[0], "image_id": "unnamed", "label_ids": [3]}])
    with pytest.raises(RunError, match=r"^image 'unnamed' has label 3"), failures.raised_by_workers():
        write_shards(table, None, str(tmp_path), settings_of(tree), partitions=5)
    assert content(tmp_path) == {}
    mended = tmp_path / "mended"
    mended.mkdir()
    (mended / "class_map.txt").write_text("".join(f"{name}\n" for name in [*NAMES, "new"]))
    record = write_shards(table, None, str(tmp_path / "out"), settings_of(mended))
    assert record["rows"] + sum(record["left_out"].values()) == len(rows) + 1


def test_a_damaged_table_of_pictures_leaves_nothing(
    spark: SparkSession, tree: Path, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    path, out = tmp_path / "pictures.parquet", tmp_path / "out"
    pq.write_table(pa.table([["far"], [b"x" * 1000]], schema=PICTURES), path, compression="none", use_dictionary=False)
    raw = path.read_bytes()
    page = raw.index(b"xxx") - 30
    path.write_bytes(raw[:page] + b"\xff" * 30 + raw[page + 30 :])
    with pytest.raises(Exception, match="FAILED_READ_FILE"):
        write_shards(table_of(spark, rows), read_pictures(spark, str(path)), str(out), settings_of(tree))
    assert not out.exists() or content(out) == {}


def test_tables_of_pictures_that_cannot_be_used_are_told(
    spark: SparkSession, tree: Path, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no such table of pictures"):
        read_pictures(spark, str(tmp_path / "none.parquet"))
    path = str(tmp_path / "p.parquet")
    pq.write_table(pa.table({"image_id": ["a"], "bytes": ["text"]}), path)
    with pytest.raises(InputError, match="has bytes string, expected a column bytes binary"):
        read_pictures(spark, path)
    pq.write_table(pa.table({"image_id": ["a"], "picture": [b""]}), path)
    with pytest.raises(InputError, match="has only image_id, picture, expected a column bytes binary"):
        read_pictures(spark, path)
    twice = spark.createDataFrame([("i1", b"a"), ("i1", b"a")], "image_id string, bytes binary")
    with pytest.raises(InputError, match="image_id 'i1' more than once"):
        write_shards(table_of(spark, rows), twice, str(tmp_path / "out"), settings_of(tree))


def test_a_split_without_any_picture_and_one_of_too_many_shards_are_told(
    spark: SparkSession, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_of(spark, [row_of("a", "http://h/a.png"), row_of("b", "http://h/b.png"), row_of("c", None)])
    with pytest.raises(InputError, match=r"none of 3 images has a picture: 1 missing, 2 remote .*img2dataset"):
        write_shards(table, None, str(tmp_path), settings_of(tree))
    assert content(tmp_path) == {}
    monkeypatch.setattr("pipeline.manifest.shards.write._MOST_SHARDS", 1)
    local = table_of(spark, [row_of("a", "/a.png"), row_of("b", "/b.png")])
    with pytest.raises(ConfigError, match=r"2 pictures would make 2 shards"):
        write_shards(local, None, str(tmp_path), settings_of(tree, rows_per_shard=1))


def test_the_job_tells_mistakes_before_it_starts_spark(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.stages.shards.start_session", None)
    assert run_shards("", ["--manifest", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "no run.json there" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run_shards("", ["--manifest", str(tree), "--out", str(tmp_path), "--rows-per-shard", "0"])
    assert "0 is not above 0" in capsys.readouterr().err


class TestWriter:
    """The writer as Spark's tasks and driver use it, without Spark."""

    @pytest.fixture
    def writer(self, tree: Path, tmp_path: Path) -> ShardWriter:
        temporary = tmp_path / "_temporary-1"
        temporary.mkdir()
        told = {"manifest": str(tree), "split": "train", "run_id": "r1", "sampling": "all", "rows_per_shard": "2"}
        places = {"out": str(tmp_path), "temporary": str(temporary)}
        counts = {"max_picture_bytes": "1000", "classes": "3", "expected": "4"}
        return ShardWriter({**told, **places, **counts, "allowed_roots": "[]"})

    def batch(self, *placed: tuple[int, str, bytes]) -> Iterator[pa.RecordBatch]:
        for shard, image_id, picture in placed:  # one row a batch: shards go on from one batch to the next
            row = {**row_of(image_id, None), "shard": shard, "too_large": False, "picture": picture}
            yield pa.RecordBatch.from_pylist([row])

    def test_a_shard_whose_pictures_all_fail_leaves_no_gap(self, writer: ShardWriter, tmp_path: Path) -> None:
        late = writer.write(self.batch((0, "c", SVG), (2, "d", SVG)))
        early = writer.write(self.batch((1, "a", b"text"), (3, "b", SVG)))
        writer.commit([early, late])
        record = json.loads((tmp_path / "train.json").read_text())
        assert [shard["rows"] for shard in record["shards"]] == [1, 1, 1]
        assert [sample["json"]["image_id"] for sample in samples(tmp_path, record, "pil")] == ["c", "d", "b"]
        assert record["left_out"]["not_a_picture"] == 1

    def test_what_a_killed_or_second_attempt_wrote_is_never_seen(self, writer: ShardWriter, tmp_path: Path) -> None:
        def broken() -> Iterator[pa.RecordBatch]:
            yield from self.batch((0, "a", SVG), (0, "b", SVG))
            raise OSError("gone")

        with pytest.raises(OSError, match="gone"):
            writer.write(broken())
        rows = [(0, "a", SVG), (0, "b", SVG), (1, "c", SVG), (1, "d", SVG)]
        first, second = (writer.write(self.batch(*rows)) for _ in range(2))
        assert len(list((tmp_path / "_temporary-1").iterdir())) == 5
        writer.commit([second])
        again = {path.name for path in tmp_path.glob("*.tar")}
        assert again == {"train-000000.tar", "train-000001.tar"}
        assert [shard.bytes for shard in first.shards] == [shard.bytes for shard in second.shards]
        writer.abort([])
        assert {path.name for path in tmp_path.iterdir()} == {*again, "train.json"}

    def test_a_commit_that_fails_takes_back_what_it_has_moved(self, writer: ShardWriter, tmp_path: Path) -> None:
        written = writer.write(self.batch(*((number, str(number), SVG) for number in range(4))))
        (tmp_path / "_temporary-1" / written.shards[2].name).unlink()
        with pytest.raises(FileNotFoundError):
            writer.commit([written])
        assert [path.name for path in tmp_path.iterdir()] == ["_temporary-1"]

    def test_a_commit_never_touches_what_another_job_wrote_meanwhile(self, writer: ShardWriter, tmp_path: Path) -> None:
        written = writer.write(self.batch(*((0, str(number), SVG) for number in range(4))))
        (tmp_path / "train-000000.tar").write_bytes(b"theirs")
        with pytest.raises(RunError, match="the split is there"):
            writer.commit([written])
        assert (tmp_path / "train-000000.tar").read_bytes() == b"theirs"

    def test_rows_that_are_lost_or_in_two_tasks_are_noticed(self, writer: ShardWriter) -> None:
        half = writer.write(self.batch((0, "a", SVG), (0, "b", SVG)))
        with pytest.raises(RuntimeError, match="4 rows went in, 2 were written and 0 left out"):
            writer.commit([half, Written((), type(half.left_out)())])
        with pytest.raises(RuntimeError, match="two tasks wrote the same shard"):
            writer.commit([half, half])
