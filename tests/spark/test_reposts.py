import itertools
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime.errors import ConfigError, InputError
from pipeline.runtime.inputs import ImagesConfig
from pipeline.sources import reposts
from pipeline.sources.mapping import collect_images, point_to_originals, to_images
from pipeline.stages.ingesting import _follow_reposts, fold_pictures, hash_distance

Images = Sequence[tuple[str, str | None, int | None]]  # image_id, duplicate_of, perceptual_hash
SCHEMA = "image_id string, image_uri string, duplicate_of string, perceptual_hash long"
COLUMNS = ("image_id", "image_uri", "duplicate_of", "perceptual_hash")
A, B = 0x0F1E2D3C4B5A6978, 0x7A6B5C4D3E2F1001  # 31 bits apart


def table(spark: SparkSession, images: Images) -> DataFrame:
    return spark.createDataFrame([(image, None, original, number) for image, original, number in images], SCHEMA)


def folded(images: DataFrame, distance: int = 0) -> dict[str, str]:
    """image -> original of what is a repost."""
    known = collect_images([images])
    known = fold_pictures(point_to_originals(known, _follow_reposts(known)), distance)
    rows = known.collect()
    assert len({row.image_id for row in rows}) == len(rows)
    return {row.image_id: row.duplicate_of for row in rows if row.duplicate_of is not None}


def oracle(images: Images, distance: int) -> dict[str, str]:
    """The same by union-find over images whose duplicate_of leads to no circle and is the end of its chain."""
    counts = Counter(number for _, _, number in images if number is not None)
    centres: list[int] = []
    star = {}
    for number in sorted(counts, key=lambda number: (-counts[number], number)):
        free = distance < bits(number) < 64 - distance
        near = [centre for centre in centres if bits(centre ^ number) <= distance] if free else []
        star[number] = near[0] if near else number
        if not near and free:
            centres.append(number)
    parents: dict[Any, Any] = {}

    def find(node: Any) -> Any:
        while (above := parents.setdefault(node, node)) != node:
            node = above
        return node

    for image, original, number in images:
        parents[find(image)] = find(original or image)
        if number is not None:
            parents[find(image)] = find(star[number])
    ends = {original or image for image, original, _ in images}
    votes = Counter(original for _, original, _ in images if original is not None)
    best: dict[Any, str] = {}
    for end in sorted(ends, key=lambda end: (-votes[end], end)):
        best.setdefault(find(end), end)
    return {image: best[find(image)] for image, _, _ in images if best[find(image)] != image}


def bits(number: int) -> int:
    return (number & (2**64 - 1)).bit_count()


def flipped(number: int, places: Iterable[int]) -> int:
    for place in places:
        number ^= -(2**63) if place == 63 else 1 << place
    return number


@pytest.mark.parametrize(
    ("stated", "kind", "number", "reason"),
    [
        ("00000000000000ff", "string", 255, None),
        (" 0XFF ", "string", 255, None),
        ("F000000000000000", "string", -(2**60), None),
        ("ffffffffffffffff", "string", None, "flat_perceptual_hash"),
        ("0000000000000000", "string", None, "flat_perceptual_hash"),
        ("", "string", None, None),
        (None, "string", None, None),
        ("ff", "string", None, "bad_perceptual_hash"),
        ("00000000000000fg", "string", None, "bad_perceptual_hash"),
        ("0x1" + "0" * 16, "string", None, "bad_perceptual_hash"),
        (255, "int", 255, None),
        (-(2**60), "long", -(2**60), None),
        (Decimal(2**64 - 2**60), "decimal(20,0)", -(2**60), None),
        (Decimal(2**64 - 1), "decimal(20,0)", None, "flat_perceptual_hash"),
        (Decimal(2**64), "decimal(38,0)", None, "bad_perceptual_hash"),
        (0, "long", None, "flat_perceptual_hash"),
    ],
)
def test_a_hash_is_64_bits_and_the_image_stays_without(
    spark: SparkSession, stated: Any, kind: str, number: int | None, reason: str | None
) -> None:
    rows = spark.createDataFrame([("i", stated)], f"image_id string, seen {kind}")
    row = to_images(rows, ImagesConfig(path="x", perceptual_hash="seen")).first()
    assert row is not None
    assert (row.image_id, row.perceptual_hash, row.reason, row.hash_reason) == ("i", number, None, reason)
    assert row.hash_raw == (None if stated in (None, "") else str(stated).strip())


