import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.manifest.balance.plan import (
    NO_REPEAT,
    Labels,
    Outcome,
    from_units,
    image_rates,
    plan_images,
    plan_minimum,
    to_units,
    weigh,
)
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.errors import ConfigError

ONCE = PublishConfig(cap=1, repeat_threshold=NO_REPEAT)


@st.composite
def image_sets(draw: st.DrawFn) -> list[list[int]]:
    """Labels of each image, of at most eight; each image has one."""
    labels = st.lists(st.integers(0, 7), min_size=1, max_size=4, unique=True)
    return draw(st.lists(labels, min_size=1, max_size=40))


class World:
    """Images in memory, and what plans show of them."""

    def __init__(self, images: list[list[int]], parents: Sequence[int | None] | None = None) -> None:
        self.lengths = np.array([len(labels) for labels in images])
        self.ids = np.array([label for labels in images for label in labels])
        count = 8 if parents is None else len(parents)
        self.labels = Labels(np.bincount(self.ids, minlength=count), tuple(parents or [None] * count))

    def rates(self, plan: PublishConfig) -> tuple[np.ndarray, np.ndarray]:
        return image_rates(self.lengths, self.ids, *weigh(self.labels, plan))

    def showings(self, plans: Sequence[PublishConfig]) -> list[int]:
        return [int(to_units(kept * repeated).sum()) for kept, repeated in map(self.rates, plans)]

    def outcomes(self, plans: Sequence[PublishConfig]) -> list[Outcome]:
        found = []
        for plan in plans:
            kept, repeated = self.rates(plan)
            shown = np.bincount(self.ids, np.repeat(kept * repeated, self.lengths), len(self.labels.images))
            found.append(Outcome(kept.sum(), (kept * repeated).sum(), 0.0, shown))
        return found


@given(image_sets(), st.floats(0.1, 50))
def test_rates_of_images_are_those_of_their_labels_one_by_one(images: list[list[int]], t: float) -> None:
    world = World(images)
    keep, repeat = weigh(world.labels, dataclasses.replace(ONCE, cap=t, repeat_threshold=30))
    kept, repeated = world.rates(dataclasses.replace(ONCE, cap=t, repeat_threshold=30))
    assert kept == pytest.approx([1 - math.prod(1 - keep[labels]) for labels in images], abs=1e-12)
    assert repeated.tolist() == [max(repeat[label] for label in labels) for labels in images]


def test_an_image_with_two_labels_is_kept_where_either_draws_it_and_repeats_as_the_rarer() -> None:
    lengths, labels = np.array([2, 2, 1]), np.array([0, 1, 1, 2, 0])
    kept, repeated = image_rates(lengths, labels, np.array([0.25, 0.5, 1.0]), np.array([1.0, 1.5, 3.0]))
    assert kept.tolist() == [0.625, 1.0, 0.25]
    assert repeated.tolist() == [1.5, 3.0, 1.0]


@settings(deadline=None)
@given(image_sets(), st.integers(1, 40_000))
def test_the_plan_for_what_a_cap_shows_is_that_cap_or_the_first_that_shows_as_much(
    images: list[list[int]], thousandths: int
) -> None:
    world, base = World(images), ONCE
    t = min(thousandths / 1_000, float(world.labels.images.max()))
    shown = world.showings([dataclasses.replace(base, cap=t)])[0]
    found = plan_images(float(from_units(shown)), world.labels, base, world.showings)
    assert world.showings([found])[0] == shown  # the round trip of the budget is the identity
    assert found.cap <= t
    if world.showings([dataclasses.replace(base, cap=t - 0.001)] if t > 0.001 else [])[:1] != [shown]:
        assert found.cap == t  # and of the cap, wherever one step less shows less


