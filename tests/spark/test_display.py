from pyspark.sql import SparkSession

from pipeline.vocabulary.display import count_spellings

TEXTS = [
    ("A dog in front of the Eiffel Tower", "en"),
    ("A dog in front of the Eiffel Tower", "en"),  # said twice, one text
    ("Two cats see NASA's dog with the NASA logo", "en-US"),
    ("Best Dog Food In Town", "en"),  # a headline
    ("my dog in paris", "en"),  # whoever writes no capitals
    ("ein Hund mit einer Hand am dog", "de"),
    ("Il vit à Paris avec son dog", None),
]


def test_only_the_inside_of_running_text_tells_how_words_are_written(spark: SparkSession) -> None:
    signals = spark.createDataFrame(TEXTS, "text string, language string")
    words = spark.createDataFrame([(w,) for w in ("dog", "tower", "paris", "hand", "two", "nasa", "il")], "word string")
    found = {tuple(row) for row in count_spellings(signals, words).collect()}
    assert found == {
        ("en", "dog", "dog", 2),
        ("en", "tower", "Tower", 1),
        ("en", "nasa", "NASA", 1),
        ("de", "hand", "Hand", 1),
        ("de", "dog", "dog", 1),
        ("", "paris", "Paris", 1),
        ("", "dog", "dog", 1),
    }
