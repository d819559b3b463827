import numpy as np
import pytest

from pipeline.manifest.balance.plan import Outcome
from pipeline.review.plan_chart import plan_chart
from pipeline.review.plan_table import Planned, describe_plan, plan_blocks, render_plans
from pipeline.runtime.config import PublishConfig

IMAGES = np.array([100, 20, 4, 0])
BANDS = np.array(["head", "torso", "tail", "tail"])
NAMES = ["dog", "cat", "newt", "unicorn"]
ONCE = Planned("every image once", None, Outcome(110, 110, 124, IMAGES.astype(float)))
SMALL = Planned(
    "30 images",
    PublishConfig(cap=12.5, repeat_threshold=1),
    Outcome(30, 30, 29, np.array([16.0, 12.0, 4.0, 0.0])),
)


def test_a_plan_tells_images_matches_bands_and_who_stays_below() -> None:
    found = describe_plan(SMALL, IMAGES, BANDS, 5)
    assert found["cap"] == 12.5
    assert found["repeat_threshold"] is None
    assert found["matches"] == {"head": 16, "torso": 12, "tail": 4, "all": 32}
    assert found["share"] == {"head": 0.5, "torso": 0.375, "tail": 0.125}
    assert found["below"] == [2]  # a label without images is not asked for
    assert found["effective_classes"] == pytest.approx(
        np.exp(0.5 * np.log(2) + 0.375 * np.log(8 / 3) + 0.125 * np.log(8))
    )


def test_matches_under_the_cap_stand_beside_images_and_are_more() -> None:
    text = render_plans(*plan_blocks([describe_plan(item, IMAGES, BANDS, 5) for item in (ONCE, SMALL)], NAMES, 5))
    lines = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in text.splitlines()
        if "|" in line
    }
    assert lines[""] == ["every image once", "30 images"]
    assert lines["cap t"] == ["-", "12.5"]
    assert lines["images an epoch, expected"] == ["110", "30"]
    assert lines["matches under the cap"] == ["124", "29"]
    assert lines["of tail labels"] == ["4 (3.2%)", "4 (12.5%)"]
    assert lines["labels below 5 showings"] == ["1", "1"]
    assert "Labels below 5 showings under 30 images: newt" in text


def test_a_plan_without_any_match_has_shares_of_0() -> None:
    empty = Planned("none", None, Outcome(0, 0, 0, np.zeros(4)))
    assert set(describe_plan(empty, IMAGES, BANDS, 1)["share"].values()) == {0.0}


def test_the_chart_is_the_same_for_the_same_plans_and_names_them() -> None:
    plans = [describe_plan(item, IMAGES, BANDS, 5) for item in (ONCE, SMALL)]
    shown = [ONCE.outcome.by_label, SMALL.outcome.by_label]
    chart = plan_chart(plans, shown, IMAGES)
    assert chart == plan_chart(plans, shown, IMAGES)
    for text in ("every image once", "30 images", "head", "showings an epoch"):
        assert text in chart
