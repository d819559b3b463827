"""Every malformed input ends in counted rejects beside the rows that are usable, or in one message; see bad_inputs."""

import contextlib
import os
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipeline.runtime.config import Config
from pipeline.runtime.errors import InputError, UserError
from pipeline.runtime.inputs import ImagesConfig, SourceConfig
from pipeline.runtime.lineage import open_record
from pipeline.runtime.road import Run
from pipeline.runtime.tables import Tables
from pipeline.stages.ingesting import ingest
from tests.spark.bad_inputs import COUNTED, FILE, GOOD, LINES, REFUSED, Counted, Refused, as_orc, as_parquet, lay, table


@dataclass(frozen=True)
class Ingested:
    """What came of the sources of one ingest."""

    rows: tuple[int, int]
    kept: Counter[str]
    rejects: dict[str, dict[str, int]]
    run: Run

    def texts(self, source: str) -> list[str]:
        rows = self.run.read("signals").where(F.col("source") == source).collect()
        return sorted(row.text for row in rows)


def ingest_all(spark: SparkSession, root: Path, sources: list[SourceConfig], images: list[ImagesConfig]) -> Ingested:
    config = Config(sources=tuple(sources), images=tuple(images))
    folder = str(root / "run")
    run = Run(spark, config, str(root), "run", Tables(spark, folder), open_record(folder, "run", config))
    rows = ingest(run)
    kept = Counter({row.source: row["count"] for row in run.read("signals").groupBy("source").count().collect()})
    rejects: dict[str, dict[str, int]] = {}
    for row in run.read("rejects").groupBy("source", "unit", "reason").sum("count").collect():
        name = row.reason if row.unit == "row" else f"{row.unit}/{row.reason}"
        rejects.setdefault(row.source, {})[name] = row["sum(count)"]
    return Ingested(rows, kept, rejects, run)


def source_of(case: Counted | Refused, folder: Path) -> SourceConfig:
    lay(folder, case.files)
    path = str(folder / case.read) if case.read else str(folder)
    return SourceConfig(**{"path": path, "signal": "title", "name": case.edge, **case.settings})


@pytest.fixture(scope="module")
def ingested(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ingested]:
    """Edge -> the ingest that it was a source of: some dozens together, since Spark plans a hundred too slowly."""
    together = [case for case in COUNTED if not case.alone]
    batches = [together[start : start + 35] for start in range(0, len(together), 35)]
    found = {}
    for batch in [*batches, *([case] for case in COUNTED if case.alone)]:
        root = tmp_path_factory.mktemp("counted")
        sources = [source_of(case, root / str(number)) for number, case in enumerate(batch)]
        found |= dict.fromkeys((case.edge for case in batch), ingest_all(spark, root, sources, []))
    return found


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case.edge)
def test_rows_are_kept_or_rejected_with_their_reason(ingested: dict[str, Ingested], case: Counted) -> None:
    got = ingested[case.edge]
    assert (got.kept[case.edge], got.rejects.get(case.edge, {})) == (case.kept, dict(case.rejects))


def test_no_row_of_all_these_inputs_is_lost(ingested: dict[str, Ingested]) -> None:
    kept = sum(case.kept for case in COUNTED)
    rejected = sum(sum(case.rejects.values()) for case in COUNTED)
    runs = {id(got): got.rows for got in ingested.values()}.values()
    assert (sum(rows for rows, _ in runs), sum(usable for _, usable in runs)) == (kept + rejected, kept)


