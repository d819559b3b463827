"""The embedding cache: what is held is not encoded again, and nothing half written is ever read."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline import stages
from pipeline.runtime.config import Config, EmbedConfig
from pipeline.runtime.errors import RunError
from pipeline.runtime.inputs import SourceConfig
from pipeline.runtime.tables import Tables
from pipeline.vocabulary.encoding import embed
from pipeline.vocabulary.encoding.cache import VectorCache


def phrases_of(spark: SparkSession, *phrases: str) -> DataFrame:
    return spark.createDataFrame([(phrase,) for phrase in phrases], "phrase string")


def encode(phrases: DataFrame) -> DataFrame:
    return embed.encode_phrases(phrases, "hashing", "torch", "")


def held(cache: VectorCache) -> dict[str, list[float]]:
    rows = cache.read().collect()
    assert len({row.phrase for row in rows}) == len(rows)
    return {row.phrase: row.vector for row in rows}


def run_of(spark: SparkSession, folder: Path, rows: list[tuple[int, str, str, bool]], config: EmbedConfig) -> Any:
    """A run whose candidates are (phrase_id, phrase, language, kept)."""
    mined = spark.createDataFrame(rows, "phrase_id long, phrase string, language string, kept boolean")
    written: dict[str, DataFrame] = {"candidates": mined}

    def write(name: str, df: DataFrame, part: str = "") -> int:
        written[name] = spark.createDataFrame(df.collect(), df.schema)
        return written[name].count()

    whole = dataclasses.replace(Config(sources=(SourceConfig(path="x", signal="title"),)), embed=config)
    tables = SimpleNamespace(write=write)
    return SimpleNamespace(
        spark=spark, config=whole, root=str(folder), tables=tables, read=written.__getitem__, history=None
    )


def test_grown_data_encodes_what_is_new_alone(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(i, f"phrase {i}", "en", True) for i in range(200)]
    config = EmbedConfig(encoder="hashing", languages=("en",))
    cache = Tables(spark, str(tmp_path / "cache" / "hashing-v1"))
    first = run_of(spark, tmp_path, [*rows, (900, "rouge", "fr", True), (901, "out", "en", False)], config)
    assert stages.embed_phrases(first) == (201, 200)
    grown = run_of(spark, tmp_path, [*rows, (200, "new", "en", True), (201, "newer", "en", True)], config)
    assert stages.embed_phrases(grown) == (202, 202)
    # The rows of a part are what was encoded for it.
    assert sorted(cache.pointer("vectors", part)["rows"] for part in cache.parts("vectors")) == [2, 200]
    vectors = {row.phrase_id: row.vector for row in grown.read("embeddings").collect()}
    before = {row.phrase_id: row.vector for row in first.read("embeddings").collect()}
    assert {i: vectors[i] for i in before} == before
    lost = first.read("rejects").select("stage", "reason", "raw", "count").collect()
    assert [tuple(row) for row in lost] == [("embed", "language_unknown_to_encoder", "fr", 1)]


def test_two_runs_at_a_time_and_a_killed_one_leave_every_phrase_readable_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    one, other = (VectorCache(spark, str(tmp_path), "f") for _ in range(2))
    assert one.phrases() is None  # both look before either writes
    assert held(other) == {}
    assert one.add(phrases_of(spark, "dog", "cat"), encode) == 2

    def killed(phrases: DataFrame) -> DataFrame:
        rows = encode(phrases)
        rows.write.parquet(str(tmp_path / "f" / "tables" / "vectors" / "half" / "x"))  # written, never published
        (tmp_path / "f" / "tables" / ".0a1b").write_text('{"table": "vec')  # a pointer that was never renamed
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        other.add(phrases_of(spark, "never"), killed)
    assert held(one).keys() == {"dog", "cat"}
    assert other.add(phrases_of(spark, "dog", "bird", "fish", "ant", "cow"), encode, size=2) == 5
    vectors = held(one)
    assert vectors == held(other)
    assert vectors.keys() == {"dog", "cat", "bird", "fish", "ant", "cow"}
    assert vectors["dog"] == encode(phrases_of(spark, "dog")).collect()[0].vector


def test_of_two_vectors_of_a_phrase_the_same_one_is_always_taken(spark: SparkSession) -> None:
    rows = [("a", [0.5, 1.0]), ("a", [0.5, -1.0]), ("b", [1.0, 0.0])]
    for order in (rows, rows[::-1]):
        found = embed.once_each(spark.createDataFrame(order, embed.VECTORS_DDL)).orderBy("phrase").collect()
        assert [(row.phrase, row.vector) for row in found] == [("a", [0.5, -1.0]), ("b", [1.0, 0.0])]


def test_a_damaged_part_of_the_cache_is_named_with_what_to_do(spark: SparkSession, tmp_path: Path) -> None:
    cache = VectorCache(spark, str(tmp_path), "f")
    cache.add(phrases_of(spark, "dog"), encode)
    part = sorted((tmp_path / "f" / "tables").rglob("part-*.parquet"))[0]
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(RunError, match=rf"{part.name}: .* was truncated.*Or delete the cache .*f; its vectors"):
        cache.read()


def test_a_phrase_without_a_known_word_gets_no_vector_and_is_counted(spark: SparkSession) -> None:
    mined = spark.createDataFrame(
        [(1, "dog", "en", True), (2, "qqq", "en", True), (3, "chien", "fr", True)],
        "phrase_id long, phrase string, language string, kept boolean",
    )
    cached = spark.createDataFrame([("dog", [1.0, 0.0]), ("qqq", [0.0, 0.0])], embed.VECTORS_DDL)
    found = embed.attach_vectors(mined, cached, "f", ["en"])
    assert [(row.phrase_id, row.vector) for row in found.collect()] == [(1, [1.0, 0.0])]
    lost = embed.without_vector(mined, found, ["en"]).orderBy(F.desc("reason")).collect()
    assert [tuple(row) for row in lost] == [
        ("words_unknown_to_encoder", "en", 1),
        ("language_unknown_to_encoder", "fr", 1),
    ]
