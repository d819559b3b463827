from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime.config import NormalizeConfig
from pipeline.text import boilerplate, normalize

SIGNALS = "image_id string, signal string, text string, language string, count long, contributor string, source string"
IMAGES = "image_id string, image_uri string, duplicate_of string"
CONFIG = NormalizeConfig()


def signals(spark: SparkSession, *rows: tuple[str, str, str | None, int, str | None]) -> DataFrame:
    """Signals of (image, text, language, count, contributor)."""
    full = [(image, "title", text, language, count, who, "pins") for image, text, language, count, who in rows]
    return spark.createDataFrame(full, SIGNALS)


def test_spellings_of_one_text_become_one_text_and_one_mention(spark: SparkSession) -> None:
    said = signals(
        spark,
        ("i", "Red  Shoe", "en", 2, "ann"),
        ("i", "red shoe", "en", 3, "bob"),
        ("i", "ＲＥＤ shoe", "en", 1, None),
    )
    cleaned = normalize.clean_distinct(said, CONFIG)
    texts = normalize.distinct_texts(cleaned).collect()
    assert [(row.text, row.language, row.tokens) for row in texts] == [("red shoe", "en", ["red", "shoe"])]
    images = spark.createDataFrame([], IMAGES)
    mention = normalize.fold_mentions(said, cleaned, images, CONFIG).collect()
    assert [(row.image_id, row["count"], row.facts, len(row.contributors)) for row in mention] == [("i", 6, 3, 2)]
    assert mention[0].text_id == texts[0].text_id


def test_tokens_are_read_from_the_text(spark: SparkSession) -> None:
    said = signals(spark, ("i", "Red shoe, size é. Buy!", "en", 1, None), ("j", "", "en", 1, None))
    cleaned = {row.text: row.tokens for row in normalize.clean_distinct(said, CONFIG).collect()}
    assert cleaned == {"red shoe | size é | buy": ["red", "shoe", "", "size", "é", "", "buy"], "": []}


def test_one_text_of_two_languages_is_two_texts(spark: SparkSession) -> None:
    said = signals(spark, ("i", "gift", "en", 1, None), ("j", "Gift", "de", 1, None))
    texts = normalize.distinct_texts(normalize.clean_distinct(said, CONFIG)).collect()
    assert sorted((row.text, row.language) for row in texts) == [("gift", "de"), ("gift", "en")]


def test_a_repost_speaks_for_its_original(spark: SparkSession) -> None:
    said = signals(spark, ("i", "dog", "en", 1, None), ("copy", "dog", "en", 4, None))
    images = spark.createDataFrame([("i", None, None), ("copy", None, "i")], IMAGES)
    mentions = normalize.fold_mentions(said, normalize.clean_distinct(said, CONFIG), images, CONFIG).collect()
    assert [(row.image_id, row["count"], row.facts) for row in mentions] == [("i", 5, 2)]


def test_every_unusable_fact_is_rejected_once_with_its_reason(spark: SparkSession) -> None:
    said = signals(
        spark, ("i", "IMG_1234.JPG", None, 1, None), ("j", "IMG_1234.JPG", None, 1, None), ("k", "12345", None, 1, None)
    )
    lost = normalize.rejected_facts(said, normalize.clean_distinct(said, CONFIG), CONFIG).collect()
    assert sorted((row.reason, row.raw) for row in lost) == [
        ("file_name", "IMG_1234.JPG"),
        ("file_name", "IMG_1234.JPG"),
        ("number", "12345"),
    ]


def test_contributors_are_bounded_and_the_same_ones_in_any_order(spark: SparkSession) -> None:
    said = signals(spark, *(("i", "dog", "en", 1, f"person {n}") for n in range(9)))
    config = NormalizeConfig(max_contributors=3)
    images = spark.createDataFrame([], IMAGES)
    cleaned = normalize.clean_distinct(said, config)
    one = normalize.fold_mentions(said, cleaned, images, config).collect()
    other = normalize.fold_mentions(said.orderBy("contributor").repartition(3), cleaned, images, config).collect()
    assert one == other
    assert len(one[0].contributors) == 3


def test_raw_texts_of_rejects_hold_no_personal_data_and_are_short(spark: SparkSession) -> None:
    rows = [("number", "write to jane.doe@example.com or @janedoe"), ("too_long", "x" * 900), ("empty", None)]
    masked = normalize.mask_raw(spark.createDataFrame(rows, "reason string, raw string")).collect()
    raw = {row.reason: row.raw for row in masked}
    assert "jane" not in raw["number"]
    assert len(raw["too_long"]) == 200
    assert raw["empty"] is None


def test_no_personal_data_is_in_any_table_after_normalization(spark: SparkSession) -> None:
    secrets = ("jane", "doe", "example.org", "5551234567", "4111")
    facts = (
        "red shoe by jane.doe@example.org",
        "call 555-123-4567 for a blue lamp",
        "green sofa by @janedoe",
        "my card 4111 1111 1111 1111 on the table",
        "jane.doe@example.org",
        "@janedoe 12345",
        "4111 1111 1111 1111",
    )
    said = signals(spark, *((f"i{n}", text, None, 1, None) for n, text in enumerate(facts)))
    cleaned = normalize.clean_distinct(said, CONFIG).persist()
    config = NormalizeConfig(boilerplate_images=2, boilerplate_share=0.0)
    images = spark.createDataFrame([], IMAGES)
    repeated = boilerplate.find_segments(said.union(said), cleaned, images, config)
    rejects = normalize.rejected_facts(said, cleaned, CONFIG)
    tables = (
        normalize.distinct_texts(cleaned),
        normalize.fold_mentions(said, cleaned, images, CONFIG),
        normalize.mask_raw(rejects),
        normalize.mask_raw(repeated.selectExpr("source", "'boilerplate' as reason", "segment as raw")),
    )
    for table in tables:
        values = [str(value) for row in table.collect() for value in row]
        assert values
        assert not [value for value in values for secret in secrets if secret in value.replace("-", "").lower()]
