import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))  # scripts, no package

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
