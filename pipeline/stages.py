"""The road: every stage, the tables that it reads and writes, in order. Jobs know only this.

A stage reads tables, hands them to the functions of the packages, writes what they give, and counts. Reading, writing
and Spark's actions happen here; what is computed is decided in the packages.
"""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from pipeline.labeling import assign, match, reliability
from pipeline.manifest import publish, rows
from pipeline.review import changes, collect, report, trial
from pipeline.runtime import files
from pipeline.runtime.cli import Arguments, run_job
from pipeline.runtime.errors import InputError
from pipeline.runtime.road import Run, Stage, log, walk
from pipeline.sources import corpora, mapping, readers
from pipeline.text import boilerplate, voting
from pipeline.text import normalize as text
from pipeline.vocabulary import display, hierarchy, labels, versions
from pipeline.vocabulary.clustering import calibrate
from pipeline.vocabulary.encoding import cache, embed, encoders
from pipeline.vocabulary.merging import phrases
from pipeline.vocabulary.mining import bundles, candidates, contexts, dictionary, generality, selection, shape, tally


def ingest(run: Run) -> tuple[int, int]:
    """Sources to signals and images."""
    facts, pictures, lost_images = [], [], []
    for source in run.config.sources:
        if source.corpus:
            corpus = corpora.read_corpus(source.corpus)
            table, listed = run.spark.createDataFrame(corpus.signals), run.spark.createDataFrame(corpus.images)
            pictures.append(listed.select("image_id", "image_uri", _no("duplicate_of")))
            source = dataclasses.replace(
                source, signal_column="signal", count="count", contributor="contributor", language="language"
            )
        else:
            table = readers.read_table(run.spark, source.name, str(source.path), source.format, source.options)
        facts.append(mapping.to_facts(table, source))
    for images in run.config.images:
        table = readers.read_table(run.spark, images.name, images.path, images.format, images.options)
        listed = mapping.to_images(table, images)
        pictures.append(listed.where("reason is null").select("image_id", "image_uri", "duplicate_of"))
        lost_images.append(listed.where("reason is not null").select("source", "reason", _no("raw")))
    every = functools.reduce(DataFrame.unionByName, facts)
    usable = every.where("reason is null")
    seen = Observation("facts")
    with readers.readable("sources"):
        signals = every.observe(seen, F.count(F.lit(1)).alias("rows")).where("reason is null")
        rows_out = run.tables.write("signals", signals.drop("image_uri", "reason", "raw"))
        pictures.append(usable.select("image_id", "image_uri", _no("duplicate_of")))
        rejects = [_rejects("row", every.where("reason is not null").drop("count"))]
        rejects += [_rejects("image", frame) for frame in lost_images]
        _write_rejects(run, "ingest", rejects)
        known = mapping.collect_images(pictures)
        if any(images.duplicate_of for images in run.config.images):
            known = mapping.point_to_originals(known, _follow_reposts(known))
        run.tables.write("images", known)
    if not rows_out:
        raise InputError("no usable row in any source; the reasons are in the table rejects of the run.")
    return int(seen.get["rows"]), rows_out


def _follow_reposts(images: DataFrame) -> DataFrame:
    """(image_id, duplicate_of) of the reposts, followed until none leads to a repost; circles are left chained."""
    links = images.where("duplicate_of is not null").select("image_id", "duplicate_of").persist()
    for _ in range(16):  # each round doubles the reach: chains of 65,536 links
        if not mapping.chained(links).head(1):
            break
        links = mapping.follow(links).persist()
    return links


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
    _write_rejects(run, "normalize", [_rejects("row", lost), _rejects("segment", found)])
    for frame in held:
        frame.unpersist()
    mentions = run.read("mentions")
    run.record.signals = sorted(row.signal for row in mentions.select("signal").distinct().collect())
    return run.read("signals").count(), int(mentions.agg(F.sum("facts")).first()[0] or 0)  # type: ignore[index]


