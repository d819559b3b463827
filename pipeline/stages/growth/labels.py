"""New phrases to the labels that there are, and to a few new ones."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipeline.labeling import confidence, evidence
from pipeline.runtime.road import Run, log
from pipeline.runtime.workers import end_idle
from pipeline.stages.clustering import COLUMNS
from pipeline.stages.growth.phrases import FRESH, history_of
from pipeline.stages.rejects import as_rejects, null, write_rejects
from pipeline.vocabulary import extend, labels
from pipeline.vocabulary.clustering import calibrate
from pipeline.vocabulary.encoding import encoders
from pipeline.vocabulary.merging import phrases


def cluster_grown(run: Run) -> tuple[int, int]:
    """Fresh candidates to members of labels; labels that there are stay as they are."""
    history, config = history_of(run), run.config.cluster
    fresh = run.tables.read("candidates", FRESH).where("kept").select(*COLUMNS)
    amount = fresh.count()
    end_idle(run.spark)  # from here on this process does the work
    named = history.read("members").select("phrase_id", "label_id", "how")
    known = history.read("candidates").join(named, "phrase_id").select(*COLUMNS)
    rows = pa.concat_tables([fresh.toArrow(), known.toArrow()])
    ranked = phrases.rank_phrases(rows, _of(run.read("embeddings").select("phrase_id", "vector"), rows))
    members = named.toArrow()
    chosen = extend.neighbourhood(ranked, *_places(ranked, members), config.neighbours)
    near = _rank(run, rows.filter(pc.is_in(rows["phrase_id"], pa.array(ranked.ids[chosen]))))
    found = calibrate.Thresholds(**history.origin.record["thresholds"])
    run.record.content["thresholds"] = history.origin.record["thresholds"]
    joined = encoders.joined_languages(run.config.embed, config.join_languages)
    made = labels.build_vocabulary(near, calibrate.with_thresholds(config, found), joined)
    images = dict(zip(near.ids.tolist(), near.images.tolist(), strict=True))
    grown = extend.extend(history.read("vocabulary").toArrow(), members, made, images)
    for table, rows in (("vocabulary", grown.vocabulary), ("members", grown.members)):
        run.tables.adopt(table, history.base.tables)
        run.tables.write(table, run.spark.createDataFrame(rows), part=run.run_id)
    lost = run.spark.createDataFrame(grown.unassigned).select(null("source"), "reason", F.col("phrase").alias("raw"))
    write_rejects(run, "cluster", [as_rejects("phrase", lost)])
    log.info("  %d phrases join labels, %d new labels", grown.members.num_rows, grown.vocabulary.num_rows)
    return amount, grown.members.num_rows


def trust_grown(run: Run, said: DataFrame) -> DataFrame:
    """How far each signal is trusted for each label: as the base has it, for new labels as for its rarest band."""
    history = history_of(run)
    run.tables.adopt("trust", history.base.tables)
    known = history.read("trust")
    new = said.join(F.broadcast(known.select("label_id")), "label_id", "left_anti")
    pairs = evidence.pair_voices(new, run.record.signals)
    counted = evidence.count_labels(pairs, len(run.record.signals)).toArrow().sort_by("label_id")
    rarest = known.orderBy(F.desc("specificity"), F.desc("label_id")).first()
    prior = run.config.assign.prior_reliability
    trust = list(rarest.trust) if rarest else []
    trust += [prior] * (len(run.record.signals) - len(trust))
    facts = confidence.label_facts(
        counted["label_id"].to_numpy(),
        counted["images"].to_numpy(),
        np.zeros(counted.num_rows, dtype=np.int64),
        np.array([trust]),
        run.record.content["mined_images"],
    )
    run.tables.write("trust", run.spark.createDataFrame(facts), part=run.run_id)
    return run.read("trust")


def _rank(run: Run, rows: pa.Table) -> phrases.Phrases:
    vectors = run.read("embeddings").select("phrase_id", "vector")
    return phrases.rank_phrases(rows, _of(vectors, rows), _of(run.read("contexts"), rows))


def _of(frame: DataFrame, rows: pa.Table) -> pa.Table:
    """What a table has of some phrases."""
    wanted = frame.sparkSession.createDataFrame(rows.select(["phrase_id"]))
    return frame.join(F.broadcast(wanted), "phrase_id", "left_semi").toArrow()


def _places(ranked: phrases.Phrases, members: pa.Table) -> tuple[phrases.Index, phrases.Index]:
    """Places of the new phrases, and of each phrase's label's name; -1 where it has no label."""
    place = {phrase: i for i, phrase in enumerate(ranked.ids.tolist())}
    own = members.filter(pc.equal(members["how"], "self"))
    name_of = dict(zip(own["label_id"].to_pylist(), own["phrase_id"].to_pylist(), strict=True))
    names = np.full(len(ranked), -1, dtype=np.int64)
    for phrase, label in zip(members["phrase_id"].to_pylist(), members["label_id"].to_pylist(), strict=True):
        names[place[phrase]] = place[name_of.get(label, phrase)]
    return np.flatnonzero(names < 0), names
