import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.manifest.balance.caps import keep_probability
from pipeline.manifest.balance.targets import hierarchy_targets, whole
from pipeline.runtime.errors import ConfigError

some_sizes = st.lists(st.integers(0, 10**6), min_size=1, max_size=20)


@st.composite
def forests(draw: st.DrawFn) -> tuple[np.ndarray, list[int | None]]:
    """Counts, and parents that stand before their children."""
    counts = draw(some_sizes)
    return np.array(counts), [
        draw(st.one_of(st.none(), st.integers(0, i - 1))) if i else None for i in range(len(counts))
    ]


def side_by_side(sizes: list[int], total: float) -> np.ndarray:
    """Targets of labels without parents."""
    return hierarchy_targets(np.array(sizes), [None] * len(sizes), total)


def poured_by_rule(sizes: list[float], total: float) -> list[float]:
    """The smallest container first: it gets an even share of what is left, or is full."""
    got, left = [0.0] * len(sizes), total
    order = sorted(range(len(sizes)), key=lambda i: sizes[i])
    for place, i in enumerate(order):
        got[i] = min(sizes[i], left / (len(sizes) - place))
        left -= got[i]
    return got


def test_published_examples_of_the_capped_sampler() -> None:
    targets = side_by_side([1000, 100, 10, 1], 50)
    assert targets.tolist() == [19.5, 19.5, 10, 1]
    assert whole(targets, 0).tolist() in ([20, 19, 10, 1], [19, 20, 10, 1])  # [20, 20, 10, 1] less one drawn unit
    assert side_by_side([6, 4, 2], 10).tolist() == [4, 4, 2]  # [3, 2, 1], each filled twice at most
    assert sorted(whole(side_by_side([10, 10, 0], 5), 1).tolist()) == [0, 2, 3]


@given(some_sizes, st.floats(0, 3e7))
def test_pouring_equals_the_rule_done_by_hand(sizes: list[int], total: float) -> None:
    assert side_by_side(sizes, total) == pytest.approx(poured_by_rule([float(s) for s in sizes], total), abs=1e-3)


@given(some_sizes, st.floats(0, 3e7))
def test_all_is_poured_or_all_is_full_and_nothing_overflows(sizes: list[int], total: float) -> None:
    got = side_by_side(sizes, total)
    assert (got <= np.array(sizes)).all()
    assert (got >= 0).all()
    assert got.sum() == pytest.approx(min(total, sum(sizes)), rel=1e-9, abs=1e-6)


@given(some_sizes.filter(any), st.floats(0.5, 1e6))
def test_side_by_side_water_filling_is_the_cap(sizes: list[int], t: float) -> None:
    counts = np.array(sizes)
    total = np.minimum(counts, t).sum()
    assert hierarchy_targets(counts, [None] * len(sizes), total) == pytest.approx(
        keep_probability(counts, t) * counts, rel=1e-6, abs=1e-6
    )


def test_a_topic_of_many_labels_gets_no_more_than_one_of_few() -> None:
    # Topic 0 has 4 images of its own and three children, topic 4 has nothing but one child of 50.
    targets = hierarchy_targets(np.array([4, 100, 100, 100, 0, 50]), [None, 0, 0, 0, None, 4], 80)
    assert targets.tolist() == [4, 12, 12, 12, 0, 40]


@given(forests(), st.floats(0, 3e7))
def test_over_a_hierarchy_all_is_poured_and_no_label_gets_more_than_it_has(
    forest: tuple[np.ndarray, list[int | None]], total: float
) -> None:
    counts, parents = forest
    targets = hierarchy_targets(counts, parents, total)
    assert (targets <= counts + 1e-6).all()
    assert (targets >= 0).all()
    assert targets.sum() == pytest.approx(min(total, counts.sum()), rel=1e-9, abs=1e-6)


@given(forests(), st.floats(0, 3e7), st.floats(0, 3e7))
def test_more_to_pour_gives_no_label_less(
    forest: tuple[np.ndarray, list[int | None]], total: float, more: float
) -> None:
    counts, parents = forest
    few, many = (hierarchy_targets(counts, parents, each) for each in (total, total + more))
    assert (few <= many + 1e-3).all()


@given(forests(), st.floats(0, 3e7))
def test_trees_are_filled_evenly_from_the_top(forest: tuple[np.ndarray, list[int | None]], total: float) -> None:
    counts, parents = forest

    def size(label: int) -> float:
        return float(counts[label]) + sum(size(child) for child, above in enumerate(parents) if above == label)

    def pour(label: int | None, total: float) -> dict[int, float]:
        children = [child for child, above in enumerate(parents) if above == label]
        own = [] if label is None else [float(counts[label])]
        got = poured_by_rule([*own, *map(size, children)], total)
        found = {} if label is None else {label: got[0]}
        for child, share in zip(children, got[len(own) :], strict=True):
            found |= pour(child, share)
        return found

    expected = pour(None, total)
    assert hierarchy_targets(counts, parents, total) == pytest.approx(
        [expected[label] for label in range(len(counts))], abs=1e-2
    )


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=30), st.integers(0, 5))
def test_whole_targets_round_up_or_down_and_keep_the_sum(targets: list[float], seed: int) -> None:
    got = whole(np.array(targets), seed)
    assert abs(got.sum() - sum(targets)) <= 0.5 + 1e-3
    assert (np.abs(got - np.array(targets)) < 1 + 1e-6).all()
    assert got.tolist() == whole(np.array(targets), seed).tolist()


@pytest.mark.parametrize(
    ("counts", "parents", "message"),
    [([1, 1], [1, 0], "circle"), ([1], [0], "circle"), ([1], [1], "no label"), ([-1], [None], "cannot have -1")],
)
def test_no_hierarchy_is_refused(counts: list[int], parents: list[int | None], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        hierarchy_targets(np.array(counts), parents, 1)


def test_nothing_can_be_poured_below_zero() -> None:
    with pytest.raises(ConfigError, match="cannot pour -1"):
        side_by_side([1], -1)
