"""Labels of two ready-made corpora, judged with their pictures by a language model: the figures that README states."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipeline.labeling.judgements import read_judgements
from pipeline.review.precision import precision

FIXTURE = Path(__file__).with_name("judged_labels.csv")
OPENCLIPART = "openclipart/"


@pytest.fixture(scope="module")
def judged() -> pa.Table:
    return read_judgements(str(FIXTURE))


def figures(judged: pa.Table) -> dict[str, tuple[int, int, float, float, float]]:
    return {
        item.band: (item.judged, item.right, round(item.precision, 3), round(item.low, 3), round(item.high, 3))
        for item in precision(judged)
    }


def test_precision_by_band_is_what_readme_states(judged: pa.Table) -> None:
    assert figures(judged) == {
        "head": (100, 61, 0.599, 0.494, 0.696),
        "torso": (100, 68, 0.641, 0.539, 0.732),
        "tail": (100, 79, 0.742, 0.641, 0.821),
        "all": (300, 208, 0.63, 0.563, 0.693),
    }


def test_precision_of_each_corpus_is_what_readme_states(judged: pa.Table) -> None:
    drawings = pc.starts_with(judged["image_id"], OPENCLIPART)
    assert figures(judged.filter(drawings))["all"][2] == 0.586
    assert figures(judged.filter(pc.invert(drawings)))["all"][2] == 0.712


def test_every_wrong_label_says_why() -> None:
    lines = FIXTURE.read_text(encoding="utf-8").splitlines()[1:]
    assert len(lines) == 300
    assert all(line.endswith(",") == (",1," in line) for line in lines)