def test_the_table_of_malformed_inputs_does_not_shrink() -> None:
    edges = [case.edge for case in (*COUNTED, *REFUSED)]
    assert len(set(edges)) == len(edges) >= 180


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.edge)
def test_what_cannot_be_read_ends_in_one_message(spark: SparkSession, tmp_path: Path, case: Refused) -> None:
    with pytest.raises(UserError) as error:
        ingest_all(spark, tmp_path, [source_of(case, tmp_path / "in")], [])
    message = str(error.value)
    assert "\n" not in message
    assert message.isprintable()
    assert "Exception" not in message
    for said in case.said:
        assert re.search(said, message, re.IGNORECASE), message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_the_right_to_read_it_is_named(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    (tmp_path / "a.csv").chmod(0)
    with pytest.raises(InputError, match=r"a\.csv: Permission denied"):
        ingest_all(spark, tmp_path, [SourceConfig(path=str(tmp_path / "a.csv"), format="csv", signal="title")], [])


@pytest.mark.parametrize(
    ("edge", "texts"),
    [
        ("csv: latin-1 that is declared", ["café", "dog"]),
        ("csv: UTF-16 that is declared", ["cat", "dog"]),
        ("csv: line break in quotes, declared", ["dog", "red\nshoe"]),
        ("csv: quote that never closes", ["cat", "dog"]),
        ("json: lists where some rows have a string", ["a", "b", "c"]),
        ("json: types that differ by line", ["2.5", "5", "true"]),
        ("csv: text of 5 MB", ["dog", "x" * 5_000_000]),
    ],
)
def test_texts_come_out_as_they_went_in(ingested: dict[str, Ingested], edge: str, texts: list[str]) -> None:
    assert ingested[edge].texts(edge) == texts


def test_ids_that_are_numbers_keep_every_digit(ingested: dict[str, Ingested]) -> None:
    edge = "json: ids of 23 digits"
    signals = ingested[edge].run.read("signals").where(F.col("source") == edge)
    assert {row.image_id for row in signals.collect()} == {"12345678901234567890123", "12345678901234567890124"}


def test_clashing_images_become_one_and_reposts_in_circles_stand_alone(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("image_id,text\n a,dog\na ,cat\nA,cow\n")
    rows = ["a,z://2,", " a,z://1,", "A,,A", "b,,c", "c,,b", "d,,a", "e,,d", ",z://3,", "f,,gone", '"g,,a']
    (tmp_path / "i.csv").write_text("image_id,uri,of\n" + "".join(f"{row}\n" for row in rows))
    source = SourceConfig(path=str(tmp_path / "a.csv"), format="csv", signal="title")
    images = ImagesConfig(path=str(tmp_path / "i.csv"), format="csv", image_uri="uri", duplicate_of="of")
    got = ingest_all(spark, tmp_path, [source], [images])
    found = {row.image_id: (row.image_uri, row.duplicate_of) for row in got.run.read("images").collect()}
    alone = (None, None)
    assert found == {
        **{"a": ("z://1", None), "A": alone, "b": alone, "c": alone},
        **{"d": (None, "a"), "e": (None, "a"), "f": (None, "gone")},
    }
    assert got.rejects == {"i.csv": {"image/no_image_id": 1, "image/broken_row": 1}}


def test_many_tiny_files_are_all_read(spark: SparkSession, tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.csv").write_text(f"image_id,text\n{number},dog\n")
    got = ingest_all(spark, tmp_path / "out", [SourceConfig(path=str(tmp_path), format="csv", signal="title")], [])
    assert got.rows == (300, 300)


VALID = {
    "csv": GOOD.encode() * 1 + b'3,"a, b"\n4,cow\n',
    "tsv": b'image_id\ttext\n1\tdog\n2\t"c\td"\n3\tcow\n',
    "json": LINES.encode() + b'{"image_id":3,"text":["a","b"]}\n',
    "parquet": as_parquet(table(["dog", "cat"] * 20)),
    "orc": as_orc(table(["dog", "cat"] * 20)),
}


def damaged(content: bytes, seed: int) -> bytes:
    """Random bytes, or the content with a cut, bit flips or swapped pieces."""
    draw = random.Random(seed)
    what = draw.randrange(5)
    if what == 0:
        return draw.randbytes(draw.randrange(1, 400))
    if what == 1:
        return content[: draw.randrange(1, len(content))]
    if what == 2:
        start, end = sorted(draw.sample(range(len(content)), 2))
        return content[end:] + content[start:end] + content[:start]
    changed = bytearray(content)
    for _ in range(draw.choice([1, 1, 3, 20])):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def lines_of(content: bytes) -> int:
    """Lines that are not blank, as Spark parts them."""
    return sum(bool(line.strip(bytes(range(33)))) for line in re.split(b"\r\n|\r|\n", content))


@pytest.mark.parametrize("format", sorted(VALID))
@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=int(os.environ.get("BAD_INPUT_EXAMPLES", "4")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_damaged_file_ends_in_a_message_or_in_counted_rows(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, format: str, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    content = damaged(VALID[format], seed)
    (folder / FILE[format]).write_bytes(content)
    source = SourceConfig(path=str(folder / FILE[format]), format=format, signal="title")
    with contextlib.suppress(UserError):
        got = ingest_all(spark, folder, [source], [])
        total = got.kept.total() + sum(got.rejects.get(source.name, {}).values())
        assert got.rows == (total, got.kept.total())
        if format in ("csv", "tsv"):
            assert total == lines_of(content) - 1
        elif format == "json" and b"[" not in content:
            assert total == lines_of(content)
