import sys
from pathlib import Path

import pytest

from pipeline.runtime.config import NormalizeConfig
from pipeline.text.clean import Cleaner

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))  # scripts, no package
from fuzz import REALISTIC, check, strings


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    cleaner = Cleaner(NormalizeConfig())
    cleaner.clean(REALISTIC, [None] * len(REALISTIC))  # loads word lists, which is not to be timed
    return cleaner


def test_three_thousand_random_and_mutated_texts_break_no_promise(cleaner: Cleaner) -> None:
    found = [check(cleaner, text, language)[1] for text, language in strings(3_000, seed=7)]
    assert [finding for finding in found if finding is not None] == []


def test_a_broken_promise_is_found() -> None:
    class Shouting:
        def clean(self, texts: list[str], languages: list[str | None]) -> list[object]:
            raise ValueError("loud")

    _, finding = check(Shouting(), "red", "en")  # type: ignore[arg-type]
    assert finding is not None
    assert finding.promise == "no exception"


def test_strings_are_the_same_for_the_same_seed() -> None:
    assert list(strings(50, seed=1)) == list(strings(50, seed=1))
    assert list(strings(50, seed=1)) != list(strings(50, seed=2))