@settings(deadline=None, max_examples=30)
@given(image_sets(), st.integers(1, 12_000))
def test_over_the_hierarchy_the_round_trip_of_a_budget_is_the_identity_too(
    images: list[list[int]], thousandths: int
) -> None:
    world = World(images, [None, 0, 0, 1, 1, None, 5, 5])
    base = dataclasses.replace(ONCE, over="hierarchy")
    t = min(thousandths / 1_000, float(world.labels.images.max()))
    shown = world.showings([dataclasses.replace(base, cap=t)])[0]
    found = plan_images(float(from_units(shown)), world.labels, base, world.showings)
    # Sums of fractions: a step of the cap may differ in the last unit.
    assert abs(world.showings([found])[0] - shown) <= len(images)
    assert found.over == "hierarchy"


@settings(deadline=None)
@given(image_sets(), st.floats(0.01, 9))
def test_a_budget_is_met_by_repeats_where_there_are_too_few_images(images: list[list[int]], times: float) -> None:
    world = World(images)
    wanted = times * len(images)
    found = plan_images(wanted, world.labels, ONCE, world.showings)
    shown = float(from_units(world.showings([found])[0]))
    step = 0.001 / found.cap if found.repeat_threshold == NO_REPEAT else 0.001 / found.repeat_threshold
    assert wanted - 1e-6 <= shown <= wanted + len(images) * 10 * max(step, 1e-3)
    if times > 1.001:
        assert found.cap == world.labels.images.max()
        assert found.repeat_threshold > NO_REPEAT


def test_more_than_ten_showings_an_image_are_no_epoch() -> None:
    world = World([[0], [0], [1]])
    with pytest.raises(ConfigError, match="301 showings an epoch are more than 10 of each image"):
        plan_images(301, world.labels, ONCE, world.showings)


@settings(deadline=None)
@given(image_sets(), st.integers(1, 12))
def test_the_smallest_cap_for_a_minimum_gives_every_label_as_much_as_it_can_have(
    images: list[list[int]], wanted: int
) -> None:
    world = World(images)
    found = plan_minimum(wanted, world.labels, ONCE, world.outcomes)
    shown = world.outcomes([found])[0].by_label
    assert (shown >= np.minimum(world.labels.images, wanted) - 1e-5).all()
    assert found.cap <= max(wanted, 0.001) + 1e-9  # a cap of so many images is always enough
    if found.cap > 0.001:
        less = world.outcomes([dataclasses.replace(found, cap=found.cap - 0.001)])[0].by_label
        assert (less < np.minimum(world.labels.images, wanted) - 1e-7).any()


def test_over_the_hierarchy_a_topic_of_many_labels_is_thinned_more() -> None:
    # Labels 1 to 4 are below 0, label 5 stands alone; each is on 100 images that have no other label.
    images = [[label] for label in range(1, 6) for _ in range(100)]
    world = World(images, [None, 0, 0, 0, 0, None])
    plan = dataclasses.replace(ONCE, cap=50)
    side_by_side, over = (
        weigh(world.labels, dataclasses.replace(plan, over=how))[0] for how in ("labels", "hierarchy")
    )
    assert side_by_side.tolist() == [1, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert over == pytest.approx([1, 0.375, 0.375, 0.375, 0.375, 1])


@pytest.mark.parametrize("t", [3.5, 20.0])
def test_images_of_many_draws_lie_within_three_sigma_of_what_is_expected(t: float) -> None:
    draw = np.random.default_rng(7)
    images = [sorted(set(draw.zipf(1.5, 3).clip(max=8) - 1)) for _ in range(2_000)]
    world = World(images)
    kept, _ = world.rates(dataclasses.replace(ONCE, cap=t))
    drawn = (draw.random((200, len(images))) < kept).sum(axis=1)
    sigma = math.sqrt((kept * (1 - kept)).sum() / len(drawn))
    assert abs(drawn.mean() - kept.sum()) < 3 * sigma


def test_effective_labels_are_all_where_even_and_one_where_alone() -> None:
    assert Outcome(1, 1, 1, np.array([5.0, 5.0, 5.0, 0.0])).classes == pytest.approx(3)
    assert Outcome(1, 1, 1, np.array([0.0, 9.0])).classes == 1
    assert Outcome(0, 0, 0, np.zeros(2)).classes == 1