def mine_candidates(run: Run) -> tuple[int, int]:
    """Texts and mentions to candidate phrases."""
    texts, mentions, config = run.read("texts"), run.read("mentions"), run.config.mine
    own = dictionary.read_dictionary(config.dictionary, run.config.normalize.default_language, config.max_words)
    weighed = candidates.weigh_texts(texts, mentions)
    packed = bundles.pack(weighed).persist(StorageLevel.MEMORY_AND_DISK)  # read three times
    counts = _count_phrases(run, packed)
    all_images = mentions.select("image_id").distinct().count()
    enough = counts.where(F.col("weight") >= config.min_images).select("phrase_id")
    enough = enough.where("phrase_id is not null").toArrow()
    ids = np.union1d(enough["phrase_id"].to_numpy(), own["phrase_id"].to_numpy())
    survivors = run.spark.sparkContext.broadcast(ids.tobytes())
    found = candidates.find_phrases(packed, survivors, config.max_words).persist(StorageLevel.DISK_ONLY)
    support = candidates.count_support(found, mentions, run.record.signals, config)
    counted = candidates.name_phrases(counts, run.spark.createDataFrame(own), support, config.min_images)
    counted = counted.persist(StorageLevel.MEMORY_AND_DISK)  # cohesion and nesting look at it from several sides
    words = counted.where("n_words = 1").orderBy(F.desc("images"), "phrase_id").limit(generality.MOST)
    share = min(1.0, config.specificity_images / max(1, all_images))
    around = candidates.words_around(found, mentions, words.select("phrase_id"), run.record.signals, share).toArrow()
    keys, nats = generality.specificity(*(around[name].to_numpy() for name in ("key", "phrase_id", "signals")))
    told = run.spark.createDataFrame(pa.table({"phrase_id": keys, "specificity": pa.array(nats, from_pandas=True)}))
    shaped = shape.add_shapes(counted.join(told, "phrase_id", "left")).persist(StorageLevel.MEMORY_AND_DISK)
    measured = selection.measure(shaped, all_images, config).persist(StorageLevel.MEMORY_AND_DISK)
    listed = run.tables.write("candidates", selection.judge(measured, config))
    mined = run.read("candidates")
    unseen = mined.where("pinned").join(counts, "phrase_id", "left_anti").count()  # too rare to be counted
    known = counts.where("phrase_id is not null").count() + unseen
    impossible = counts.where("phrase_id is null").agg(F.sum("weight")).first()[0]  # type: ignore[index]
    _write_contexts(run, found, mentions, mined, all_images)
    for frame in (measured, shaped, counted, found, counts, packed):
        frame.unpersist()
    survivors.destroy()
    dropped = mined.where("not kept").groupBy("reason").count()
    rare = run.spark.createDataFrame([("below_min_images", known - listed)], "reason string, count long")
    never = run.spark.createDataFrame([("cannot_reach_min_images", impossible)], "reason string, count long")
    _write_rejects(
        run,
        "mine_candidates",
        [_rejects("phrase", _reasons(dropped.unionByName(rare))), _rejects("occurrence", _reasons(never))],
    )
    return known, mined.where("kept").count()


def _count_phrases(run: Run, packed: DataFrame) -> DataFrame:
    """(phrase_id, weight, phrase, language, n_words) of what can have enough images; persisted."""
    config = run.config.mine
    bits = tally.counter_bits(packed.agg(F.sum("texts")).first()[0] or 0)  # type: ignore[index]
    blocks = candidates.hash_counters(packed, bits, config.min_images, config.max_words).collect()
    bitmap = tally.join_blocks([(row.block, bytes(row.bits)) for row in blocks], bits)
    sieve = run.spark.sparkContext.broadcast(bitmap)
    counts = candidates.count_phrases(packed, sieve, config.max_words).persist(StorageLevel.MEMORY_AND_DISK)
    counts.count()
    return counts


def _write_contexts(run: Run, found: DataFrame, mentions: DataFrame, mined: DataFrame, all_images: int) -> None:
    """What else is said of the images of each kept phrase."""
    kept = mined.where("kept").select("phrase_id", "phrase", "language", "images")
    words = mined.where("n_words = 1").orderBy(F.desc("images"), "phrase_id").limit(contexts.WORDS)
    table = words.select("phrase_id", "images").toArrow()
    sampled = contexts.sample_images(found, mentions, kept).persist(StorageLevel.MEMORY_AND_DISK)  # read twice
    around = candidates.words_around(found, mentions, run.spark.createDataFrame(table), run.record.signals, 1.0)
    counts = contexts.count_words(sampled, around)
    run.tables.write("contexts", contexts.project(counts, kept, table, all_images))
    sampled.unpersist()


def embed_phrases(run: Run) -> tuple[int, int]:
    """Kept candidates to vectors, by way of the cache."""
    mined, config = run.read("candidates"), run.config.embed
    languages, identity = encoders.known_languages(config), encoders.fingerprint(config.encoder, config.backend)
    store = config.cache or files.join(run.root, "cache")
    vectors = cache.VectorCache(run.spark, store, identity)
    encoders.prepare(config.encoder, store)
    encode = functools.partial(
        embed.encode_phrases, encoder=config.encoder, backend=config.backend, store=files.absolute(store)
    )
    amount = vectors.add(embed.new_phrases(mined, vectors.phrases(), languages), encode)
    rows_out = run.tables.write("embeddings", embed.attach_vectors(mined, vectors.read(), identity, languages))
    lost = embed.without_vector(mined, run.read("embeddings"), languages)
    _write_rejects(run, "embed", [_rejects("phrase", lost.select(_no("source"), "reason", "raw", "count"))])
    log.info("  %s: %d phrases encoded, %d vectors", identity, amount, rows_out)
    return mined.where("kept").count(), rows_out


