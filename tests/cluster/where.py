"""A job that says, as one line of JSON, what code and libraries the tasks of a cluster run with."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pipeline
from pipeline.runtime.config import SparkConfig
from pipeline.runtime.session import start_session


def describe(_: Iterable[int]) -> Iterator[dict[str, Any]]:
    import nltk
    import numpy
    import pyarrow

    from pipeline.runtime.schema import load_schema

    yield {
        "files": {
            module.__name__: os.path.abspath(str(module.__file__)) for module in (pipeline, pyarrow, numpy, nltk)
        },
        "path": [os.path.abspath(entry) for entry in sys.path],
        "folder": os.getcwd(),
        "python": sys.version_info[:2],
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "wordnet": str(nltk.data.find("corpora/wordnet")),
        "key": load_schema("images").key,
    }


def main() -> None:
    spark = start_session(SparkConfig(), "where")
    context = spark.sparkContext
    told = context.parallelize(range(8), 8).mapPartitions(describe).collect()
    print("WHERE " + json.dumps({"driver": pipeline.__file__, "tasks": told}))  # noqa: T201
    spark.stop()


if __name__ == "__main__":
    main()
