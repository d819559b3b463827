"""Vectors of the distinct phrases, encoded once and kept for later runs."""

import functools
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.config import EmbedConfig
from pipeline.vocabulary.encoders import load_encoder

_VECTORS = pa.schema([("phrase", pa.string()), ("vector", pa.list_(pa.float32()))])
VECTORS_DDL = "phrase string, vector array<float>"


def known_language(config: EmbedConfig) -> Column:
    """Whether the encoder knows the language of a phrase; others would get vectors without meaning."""
    return F.lit(True) if config.languages == ("*",) else F.col("language").isin(*config.languages)


def new_phrases(candidates: DataFrame, cached: DataFrame | None, config: EmbedConfig) -> DataFrame:
    """(phrase) of the kept candidates that the cache does not hold, each once."""
    wanted = candidates.where("kept").where(known_language(config)).select("phrase").distinct()
    return wanted if cached is None else wanted.join(cached.select("phrase"), "phrase", "left_anti")


def encode_phrases(phrases: DataFrame, config: EmbedConfig) -> DataFrame:
    """(phrase, vector) by the configured encoder, which each Python worker loads once."""
    return phrases.select("phrase").mapInArrow(functools.partial(_encode, encoder=config.encoder), VECTORS_DDL)


def attach_vectors(candidates: DataFrame, cached: DataFrame, fingerprint: str, config: EmbedConfig) -> DataFrame:
    """The table embeddings: the vector of every kept phrase whose language the encoder knows."""
    wanted = candidates.where("kept").where(known_language(config)).select("phrase_id", "phrase")
    return wanted.join(cached, "phrase").select("phrase_id", F.lit(fingerprint).alias("encoder"), "vector")


def _encode(batches: Iterator[pa.RecordBatch], encoder: str) -> Iterator[pa.RecordBatch]:
    loaded = load_encoder(encoder)
    for batch in batches:
        if not batch.num_rows:
            continue
        phrases = batch.column("phrase")
        vectors = loaded.encode(phrases.to_pylist())
        offsets = pa.array(range(0, vectors.size + 1, loaded.dimensions), pa.int32())
        lists = pa.ListArray.from_arrays(offsets, pa.array(vectors.reshape(-1)))
        yield pa.record_batch([phrases, lists], schema=_VECTORS)
