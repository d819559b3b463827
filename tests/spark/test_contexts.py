import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from pipeline.vocabulary.mining import candidates, contexts, ngrams, word_arrays

MENTIONS = "image_id string, text_id long, signal string, count long, facts long, contributors array<long>"
SAID = {
    "a": ["red sofa", "room", "lamp"],
    "b": ["blue couch", "room", "lamp"],
    "c": ["hot dog", "bun", "mustard"],
    "d": ["dog", "leash", "lamp"],
    "e": ["red sofa"],
    "f": ["alone"],
}


def key(phrase: str) -> int:
    words = word_arrays.read_words(pa.array([phrase]), pa.array(["en"]))
    return int(list(ngrams.grams(words, len(phrase.split())))[-1].key[0])


def vectors_of(spark: SparkSession, partitions: int) -> dict[str, np.ndarray]:
    """The images looked at and the context of each text and word of SAID."""
    return {name: np.array([row.images, *row.vector]) for name, row in contexts_of(spark, partitions).items()}


def contexts_of(spark: SparkSession, partitions: int) -> dict[str, Row]:
    """The row of each text and word of SAID."""
    texts = sorted({text for said in SAID.values() for text in said})
    phrases = sorted({part for text in texts for part in [text, *text.split()]})
    rows = [(i, [key(part) for part in {text, *text.split()}], key(text)) for i, text in enumerate(texts)]
    found = spark.createDataFrame(rows, "text_id long, phrases array<long>, whole long").repartition(partitions)
    said = [(image, texts.index(text), "title", 1, 1, []) for image, said in SAID.items() for text in said]
    mentions = spark.createDataFrame(said, MENTIONS).repartition(partitions)
    on = {part: {image for image, said in SAID.items() if any(part in text for text in said)} for part in phrases}
    named = spark.createDataFrame(
        [(key(part), part, "en", len(on[part])) for part in phrases],
        "phrase_id long, phrase string, language string, images long",
    )
    words = named.where("phrase not like '% %'").select("phrase_id", "images")
    spoken = candidates.by_image(found, mentions, ["title"])
    sampled = contexts.sample_images(spoken, named).persist()
    around = candidates.words_around(spoken, words, 1.0)
    counts = contexts.count_words(sampled, around, spark.createDataFrame(contexts.number_words(words.toArrow())))
    table: DataFrame = contexts.project(counts, named, words.toArrow(), len(SAID))
    name = {key(part): part for part in phrases}
    return {name[row.phrase_id]: row for row in table.collect()}


def test_contexts_tell_what_else_is_said_and_leave_a_phrases_own_words_out(spark: SparkSession) -> None:
    found = vectors_of(spark, 1)
    images = {phrase: int(row[0]) for phrase, row in found.items()}
    assert images["lamp"] == 3
    assert images["red sofa"] == 2
    cosine = {
        (one, other): float(found[one][1:] @ found[other][1:])
        for one, other in [("red sofa", "blue couch"), ("red sofa", "hot dog"), ("hot dog", "dog")]
    }
    assert cosine["red sofa", "blue couch"] == pytest.approx(1.0, abs=1e-6)  # room and lamp alone are said beside both
    assert cosine["red sofa", "hot dog"] < 0.3
    assert 0.1 < cosine["hot dog", "dog"] < 0.95  # dog stands on the hot dog too, and beside a leash
    assert not found["alone"][1:].any()


def test_contexts_do_not_depend_on_partitions(spark: SparkSession) -> None:
    one, other = vectors_of(spark, 1), vectors_of(spark, 3)
    assert one.keys() == other.keys()
    assert all((one[phrase] == other[phrase]).all() for phrase in one)


def test_companions_are_words_on_half_of_the_images_and_none_of_its_own(spark: SparkSession) -> None:
    found = contexts_of(spark, 2)
    lamp, room, dog = key("lamp"), key("room"), key("dog")
    assert {(word.phrase_id, word.images) for word in found["red sofa"].companions} == {(lamp, 1), (room, 1)}
    assert dict(found["lamp"].companions) == {room: 2}  # and not the dog, on one of three
    assert dog not in dict(found["hot dog"].companions)
    assert found["alone"].companions == []
