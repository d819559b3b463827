"""Draws of an audit: by values alone, nested, weighted, and bounded."""

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from pipeline.labeling.judgements import read_judgements
from pipeline.review.audit import job as audit
from pipeline.review.audit.draw import confidence_cells, draw_stratified, draw_useful, drawn_texts
from pipeline.review.audit.sheet import Pair, write_sheet

DDL = "image_id string, label_id int, confidence float, band string, images long"
Rows = list[tuple[Any, ...]]


def made_up(count: int = 300) -> Rows:
    """Pairs of three bands; confidences in steps of 1/32, so that many are equal and all are exact."""
    dice = random.Random(7)
    bands = ("head", "torso", "tail")
    return [(f"i{n}", n % 9, dice.randint(1, 32) / 32, bands[n % 3], 5 * (n % 9) + 3) for n in range(count)]


def frame(spark: SparkSession, rows: Rows, parts: int = 1) -> DataFrame:
    return spark.createDataFrame(rows[:: 1 if parts == 1 else -1], DDL).repartition(parts)


def listed(drawn: DataFrame) -> list[Row]:
    return drawn.orderBy("place").collect()


def decile_of(confidence: float, of_band: list[float]) -> int:
    """By the definition: ten times the mean of the ranks of equal ones, ranks from 0, as a share of all."""
    ranks = [rank for rank, value in enumerate(sorted(of_band)) if value == confidence]
    return 1 + int(10 * Fraction(sum(ranks), len(ranks)) / len(of_band))


def test_cells_are_those_of_the_definition(spark: SparkSession) -> None:
    rows = made_up()
    by_band: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        by_band[row[3]].append(row[2])
    oracle = Counter((row[3], decile_of(row[2], by_band[row[3]])) for row in rows)
    found = confidence_cells(frame(spark, rows)).collect()
    assert {(row.band, row.decile): row.pairs for row in found} == oracle
    drawn = draw_stratified(frame(spark, rows), 1000, seed=0).collect()  # cells whole
    assert all(row.decile == decile_of(row.confidence, by_band[row.band]) for row in drawn)
    assert len(drawn) == len(rows)


def test_distinct_confidences_fill_ten_equal_deciles(spark: SparkSession) -> None:
    rows = [(f"i{n}", 0, (n + 1) / 64, "head", 40) for n in range(40)]
    found = confidence_cells(frame(spark, rows)).orderBy("decile").collect()
    assert [(row.decile, row.pairs) for row in found] == [(decile, 4) for decile in range(1, 11)]


def test_equal_confidences_share_one_decile_in_the_middle(spark: SparkSession) -> None:
    (cell,) = confidence_cells(frame(spark, [(f"i{n}", 0, 0.5, "tail", 40) for n in range(40)])).collect()
    assert (cell.decile, cell.low, cell.high, cell.pairs) == (5, 0.5, 0.5, 40)


def test_draw_takes_what_each_cell_has_up_to_the_number_and_weighs_it(spark: SparkSession) -> None:
    pairs = frame(spark, made_up())
    size = {(row.band, row.decile): row.pairs for row in confidence_cells(pairs).collect()}
    drawn = listed(draw_stratified(pairs, 4, seed=0))
    taken = Counter((row.band, row.decile) for row in drawn)
    assert taken == {cell: min(4, pairs) for cell, pairs in size.items()}
    assert {(row.band, row.decile): row.weight for row in drawn} == {cell: size[cell] / taken[cell] for cell in size}
    assert sum(row.weight for row in drawn) == pytest.approx(300)
    assert [row.place for row in drawn] == list(range(1, len(drawn) + 1))


@pytest.mark.parametrize("draw", [draw_stratified, draw_useful])
def test_draws_do_not_depend_on_partitioning_or_order(spark: SparkSession, draw: Callable[..., DataFrame]) -> None:
    one, seven = (listed(draw(frame(spark, made_up(), parts), 5, seed=3)) for parts in (1, 7))
    assert one == seven


def test_a_larger_draw_holds_the_smaller_one(spark: SparkSession) -> None:
    small, large = (
        {row.image_id for row in draw_stratified(frame(spark, made_up()), count, seed=0).collect()} for count in (2, 5)
    )
    assert small < large


def test_another_seed_draws_other_pairs(spark: SparkSession) -> None:
    one, other = ({r.image_id for r in draw_stratified(frame(spark, made_up()), 2, seed=s).collect()} for s in (0, 1))
    assert one != other


def test_most_useful_are_uncertain_pairs_of_large_labels(spark: SparkSession) -> None:
    rows = [
        ("sure", 0, 0.9375, "head", 100),
        ("torn", 1, 0.5, "head", 100),
        ("rare", 2, 0.5, "tail", 3),
        ("unsure", 3, 0.25, "head", 100),
    ]
    drawn = listed(draw_useful(frame(spark, rows), 3, seed=0))
    # .25 * log2(101) = 1.66, .1875 * log2(101) = 1.25, .25 * log2(4) = .5, .0586 * log2(101) = .39
    assert [row.image_id for row in drawn] == ["torn", "unsure", "rare"]
    assert [row.weight for row in drawn] == [None, None, None]


