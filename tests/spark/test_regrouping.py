import random

import numpy as np
import pytest
from pyspark.sql import SparkSession
from test_candidates import MENTIONS, TEXTS

from pipeline.text.regrouping import join_mentions, join_texts
from pipeline.vocabulary.mining import bundles, growth, ngrams

IMAGES = "image_id string, image_uri string, duplicate_of string"


def test_a_text_of_two_runs_is_one_row_with_the_flags_of_both(spark: SparkSession) -> None:
    rows = [(1, "red | sofa", "en", [], ["b"]), (1, "red | sofa", "en", [], ["a", "b"]), (2, "dog", "en", [], [])]
    found = {row.text_id: row for row in join_texts(spark.createDataFrame(rows, TEXTS)).collect()}
    assert (found[1].flags, found[1].tokens) == (["a", "b"], ["red", "", "sofa"])
    assert len(found) == 2


def test_mentions_of_two_runs_add_up_and_a_repost_counts_for_its_original(spark: SparkSession) -> None:
    images = spark.createDataFrame([("a", None, None), ("z", None, "a")], IMAGES)
    rows = [("a", 1, "title", 2, 1, [5, 9]), ("z", 1, "title", 3, 2, [5]), ("a", 1, "board", 1, 1, [])]
    found = join_mentions(spark.createDataFrame(rows, MENTIONS), images, 64).collect()
    assert sorted(tuple(row) for row in found) == [
        ("a", 1, "board", 1, 1, []),
        ("a", 1, "title", 5, 3, [5, 9]),
    ]


def test_no_more_contributors_are_remembered_than_the_setting_says(spark: SparkSession) -> None:
    rows = [("a", 1, "title", 1, 1, [9, 4]), ("a", 1, "title", 1, 1, [7])]
    images = spark.createDataFrame([("a", None, None)], IMAGES)
    assert join_mentions(spark.createDataFrame(rows, MENTIONS), images, 2).first().contributors == [4, 7]


@pytest.mark.parametrize("seed", [0, 1])
def test_phrases_are_found_and_named_as_a_plain_loop_does(spark: SparkSession, seed: int) -> None:
    draw = random.Random(seed)
    said = sorted(
        {" ".join(draw.choices(["red", "sofa", "|", "dog", "lamp"], k=draw.randint(1, 6))) for _ in range(40)}
    )
    texts = spark.createDataFrame([(i, text, "en", [], []) for i, text in enumerate(said)], TEXTS)
    runs = [[part.split() for part in text.split("|")] for text in said]
    held = [
        {" ".join(words[i : i + n]) for words in parts for n in (1, 2, 3) for i in range(len(words) - n + 1)}
        for parts in runs
    ]
    every = sorted(set().union(*held))
    key = dict(zip(every, ngrams.whole_keys(every, "en").tolist(), strict=True))
    wanted = sorted(draw.sample(every, len(every) // 2))
    sent = spark.sparkContext.broadcast(np.sort([key[phrase] for phrase in wanted]).tobytes())
    found = {(row.text_id, row.phrase_id) for row in growth.find_keys(texts, sent, 3).collect()}
    assert found == {(i, key[phrase]) for i, phrases in enumerate(held) for phrase in wanted if phrase in phrases}
    packed = bundles.pack(texts.selectExpr("text_id", "text", "language", "1L as weight"))
    assert {row.phrase_id for row in growth.all_keys(packed, 3).collect()} == set(key.values())
    named = {row.phrase: row for row in growth.name_keys(packed, sent, 3).collect()}
    assert named.keys() == set(wanted)
    assert all((row.phrase_id, row.n_words) == (key[name], len(name.split())) for name, row in named.items())
