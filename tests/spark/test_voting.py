from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime.config import NormalizeConfig
from pipeline.text import normalize, voting

SIGNALS = "image_id string, signal string, text string, language string, count long, contributor string, source string"
CONFIG = NormalizeConfig()
Fact = tuple[str, str, str, str | None]  # image, signal, text, stated language
SURE = "deux enfants jouent avec un chien sur la plage"


def signals(spark: SparkSession, *facts: Fact) -> DataFrame:
    return spark.createDataFrame(
        [(image, signal, text, language, 1, None, "pins") for image, signal, text, language in facts], SIGNALS
    )


def voted(said: DataFrame, config: NormalizeConfig = CONFIG) -> dict[tuple[str, str], str]:
    cleaned = normalize.clean_distinct(said, config).persist()
    votes = voting.vote(voting.facts_by_image(said, cleaned), config).collect()
    cleaned.unpersist()
    return {(row.image_id, row.raw): row.voted for row in votes}


def test_an_unsure_title_takes_the_language_of_its_image_and_only_there(spark: SparkSession) -> None:
    said = signals(
        spark,
        ("i", "title", "chat", None),
        ("i", "description", SURE, None),
        ("i", "tag", "grenouille", "fr"),
        ("j", "title", "chat", None),
        ("j", "description", "two children play with a dog on the beach", None),
        ("k", "title", "chat", None),
    )
    assert voted(said) == {("i", "chat"): "fr"}


def test_a_board_speaks_for_images_that_say_nothing_else(spark: SparkSession) -> None:
    others = [fact for n in range(3) for fact in ((f"o{n}", "board", "déco", None), (f"o{n}", "alt", SURE, None))]
    said = signals(spark, ("i", "title", "chat", None), ("i", "board", "déco", None), *others)
    assert voted(said)["i", "chat"] == "fr"


def test_a_context_that_divides_a_text_makes_it_undetermined(spark: SparkSession) -> None:
    config = NormalizeConfig(min_language_confidence=0.99)
    loose = NormalizeConfig(min_language_confidence=0.0)
    said = signals(spark, ("i", "title", "chat", None), ("i", "alt", SURE, None), ("i", "tag", "green dog", "en"))
    cleaned = normalize.clean_distinct(said, loose).persist()
    votes = voting.vote(voting.facts_by_image(said, cleaned), config).persist()
    assert [(row.raw, row.voted) for row in votes.collect()] == [("chat", "und")]
    again = normalize.clean_voted(votes, cleaned, config)
    fresh = again.where("stated = 'und'").collect()
    assert [(row.raw, row.language, row.flags) for row in fresh] == [("chat", "und", ["language_voted"])]


def test_a_million_captions_weigh_no_more_than_ten_texts(spark: SparkSession) -> None:
    facts = [("i", None, "en", None)] * 199 + [("i", None, "fr", None)]
    schema = "image_id string, board string, language string, rivals map<string,double>"
    (found,) = voting.language_context(spark.createDataFrame(facts, schema)).collect()
    assert found.weights == {"en": 9.95, "fr": 0.05}


def test_texts_are_cleaned_again_by_the_rules_of_the_voted_language(spark: SparkSession) -> None:
    said = signals(
        spark,
        ("i", "title", "PIRIL", None),
        *(("i", "tag", word, "tr") for word in ("kedi", "köpek", "deniz", "güneş", "elbise", "ışık")),
    )
    cleaned = normalize.clean_distinct(said, CONFIG).persist()
    votes = voting.vote(voting.facts_by_image(said, cleaned), CONFIG).persist()
    both = normalize.clean_voted(votes, cleaned, CONFIG).persist()
    facts = voting.apply_votes(said, votes)
    images = spark.createDataFrame([], "image_id string, image_uri string, duplicate_of string")
    kept = normalize.fold_mentions(facts, both, images, CONFIG).join(normalize.distinct_texts(both), "text_id")
    found = {row.text: row.language for row in kept.where("signal = 'title'").collect()}
    assert found == {"pırıl": "tr"}
    assert normalize.fold_mentions(facts, both, images, CONFIG).count() == 7


def test_votes_do_not_depend_on_partitions(spark: SparkSession) -> None:
    words = ["chat", "table", "rose", "piano", "original", "menu", "casa", "sol", "mar", "Tee"]
    facts = [(f"i{n % 4}", "title", word, None) for n, word in enumerate(words)]
    facts += [(f"i{n}", "board", f"b{n % 2}", None) for n in range(4)]
    facts += [(f"i{n}", "alt", SURE, ("fr", "es", "en", "de")[n]) for n in range(4)]
    said = signals(spark, *facts)
    found = voted(said)
    assert found
    assert voted(said.orderBy("text").repartition(5)) == found