def cluster(run: Run) -> tuple[int, int]:
    """Kept candidates and vectors to labels and members."""
    columns = ["phrase_id", "phrase", "language", "images", "image_keys", "pinned", "synonym_of"]
    kept, vectors, config = (
        run.read("candidates").where("kept").select(*columns),
        run.read("embeddings"),
        run.config.cluster,
    )
    if config.base:
        changes.require_labels(config.base, "cluster.base")
    amount = kept.count()
    if not amount:
        raise InputError("no phrase was kept. Lower mine.min_images or mine.min_contributors, or add sources.")
    width = vectors.select(F.max(F.size("vector"))).first()[0] or 0  # type: ignore[index]
    needed = phrases.require_memory(
        amount, width, config.neighbours, run.config.mine.rare_images, config.max_memory_gb, config.method
    )
    log.info("  clustering %d phrases needs at most %.2f GB", amount, needed)
    ranked = phrases.rank_phrases(
        kept.toArrow(), vectors.select("phrase_id", "vector").toArrow(), run.read("contexts").toArrow()
    )
    found = calibrate.find_thresholds(ranked, config, run.config.embed.encoder)
    log.info("  %s", found)
    run.record.content["thresholds"] = dataclasses.asdict(found)
    joined = encoders.joined_languages(run.config.embed, config.join_languages)
    thresholds = calibrate.with_thresholds(config, found)
    vocabulary, members, unassigned = labels.build_vocabulary(ranked, thresholds, joined)
    if config.base:
        support = pa.table({"phrase_id": ranked.ids, "images": ranked.images})
        earlier = changes.read_labels(run.spark, config.base, "cluster.base")
        vocabulary = versions.carry_keys(earlier, versions.Labels(vocabulary, members.join(support, "phrase_id")))
    run.tables.write("vocabulary", run.spark.createDataFrame(vocabulary))
    rows_out = run.tables.write("members", run.spark.createDataFrame(members))
    lost = run.spark.createDataFrame(unassigned).select(_no("source"), "reason", F.col("phrase").alias("raw"))
    _write_rejects(run, "cluster", [_rejects("phrase", lost)])
    if not vocabulary.num_rows:
        raise InputError(f"no label has cluster.min_images = {config.min_images} images. Lower it, or add sources.")
    return amount, rows_out


def assign_labels(run: Run) -> tuple[int, int]:
    """Texts and labels to labelled images."""
    texts, mentions, members = run.read("texts"), run.read("mentions"), run.read("members")
    config, signals = run.config.assign, run.record.signals
    ids = np.sort(members.select("phrase_id").toArrow()["phrase_id"].to_numpy())
    wanted = run.spark.sparkContext.broadcast(ids.tobytes())
    matches = match.match_texts(texts, wanted, run.config.mine.max_words)
    evidence = assign.collect_evidence(matches, mentions, members).persist(StorageLevel.MEMORY_AND_DISK)
    votes = (
        assign.count_votes(evidence, signals)
        .toArrow()
        .sort_by([("image_bits", "ascending"), ("label_bits", "ascending")])
    )
    image_bits, label_bits, pairs = (votes[name].to_numpy() for name in ("image_bits", "label_bits", "pairs"))
    chances, confirmed = reliability.confirmations(image_bits, label_bits, pairs, len(signals))
    trust = reliability.estimate(
        chances,
        confirmed,
        best=config.best_reliability,
        weight=config.agreement_weight,
        prior=config.prior_reliability,
        strength=config.prior_strength,
    )
    log.info("  reliability: %s", ", ".join(f"{s} {p:.2f}" for s, p in zip(signals, trust, strict=True)))
    ranked = assign.weigh(evidence, signals, [round(float(p), 6) for p in trust], config)
    if config.closure:
        above = hierarchy.ancestors(run.read("vocabulary").select("label_id", "parent").toArrow(), config.closure)
        ranked = assign.add_ancestors(ranked, run.spark.createDataFrame(above), config)
    ranked = ranked.withColumns({"reason": assign.rejection(config)}).persist(StorageLevel.MEMORY_AND_DISK)
    run.tables.write("assignments", ranked.where("reason is null").drop("place", "reason"))
    assignments = run.read("assignments")
    dropped = (
        ranked.where("reason is not null")
        .groupBy("reason")
        .count()
        .select(_no("source"), "reason", _no("raw"), "count")
    )
    lost = assign.unlabelled(mentions, evidence, assignments)
    images = lost.select(_no("source"), "reason", F.col("image_id").alias("raw"))
    _write_rejects(run, "assign", [_rejects("pair", dropped), _rejects("image", images)])
    ranked.unpersist()
    evidence.unpersist()
    wanted.destroy()
    return mentions.select("image_id").distinct().count(), assignments.select("image_id").distinct().count()


