import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from pipeline.runtime.config import MineConfig
from pipeline.vocabulary.mining import bundles, candidates, counting, dictionary, selection, shape, tally

TEXTS = "text_id long, text string, language string, tokens array<string>, flags array<string>"
MENTIONS = "image_id string, text_id long, signal string, count long, facts long, contributors array<long>"
SIGNALS = ["board", "title"]
CONFIG = MineConfig(min_images=2, min_contributors=1, max_image_share=1.0, min_cohesion=-1.0)


def tables(spark: SparkSession, said: Sequence[tuple[str, str, str, list[int]]]) -> tuple[DataFrame, DataFrame]:
    """Texts and mentions of (image, signal, text, contributors)."""
    distinct = sorted({text for _, _, text, _ in said})
    texts = [
        (i, text, "en", ["" if word == "|" else word for word in text.split()], []) for i, text in enumerate(distinct)
    ]
    mentions = [(image, distinct.index(text), signal, 1, 1, people) for image, signal, text, people in said]
    return spark.createDataFrame(texts, TEXTS), spark.createDataFrame(mentions, MENTIONS)


def mine(
    spark: SparkSession,
    said: Sequence[tuple[str, str, str, list[int]]],
    config: MineConfig,
    own: pa.Table | None = None,
    specificity: dict[str, float] | None = None,
) -> dict[str, Row]:
    texts, mentions = tables(spark, said)
    everything = spark.sparkContext.broadcast(b"\xff" * 8_192)  # a sieve that holds nothing back
    packed = bundles.pack(candidates.weigh_texts(texts, mentions)).persist()
    counts = counting.count_phrases(packed, everything, config.max_words).persist()
    listed = dictionary.SCHEMA.empty_table() if own is None else own
    wanted = spark.createDataFrame(listed)
    enough = counts.where(F.col("weight") >= config.min_images).select("phrase_id").unionAll(wanted.select("phrase_id"))
    keys = np.unique(np.array([row.phrase_id for row in enough.collect() if row.phrase_id is not None], dtype=np.int64))
    found = candidates.find_phrases(packed, spark.sparkContext.broadcast(keys.tobytes()), config.max_words)
    spoken = candidates.by_image(found, mentions, SIGNALS)
    support = candidates.count_support(spoken, SIGNALS)
    tail = candidates.rare_phrases(support, listed["phrase_id"].to_numpy(), config.min_images, config.rare_images)
    rare = candidates.keys_of_rare(spoken, spark.sparkContext.broadcast(tail.tobytes()))
    told = spark.createDataFrame(list((specificity or {"": 9.0}).items()), "phrase string, specificity double")
    named = candidates.name_phrases(counts, wanted, support, rare, config.min_images).join(told, "phrase", "left")
    shaped = shape.add_shapes(named).persist()
    all_images = len({image for image, _, _, _ in said})
    rows = selection.judge(selection.measure(shaped, all_images, config).persist(), config).collect()
    return {row.phrase: row for row in rows}


def count(spark: SparkSession, weighed: DataFrame, threshold: int, most: int) -> DataFrame:
    packed = bundles.pack(weighed).persist()
    blocks = counting.hash_counters(packed, 16, threshold, most).collect()
    bitmap = tally.join_blocks([(row.block, bytes(row.bits)) for row in blocks], 16)
    return counting.count_phrases(packed, spark.sparkContext.broadcast(bitmap), most)


