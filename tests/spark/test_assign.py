import math

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from pipeline.labeling import agreement, assign, confidence, evidence, propagate
from pipeline.runtime.config import AssignConfig

EVIDENCE = (
    "image_id string, label_id int, phrase_id long, signal string, phrase string, count long, voices long, owner long, "
    "coverage double, text_id long"
)
SIGNALS = ["board", "title"]
TRUST = [0.5, 0.8]
Said = tuple[str, int, str, str, int]


def said(spark: SparkSession, *rows: Said, coverage: float = 1.0) -> DataFrame:
    """(image, label, signal, phrase, count) as evidence in which every count is a voice."""
    full = [
        (image, label, sum(map(ord, phrase)), signal, phrase, count, count, None, coverage, 1)
        for image, label, signal, phrase, count in rows
    ]
    return spark.createDataFrame(full, EVIDENCE)


def facts(spark: SparkSession, specificity: float = 1.0) -> DataFrame:
    """Every label equally rare, every signal as in `TRUST`."""
    return spark.createDataFrame(
        [(label, specificity, TRUST) for label in range(12)], "label_id int, specificity double, trust array<double>"
    )


def weighed(spark: SparkSession, rows: DataFrame, config: AssignConfig | None = None) -> dict[tuple[str, int], Row]:
    found = confidence.weigh(rows, SIGNALS, facts(spark), config or AssignConfig()).collect()
    return {(row.image_id, row.label_id): row for row in found}


def test_confidence_is_that_of_the_formula(spark: SparkSession) -> None:
    rows = said(spark, ("i", 0, "title", "dog", 3), ("i", 0, "board", "dogs", 1))
    found = confidence.weigh(rows, SIGNALS, facts(spark, 0.5), AssignConfig()).collect()
    expected = 1 - (1 - 0.8 * 0.75) ** math.log2(4) * (1 - 0.5 * 0.75)
    assert [row.confidence for row in found] == [pytest.approx(expected, abs=1e-4)]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((), 0.7),  # the prior, once
        (("reliability",), 0.8),
        (("saturation",), 1 - 0.3**2),
        (("specificity",), 0.7 * 0.75),
        (("coverage",), 0.7 * 0.7),
        (("completeness",), 0.7 * 0.6),
        (("agreement",), 0.7 * 0.8),
        (("reliability", "coverage", "agreement"), 0.8 * 0.7 * 0.8),
    ],
)
def test_each_term_works_alone_and_with_others(spark: SparkSession, terms: tuple[str, ...], expected: float) -> None:
    rows = said(spark, ("i", 0, "title", "a", 3), coverage=0.4)
    whole = spark.createDataFrame([(97, 0.2)], "phrase_id long, completeness double")
    near = spark.createDataFrame([("i", 97, 0.6)], "image_id string, phrase_id long, agreement double")
    found = confidence.weigh(rows, SIGNALS, facts(spark, 0.5), AssignConfig(terms=terms), whole, near).collect()
    assert found[0].confidence == pytest.approx(expected, abs=1e-4)


def test_a_phrase_of_which_nothing_tells_agreement_is_not_doubted_for_it(spark: SparkSession) -> None:
    none = spark.createDataFrame([], "image_id string, phrase_id long, agreement double")
    rows = said(spark, ("i", 0, "title", "a", 1))
    found = confidence.weigh(rows, SIGNALS, facts(spark), AssignConfig(terms=("agreement",)), None, none).collect()
    assert found[0].confidence == pytest.approx(0.7)


def test_signals_add_up_and_repetition_counts_by_its_logarithm(spark: SparkSession) -> None:
    rows = said(
        spark,
        ("often", 0, "title", "dog", 2),
        ("both", 0, "title", "dog", 1),
        ("both", 0, "board", "dog", 1),
        ("once", 0, "board", "dog", 1),
    )
    found = {image: row.confidence for (image, _), row in weighed(spark, rows).items()}
    assert found == {
        "often": pytest.approx(1 - 0.2 ** math.log2(3), abs=1e-4),
        "both": pytest.approx(1 - 0.2 * 0.5, abs=1e-4),
        "once": pytest.approx(0.5),
    }


def test_one_contributor_is_one_voice_however_often(spark: SparkSession) -> None:
    rows = [("i", 0, 1, "title", "dog", 50, 1, 7, 1.0, 1), ("j", 0, 1, "title", "dog", 50, 50, None, 1.0, 1)]
    found = weighed(spark, spark.createDataFrame(rows, EVIDENCE))
    assert found["i", 0].confidence == pytest.approx(0.8)
    assert found["j", 0].confidence > 0.99


