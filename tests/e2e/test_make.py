"""The targets with which a newcomer begins, as they stand in the README; `make test` is what runs these tests."""

import re
import sys
from pathlib import Path

import pytest
from small_run import as_reader

from pipeline.stages import ROAD

ROOT = Path(__file__).parents[2]
LINKED = ("Makefile", "README.md", "CHANGELOG.md", "pyproject.toml", ".constraints.txt", "jobs", "pipeline", "schemas")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The checkout and its environment by links: what targets make lies elsewhere."""
    for name in LINKED:
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def make(checkout: Path, target: str) -> str:
    # However the environment of the tests was made, it is not made anew.
    return as_reader(["make", "-o", ".venv/.ready", "-o", ".venv/.dev", target], checkout).stdout


def test_make_demo_labels_a_corpus_from_end_to_end(checkout: Path) -> None:
    said = make(checkout, "demo")
    assert re.findall(r"^(\w+) +[\d,]+ \w+ in ", said, re.MULTILINE) == [stage.name for stage in ROAD]
    manifest = checkout / re.findall(r"^manifest +(\S+)$", said, re.MULTILINE)[0]
    assert list((manifest / "data/train").glob("*.parquet"))
    page = checkout / re.findall(r"^report +(\S+\.html)$", said, re.MULTILINE)[0]
    assert page.stat().st_size > 100_000


def test_make_docs_builds_the_site(checkout: Path) -> None:
    make(checkout, "docs")
    for page in ("index", "tutorial", "tables", "settings", "jobs"):
        assert (checkout / f"build/docs/{page}.html").stat().st_size > 1_000
