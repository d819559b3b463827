"""The embedding cache: Parquet, one folder an encoder, added to and never changed.

What is added is a part of its own, which becomes visible by a small pointer file when it is whole and checked. So any
number of runs may add at the same time, and a killed one leaves nothing that is read. What two runs encode at the same
time is held twice; the vectors are the same.
"""

import uuid
from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession

from pipeline.runtime import files
from pipeline.runtime.errors import RunError
from pipeline.runtime.tables import Tables
from pipeline.vocabulary.encoding import embed

SLICE = 50_000  # phrases a part: a killed run loses a minute or two of encoding, and no more
_TASK = 5_000  # phrases a task at most: even work for all cores


class VectorCache:
    """The vectors of one encoder.

    Args:
        spark: the session.
        folder: of all caches, local or remote.
        fingerprint: identity of the encoder.
    """

    def __init__(self, spark: SparkSession, folder: str, fingerprint: str) -> None:
        self._spark = spark
        self._tables = Tables(spark, files.join(folder, fingerprint))

    def phrases(self) -> DataFrame | None:
        """(phrase) of all that is held, some perhaps twice; None where that is nothing.

        Raises:
            RunError: a file was truncated, replaced or deleted.
        """
        held = self._held()
        return held if held is None else held.select("phrase")

    def read(self) -> DataFrame:
        """(phrase, vector) of all that is held, each phrase once.

        Raises:
            RunError: as for `phrases`.
        """
        held = self._held()
        if held is None:
            return self._spark.createDataFrame([], embed.VECTORS_DDL)
        # Phrases alone are quickly compared; vectors are moved only where some are held twice.
        phrases = held.select("phrase")
        return held if phrases.distinct().count() == phrases.count() else embed.once_each(held)

    def _held(self) -> DataFrame | None:
        if not self._tables.parts("vectors"):
            return None
        try:
            return self._tables.read("vectors")
        except RunError as error:
            raise RunError(f"{error} Or delete the cache {self._tables.folder}; its vectors are made anew.") from None

    def add(self, phrases: DataFrame, encode: Callable[[DataFrame], DataFrame], size: int = SLICE) -> int:
        """Encode phrases and keep them, slice by slice; gives how many.

        Args:
            phrases: (phrase), each once, none of them held.
            encode: gives (phrase, vector) of (phrase).
            size: phrases a slice, about.
        """
        held = phrases.persist()  # what is held grows while this goes on
        amount = held.count()
        slices = -(-amount // size)
        for which in range(slices):
            chosen = embed.slice_phrases(held, slices, which)
            tasks = max(self._spark.sparkContext.defaultParallelism, min(amount, size) // _TASK)
            rows = encode(chosen.repartition(tasks, "phrase"))
            self._tables.write("vectors", rows, part=uuid.uuid4().hex[:12])
        held.unpersist()
        return amount
