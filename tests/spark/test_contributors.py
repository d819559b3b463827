import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipeline.runtime.config import MineConfig
from pipeline.vocabulary.mining import candidates, contributors, selection, shape

SIGNALS = "image_id string, signal string, text string, text_id long, contributor string"


class Said(NamedTuple):
    """A fact: who says what of which image."""

    image: str
    text: str
    by: str | None
    signal: str = "title"
    language: str = "en"


def runs(text: str) -> set[str]:
    words = text.split()
    return {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, min(i + 3, len(words)) + 1)}


def by_one(word: str, name: str, images: int, *, signal: str = "title", language: str = "en") -> list[Said]:
    return [Said(f"{name} {word} {i}", word, name, signal, language) for i in range(images)]


def mine(spark: SparkSession, facts: Sequence[Said], partitions: int = 2) -> tuple[DataFrame, ...]:
    """Phrases of up to three words, what is said of each image, and names, as mining has them."""
    texts = sorted({(fact.text, fact.language) for fact in facts})
    images: dict[tuple[str, str], set[str]] = {}
    for fact in facts:
        for phrase in runs(fact.text):
            images.setdefault((phrase, fact.language), set()).add(fact.image)
    ids = {key: place for place, key in enumerate(sorted(images))}
    rows = [(ids[key], *key, len(key[0].split()), len(on)) for key, on in images.items()]
    counted = spark.createDataFrame(rows, "phrase_id long, phrase string, language string, n_words int, images long")
    found = spark.createDataFrame(
        [
            (i, [ids[phrase, language] for phrase in runs(text)], ids.get((text, language)))
            for i, (text, language) in enumerate(texts)
        ],
        "text_id long, phrases array<long>, whole long",
    )
    said = [(f.image, f.signal, f.text, texts.index((f.text, f.language)), f.by) for f in facts]
    signals = spark.createDataFrame(said, SIGNALS).repartition(partitions)
    voice = F.when(F.col("contributor").isNotNull(), F.xxhash64("contributor"))
    people = F.array_sort(F.collect_set(voice)).alias("contributors")
    mentions = signals.groupBy("image_id", "text_id", "signal").agg(people)
    spoken = candidates.by_image(found, mentions, sorted({fact.signal for fact in facts}))
    return counted.repartition(partitions), spoken, contributors.read_names(signals, 3)


def signatures(spark: SparkSession, facts: Iterable[Said], share: float = 0.9, partitions: int = 2) -> set[str]:
    counted, *mined = mine(spark, list(facts), partitions)
    left = contributors.find_signatures(counted, *mined, share).collect()
    spelled = {row.phrase_id: row.phrase for row in counted.select("phrase_id", "phrase").collect()}
    assert len(left) == len({row.phrase_id for row in left})
    return {spelled[row.phrase_id] for row in left}


# Each story has words of its own, so that all are told at once; a test looks at the words of one.
FACTS = [
    *by_one("boat jarno vasamaa", "Jarno Vasamaa", 2),
    *by_one("car jarno vasamaa", "Jarno Vasamaa", 1),
    *[Said("boat", "boat", "Ann"), Said("car", "car", "Ann")],
    *[*by_one("red rose", "Rose Green", 8), *by_one("pink rose", "Ann", 1), *by_one("rose garden", "Ann", 1)],
    *[*by_one("iris", "Iris", 9), *by_one("iris", "Ann", 1)],
    *[*by_one("danube", "Danube", 30), *by_one("danube river", "Ann", 1)],
    *[
        *by_one("ship by linus v", "linus_v", 1),
        *by_one("linus ship", "LinusV", 1),
        *by_one("olapersson", "Ola Persson", 1),
    ],
    *by_one("vitamin c", "C", 3),
    *by_one("anna berta clara dora", "Anna Berta Clara Dora", 3),
    *by_one("कमल शर्मा", "कमल शर्मा", 2, language="hi"),
    *by_one("steele", "Dan Steele", 3, language="de"),
    *[*by_one("park", "Benji Park", 3, language="de"), *by_one("park", "Ann", 2)],
    *[Said("dock", "dock", "Erwan"), Said("dock", "erwan", None, "board")],
    *[fact for signal in ("title", "board") for fact in by_one("lace", "Lace", 3, signal=signal)],
    *[Said("crowd", "silk", name) for name in ("Silk", "Ann", "Bob", "Cid", "Dan")],
    *[Said("few", "wool", name) for name in ("Wool", "Ann", "Bob", "Cid")],
    *[Said("nobody", "cotton", None), *by_one("linen", "Ann", 1)],
]


@pytest.fixture(scope="module")
def left(spark: SparkSession) -> set[str]:
    return signatures(spark, FACTS)


