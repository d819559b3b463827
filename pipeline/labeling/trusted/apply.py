"""All images through what was learnt, in one pass: their phrases in, probabilities of the taught classes out."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy import sparse

from pipeline.labeling.trusted.features import Floats, Images, Space, nearest, weigh_phrases
from pipeline.labeling.trusted.model import Combiner, Parts, probability
from pipeline.runtime.tasks import map_batches
from pipeline.vocabulary.mining import ngrams, word_arrays
from pipeline.vocabulary.mining.key_arrays import KeySet

_FOUND = pa.schema([("text_id", pa.int64()), ("phrase", pa.int32())])
_GIVEN = pa.schema(
    [("image_id", pa.string()), ("label_id", pa.int32()), ("confidence", pa.float32()), ("phrase_id", pa.int64())]
)
GIVEN_DDL = "image_id string, label_id int, confidence float, phrase_id long"
_IMAGES = 1_024  # at a time


@dataclass(frozen=True, slots=True)
class Lesson:
    """All that a worker needs to label images by what was learnt; made once, sent to every worker.

    Attributes:
        space: the phrases.
        names: unit vectors of the classes' names, float32 [classes, d].
        near: from `features.near_names`.
        labels: label_id of each class, int32 [classes].
        spoken: which labels of the vocabulary a class's name stands for, CSR [labels, classes].
        parts: what trusted images say.
        combiner: how it is put together.
        thresholds: probability from which each class is given, float64 [classes].
        curve: from `teach.fit_curve`.
        whole: whether classes may be given that no text says; judgements of what texts said teach nothing of those.
    """

    space: Space
    names: Floats
    near: sparse.csr_matrix
    labels: npt.NDArray[np.int32]
    spoken: sparse.csr_matrix
    parts: Parts
    combiner: Combiner
    thresholds: npt.NDArray[np.float64]
    curve: npt.NDArray[np.float64]
    whole: bool


def find_phrases(texts: DataFrame, mentions: DataFrame, ids: "Broadcast[bytes]", most: int) -> DataFrame:
    """(image_id, phrases array<int>): the phrases in the texts of each image, long and short, by their place in `ids`.

    Args:
        texts: the table texts.
        mentions: the table mentions.
        ids: ascending phrase_ids, as bytes of int64.
        most: words of the longest phrase.
    """
    finder = functools.partial(_find_batches, ids=ids, most=most)
    found = map_batches(texts.select("text_id", "text", "language"), finder, "text_id long, phrase int")
    said = mentions.select("text_id", "image_id").distinct()
    return found.join(said, "text_id").groupBy("image_id").agg(F.array_sort(F.collect_set("phrase")).alias("phrases"))


def describe(
    phrases: pa.ChunkedArray, labels: pa.ChunkedArray, space: Space, near: sparse.csr_matrix, spoken: sparse.csr_matrix
) -> Images:
    """Images as numbers.

    Args:
        phrases: places of each image's phrases, list<int32> [images].
        labels: label_ids that texts give each image, list<int32> [images].
        space: the phrases.
        near: from `features.near_names`.
        spoken: CSR [labels, classes].
    """
    bags = _rows(phrases, len(space.ids))
    words, places = weigh_phrases(bags, space)
    said = (_rows(labels, spoken.shape[0]) @ spoken).toarray()
    return Images(words, places, nearest(bags, near), (said > 0).astype(np.float32))


def give_labels(images: DataFrame, lesson: "Broadcast[Lesson]") -> DataFrame:
    """(image_id, label_id, confidence, phrase_id): taught labels of each image, and the phrase that says most for each.

    Args:
        images: image_id, phrases, labels; as `describe` takes them.
        lesson: what was learnt.
    """
    return map_batches(
        images.select("image_id", "phrases", "labels"), functools.partial(_give_batches, lesson=lesson), GIVEN_DDL
    )


def _find_batches(batches: Iterator[pa.RecordBatch], ids: "Broadcast[bytes]", most: int) -> Iterator[pa.RecordBatch]:
    known = np.frombuffer(ids.value, dtype=np.int64)
    wanted = KeySet(known)
    for batch in batches:
        words = word_arrays.read_words(batch.column("text"), batch.column("language"))
        text_ids = batch.column("text_id").to_numpy()
        for gram in ngrams.grams(words, most):
            hit = wanted.holds(gram.key)
            place = np.searchsorted(known, gram.key[hit]).astype(np.int32)
            yield pa.record_batch([pa.array(text_ids[gram.text[hit]]), pa.array(place)], schema=_FOUND)


def _give_batches(batches: Iterator[pa.RecordBatch], lesson: "Broadcast[Lesson]") -> Iterator[pa.RecordBatch]:
    learnt = lesson.value
    for batch in batches:
        for begin in range(0, len(batch), _IMAGES):
            yield _give(batch.slice(begin, _IMAGES), learnt)


def _give(batch: pa.RecordBatch, learnt: Lesson) -> pa.RecordBatch:
    images = describe(batch["phrases"], batch["labels"], learnt.space, learnt.near, learnt.spoken)
    chance = probability(images, learnt.parts, learnt.names, learnt.combiner)
    given = chance >= learnt.thresholds.astype(np.float32)
    if not learnt.whole:
        given &= images.said > 0
    image, cls = np.nonzero(given)
    strongest = strongest_phrases(images, learnt, image, cls)
    ids = batch["image_id"].take(pa.array(image))
    sure = np.clip(np.round(np.interp(chance[image, cls], *learnt.curve), 4), 0.0001, 1.0).astype(np.float32)
    columns = [ids, pa.array(learnt.labels[cls]), pa.array(sure), pa.array(learnt.space.ids[strongest])]
    return pa.record_batch(columns, schema=_GIVEN)


def strongest_phrases(
    images: Images, learnt: Lesson, image: npt.NDArray[np.int64], cls: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The phrase of each image that says most for a class: by its weights, and where it lies; int64 [pairs].

    Args:
        images: the images.
        learnt: what was learnt.
        image: place of the image of each pair, int64 [pairs].
        cls: its class, int64 [pairs].
    """
    length = np.diff(images.words.indptr)[image]
    pair = np.repeat(np.arange(len(image)), length)
    step = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    entry = images.words.indptr[image][pair] + step
    phrase, of = images.words.indices[entry].astype(np.int64), cls[pair]
    place = np.minimum(np.searchsorted(learnt.parts.used, phrase), max(len(learnt.parts.used) - 1, 0))
    used = learnt.parts.used[place] == phrase
    weight = np.where(used, learnt.parts.words[place, of], 0.0) * images.words.data[entry]
    aim = (learnt.parts.places + learnt.names.T)[:, of].T  # what the class looks like, by example and by name
    weight = weight + 0.1 * np.einsum("ij,ij->i", learnt.space.vectors[phrase], aim)
    order = np.lexsort([phrase, -np.round(weight, 5), pair])
    first = np.searchsorted(pair[order], np.arange(len(image)))
    return np.asarray(phrase[order][first], dtype=np.int64)


def _rows(lists: pa.ChunkedArray | pa.Array, width: int) -> sparse.csr_matrix:
    """Lists of places as rows of 0 and 1, float32 CSR [lists, width]."""
    whole = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    offsets = np.concatenate([[0], np.cumsum(pc.list_value_length(whole).fill_null(0).to_numpy())])
    indices = whole.flatten().to_numpy(zero_copy_only=False)
    return sparse.csr_matrix((np.ones(len(indices), dtype=np.float32), indices, offsets), shape=(len(whole), width))
