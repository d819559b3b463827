"""Vectors of the distinct phrases, encoded once and kept for later runs."""

import functools
from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyarrow import fs
from pyspark import SparkContext, SparkFiles
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.runtime import files
from pipeline.runtime.tasks import map_batches
from pipeline.vocabulary.encoding.encoders import load_encoder, prepare

_VECTORS = pa.schema([("phrase", pa.string()), ("vector", pa.list_(pa.float32()))])
VECTORS_DDL = "phrase string, vector array<float>"


def known_language(languages: Sequence[str]) -> Column:
    """Whether the encoder knows the language of a phrase; others would get vectors without meaning."""
    return F.lit(True) if tuple(languages) == ("*",) else F.col("language").isin(*languages)


def new_phrases(candidates: DataFrame, held: DataFrame | None, languages: Sequence[str]) -> DataFrame:
    """(phrase) of the kept candidates that are not among the held (phrase), each once."""
    wanted = candidates.where("kept").where(known_language(languages)).select("phrase").distinct()
    return wanted if held is None else wanted.join(held, "phrase", "left_anti")


def slice_phrases(phrases: DataFrame, slices: int, which: int) -> DataFrame:
    """The phrases of one of so many slices, told by their hash."""
    return phrases.where(F.pmod(F.xxhash64("phrase"), F.lit(slices)) == which)


def encode_phrases(phrases: DataFrame, encoder: str, backend: str, store: str) -> DataFrame:
    """(phrase, vector) by an encoder that each Python worker loads once; arguments as for `load_encoder`."""
    model = prepare(encoder, store)
    sent = model is not None and _send(phrases.sparkSession.sparkContext, model)
    encode = functools.partial(_encode, encoder=encoder, backend=backend, store=None if sent else store)
    return map_batches(phrases.select("phrase"), encode, VECTORS_DDL)


def once_each(vectors: DataFrame) -> DataFrame:
    """(phrase, vector), each phrase once: runs that went on at the same time may have encoded it twice."""
    # The smallest, not any: machines of another kind differ in last bits.
    return vectors.groupBy("phrase").agg(F.min("vector").alias("vector"))


def attach_vectors(candidates: DataFrame, cached: DataFrame, fingerprint: str, languages: Sequence[str]) -> DataFrame:
    """The table embeddings: the vector of every kept phrase of which the encoder knows the language and a word."""
    wanted = candidates.where("kept").where(known_language(languages)).select("phrase_id", "phrase")
    told = cached.where(F.exists("vector", lambda value: value != 0))
    return wanted.join(told, "phrase").select("phrase_id", F.lit(fingerprint).alias("encoder"), "vector")


def without_vector(candidates: DataFrame, embeddings: DataFrame, languages: Sequence[str]) -> DataFrame:
    """(reason, raw, count) of the kept phrases that get no vector: raw is their language."""
    reason = F.when(known_language(languages), "words_unknown_to_encoder").otherwise("language_unknown_to_encoder")
    lost = candidates.where("kept").join(embeddings.select("phrase_id"), "phrase_id", "left_anti")
    return lost.groupBy(reason.alias("reason"), F.col("language").alias("raw")).count()


def _send(context: SparkContext, path: str) -> bool:
    """Give a file to all machines, unless they see the driver's, or the path is remote; whether they have it then."""
    system, inside = files.open_storage(path)
    if _on_one_machine(str(context.master)) or not isinstance(system, fs.LocalFileSystem):
        return False
    name = inside.rpartition("/")[2]
    if all(known.rpartition("/")[2] != name for known in context.listFiles):  # Spark would warn
        context.addFile(inside)
    return True


def _on_one_machine(master: str) -> bool:
    return master.startswith("local")


def _encode(
    batches: Iterator[pa.RecordBatch], encoder: str, backend: str, store: str | None
) -> Iterator[pa.RecordBatch]:
    """Encode; where there is no store, a distilled model is among the files that Spark has sent."""
    loaded = load_encoder(encoder, backend, SparkFiles.getRootDirectory() if store is None else store)
    for batch in batches:
        if not batch.num_rows:
            continue
        phrases = batch.column("phrase")
        vectors = loaded.encode(phrases.to_pylist())
        offsets = pa.array(range(0, vectors.size + 1, loaded.dimensions), pa.int32())
        lists = pa.ListArray.from_arrays(offsets, pa.array(vectors.reshape(-1)))
        yield pa.record_batch([phrases, lists], schema=_VECTORS)