def test_a_column_that_is_no_hash_is_named_with_its_type(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("i", 0.5)], "image_id string, seen double")
    with pytest.raises(InputError, match="column 'seen' is double, expected a string of 16 hexadecimal digits"):
        to_images(rows, ImagesConfig(path="x", perceptual_hash="seen"))


def test_an_image_without_id_is_one_reject_whatever_its_hash(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(None, "bad")], "image_id string, seen string")
    row = to_images(rows, ImagesConfig(path="x", perceptual_hash="seen")).first()
    assert row is not None
    assert (row.reason, row.hash_reason) == ("no_image_id", None)


def test_equal_hashes_fold_into_the_smallest_image_and_no_hash_folds_nothing(spark: SparkSession) -> None:
    images = [("b", None, A), ("a", None, A), ("c", None, A), ("d", None, B), ("e", None, None), ("f", None, None)]
    assert folded(table(spark, images)) == {"b": "a", "c": "a"}


def test_the_original_is_the_one_that_most_reposts_name(spark: SparkSession) -> None:
    images = [("a", None, A), ("z", None, A), ("p", "z", None), ("q", "z", B), ("r", None, B), ("m", "b", A)]
    images += [("b", None, None)]
    originals = folded(table(spark, images))
    assert originals == {name: "z" for name in "abmpqr"}


def test_where_equally_many_reposts_name_two_images_the_smaller_is_the_original(spark: SparkSession) -> None:
    images = [("a", None, A), ("p", "y", A), ("q", "z", A)]
    assert folded(table(spark, images)) == {"a": "y", "p": "y", "q": "y"}


def test_chains_of_reposts_join_groups_of_hashes_over_any_number_of_steps(spark: SparkSession) -> None:
    images: list[tuple[str, str | None, int | None]] = []
    for step in range(40):  # image n and its repost are of the hashes n and n + 1
        images += [(f"i{step:02d}", None, A + step), (f"j{step:02d}", f"i{step:02d}", A + step + 1)]
    originals = folded(table(spark, images[::-1]))
    assert originals == {image: "i00" for image, _, _ in images if image != "i00"}


def test_a_circle_of_duplicate_of_folds_nothing_but_what_its_hashes_fold(spark: SparkSession) -> None:
    circle = [("k", "l", A), ("l", "m", A), ("m", "k", B)]
    assert folded(table(spark, circle)) == {"l": "k"}


def test_near_hashes_fold_up_to_the_distance(spark: SparkSession) -> None:
    three, four = flipped(A, (0, 20, 63)), flipped(A, (0, 20, 40, 63))
    images = [("a", None, A), ("b", None, three), ("c", None, four), ("z", None, A)]
    assert folded(table(spark, images), 0) == {"z": "a"}
    assert folded(table(spark, images), 3) == {"b": "a", "z": "a"}
    assert folded(table(spark, images), 4) == {"b": "a", "c": "a", "z": "a"}


def test_near_hashes_are_stars_and_no_chains(spark: SparkSession) -> None:
    line = [flipped(A, range(2 * step)) for step in range(6)]  # each two bits from the next
    images = [(f"i{step}", None, number) for step, number in enumerate(line)] + [("j2", None, line[2])]
    originals = folded(table(spark, images), 2)
    # Hash 2 is on two images, so it comes first, with 1 and 3; 0 and 4 are near to none that is a centre, and 5 to 4.
    assert originals == {"i2": "i1", "i3": "i1", "j2": "i1", "i5": "i4"}


def test_what_is_near_to_a_flat_picture_folds_by_equality_alone(spark: SparkSession) -> None:
    images = [("a", None, 1), ("b", None, 1), ("c", None, 3), ("d", None, -2), ("e", None, -4)]
    assert folded(table(spark, images), 2) == {"b": "a"}