def test_a_signature_leaves_whole_in_part_and_with_what_it_stands_beside(left: set[str]) -> None:
    assert {"jarno", "vasamaa", "jarno vasamaa", "boat jarno", "car jarno", "boat jarno vasamaa"} <= left
    assert not {"boat", "car"} & left


def test_a_name_part_that_other_peoples_images_say_is_a_word(left: set[str]) -> None:
    assert not {"rose", "red rose", "pink rose"} & left  # 8 of 10 images are by Rose


def test_the_share_must_be_passed_and_not_reached(spark: SparkSession, left: set[str]) -> None:
    assert "iris" not in left  # 9 of 10
    assert "iris" in signatures(spark, [fact for fact in FACTS if fact.text == "iris"], share=0.89)


def test_a_longer_phrase_is_judged_on_its_own_images(left: set[str]) -> None:
    assert "danube" in left
    assert "danube river" not in left


def test_a_handle_and_its_words_are_one_name(left: set[str]) -> None:
    assert {"linus", "linus v", "by linus v", "linus ship", "olapersson"} <= left
    assert "ship" not in left


def test_a_name_of_one_letter_takes_nothing(left: set[str]) -> None:
    assert not {"c", "vitamin", "vitamin c"} & left


def test_of_a_name_longer_than_any_phrase_its_runs_leave(left: set[str]) -> None:
    assert {"anna berta clara", "berta clara dora", "dora"} <= left


def test_names_of_other_scripts_leave_too(left: set[str]) -> None:
    assert {"कमल", "शर्मा", "कमल शर्मा"} <= left


def test_what_is_said_in_another_language_is_the_same_word(left: set[str]) -> None:
    assert "steele" in left
    assert "park" not in left  # all that say it in German are Benji's, and two in English are not


def test_an_image_is_signed_where_another_text_of_it_names_its_contributor(left: set[str]) -> None:
    assert "erwan" in left
    assert "dock" not in left


def test_a_board_that_is_called_like_what_is_on_it_is_no_person(left: set[str]) -> None:
    assert "lace" not in left


def test_what_a_crowd_says_is_nobodys_own(left: set[str]) -> None:
    assert "silk" not in left
    assert "wool" in left


def test_nobody_and_a_name_that_is_not_said_take_nothing(left: set[str]) -> None:
    assert not {"cotton", "linen"} & left


def test_signatures_are_those_of_a_plain_loop_whatever_the_partitions(spark: SparkSession) -> None:
    draw = random.Random(1)
    people = ["ada rose", "bo", "cid lamp", "rose", None]
    words = ["rose", "ada", "bo", "lamp", "red", "cid"]
    facts = [
        Said(f"i{draw.randrange(25)}", " ".join(draw.choices(words, k=draw.randrange(1, 4))), draw.choice(people))
        for _ in range(40)
    ]
    share = 0.6
    by: dict[str, set[str]] = {}
    on: dict[str, set[str]] = {}
    for fact in facts:
        by.setdefault(fact.image, set()).update({fact.by} - {None})  # type: ignore[arg-type]
        for phrase in runs(fact.text):
            on.setdefault(phrase, set()).add(fact.image)
    circles = {name: runs(name) | runs(" ".join(reversed(name.split()))) for name in people if name}

    def is_signed(phrase: str, held: set[str]) -> bool:
        bearers = {name for name, parts in circles.items() if parts & held}
        signed = [image for image in on[phrase] if by[image] & bearers and len(by[image]) <= 4]
        return len(signed) > share * len(on[phrase])

    own = {phrase for phrase in on if is_signed(phrase, {phrase})}
    expected = own | {phrase for phrase in on if is_signed(phrase, own & (runs(phrase) - {phrase}))}
    assert own
    assert expected - own
    draw.shuffle(facts)
    assert signatures(spark, facts, share) == signatures(spark, facts, share, partitions=5) == expected


def test_signatures_leave_by_name_unless_the_dictionary_keeps_them(spark: SparkSession) -> None:
    rows = [(i, phrase, "en", 1, 3, 3, 9.0, phrase == "jarno") for i, phrase in enumerate(["boat", "jarno", "vasamaa"])]
    named = "phrase_id long, phrase string, language string, n_words int"
    told = spark.createDataFrame(
        rows, f"{named}, images long, contributors long, specificity double, pinned boolean"
    ).withColumns({"blocked": F.lit(False)})
    config = MineConfig(max_image_share=1.0)
    left = spark.createDataFrame([(1,), (2,)], "phrase_id long")
    measured = selection.measure(shape.add_shapes(told), 9, config, left)
    assert {row.phrase: row.reason for row in measured.collect()} == {
        "boat": None,
        "jarno": None,
        "vasamaa": "contributor_name",
    }
