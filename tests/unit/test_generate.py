import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))  # scripts, no package

import draws
import generate

WORDS = draws.spell()


def batch_of(start: int, rows: int, signals: int = 5_000, seed: int = 0) -> generate.Batch:
    return generate.make_batch(draws.Draw(seed), start, rows, signals, WORDS)


def test_rows_do_not_depend_on_how_they_are_cut_into_files() -> None:
    whole, parts = batch_of(0, 300).table, [batch_of(0, 100).table, batch_of(100, 200).table]
    assert whole.to_pylist() == parts[0].to_pylist() + parts[1].to_pylist()


def test_texts_do_not_depend_on_the_number_of_signals() -> None:
    assert batch_of(7, 50, signals=100).table["text"] == batch_of(7, 50, signals=10**9).table["text"]


def test_another_seed_gives_other_texts() -> None:
    assert batch_of(0, 50, seed=0).table["text"] != batch_of(0, 50, seed=1).table["text"]


def test_every_text_has_as_many_words_as_its_kind_allows() -> None:
    table = batch_of(0, 5_000).table
    longest: dict[str, int] = {}
    for signal, text in zip(table["signal"].to_pylist(), table["text"].to_pylist(), strict=True):
        words = text.split(" ")
        assert all(words)
        longest[signal] = max(longest.get(signal, 0), len(words))
    assert longest == {kind.name: len(kind.lengths) for kind in generate.KINDS}


def test_boards_repeat_and_descriptions_hardly_do() -> None:
    table = batch_of(0, 5_000).table.to_pandas()
    share = table.groupby("signal")["text"].nunique() / table.groupby("signal")["text"].size()
    assert share["board"] < 0.6 < 0.9 < share["description"]


def test_words_of_a_collocation_stand_together_more_often_than_by_chance() -> None:
    batch = batch_of(0, 20_000)
    inside = np.diff(np.repeat(np.arange(20_000), np.diff(batch.offsets))) == 0
    left, right = batch.words[:-1][inside], batch.words[1:][inside]
    pairs, seen = np.unique(np.stack([left, right]), axis=1, return_counts=True)
    rare = pairs.min(axis=0) >= 100
    counts = np.bincount(batch.words)
    chance = counts[pairs[0]] * counts[pairs[1]] / len(batch.words)
    assert ((seen > 10) & (seen > 10 * chance) & rare).sum() > 50


def test_all_words_are_different_and_of_two_to_four_syllables() -> None:
    words = draws.spell(600_000).to_pylist()
    assert {len(word) for word in words} == {4, 6, 8}
    assert len(set(words)) == len(words)


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1), st.integers(1, 10**9), st.integers(1, 50))
def test_ranks_stay_inside_and_rise_with_the_draw(uniform: list[float], size: int, first: int) -> None:
    got = draws.ranks(np.sort(np.array(uniform)), size, first=first)
    assert got.min() >= 0
    assert got.max() < size
    assert (np.diff(got) >= 0).all()


@pytest.mark.parametrize(("low", "high", "exponent"), [(10, 1_000, 1.0), (100_000, 1_000_000, 1.77)])
def test_frequency_falls_with_exponent_1_and_1_77_far_out(low: int, high: int, exponent: float) -> None:
    got = draws.ranks((np.arange(4_000_000) + 0.5) / 4_000_000, 1 << 40)
    edges = np.geomspace(low, high, 8)
    found, _ = np.histogram(got, edges)
    slope = np.polyfit(np.log(edges[:-1]), np.log(found / np.diff(edges)), 1)[0]
    assert -slope == pytest.approx(exponent, abs=0.05)
