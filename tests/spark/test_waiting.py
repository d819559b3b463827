"""Which images are worked on again, and which wait until more is new of them."""

from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from pipeline.stages.growth.signals import changed_images, touched_images, waiting_images

IMAGES = "image_id string, image_uri string, duplicate_of string"


def waiting(spark: SparkSession, said: dict[str, int], new: str, share: float, changed: str = "") -> str:
    """Of images of which so many facts are known: those that wait. The image r reposts k.

    Args:
        spark: the session.
        said: image -> facts in earlier runs.
        new: an image for each new signal.
        share: what must be new.
        changed: images that are listed otherwise than before.
    """
    ids = sorted(set(said) | set(new))
    before = [(i, "old", "k" if i == "r" else None) for i in ids if i in said or i == "r"]
    now = [(i, "new" if i in changed else "old", "k" if i == "r" else None) for i in ids]
    earlier, images = (spark.createDataFrame(rows, IMAGES) for rows in (before, now))
    signals = spark.createDataFrame([(i,) for i in new], "image_id string")
    # Half of the facts of each image in one mention.
    mentions = [(i, part) for i, n in said.items() for part in (n // 2, n - n // 2)]
    history: Any = SimpleNamespace(
        newest=lambda table, key: spark.createDataFrame(mentions, "image_id string, facts long")
    )
    moved = changed_images(images, earlier)
    touched = touched_images(images, moved, signals)
    found = waiting_images(history, touched, moved, signals, share).collect()
    return "".join(sorted(row.image_id for row in found))


@pytest.mark.parametrize(("share", "waits"), [(0.0, ""), (0.01, ""), (0.011, "k"), (1.0, "k")])
def test_an_image_waits_below_the_share_and_not_at_it(spark: SparkSession, share: float, waits: str) -> None:
    assert waiting(spark, {"k": 100, "q": 100}, "k", share) == waits


def test_an_image_waits_with_its_reposts_whose_signals_count_for_it(spark: SparkSession) -> None:
    assert waiting(spark, {"k": 100}, "kkrr", 0.05) == "kr"
    assert waiting(spark, {"k": 100}, "krrrr", 0.05) == ""
    assert waiting(spark, {"k": 100}, "rr", 0.05) == "kr"


def test_an_image_of_which_other_than_texts_is_new_does_not_wait_nor_what_reposts_it(spark: SparkSession) -> None:
    assert waiting(spark, {"k": 100}, "k", 0.5, changed="k") == ""
    assert waiting(spark, {"k": 100, "q": 100}, "krq", 0.5, changed="r") == "q"


def test_a_new_image_does_not_wait(spark: SparkSession) -> None:
    assert waiting(spark, {"k": 100}, "nk", 1.0) == "k"