def test_of_equal_confidences_the_rarer_label_comes_first(spark: SparkSession) -> None:
    rows = said(spark, *(("i", label, "title", f"p{label}", 1) for label in (5, 3, 4)))
    assert {label: row.place for (_, label), row in weighed(spark, rows).items()} == {5: 1, 4: 2, 3: 3}


def test_what_leaves_has_its_reason(spark: SparkSession) -> None:
    rows = said(spark, *(("i", label, "title", "p", 1) for label in (1, 2, 3)), ("i", 9, "board", "q", 1))
    config = AssignConfig(max_labels=2, min_confidence=0.6)
    found = confidence.weigh(rows, SIGNALS, facts(spark), config).withColumns({"reason": assign.rejection(config)})
    assert {row.label_id: row.reason for row in found.collect()} == {
        3: None,
        2: None,
        1: "beyond_max_labels",
        9: "low_confidence",
    }


def test_evidence_is_bounded_and_keeps_the_first_voice_of_every_signal(spark: SparkSession) -> None:
    many = [("i", 0, "title", f"dog {n}", n) for n in range(1, 7)]
    kept = weighed(spark, said(spark, *many, ("i", 0, "board", "dogs", 1)), AssignConfig(max_evidence=3))["i", 0]
    assert [tuple(entry) for entry in kept.evidence] == [
        ("title", "dog 6", 6),
        ("board", "dogs", 1),
        ("title", "dog 5", 5),
    ]


@pytest.mark.parametrize("partitions", [1, 7])
def test_confidences_do_not_depend_on_the_order_of_rows(spark: SparkSession, partitions: int) -> None:
    rows = [
        (f"i{n % 5}", n % 3, n % 4, SIGNALS[n % 2], f"p{n % 4}", n, n, None, (n % 7 + 1) / 7, n) for n in range(1, 60)
    ]
    once = spark.createDataFrame(rows, EVIDENCE).dropDuplicates(["image_id", "phrase_id", "signal"]).orderBy("count")
    whole = spark.createDataFrame([tuple(row) for row in once.collect()], EVIDENCE)
    assert weighed(spark, whole.repartition(partitions)) == weighed(spark, whole.orderBy(F.desc("count")))


# Evidence.

MENTIONS = "text_id long, image_id string, signal string, count long, contributors array<long>"


def collected(spark: SparkSession, mentions: list[tuple[int, str, str, int, list[int]]]) -> list[Row]:
    """Evidence of member 9, "dog", of label 0, which stands in texts 1 (wholly) and 2 (half)."""
    matches = spark.createDataFrame([(1, 9, 1.0), (2, 9, 0.5)], "text_id long, phrase_id long, coverage double")
    members = spark.createDataFrame([(9, 0, "dog")], "phrase_id long, label_id int, phrase string")
    return evidence.collect_evidence(matches, spark.createDataFrame(mentions, MENTIONS), members).collect()


def test_evidence_counts_facts_and_voices_and_names_the_text_that_says_most(spark: SparkSession) -> None:
    (row,) = collected(spark, [(1, "i", "title", 3, [5, 6]), (2, "i", "title", 2, [6]), (2, "i", "title", 4, [])])
    assert (row["count"], row.voices, row.owner, row.coverage, row.text_id) == (9, 2 + 4, None, 1.0, 1)


def test_evidence_of_one_contributor_alone_names_the_owner(spark: SparkSession) -> None:
    rows = {row.image_id: row for row in collected(spark, [(1, "i", "board", 3, [5]), (2, "i", "board", 1, [5])])}
    assert (rows["i"].voices, rows["i"].owner, rows["i"]["count"]) == (1, 5, 4)


def test_signals_of_an_image_are_apart(spark: SparkSession) -> None:
    rows = collected(spark, [(1, "i", "title", 1, []), (2, "i", "board", 1, [])])
    assert {(row.signal, row.coverage) for row in rows} == {("title", 1.0), ("board", 0.5)}


