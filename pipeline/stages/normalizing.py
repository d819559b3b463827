"""Signals to distinct texts and mentions."""

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.runtime.road import Run
from pipeline.stages.growth import texts as growth
from pipeline.stages.rejects import as_rejects, write_rejects
from pipeline.text import boilerplate, origins, voting
from pipeline.text import normalize as text


def normalize(run: Run) -> tuple[int, int]:
    """Signals to distinct texts and mentions."""
    signals, config = run.read("signals"), run.config.normalize
    cleaned = text.clean_distinct(signals, config).persist(StorageLevel.DISK_ONLY)  # used many times
    held = [cleaned]
    if cleaned.where("rivals is not null").head(1):
        facts = voting.facts_by_image(signals, cleaned).persist(StorageLevel.DISK_ONLY)
        votes = voting.vote(facts, config).persist(StorageLevel.DISK_ONLY)
        cleaned = text.clean_voted(votes, cleaned, config).persist(StorageLevel.DISK_ONLY)
        signals = voting.apply_votes(signals, votes)
        held += [facts, votes, cleaned]
    listed = []
    if run.history is None:
        repeated = boilerplate.find_segments(signals, cleaned, run.read("images"), config).collect()
        listed = [(row.source, boilerplate.REASON, row.segment, row["count"]) for row in repeated]
    segments = growth.known_segments(run.history) if run.history else [segment for _, _, segment, _ in listed]
    if segments:
        cleaned = boilerplate.cut_segments(cleaned, segments)
    found = run.spark.createDataFrame(listed, "source string, reason string, raw string, count long")
    texts, mentions = text.distinct_texts(cleaned), text.fold_mentions(signals, cleaned, run.read("images"), config)
    usable = None
    if run.history:
        held.append(mentions.persist(StorageLevel.DISK_ONLY))  # read twice
        usable = _facts(mentions)
        growth.write_with_earlier(run, texts, mentions)
    else:
        run.tables.write("texts", texts)
        run.tables.write("mentions", mentions)
        run.tables.write("origins", origins.count_origins(run.read("mentions"), run.read("texts")))
    lost = text.rejected_facts(signals, cleaned, config)
    write_rejects(run, "normalize", [as_rejects("row", lost), as_rejects("segment", found)])
    for frame in held:
        frame.unpersist()
    said = _facts(run.read("mentions"))
    before = run.history.base.record["signals"] if run.history else []  # whose bits stay
    run.record.signals = [*before, *sorted(said.keys() - set(before))]
    return run.read("signals").count(), sum((said if usable is None else usable).values())


def _facts(mentions: DataFrame) -> dict[str, int]:
    """Rows of the sources that mentions were folded from, by signal."""
    rows = mentions.groupBy("signal").agg(F.sum("facts").alias("facts")).collect()
    return {row.signal: int(row.facts) for row in rows}
