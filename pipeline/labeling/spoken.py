"""The members of labels with the language that each is in."""

import pyarrow as pa
from pyspark.sql import DataFrame


def spoken_members(members: DataFrame, candidates: DataFrame) -> pa.Table:
    """(label_id, phrase_id, phrase, language) of each member, sorted by label and phrase.

    Args:
        members: the table `members`, small enough for this machine.
        candidates: the table `candidates`.
    """
    spoken = members.join(candidates.select("phrase_id", "language"), "phrase_id")
    columns = ("label_id", "phrase_id", "phrase", "language")
    return spoken.select(*columns).toArrow().sort_by([("label_id", "ascending"), ("phrase_id", "ascending")])
