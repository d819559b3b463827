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

from pipeline.vocabulary.mining import ngrams

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


def sample_images(found: DataFrame, mentions: DataFrame, phrases: DataFrame) -> DataFrame:
    """(phrase_id, key) of about `IMAGES` images of each phrase, of all where it has fewer, drawn by a hash.

    Args:
        found: text_id, phrase_id.
        mentions: the table mentions.
        phrases: phrase_id, images.
    """
    share = F.least(F.lit(1.0), IMAGES / F.col("images"))
    wanted = F.broadcast(phrases.select("phrase_id", (share * _DRAWS).cast("long").alias("drawn")))
    said = mentions.select("text_id", F.xxhash64("image_id").alias("key"))
    luck = F.pmod(F.xxhash64("phrase_id", "key"), F.lit(_DRAWS))
    return found.join(wanted, "phrase_id").join(said, "text_id").where(luck < F.col("drawn")).select(
        "phrase_id", "key"
    ).distinct()  # fmt: skip


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
        for batch in batches:
            told = _count_pairs(batch["words"], len(ids))
            lengths = np.diff(told.indptr)
            row = np.repeat(np.arange(len(batch)), lengths)
            word, times = ids[told.indices], told.data.astype(np.int64)
            looked = batch["images"].to_numpy()
            own = _own_words(batch["phrase"], batch["language"])
            foreign = ~np.isin(_pairs(row, word), own)
            weight = np.sqrt(times / looked[row]) * foreign
            told.data = weight
            vectors = told @ signs
            norms = np.linalg.norm(vectors, axis=1, keepdims=True)
            unit = (vectors / np.where(norms > 0, norms, 1.0)).astype(np.float32)
            offsets = pa.array(np.arange(len(batch) + 1) * DIMENSIONS, pa.int32())
            values = pa.ListArray.from_arrays(offsets, pa.array(unit.reshape(-1)))
            beside = name_companions(row[foreign], word[foreign], times[foreign], looked)
            yield pa.record_batch([batch["phrase_id"], batch["images"], values, beside], schema=_SCHEMA)

    named = counts.join(phrases.select("phrase_id", "phrase", "language"), "phrase_id")
    return named.mapInArrow(project_batches, CONTEXTS_DDL)


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


def _count_pairs(lists: pa.ListArray, words: int) -> sparse.csr_array:
    """How often each list holds each word, float64 [lists, words]; words of a row ascending."""
    flat = np.asarray(lists.flatten())
    ends = np.concatenate([[0], np.cumsum(np.asarray(lists.value_lengths()))])
    counts = sparse.csr_array((np.ones(len(flat)), flat.astype(np.int32), ends), shape=(len(lists), words))
    counts.sum_duplicates()
    return counts


def _own_words(phrases: pa.Array, languages: pa.Array) -> npt.NDArray[np.int64]:
    """Hashes of (row, word) of the words of each phrase."""
    words = next(ngrams.grams(ngrams.read_words(phrases, languages), 1))
    return _pairs(words.text, words.key)


def _pairs(row: npt.NDArray[np.int64], key: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    with np.errstate(over="ignore"):
        return key ^ (row.astype(np.int64) + 1) * np.int64(0x5851F42D4C957F2D)