def publish_manifest(run: Run) -> tuple[int, int]:
    """Labelled images to the published tree."""
    assignments, config = run.read("assignments"), run.config.publish
    if not assignments.head(1):
        raise InputError("no image has a label. Lower assign.min_confidence, or cluster.min_images.")
    counts = rows.count_labels(assignments).toArrow()
    table = rows.label_table(_displayed(run), counts, config)
    run.tables.write("labels", run.spark.createDataFrame(table))
    weighed = run.read("labels")
    lines = rows.manifest_rows(assignments, run.read("images"), weighed, run.record.signals, config)
    rows_out = run.tables.write("manifest", lines)
    files.remove(run.manifest)  # of a try that was stopped before it went on record
    publish.write_tree(run.manifest, run.read("manifest"), weighed, run.read("members"), run.record.content, config)
    files.write_json(files.join(run.root, "manifest", "current.json"), {"run_id": run.run_id})
    return assignments.select("image_id").distinct().count(), rows_out


def _displayed(run: Run) -> pa.Table:
    """The vocabulary with its names as people write them."""
    vocabulary = run.read("vocabulary").toArrow()
    words = run.spark.createDataFrame(display.words_of(vocabulary))
    counts = display.count_spellings(run.read("signals"), words).toArrow()
    return display.add_display(vocabulary, display.choose_spellings(counts))


def write_report(run: Run) -> tuple[int, int]:
    """The page that shows the run."""
    page = report.render_report(collect.collect_report(run.read, run.record.content, run.config.report))
    files.write_text(run.report, page)
    images = run.read("manifest").count()
    return images, images


ROAD = (
    Stage("ingest", "row", (), ("signals", "images"), ingest),
    Stage("normalize", "row", ("signals", "images"), ("texts", "mentions"), normalize),
    Stage("mine_candidates", "phrase", ("texts", "mentions"), ("candidates", "contexts"), mine_candidates),
    Stage("embed", "phrase", ("candidates",), ("embeddings",), embed_phrases),
    Stage("cluster", "phrase", ("candidates", "contexts", "embeddings"), ("vocabulary", "members"), cluster),
    Stage("assign", "image", ("texts", "mentions", "vocabulary", "members"), ("assignments",), assign_labels),
    Stage(
        *("publish", "image", ("signals", "images", "vocabulary", "assignments"), ("labels", "manifest")),
        publish_manifest,
    ),
    Stage("report", "image", ("labels", "members", "manifest"), (), write_report),
)


def run_stage(name: str, doc: str, argv: Sequence[str] | None = None) -> int:
    """Run one stage as a job; gives the exit code."""
    chosen = [stage for stage in ROAD if stage.name == name]
    return run_job(doc, argv, functools.partial(walk, chosen))


def run_road(doc: str, argv: Sequence[str] | None = None) -> int:
    """Run all stages as one job, as far as --until says; gives the exit code."""

    def work(arguments: Arguments) -> None:
        encoders.check(arguments.config)  # before minutes of mining
        walk(ROAD, arguments)

    return run_job(doc, argv, work, [stage.name for stage in ROAD])


def run_evaluation(doc: str, argv: Sequence[str] | None = None) -> int:
    """Judge a finished run, and what other methods make of its tables; gives the exit code."""

    def remake(run: Run) -> None:
        cluster(run)
        assign_labels(run)

    return trial.run_trials(doc, argv, remake)


def run_versions(doc: str, argv: Sequence[str] | None = None) -> int:
    """Compare the labels of two runs; gives the exit code."""
    return changes.run_comparison(doc, argv)


def _write_rejects(run: Run, stage: str, frames: Sequence[DataFrame]) -> None:
    """Publish what a stage turned away: equal drops as one row, personal data masked."""
    every = functools.reduce(DataFrame.unionByName, frames)
    counted = text.mask_raw(every).groupBy("unit", "source", "reason", "raw").agg(F.sum("count").alias("count"))
    run.tables.write("rejects", counted.withColumns({"stage": F.lit(stage)}), part=stage)


def _rejects(unit: str, frame: DataFrame) -> DataFrame:
    """Drops (source, reason, raw and perhaps count) in their unit."""
    count = F.col("count") if "count" in frame.columns else F.lit(1).cast("long")
    return frame.select(F.lit(unit).alias("unit"), "source", "reason", "raw", count.alias("count"))


def _reasons(counts: DataFrame) -> DataFrame:
    """(reason, count) as drops that name no row."""
    return counts.where("count > 0").select(_no("source"), "reason", _no("raw"), "count")


def _no(name: str) -> Column:
    return F.lit(None).cast("string").alias(name)
