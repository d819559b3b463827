from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipeline.text.facts import KEYS, as_facts, keys_of

SIGNALS = "image_id string, signal string, text string, language string, count long, contributor string, source string"


def test_texts_have_the_same_keys_only_where_text_and_stated_language_are_the_same(spark: SparkSession) -> None:
    said = [("ab", "c"), ("a", "bc"), ("abc", None), ("abc", ""), ("", "abc"), ("ab", "c")]
    rows = [(f"i{n}", "title", text, language, 1, None, "pins") for n, (text, language) in enumerate(said)]
    keys = [
        tuple(row) for row in as_facts(spark.createDataFrame(rows, SIGNALS)).orderBy("image_id").select(KEYS).collect()
    ]
    assert keys[0] == keys[5]
    assert keys[2] == keys[3]  # a language that is not stated is ''
    assert len(set(keys)) == 4


def test_both_keys_are_hashes_of_their_own(spark: SparkSession) -> None:
    texts = spark.range(2_000).select(F.col("id").cast("string").alias("raw"))
    keys = [tuple(row) for row in texts.select(*keys_of(F.col("raw"), F.lit("en"))).collect()]
    assert all(len({key[place] for key in keys}) == 2_000 for place in (0, 1))
    assert all(one != other for one, other in keys)
    alike = sum(bin((one ^ other) & (2**64 - 1)).count("1") for one, other in keys) / len(keys)
    assert 31 < alike < 33  # of 64 bits, as of any two numbers