def test_votes_are_counted_by_the_signals_of_image_and_label(spark: SparkSession) -> None:
    rows = said(
        spark,
        ("a", 0, "title", "dog", 1),
        ("a", 0, "board", "dogs", 1),
        ("a", 1, "board", "pets", 1),
        ("b", 0, "title", "dog", 1),
    )
    pairs = evidence.pair_voices(rows, SIGNALS)
    bands = spark.createDataFrame([(0, 0), (1, 2)], "label_id int, band int")
    votes = {
        (row.band, row.image_bits, row.label_bits): row.pairs for row in evidence.count_votes(pairs, bands).collect()
    }
    assert votes == {(0, 0b11, 0b11): 1, (2, 0b11, 0b01): 1, (0, 0b10, 0b10): 1}
    assert {row.label_id: (row.images, row.by_signal) for row in evidence.count_labels(pairs, 2).collect()} == {
        0: (2, [1, 2]),
        1: (1, [1, 0]),
    }
    assert tuple(evidence.count_images(pairs, 2).first() or ()) == (2, [1, 2])


def test_the_owner_of_a_board_is_one_voice_on_all_its_images(spark: SparkSession) -> None:
    owned = [(f"o{n}", 0, 1, "board", "dog", 1, 1, 77, 1.0, 1) for n in range(20)]
    others = [(f"x{n}", 0, 1, "board", "dog", 1, 1, 100 + n, 1.0, 1) for n in range(3)]
    pairs = evidence.pair_voices(spark.createDataFrame([*owned, *others], EVIDENCE), SIGNALS)
    bands = spark.createDataFrame([(0, 0)], "label_id int, band int")
    assert [row.pairs for row in evidence.count_votes(pairs, bands).collect()] == [1 + 3]


def test_a_phrase_inside_another_counts_where_the_hierarchy_lets_it(spark: SparkSession) -> None:
    matches = spark.createDataFrame([(1, 8, 0.5), (2, 7, 1.0)], "text_id long, phrase_id long, coverage double")
    members = spark.createDataFrame(
        [(8, "kitchen table"), (9, "table"), (7, "table lamp")], "phrase_id long, phrase string"
    )
    nested = spark.createDataFrame([(8, 9)], "phrase_id long, inner long")
    found = {tuple(row) for row in evidence.add_nested(matches, nested, members).collect()}
    assert found == {(1, 8, 0.5), (1, 9, 0.25), (2, 7, 1.0)}


# Agreement.


def test_agreement_is_the_cosine_with_the_phrases_of_other_labels() -> None:
    east, north = [1.0, 0.0], [0.0, 1.0]
    both = [math.sqrt(0.5)] * 2
    vectors = np.array([east, east, north, both], dtype=np.float32)
    found = agreement.leave_one_out(np.array([0, 0, 0, 1]), np.array([5, 5, 6, 5]), vectors)
    assert found[:3] == pytest.approx([0.0, 0.0, 0.0])
    assert math.isnan(found[3])  # nothing else is said of that image
    again = agreement.leave_one_out(np.array([0, 0]), np.array([1, 2]), vectors[[0, 3]])
    assert again == pytest.approx([math.sqrt(0.5)] * 2, abs=1e-4)


def test_agreement_leaves_out_phrases_without_a_vector(spark: SparkSession) -> None:
    rows = said(spark, ("i", 1, "title", "a", 1), ("i", 2, "title", "b", 1), ("i", 3, "title", "c", 1))
    ids = np.array([97, 98], dtype=np.int64)  # a and b
    sent = spark.sparkContext.broadcast((ids, np.array([[1.0, 0.0], [0.6, 0.8]], dtype=np.float32)))
    found = {row.phrase_id: row.agreement for row in agreement.find_agreement(rows, sent).collect()}
    assert found == {97: pytest.approx(0.6), 98: pytest.approx(0.6)}


# What leaves, and what follows.


def test_images_without_a_label_say_whether_anything_was_found(spark: SparkSession) -> None:
    mentions = spark.createDataFrame([("a",), ("b",), ("c",)], "image_id string")
    rows = said(spark, ("a", 0, "title", "dog", 1), ("b", 0, "title", "dog", 1))
    lost = assign.unlabelled(mentions, rows, rows.where("image_id = 'a'")).collect()
    assert {row.image_id: row.reason for row in lost} == {"b": "only_dropped_labels", "c": "no_member_phrase"}


