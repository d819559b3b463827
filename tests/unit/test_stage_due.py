"""When a stage is done again: where it is not on record, and a page whenever it alone is asked for."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.runtime.road import Stage


def run_with(*done: str) -> Any:
    record = SimpleNamespace(content={"stages": [{"stage": name} for name in done]})
    return SimpleNamespace(record=record, read=lambda table: table)


@pytest.mark.parametrize(
    ("writes", "done", "alone", "due"),
    [
        (("labels",), False, False, True),
        (("labels",), True, False, False),
        (("labels",), True, True, False),
        ((), False, False, True),
        ((), True, False, False),
        ((), True, True, True),
    ],
)
def test_what_is_done_is_done_again_only_where_it_is_a_page_that_was_asked_for(
    writes: tuple[str, ...], done: bool, alone: bool, due: bool
) -> None:
    stage = Stage("draw", "image", (), writes, lambda run: (0, 0))
    assert stage.due(run_with(*(["draw"] if done else [])), alone) == due