def test_a_crowded_bucket_is_told_and_equal_hashes_fold_still(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    images = [("a", None, A), ("b", None, A), ("c", None, flipped(A, (1,))), ("d", None, flipped(A, (2,)))]
    assert set(folded(table(spark, images), 1)) == {"b", "c", "d"}
    monkeypatch.setattr(reposts.compare, "__defaults__", (2,))
    monkeypatch.setattr(reposts, "BUCKET", 2)
    with caplog.at_level(logging.WARNING, "pipeline"):
        assert folded(table(spark, images), 1) == {"b": "a"}
    assert "shared by more than 2 perceptual hashes (one by 3)" in caplog.text


@pytest.mark.parametrize("agree", [1, 2, 4])
@pytest.mark.parametrize("distance", [1, 4, 8])
def test_two_hashes_within_the_distance_share_the_bits_of_a_mask(distance: int, agree: int) -> None:
    masks = reposts.band_masks(distance, agree)
    assert all(-(2**63) <= mask < 2**63 for mask in masks)
    union = 0
    for mask in masks:
        union |= mask
    assert union == -1
    for places in itertools.islice(itertools.combinations(range(3, 64, 5), distance), 2_000):
        other = flipped(A, places)
        assert any(A & mask == other & mask for mask in masks)


def test_more_hashes_are_compared_by_longer_keys() -> None:
    chosen = [reposts.choose_agreement(hashes, 4) for hashes in (1, 10**4, 10**7, 10**9)]
    assert chosen[0] == 1
    assert chosen == sorted(chosen)
    assert chosen[-1] > 1


@pytest.mark.parametrize("parts", [1, 7])
def test_reposts_do_not_depend_on_partitioning_or_order(spark: SparkSession, parts: int) -> None:
    images = [
        (f"i{n:02d}", f"i{n % 4 + 1:02d}" if n % 5 == 0 else None, flipped(A, {n % 7, n % 11 + 20})) for n in range(60)
    ]
    expected = oracle(images, 2)
    assert len(expected) > 10
    assert folded(table(spark, images[::-1]).repartition(parts), 2) == expected


def test_one_hash_on_very_many_images_is_one_group(spark: SparkSession) -> None:
    ids = [f"i{n:06d}" for n in range(100_000)]
    none = pa.nulls(len(ids), pa.string())
    rows = pa.table([pa.array(ids), none, none, pa.array([A] * len(ids))], names=list(COLUMNS))
    known = fold_pictures(spark.createDataFrame(rows), 3)
    counts = known.groupBy("duplicate_of").count().collect()
    assert {row.duplicate_of: row["count"] for row in counts} == {None: 1, "i000000": 99_999}


@st.composite
def graphs(draw: st.DrawFn) -> Images:
    """Images with hashes in a few neighbourhoods, and reposts of originals."""
    size = draw(st.integers(1, 60))
    places = st.sets(st.sampled_from([0, 13, 31, 47, 63]), max_size=3)
    number = st.none() | st.builds(flipped, st.sampled_from([A, B, 2**62 + 5]), places)
    numbers = draw(st.lists(number, min_size=size, max_size=size))
    originals = draw(st.lists(st.none() | st.integers(0, 9), min_size=size, max_size=size))
    return [
        (f"i{i}", f"i{original}" if original is not None and i > 9 else None, number)
        for i, (original, number) in enumerate(zip(originals, numbers, strict=True))
    ]


@settings(max_examples=3, deadline=None, derandomize=True)
@given(graphs(), st.integers(0, 4))
def test_reposts_are_those_of_a_plain_union_find(spark: SparkSession, images: Images, distance: int) -> None:
    assert folded(table(spark, images), distance) == oracle(images, distance)


@settings(max_examples=2, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=60))
def test_links_settle_into_components(spark: SparkSession, pairs: list[tuple[int, int]]) -> None:
    edges = {(max(pair), min(pair)) for pair in pairs if pair[0] != pair[1]}
    smallest = {node: node for edge in edges for node in edge}
    for _ in edges:
        for node, parent in edges:
            smallest[node] = smallest[parent] = min(smallest[node], smallest[parent])
    links = spark.createDataFrame(sorted(edges), "node long, parent long")
    rounds = 0
    while reposts.unsettled(links).head(1):
        links, rounds = reposts.shorten(links).persist(), rounds + 1
        assert rounds < 10
    assert {row.node: row.parent for row in links.collect()} == {n: s for n, s in smallest.items() if n != s}


def test_tables_that_want_different_distances_are_refused() -> None:
    one = ImagesConfig(path="a", perceptual_hash="h", max_distance=2)
    assert hash_distance([one, ImagesConfig(path="c")]) == 2
    assert hash_distance([ImagesConfig(path="c")]) is None
    with pytest.raises(ConfigError, match="max_distance is 2 in 'a', 0 in 'b'"):
        hash_distance([one, ImagesConfig(path="b", perceptual_hash="h")])


def test_a_distance_without_hashes_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_distance = 2 needs perceptual_hash"):
        ImagesConfig(path="a", max_distance=2)
