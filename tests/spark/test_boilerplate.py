from pyspark.sql import DataFrame, Row, SparkSession

from pipeline.runtime.config import NormalizeConfig
from pipeline.text import boilerplate, normalize

CONFIG = NormalizeConfig(boilerplate_images=5, boilerplate_share=0.2)
SIGNALS = "image_id string, signal string, text string, language string, count long, contributor string, source string"
CLEANED = "raw string, stated string, text string, tokens array<string>, flags array<string>, reason string"


def said(spark: SparkSession, *facts: tuple[str, str], who: str | None = None, first: int = 0) -> DataFrame:
    rows = [(f"i{first + n}", signal, text, "en", 1, who, "pins") for n, (signal, text) in enumerate(facts)]
    return spark.createDataFrame(rows, SIGNALS)


def as_cleaned(signals: DataFrame) -> DataFrame:
    """Texts as the cleaner leaves them: they are clean already."""
    columns = ["text as raw", "'en' as stated", "text", "array('x') as tokens", "array() as flags"]
    return signals.selectExpr(*columns, "cast(null as string) as reason").distinct()


def found(spark: SparkSession, signals: DataFrame, hosts: dict[str, str] | None = None) -> dict[str, int]:
    uris = list((hosts or {"none": "none"}).items())
    images = spark.createDataFrame(uris, "image_id string, image_uri string")
    rows = boilerplate.find_segments(signals, as_cleaned(signals), images, CONFIG).collect()
    return {row.segment: row["count"] for row in rows}


def test_a_segment_on_many_texts_of_a_source_is_boilerplate_and_its_neighbours_are_not(spark: SparkSession) -> None:
    ad = said(spark, *(("title", f"red shoe {n} | clipart by ann bee") for n in range(6)))
    assert found(spark, ad) == {"clipart by ann bee": 6}


def test_boards_queries_and_tags_are_never_boilerplate(spark: SparkSession) -> None:
    kinds = ("board", "query", "tag")
    assert found(spark, said(spark, *((kind, "things i really love") for kind in kinds for _ in range(9)))) == {}


def test_a_word_that_two_named_people_give_as_title_is_no_boilerplate_of_the_source(spark: SparkSession) -> None:
    titles = [("title", "dog")] * 6
    assert found(spark, said(spark, *titles)) == {"dog": 6}
    two = said(spark, *titles[:3], who="ann").unionByName(said(spark, *titles[:3], who="bob", first=3))
    assert found(spark, two) == {}


def test_a_rare_segment_or_a_small_share_is_no_boilerplate(spark: SparkSession) -> None:
    assert found(spark, said(spark, *[("title", "clipart by ann bee")] * 4)) == {}
    many = [("title", f"text number {n} | green") for n in range(30)]
    assert found(spark, said(spark, *[("title", "clipart by ann bee")] * 6, *many)) == {}


def test_a_long_text_that_one_voice_repeats_is_copied_and_needs_a_fifth(spark: SparkSession) -> None:
    many = [("title", f"text number {n} | green") for n in range(30)]
    long = "hoisted to signal to the ships of the fleet"
    assert found(spark, said(spark, *[("description", long)] * 2, *many)) == {long: 2}
    two = said(spark, ("description", long), *many, who="ann").unionByName(
        said(spark, ("description", long), who="bob", first=40)
    )
    assert found(spark, two) == {}


def test_a_host_owns_a_segment_only_where_most_of_it_is(spark: SparkSession) -> None:
    titles = [("title", "shop now")] * 6
    others = [("title", f"lamp {n}") for n in range(20)]
    hosts = {f"i{n}": "https://www.Shop.com/a.jpg" if n < 6 else "https://b.org/x" for n in range(26)}
    words = said(spark, *titles, *others, who="ann").unionByName(said(spark, ("title", "lamp"), who="bob", first=26))
    assert found(spark, words, hosts) == {"shop now": 6}


def test_segments_are_cut_and_what_is_nothing_else_is_rejected(spark: SparkSession) -> None:
    rows = [
        ("A", "en", "red shoe | clipart by ann bee", ["red", "shoe", "", "clipart", "by", "ann", "bee"], ["u"], None),
        ("B", "en", "clipart by ann bee", ["clipart", "by", "ann", "bee"], [], None),
        ("C", "en", "shop", ["shop"], [], None),
        ("D", "en", "shop | red | red", ["shop", "", "red", "", "red"], [], None),
        ("E", "en", "", [], [], "empty"),
    ]
    cut = boilerplate.cut_segments(spark.createDataFrame(rows, CLEANED), ["clipart by ann bee", "shop"])
    got = {row.raw: (row.text, row.tokens, row.flags, row.reason) for row in cut.collect()}
    assert got["A"] == ("red shoe", ["red", "shoe"], ["boilerplate_removed", "u"], None)
    assert got["B"][0] == ""
    assert got["B"][3] == "boilerplate"
    assert got["C"] == ("shop", ["shop"], ["boilerplate"], None)
    assert got["D"] == ("shop | red | red", ["shop", "", "red", "", "red"], [], None)
    assert got["E"] == ("", [], [], "empty")


def test_a_short_one_is_lost_to_titles_and_kept_by_tags(spark: SparkSession) -> None:
    facts = said(spark, ("title", "shop"), ("tag", "shop"), ("title", "dog"))
    cut = boilerplate.cut_segments(normalize.clean_distinct(facts, CONFIG), ["shop"]).persist()
    lost = normalize.rejected_facts(facts, cut, CONFIG).collect()
    assert lost == [Row(source="pins", reason="boilerplate", raw="shop")]
    images = spark.createDataFrame([], "image_id string, image_uri string, duplicate_of string")
    kept = normalize.fold_mentions(facts, cut, images, CONFIG).collect()
    assert sorted((row.image_id, row.signal) for row in kept) == [("i1", "tag"), ("i2", "title")]