def test_one_label_does_not_fill_the_sheet_of_the_most_useful(spark: SparkSession) -> None:
    rows: Rows = [(f"i{n}", 0, 0.5, "head", 1000) for n in range(20)]
    rows += [(f"i{n}", 1, 0.125, "tail", 3) for n in range(20)]
    drawn = listed(draw_useful(frame(spark, rows), 10, seed=0, per_label=2))
    assert [row.label_id for row in drawn] == [0, 0, 1, 1]


def test_texts_come_from_reposts_too_one_of_each_signal_first_and_are_cut(spark: SparkSession) -> None:
    facts = [("i0", "title", "  a \n long  text", 1), ("i0", "tag", "fern", 2), ("i0", "tag", "moss", 5)]
    facts += [("repost", "tag", "fern", 4), ("repost", "title", " \t ", 9), ("i1", "tag", "else", 1)]
    signals = spark.createDataFrame(facts, RUN["signals"][0])
    images = spark.createDataFrame([("i0", None, None), ("i1", None, None), ("repost", None, "i0")], RUN["images"][0])
    drawn = spark.createDataFrame([("i0",), ("i0",)], "image_id string")
    found = drawn_texts(drawn, signals, images, 3, 2, 6).orderBy("place").collect()
    assert [(row.image_id, row.signal, row.text, row["count"]) for row in found] == [
        *(("i0", "tag", "fern", 6), ("i0", "title", "a long", 1), ("i0", "tag", "moss", 5)),
    ]
    assert [row.signal for row in drawn_texts(drawn, signals, images, 2, 1, 6).orderBy("place").collect()] == [
        *("tag", "title"),
    ]


# A run of two images with three labels: of each table the columns that an audit reads.
RUN: dict[str, tuple[str, Rows]] = {
    "images": (
        "image_id string, image_uri string, duplicate_of string",
        [("=i0", "https://x.example/0.png", None), ("i1", None, None), ("repost", None, "i1")],
    ),
    "signals": (
        "image_id string, signal string, text string, count long",
        [("=i0", "title", "Cats", 1), ("repost", "tag", "moss", 2)],
    ),
    "labels": (
        "label_id int, label_key string, name string, display string, band string, images long",
        [(0, "aa", "cat", "Cat", "head", 2), (1, "bb", "moss", "Moss", "tail", 1)],
    ),
    "assignments": (
        "image_id string, label_id int, confidence float, "
        "evidence array<struct<signal: string, phrase: string, count: long>>",
        [
            ("=i0", 0, 0.5, [("title", "cats", 1)]),
            ("i1", 0, 0.25, [("tag", "cat", 1)]),
            ("i1", 1, 0.75, [("tag", "moss", 2), ("board", "mosses", 1)]),
        ],
    ),
}


@pytest.fixture
def tables(spark: SparkSession) -> Callable[[str], DataFrame]:
    return lambda name: spark.createDataFrame(RUN[name][1], RUN[name][0])


def test_a_pair_comes_with_all_that_a_judge_sees(tables: Callable[[str], DataFrame]) -> None:
    pairs = audit.collect_pairs(tables, 1, seed=0, most_useful=False)
    (moss,) = [pair for pair in pairs if pair.label == "moss"]
    assert moss == Pair(
        audit_id=moss.audit_id,
        image_id="i1",
        label="moss",
        display="Moss",
        label_key="bb",
        band="tail",
        confidence=0.75,
        decile=1,
        weight=1.0,
        evidence=(("tag", "moss", 2), ("board", "mosses", 1)),
        texts=(("tag", "moss", 2),),
        image_uri=None,
    )
    assert len({pair.audit_id for pair in pairs}) == len(pairs) == 3


@pytest.mark.parametrize("most_useful", [False, True])
def test_the_drawn_sheet_is_read_back_once_it_is_filled_in(
    tables: Callable[[str], DataFrame], tmp_path: Path, most_useful: bool
) -> None:
    pairs = audit.collect_pairs(tables, 2, seed=0, most_useful=most_useful)
    write_sheet(str(tmp_path), pairs, "r1")
    with (tmp_path / "audit.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    with (tmp_path / "filled.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, "correct": "no" if row["label"] == "moss" else "yes"} for row in rows)
    weight = None if most_useful else 1.0
    assert [tuple(row.values()) for row in read_judgements(str(tmp_path / "filled.csv")).to_pylist()] == [
        ("=i0", "cat", True, "head", weight),
        ("i1", "cat", True, "head", weight),
        ("i1", "moss", False, "tail", weight),
    ]