def reasons(rows: dict[str, Row]) -> dict[str, str | None]:
    return {phrase: row.reason for phrase, row in rows.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_support_is_that_of_a_plain_loop(spark: SparkSession, seed: int) -> None:
    draw = random.Random(seed)
    words = ["red", "blue", "shoe", "sofa", "|", "lamp"]
    said = [
        (
            f"i{draw.randrange(12)}",
            draw.choice(SIGNALS),
            " ".join(draw.choices(words[:-1], k=draw.randrange(1, 7))).strip("| ") or "red",
            draw.sample(range(5), draw.randrange(3)),
        )
        for _ in range(60)
    ]
    images: dict[str, set[str]] = defaultdict(set)
    by_signal: dict[tuple[str, str], set[str]] = defaultdict(set)
    voices: dict[tuple[str, str], set[int]] = defaultdict(set)
    whole: dict[str, set[str]] = defaultdict(set)
    for image, signal, text, people in said:
        tokens = text.split()
        length = len([word for word in tokens if word != "|"])
        for n in range(1, 7):
            for start in range(len(tokens) - n + 1):
                part = tokens[start : start + n]
                if "|" in part:
                    continue
                phrase = " ".join(part)
                images[phrase].add(image)
                by_signal[phrase, signal].add(image)
                voices[phrase, image] |= set(people)
                if n == length:
                    whole[phrase].add(image)
    found = mine(spark, said, CONFIG)
    assert set(found) == {phrase for phrase, on in images.items() if len(on) >= 2}
    for phrase, row in found.items():
        assert row.images == len(images[phrase])
        named = [voices[phrase, image] for image in images[phrase] if voices[phrase, image]]
        assert row.contributors == len(set().union(*named)) + len(images[phrase]) - len(named)
        assert row.completeness == pytest.approx(len(whole[phrase]) / len(images[phrase]), abs=1e-6)
        assert row.signal_images == {s: len(by_signal[phrase, s]) for s in SIGNALS if by_signal[phrase, s]}
        assert len(row.image_keys) == row.images


def test_one_contributor_with_many_images_is_no_support(spark: SparkSession) -> None:
    said = [(f"i{i}", "title", "gramastar", [7]) for i in range(9)] + [(f"i{i}", "title", "dog", [i]) for i in range(2)]
    found = reasons(mine(spark, said, MineConfig(min_images=2, min_contributors=2, max_image_share=1.0)))
    assert found == {"gramastar": "few_contributors", "dog": None}


def test_a_rare_word_that_is_also_said_alone_is_no_fragment(spark: SparkSession) -> None:
    said = [(f"n{i}", "title", "new york city", []) for i in range(5)]
    said += [(f"o{i}", "title", "cute okapi", []) for i in range(5)] + [("o9", "board", "okapi", [])]
    said += [(f"c{i}", "title", "cute", []) for i in range(3)] + [(f"x{i}", "title", "new", []) for i in range(6)]
    found = reasons(mine(spark, said, CONFIG))
    assert found["york"] == found["york city"] == "fragment"
    assert found["new york city"] is None
    assert found["okapi"] is None


def test_stop_words_stay_inside_a_phrase_and_leave_its_edges(spark: SparkSession) -> None:
    said = [(f"i{i}", "title", "lord of the rings", []) for i in range(3)]
    found = reasons(mine(spark, said, CONFIG))
    assert found["lord of the rings"] is None
    assert found["of the rings"] == "stop_word_edge"
    assert found["the"] == "stop_word"


def test_words_that_meet_by_chance_have_low_cohesion(spark: SparkSession) -> None:
    said = [(f"a{i}", "title", "red", []) for i in range(30)] + [(f"b{i}", "title", "sofa", []) for i in range(30)]
    said += [(f"c{i}", "title", "red sofa", []) for i in range(2)] + [
        (f"d{i}", "title", "hot dog", []) for i in range(2)
    ]
    found = mine(spark, said, MineConfig(min_images=2, min_contributors=1, max_image_share=1.0))
    assert found["red sofa"].reason == "low_cohesion"
    assert found["hot dog"].cohesion == 1.0
    assert found["hot dog"].reason is None


def test_npmi_is_that_of_the_formula(spark: SparkSession) -> None:
    said = [(f"a{i}", "title", "red", []) for i in range(5)] + [(f"b{i}", "title", "sofa", []) for i in range(2)]
    said += [(f"c{i}", "title", "red sofa", []) for i in range(3)]
    found = mine(spark, said, CONFIG)
    p_both, p_red, p_sofa = 3 / 10, 8 / 10, 5 / 10
    assert found["red sofa"].cohesion == pytest.approx(np.log(p_both / (p_red * p_sofa)) / -np.log(p_both), abs=1e-6)


def test_a_phrase_on_most_images_is_too_general(spark: SparkSession) -> None:
    said = [(f"i{i}", "title", "icon", []) for i in range(9)] + [(f"i{i}", "board", "dog", []) for i in range(2)]
    found = reasons(mine(spark, said, MineConfig(min_images=2, min_contributors=1, max_image_share=0.5)))
    assert found == {"icon": "too_general", "dog": None}


def test_only_the_best_phrases_of_a_language_go_on(spark: SparkSession) -> None:
    said = [(f"i{i}", "title", "dog", []) for i in range(5)] + [(f"j{i}", "title", "cat", []) for i in range(3)]
    found = reasons(mine(spark, said, MineConfig(min_images=2, max_image_share=1.0, max_phrases=1)))
    assert found == {"dog": None, "cat": "beyond_max_phrases"}


def test_keys_of_images_are_kept_for_rare_phrases_only(spark: SparkSession) -> None:
    said = [(f"i{i}", "title", "dog", []) for i in range(5)] + [(f"j{i}", "title", "cat", []) for i in range(3)]
    found = mine(spark, said, MineConfig(min_images=2, max_image_share=1.0, rare_images=3))
    assert found["dog"].image_keys is None
    assert len(found["cat"].image_keys) == 3


def test_counts_are_those_of_a_plain_loop_and_what_cannot_be_frequent_is_counted_in_one_row(
    spark: SparkSession,
) -> None:
    draw = random.Random(5)
    rows = [(" ".join(draw.choices(list("abcde|"), k=draw.randrange(1, 9))), draw.randrange(1, 4)) for _ in range(90)]
    plain: dict[str, int] = defaultdict(int)
    occurrences = 0
    for text, weight in rows:
        tokens = text.split()
        parts = [
            " ".join(tokens[start : start + n])
            for n in range(1, 4)
            for start in range(len(tokens) - n + 1)
            if "|" not in tokens[start : start + n]
        ]
        occurrences += weight * len(parts)
        for phrase in set(parts):
            plain[phrase] += weight
    weighed = spark.createDataFrame(
        [(text, "en", weight) for text, weight in rows], "text string, language string, weight long"
    )
    found = {row.phrase: row for row in count(spark, weighed.repartition(3), 12, 3).collect()}
    left_out = found.pop(None).weight  # type: ignore[call-overload]
    assert {phrase for phrase, weight in plain.items() if weight >= 12} <= set(found)
    assert {phrase: row.weight for phrase, row in found.items()} == {phrase: plain[phrase] for phrase in found}
    assert {row.n_words for phrase, row in found.items()} <= {len(phrase.split()) for phrase in found}
    assert 0 < left_out < occurrences


def test_a_phrase_with_free_edges_is_no_part_of_a_longer_one(spark: SparkSession) -> None:
    said = [
        (f"l{i}", "title", f"{word} room decor", []) for i, word in enumerate(["living", "bath", "dining", "play"] * 3)
    ]
    said += [(f"b{i}", "title", "statue of liberty", []) for i in range(12)]
    found = mine(spark, said, CONFIG)
    assert found["room decor"].freedom > 0.5  # four words stand before it, and none after it
    assert found["liberty"].freedom == 0.0
    assert found["living room"].freedom == 0.0
    assert found["living room"].reason == "fragment"


def test_a_nested_phrase_is_discounted_by_what_holds_it(spark: SparkSession) -> None:
    said = [(f"l{i}", "title", "living room decor", []) for i in range(6)]
    said += [(f"r{i}", "title", "room decor", []) for i in range(2)] + [("x", "title", "decor", [])]
    found = mine(spark, said, CONFIG)
    assert found["room decor"].independence == 0.25  # 8 images, 6 of them in one longer phrase
    assert found["living room decor"].independence == 1.0
    assert found["living room decor"].score > found["room decor"].score


def test_words_that_go_with_everything_leave_and_need_less_where_they_can_be_seen(spark: SparkSession) -> None:
    said = [(f"i{i}", "title", word, []) for word in ("dog", "business", "tree") for i in range(3)]
    told = {"dog": 0.2, "business": 0.2, "tree": 0.15}
    found = reasons(mine(spark, said, CONFIG, specificity=told))
    assert found == {"dog": None, "business": "too_general", "tree": "too_general"}


def test_an_adverb_cannot_be_seen(spark: SparkSession) -> None:
    said = [(f"i{i}", "title", word, []) for word in ("slowly", "sofa", "okapia") for i in range(3)]
    assert reasons(mine(spark, said, CONFIG)) == {"slowly": "not_visible", "sofa": None, "okapia": None}


def test_own_phrases_stay_whatever_their_support_and_blocked_ones_leave(spark: SparkSession, tmp_path: Path) -> None:
    listed = tmp_path / "own.csv"
    listed.write_text(
        "phrase,rule,synonym_of\nOkapi,keep,\nthe who,,\nsofa,block,\ncouch,synonym,settee\n", encoding="utf-8"
    )
    own = dictionary.read_dictionary(str(listed), "en", 6)
    said = [("i1", "title", "okapi", []), ("i2", "title", "the who", []), ("i3", "title", "couch", [])]
    said += [(f"s{i}", "title", "sofa", []) for i in range(3)]
    found = mine(spark, said, CONFIG, own)
    assert reasons(found) == {"okapi": None, "the who": None, "couch": None, "sofa": "blocked"}
    assert found["couch"].synonym_of == own["phrase_id"][own["phrase"].to_pylist().index("settee")].as_py()
