"""Signals to distinct texts and mentions."""

from pyspark import StorageLevel
from pyspark.sql import functions as F

from pipeline.runtime.road import Run
from pipeline.stages.rejects import as_rejects, write_rejects
from pipeline.text import boilerplate, voting
from pipeline.text import normalize as text


def normalize(run: Run) -> tuple[int, int]:
    """Signals to distinct texts and mentions."""
    signals, config = run.read("signals"), run.config.normalize
    cleaned = text.clean_distinct(signals, config).persist(StorageLevel.MEMORY_AND_DISK)  # used many times
    held = [cleaned]
    if cleaned.where("rivals is not null").head(1):
        votes = voting.vote(signals, cleaned, config).persist(StorageLevel.MEMORY_AND_DISK)
        cleaned = text.clean_voted(votes, cleaned, config).persist(StorageLevel.MEMORY_AND_DISK)
        signals = voting.apply_votes(signals, votes)
        held += [votes, cleaned]
    repeated = boilerplate.find_segments(signals, cleaned, run.read("images"), config).collect()
    if repeated:
        cleaned = boilerplate.cut_segments(cleaned, [row.segment for row in repeated])
    listed = [(row.source, boilerplate.REASON, row.segment, row["count"]) for row in repeated]
    found = run.spark.createDataFrame(listed, "source string, reason string, raw string, count long")
    run.tables.write("texts", text.distinct_texts(cleaned))
    run.tables.write("mentions", text.fold_mentions(signals, cleaned, run.read("images"), config))
    lost = text.rejected_facts(signals, cleaned, config)
    write_rejects(run, "normalize", [as_rejects("row", lost), as_rejects("segment", found)])
    for frame in held:
        frame.unpersist()
    mentions = run.read("mentions")
    run.record.signals = sorted(row.signal for row in mentions.select("signal").distinct().collect())
    return run.read("signals").count(), int(mentions.agg(F.sum("facts")).first()[0] or 0)  # type: ignore[index]
