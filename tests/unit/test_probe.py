import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from pipeline.manifest.balance.caps import keep_probability, repeat_factors
from pipeline.runtime.errors import InputError

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))  # scripts, no package

from probe_data import apart, balance_point, boards_of, hold_out_boards
from probe_judge import linear, mean_average_precision, nearest
from probe_models import MODELS, SIDE, jitter, soft_cross_entropy


def test_the_loss_is_the_entropy_where_the_network_says_what_is_wanted() -> None:
    target = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    sure = torch.tensor([[50.0, 50.0, 0.0], [50.0, 0.0, 0.0]])
    assert soft_cross_entropy(sure, target).item() == pytest.approx(np.log(2) / 2, abs=1e-5)
    assert soft_cross_entropy(torch.zeros(2, 3), target).item() == pytest.approx(np.log(3), abs=1e-5)


@pytest.mark.parametrize("way", [nearest, linear])
def test_classes_that_lie_apart_are_told_apart_on_images_that_were_not_fitted(way) -> None:  # type: ignore[no-untyped-def]
    draw = np.random.default_rng(0)
    of = draw.integers(0, 3, 600)
    places = (np.eye(3)[of] * 3 + draw.normal(size=(600, 3))).astype(np.float32)
    flags = np.eye(3, dtype=bool)[of]
    told = mean_average_precision(
        way(places[:300], flags[:300], places[300:]), flags[300:], np.array(["head", "torso", "tail"])
    )
    assert told["all"] > 0.9
    guessed = mean_average_precision(
        way(places[:300], draw.permutation(flags[:300]), places[300:]), flags[300:], np.array(["head", "torso", "tail"])
    )
    assert guessed["all"] < 0.7  # a third by chance; images of one place get one answer, right or wrong


def test_jitter_keeps_all_ink_within_a_margin_and_is_decided_by_its_draw() -> None:
    pictures = torch.zeros(5, 3, SIDE, SIDE)
    pictures[:, :, 20:40, 10:30] = 1.0
    one, other = (jitter(pictures, torch.Generator().manual_seed(seed)) for seed in (0, 0))
    assert torch.equal(one, other)
    assert (one.sum(dim=(1, 2, 3)) == pictures.sum(dim=(1, 2, 3))).all()
    assert not torch.equal(one, jitter(pictures, torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("name", MODELS)
def test_features_are_as_wide_as_they_say(name: str) -> None:
    model = MODELS[name]()
    assert model(torch.zeros(2, 3, SIDE, SIDE)).shape == (2, model.width)


def test_the_balance_point_shows_as_many_as_there_are_images() -> None:
    counts = np.array([900, 60, 5, 2])
    labels = np.repeat(np.arange(4), counts)
    t = balance_point(np.ones(len(labels), dtype=np.int64), labels, counts)
    shown = counts * keep_probability(counts, t) * repeat_factors(counts, t)
    assert shown.sum() == pytest.approx(counts.sum(), rel=1e-6)
    assert shown[0] < counts[0]
    assert shown[3] > counts[3]


def test_even_labels_need_no_balance() -> None:
    counts = np.array([7, 7, 7])
    assert balance_point(np.ones(21, dtype=np.int64), np.repeat(np.arange(3), 7), counts) == pytest.approx(7)


def test_copies_of_training_and_of_earlier_images_are_not_judged() -> None:
    pictures = np.full((5, SIDE, SIDE, 3), 255, dtype=np.uint8)
    pictures[:3, 8:24, 8:24] = 0
    pictures[2, 8, 8] = 90  # a copy, but for a pixel
    pictures[3:, 40:60, 40:60] = 0
    pictures[4, 41, 41] = 90
    place = {name: k for k, name in enumerate(["trained", "same", "nearly", "new", "new again"])}
    assert apart(["same", "nearly", "new", "new again"], ["trained"], pictures, place) == ["new"]
    assert apart(["same", "nearly", "new", "new again"], [], pictures, place) == ["same", "new"]


def test_runs_of_other_facts_are_not_taken_for_runs_of_these(tmp_path: Path) -> None:
    signals = pa.table({"image_id": ["a", "a"], "signal": ["tag", "board"], "text": ["cat", "animals"]})
    images = pa.table({"image_id": ["a"], "image_uri": ["file:///a.svg"]})
    hold_out_boards(tmp_path, signals, images)
    assert pq.read_table(tmp_path / "signals.parquet")["text"].to_pylist() == ["cat"]
    hold_out_boards(tmp_path, signals, images)
    with pytest.raises(InputError, match="other corpora"):
        hold_out_boards(tmp_path, signals.slice(1), images)


def test_a_board_counts_once_an_image_and_rare_ones_are_not_judged() -> None:
    ids = [f"i{k}" for k in range(10)]
    rows = [(i, "board", "Birds") for i in ids] + [
        ("i0", "board", "birds"),
        ("i1", "board", "rare"),
        ("i2", "tag", "x"),
    ]
    signals = pa.table(dict(zip(("image_id", "signal", "text"), map(list, zip(*rows, strict=True)), strict=True)))
    names, flags = boards_of(signals, [*ids, "none"])
    assert names == ["birds"]
    assert flags[:, 0].tolist() == [True] * 10 + [False]


def test_a_band_without_classes_has_no_mean() -> None:
    told = mean_average_precision(np.array([[2.0], [1.0]], np.float32), np.array([[True], [False]]), np.array(["head"]))
    assert told["head"] == 1.0
    assert np.isnan(told["tail"])
