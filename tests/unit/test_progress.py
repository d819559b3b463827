"""How far Spark is, as it is looked at while a stage runs."""

import pytest

from pipeline.runtime.events import Tasks
from pipeline.runtime.progress import TaskCounter


class SparkStage:
    def __init__(self, number: int, status: str, done: int, tasks: int, rows: int) -> None:
        self._facts = (number, status, done, tasks, rows)

    def stageId(self) -> int:
        return self._facts[0]

    def status(self) -> "SparkStage":
        return self

    def toString(self) -> str:
        return self._facts[1]

    def numCompleteTasks(self) -> int:
        return self._facts[2]

    def numTasks(self) -> int:
        return self._facts[3]

    def inputRecords(self) -> int:
        return self._facts[4]


class SparkStages:
    """Spark's list, the newest first; counts how many were looked at."""

    looked = 0

    def __init__(self, *stages: tuple[int, str, int, int, int]) -> None:
        self._left = [SparkStage(*item) for item in stages]

    def hasNext(self) -> bool:
        return bool(self._left)

    def next(self) -> SparkStage:
        SparkStages.looked += 1
        return self._left.pop(0)


def test_tasks_count_from_the_counters_begin_and_ended_stages_are_asked_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [
        SparkStages((4, "COMPLETE", 9, 9, 900)),
        SparkStages((6, "ACTIVE", 1, 4, 10), (5, "COMPLETE", 2, 2, 20), (4, "COMPLETE", 9, 9, 900)),
        SparkStages(
            (8, "PENDING", 0, 7, 0), (7, "SKIPPED", 0, 3, 0), (6, "COMPLETE", 4, 4, 40), (5, "COMPLETE", 2, 2, 20)
        ),
        SparkStages(
            (9, "ACTIVE", 1, 2, 5), (8, "SKIPPED", 0, 7, 0), (7, "SKIPPED", 0, 3, 0), (6, "COMPLETE", 4, 4, 40)
        ),
    ]
    monkeypatch.setattr("pipeline.runtime.progress._listed", lambda spark: answers.pop(0))
    counter = TaskCounter(object())  # type: ignore[arg-type]
    assert counter.look() == Tasks(3, 6, 30)
    assert counter.look() == Tasks(6, 6, 60)
    SparkStages.looked = 0
    assert counter.look() == Tasks(7, 8, 65)
    assert SparkStages.looked == 3  # two that are new, and the first of those that are known
    assert counter.look() == Tasks(7, 8, 65)  # no answer any more
