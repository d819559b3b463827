"""What the workers of a cluster must have in common with the driver, and how it is told where they have not."""

import pytest

from pipeline.runtime.workers import compare, facts, recognize

MISMATCH = """org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "worker.py", line 1, in main
pyspark.errors.exceptions.base.PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has different version: \
3.12 than that in driver: 3.11, PySpark cannot run with different minor versions.
Please check environment variables
"""


def test_a_process_has_what_it_has() -> None:
    assert compare(dict(facts()), dict(facts())) == []
    assert dict(facts())["pyarrow"] != "none"


def test_another_version_of_a_library_is_named_with_both() -> None:
    driver = {"Python": "3.11", "simplemma": "2.0.0", "WordNet": "ab"}
    worker = {"Python": "3.11", "simplemma": "1.1.0", "WordNet": "none"}
    assert compare(driver, worker) == ["simplemma 2.0.0 here, 1.1.0 there", "WordNet ab here, none there"]


def test_an_environment_may_go_without_models_but_not_with_other_ones() -> None:
    assert compare({"torch": "2.13.0"}, {"torch": "none"}) == []
    assert compare({"torch": "none"}, {"torch": "2.13.0"}) == []
    assert compare({"torch": "2.13.0"}, {"torch": "2.12.0"}) == ["torch 2.13.0 here, 2.12.0 there"]


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        (MISMATCH, "another Python than the driver"),
        ("a\nModuleNotFoundError: No module named 'pipeline'\nb", "no module pipeline"),
        ("Error from python worker:\n  /usr/bin/python3: No module named pyspark.daemon", "no module pyspark.daemon"),
        ('java.io.IOException: Cannot run program "./environment/bin/python": error=2', "no Python at ./environment"),
        ("Error from python worker:\n  /x: needs Python 3.11, for which it was packed", "not the Python"),
    ],
)
def test_workers_that_cannot_start_are_told_in_one_line(trace: str, said: str) -> None:
    message = recognize(trace)
    assert message is not None
    assert said in message
    assert "make dist" in message
    assert "\n" not in message


def test_what_is_not_known_stays_what_it_is() -> None:
    assert recognize("java.lang.NullPointerException") is None