def test_ancestors_get_what_their_children_leave_of_doubt(spark: SparkSession) -> None:
    # 3 is a 1, 1 is a 0, 2 is a 0; image i has 3, 2 and 0 by text, and 9, which is too doubtful to stay, below 8.
    rows = said(
        spark,
        ("i", 3, "title", "kitchen table", 1),
        ("i", 2, "board", "sofas", 1),
        ("i", 0, "board", "furniture", 1),
        ("i", 9, "board", "dim", 1),
    )
    config = AssignConfig(closure=2, max_evidence=3, min_confidence=0.3)
    above = spark.createDataFrame(
        [(3, 1, 0.5), (3, 0, 0.25), (2, 0, 0.5), (1, 0, 0.5), (9, 8, 0.5)],
        "label_id int, ancestor int, belief double",
    )
    plain = confidence.weigh(rows, SIGNALS, facts(spark), config)
    plain = plain.withColumns(
        {"confidence": F.when(F.col("label_id") == 9, F.lit(0.25).cast("float")).otherwise(F.col("confidence"))}
    )
    found = {row.label_id: row for row in propagate.add_labels(plain, above, propagate.DERIVED, config).collect()}
    assert set(found) == {0, 1, 2, 3, 9}
    assert found[3].confidence == pytest.approx(0.8, abs=1e-4)
    assert found[1].confidence == pytest.approx(0.8 * 0.5, abs=1e-4)
    assert found[0].confidence == pytest.approx(1 - (1 - 0.5) * (1 - 0.8 * 0.25) * (1 - 0.5 * 0.5), abs=1e-4)
    assert [tuple(entry) for entry in found[1].evidence] == [("derived", "kitchen table", 1)]
    # The less doubtful child first; text goes before what is derived.
    assert [tuple(entry) for entry in found[0].evidence] == [
        ("board", "furniture", 1),
        ("derived", "sofas", 1),
        ("derived", "kitchen table", 1),
    ]
    assert sorted(found, key=lambda label: found[label].place) == [3, 0, 2, 1, 9]
    shuffled = propagate.add_labels(plain.repartition(5, "label_id"), above.repartition(3), propagate.DERIVED, config)
    assert {row.label_id: row for row in shuffled.collect()} == found


def test_a_label_that_another_never_goes_without_follows_from_it(spark: SparkSession) -> None:
    # 1 goes with 0 on all of its 20 images; 0 stands on 30 more; 2 is on every image and follows from nothing.
    rows = [(f"a{n}", label, "title", f"p{label}", 1) for n in range(20) for label in (0, 1, 2)]
    rows += [(f"b{n}", label, "title", f"p{label}", 1) for n in range(30) for label in (0, 2)]
    rows += [(f"c{n}", 2, "title", "p2", 1) for n in range(100)]
    config = AssignConfig(implication_images=10, implication_share=0.8)
    ranked = confidence.weigh(said(spark, *rows), SIGNALS, facts(spark), config)
    found = propagate.find_implications(ranked, config).collect()
    assert [(row.label_id, row.ancestor) for row in found] == [(1, 0)]
    assert found[0].belief == pytest.approx(20 / 21 * config.closure_discount, abs=1e-5)


def test_what_was_learnt_goes_before_what_texts_say_and_says_so(spark: SparkSession) -> None:
    rows = said(spark, ("i", 0, "title", "dog", 1), ("i", 1, "title", "cat", 1), ("j", 0, "title", "dog", 1))
    config = AssignConfig(min_confidence=0.3)
    ranked = confidence.weigh(rows, SIGNALS, facts(spark), config)
    given = spark.createDataFrame(
        [("i", 0, 0.25, 5), ("k", 11, 0.5, 5)], "image_id string, label_id int, confidence float, phrase_id long"
    )
    phrases = spark.createDataFrame([(5, "puppy")], "phrase_id long, phrase string")
    taught = spark.createDataFrame([(0,), (11,)], "label_id int")
    found = assign.add_learnt(ranked, given, phrases, taught, config)
    result = {
        (row.image_id, row.label_id): row for row in found.withColumns({"reason": assign.rejection(config)}).collect()
    }
    assert {pair: (round(row.confidence, 2), row.reason) for pair, row in result.items()} == {
        ("i", 0): (0.25, None),  # its own threshold let it pass
        ("i", 1): (0.8, None),  # nothing was taught of it
        ("j", 0): (-1.0, "unlearnt"),
        ("k", 11): (0.5, None),
    }
    assert [tuple(entry) for entry in result["i", 0].evidence] == [("title", "dog", 1), ("learnt", "puppy", 1)]
    assert [tuple(entry) for entry in result["k", 11].evidence] == [("learnt", "puppy", 1)]
