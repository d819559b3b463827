"""What else is said of the images of a phrase: evidence that knows nothing of spelling or models.

Phrases that mean the same stand on images of which the same is said. The words around a phrase on a sample of its
images, weighed by how rare they are, are projected to one short vector by random signs, which keeps cosines
(Achlioptas 2003). The signs are bits of a hash of each word, so that vectors of different runs compare. Words on most
of these images are kept by name too: what a phrase never goes without may be what it is a kind of.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy import sparse

from pipeline.runtime.tasks import map_batches
from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import contains

DIMENSIONS = 256  # cosines err by 1 / sqrt(256) = .06
WORDS = 4_000  # looked at around a phrase, the most frequent
IMAGES = 50  # of a phrase that are looked at
COMPANIONS = 8  # words on at least half of these images that are named, the most frequent
CONTEXTS_DDL = (
    "phrase_id long, images long, vector array<float>, companions array<struct<phrase_id: long, images: long>>"
)
_COMPANIONS = pa.list_(pa.struct([("phrase_id", pa.int64()), ("images", pa.int64())]))
_VECTOR = pa.list_(pa.float32())
_SCHEMA = pa.schema(
    [("phrase_id", pa.int64()), ("images", pa.int64()), ("vector", _VECTOR), ("companions", _COMPANIONS)]
)
_DRAWS = 1 << 20
_ROWS = 1_000  # counted at once: 32 MB


def sample_images(spoken: DataFrame, phrases: DataFrame) -> DataFrame:
    """(phrase_id, key) of about `IMAGES` images of each phrase, of all where it has fewer, drawn by a hash.

    Args:
        spoken: what `candidates.by_image` gives.
        phrases: phrase_id, images.
    """
    share = F.least(F.lit(1.0), IMAGES / F.col("images"))
    wanted = F.broadcast(phrases.select("phrase_id", (share * _DRAWS).cast("long").alias("drawn")))
    pairs = spoken.select("key", F.explode("phrases").alias("phrase_id")).join(wanted, "phrase_id")
    luck = F.pmod(F.xxhash64("phrase_id", "key"), F.lit(_DRAWS))
    return pairs.where(luck < F.col("drawn")).select("phrase_id", "key").distinct()


def count_words(sampled: DataFrame, around: DataFrame, places: DataFrame) -> DataFrame:
    """(phrase_id, images, words): the images looked at, and the words said of them, once for each image.

    Lists of an image's words travel, not pairs of phrase and word, of which there are twenty times as many.

    Args:
        sampled: from `sample_images`.
        around: (key, phrase_id) of words on all images, from `candidates.words_around`.
        places: (phrase_id, word): number of each word, short, from `number_words`.
    """
    told = around.join(F.broadcast(places), "phrase_id").groupBy("key").agg(F.collect_list("word").alias("words"))
    looked = sampled.join(told, "key", "left").groupBy("phrase_id")
    every = F.flatten(F.collect_list("words")).alias("words")  # in any order: they are counted
    return looked.agg(F.count(F.lit(1)).alias("images"), every).where(F.size("words") > 0)


def number_words(words: pa.Table) -> pa.Table:
    """(phrase_id int64, word int16): the words looked at, ascending, and the place of each."""
    ids = np.sort(words["phrase_id"].to_numpy())
    return pa.table({"phrase_id": ids, "word": np.arange(len(ids), dtype=np.int16)})


def project(counts: DataFrame, phrases: DataFrame, words: pa.Table, images: int) -> DataFrame:
    """(phrase_id, images, vector, companions): a unit vector of the words around each phrase, its own left out.

    Zero where nothing else is said. The weight of a word is its share of the images, damped by a root, times its
    inverse document frequency. Companions are words on at least half of the images, most frequent first, each with its
    number of images.

    Args:
        counts: from `count_words`.
        phrases: phrase_id, phrase, language.
        words: phrase_id and images of the words looked at.
        images: number of all images.
    """
    order = np.argsort(words["phrase_id"].to_numpy())
    ids = words["phrase_id"].to_numpy()[order]
    rarity = np.log(images / words["images"].to_numpy()[order])
    signs = random_signs(ids, DIMENSIONS) * rarity[:, None]

    def project_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for whole in batches:
            for start in range(0, len(whole), _ROWS):
                batch = whole.slice(start, _ROWS)
                told = _count_others(batch, ids)
                row = np.repeat(np.arange(len(batch)), np.diff(told.indptr))
                word, times = ids[told.indices], told.data.astype(np.int64)
                looked = batch["images"].to_numpy()
                told.data = np.sqrt(times / looked[row])
                vectors = told @ signs
                norms = np.linalg.norm(vectors, axis=1, keepdims=True)
                unit = (vectors / np.where(norms > 0, norms, 1.0)).astype(np.float32)
                offsets = pa.array(np.arange(len(batch) + 1) * DIMENSIONS, pa.int32())
                values = pa.ListArray.from_arrays(offsets, pa.array(unit.reshape(-1)))
                beside = name_companions(row, word, times, looked)
                yield pa.record_batch([batch["phrase_id"], batch["images"], values, beside], schema=_SCHEMA)

    named = counts.join(phrases.select("phrase_id", "phrase", "language"), "phrase_id")
    return map_batches(named, project_batches, CONTEXTS_DDL)


def name_companions(
    row: npt.NDArray[np.int64], word: npt.NDArray[np.int64], times: npt.NDArray[np.int64], looked: npt.NDArray[np.int64]
) -> pa.Array:
    """The words on at least half of the images of each row, most images first, then by word; list<struct> [rows].

    Args:
        row: row of each pair of row and word, int64 [pairs].
        word: phrase_id of the word, int64 [pairs].
        times: images of the row with the word, int64 [pairs].
        looked: images of each row, int64 [rows].
    """
    most = np.flatnonzero(2 * times >= looked[row])
    order = most[np.lexsort([word[most], -times[most], row[most]])]
    begin = np.searchsorted(row[order], np.arange(len(looked)))
    order = order[np.arange(len(order)) - begin[row[order]] < COMPANIONS]
    offsets = np.searchsorted(row[order], np.arange(len(looked) + 1))
    named = pa.StructArray.from_arrays(
        [pa.array(word[order]), pa.array(times[order])], fields=list(_COMPANIONS.value_type)
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), named)


def random_signs(keys: npt.NDArray[np.int64], dimensions: int) -> npt.NDArray[np.int8]:
    """Signs that depend on the key alone, +1 or -1, int8 [keys, dimensions]; `dimensions` a multiple of 64."""
    blocks = np.arange(1, dimensions // 64 + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = keys.view(np.uint64)[:, None] + blocks[None, :]  # splitmix64 (Steele et al. 2014)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    bits = np.unpackbits(mixed.astype("<u8").view(np.uint8).reshape(len(keys), -1), axis=1)
    return (bits.astype(np.int8) * 2 - 1).astype(np.int8)


def _count_others(batch: pa.RecordBatch, ids: npt.NDArray[np.int64]) -> sparse.csr_array:
    """How often each phrase's words are said, without its own, float64 [phrases, words]; words of a row ascending.

    Args:
        batch: phrase, language and words (list of places in `ids`) of some phrases.
        ids: phrase_id of each word, ascending.
    """
    shape = (len(batch), len(ids))
    row = np.repeat(np.arange(len(batch)), np.asarray(batch["words"].value_lengths()))
    cell = row * len(ids) + np.asarray(batch["words"].flatten())
    counts = np.bincount(cell, minlength=shape[0] * shape[1])  # lists of thousands: counted, not sorted
    own = next(ngrams.grams(word_arrays.read_words(batch["phrase"], batch["language"]), 1))
    listed = contains(ids, own.key)
    counts[own.text[listed] * len(ids) + np.searchsorted(ids, own.key[listed])] = 0
    told = np.flatnonzero(counts)
    ends = np.searchsorted(told, np.arange(len(batch) + 1) * len(ids))
    return sparse.csr_array((counts[told].astype(np.float64), told % len(ids), ends), shape=shape)
