"""What the report shows, read out of the tables of a run: the one place of the review that has Spark's actions.

All of it is bounded: counts are aggregated in Spark, and of members, images and texts only those of shown labels are
collected.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from pipeline.review.report import collect_doubts as doubtful
from pipeline.review.report import collect_labels as browsed
from pipeline.review.report import doubts, examples
from pipeline.review.report.collect_examples import Wanted, find_examples
from pipeline.review.report.contents import (
    Audited,
    Band,
    Example,
    Language,
    Member,
    ReportData,
    ShownLabel,
    Taught,
)
from pipeline.review.stored_evaluation import Kept
from pipeline.runtime.config import ReportConfig

_DROPS_SHOWN = 3  # of each reason
_LANGUAGES_SHOWN = 20  # the others are one row
_TAUGHT_SHOWN = 20
_BANDS = ("head", "torso", "tail")


def collect_report(
    tables: Callable[[str], DataFrame],
    record: Mapping[str, Any],
    cfg: ReportConfig,
    audit: Sequence[tuple[str, int, int, str, str]] = (),
    evaluation: Kept | None = None,
) -> ReportData:
    """Read what the page shows.

    Args:
        tables: a published table of the run by its name: images, texts, mentions, rejects, candidates, embeddings,
            members, learnt, assignments, labels and manifest are read.
        record: run.json of the run.
        cfg: how many labels, doubts and pictures, and the bytes of all pictures.
        audit: band, judged, right, precision and its interval, where people have judged the labels.
        evaluation: the run judged by trusted labels, where it was.

    Returns:
        Data for `render_report`; the same for the same tables, whatever their partitioning.
    """
    signals = list(record["signals"])
    names = _signal_columns(signals)
    labels = tables("labels").join(_label_counts(tables("manifest"), signals), "label_id", "left")
    labels = labels.fillna(0, ["kept", "sure", *names]).persist()  # one pass over the manifest for all below
    members = examples.frequent_members(tables("members"), tables("candidates"), browsed.MEMBERS_SHOWN)
    members = members.persist(StorageLevel.MEMORY_AND_DISK)  # listed, put on the map and looked through for doubts
    largest = labels.orderBy(F.desc("images"), "label_id").limit(cfg.labels_shown).collect()
    others = labels.where((F.col("band") == "tail") & ~F.col("label_id").isin([row.label_id for row in largest]))
    tail = others.orderBy(F.xxhash64("label_key"), "label_key").limit(cfg.labels_shown).collect()
    cards = [row.label_id for row in [*largest, *tail]]
    found = browsed.list_labels(labels, names, cfg.labels_listed)
    far = doubtful.find_far(tables, cfg.doubts_shown)
    odd = doubtful.find_odd(members, found, tables, cfg.doubts_shown // 2)
    pictured = doubtful.labels_of((*far, *odd), found, cards)
    pictured += browsed.choose_pictured(found, cfg.labels_pictured, [*cards, *pictured])
    wanted = Wanted(cards, pictured, doubts.weak_pairs(tables("manifest"), labels, cfg.doubts_shown))
    roots = record["config"].get("paths", {}).get("allowed_roots", ())
    proofs = find_examples(tables, wanted, cfg, roots)
    manifest = _one(
        tables("manifest").agg(
            F.count(F.lit(1)).alias("labelled"),
            F.count_if(F.col("sample_u") < F.col("keep_prob")).alias("kept"),
            F.count_if(F.col("split") == "validation").alias("validation"),
        )
    )
    ways = _ways(tables("members"))
    phrases = browsed.read_members(members, sum(ways.values()), cards)
    near, counted = browsed.find_near(tables("manifest"), labels, manifest.labelled)
    places = browsed.map_labels(found, members, tables("embeddings"), cfg.labels_mapped)
    listed = browsed.finish(found, phrases, near, places, sum(_sizes(labels, "images").values()), counted)
    # keep_prob = t / images where a label is above the cap: t is what all of them agree on.
    cap = _one(labels.where("keep_prob < 1").agg(F.max(F.round(F.col("keep_prob") * F.col("images"))).alias("t"))).t
    shown = _show(labels, [*largest, *tail], signals, browsed.members_of(phrases, cards), proofs.of_labels)
    proved = {label: (example,) for label, example in proofs.weak} | proofs.of_labels
    ids = found["label_id"].to_pylist()
    data = ReportData(
        record=record,
        images=tables("images").where("duplicate_of is null").count(),
        labelled=manifest.labelled,
        kept=manifest.kept,
        validation=manifest.validation,
        cap=None if cap is None else int(cap),
        phrases=_sizes(tables("candidates").where("kept"), "images"),
        labels=_sizes(labels, "images"),
        capped=_sizes(labels, "kept"),
        bands=_bands(labels),
        languages=_languages(tables("texts"), tables("candidates").where("kept"), labels),
        ways=ways,
        drops=_drops(tables("rejects")),
        largest=tuple(shown[: len(largest)]),
        tail=tuple(shown[len(largest) :]),
        listed=replace(listed, examples={row: proved[i] for row, i in enumerate(ids) if i in proved}),
        far=far,
        odd=odd,
        doubts=doubtful.name_doubts(found, proofs.weak),
        audit=tuple(Audited(*row) for row in audit),
        taught=_taught(tables("learnt")),
        evaluation=evaluation,
    )
    members.unpersist()
    labels.unpersist()
    return data


def _signal_columns(signals: Sequence[str]) -> list[str]:
    """Names of columns with images per signal; a signal's own name may not be fit for one."""
    return [f"signal_{i}" for i in range(len(signals))]


def _label_counts(manifest: DataFrame, signals: Sequence[str]) -> DataFrame:
    """(label_id, kept, least, sure, a column a signal): what the manifest says of each label.

    kept: images in the capped set. least: the smallest confidence. sure: sum of confidences in millionths, whole
    numbers, so that no order of rows changes it. Columns of signals: images on which each says the label.
    """
    kept = (F.col("sample_u") < F.col("keep_prob")).alias("kept")
    zipped = F.explode(F.arrays_zip("label_ids", "label_confidences", "label_sources")).alias("pair")
    pairs = manifest.select(kept, zipped)
    bits = F.col("pair.label_sources")
    said = [F.count_if(bits.bitwiseAND(1 << i) != 0).alias(name) for i, name in enumerate(_signal_columns(signals))]
    confidence = F.col("pair.label_confidences")
    sure = F.sum(F.round(confidence * 1_000_000).cast("long")).alias("sure")
    label = F.col("pair.label_ids").alias("label_id")
    return pairs.groupBy(label).agg(F.count_if("kept").alias("kept"), F.min(confidence).alias("least"), sure, *said)


def _sizes(frame: DataFrame, column: str) -> dict[int, int]:
    """Value -> rows that have it, rising."""
    rows = frame.groupBy(F.col(column).alias("size")).agg(F.count(F.lit(1)).alias("rows")).orderBy("size").collect()
    return {int(row.size): int(row.rows) for row in rows}


def _bands(labels: DataFrame) -> tuple[Band, ...]:
    totals = labels.groupBy("band").agg(
        F.count(F.lit(1)).alias("labels"), F.sum("images").alias("pairs"), F.sum("kept").alias("kept")
    )
    found = {row.band: Band(row.band, row.labels, row.pairs, row.kept) for row in totals.collect()}
    return tuple(found.get(name, Band(name, 0, 0, 0)) for name in _BANDS)


def _languages(texts: DataFrame, phrases: DataFrame, labels: DataFrame) -> tuple[Language, ...]:
    """Languages by falling number of texts; those beyond the first twenty as one."""
    one, none = F.lit(1), F.lit(0)

    def counted(frame: DataFrame, *columns: Column) -> DataFrame:
        named = [column.cast("long").alias(name) for column, name in zip(columns, names, strict=True)]
        return frame.select("language", *named)

    names = ("texts", "phrases", "labels", "pairs")
    every = counted(texts, one, none, none, none).unionByName(counted(phrases, none, one, none, none))
    every = every.unionByName(counted(labels, none, none, one, F.col("images")))
    totals = every.groupBy("language").agg(*(F.sum(name).alias(name) for name in names))
    rows = totals.orderBy(F.desc("texts"), F.desc("pairs"), "language").collect()
    found = [Language(row.language, row.texts, row.phrases, row.labels, row.pairs) for row in rows]
    first, rest = found[:_LANGUAGES_SHOWN], found[_LANGUAGES_SHOWN:]
    if rest:
        sums = [sum(getattr(row, name) for row in rest) for name in names]
        first.append(Language(f"{len(rest)} others", *sums))
    return tuple(first)


def _ways(members: DataFrame) -> dict[str, int]:
    """How -> members, the label's own names first."""
    rows = members.groupBy("how").count().collect()
    ranked = sorted(rows, key=lambda row: (row["how"] != "self", -row["count"], row["how"]))
    return {row["how"]: int(row["count"]) for row in ranked}


def _drops(rejects: DataFrame) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Some of what each reason dropped, most frequent first."""
    place = Window.partitionBy("stage", "unit", "reason").orderBy(F.desc("count"), "raw")
    raws = rejects.where("raw is not null").groupBy("stage", "unit", "reason", "raw").agg(F.sum("count").alias("count"))
    rows = raws.withColumns({"place": F.row_number().over(place)}).where(F.col("place") <= _DROPS_SHOWN)
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for row in rows.orderBy("stage", "unit", "reason", "place").collect():
        key = (row.stage, row.unit, row.reason)
        found[key] = (*found.get(key, ()), row.raw)
    return found


def _show(
    labels: DataFrame,
    rows: Sequence[Row],
    signals: Sequence[str],
    members: tuple[Mapping[int, Sequence[Member]], Mapping[int, int]],
    proofs: Mapping[int, tuple[Example, ...]],
) -> list[ShownLabel]:
    """The labels of the cards with their members, signals, images and texts."""
    parents = labels.where(F.col("label_id").isin([row.parent for row in rows if row.parent is not None]))
    names = {row.label_id: row["name"] for row in parents.select("label_id", "name").collect()}
    listed, phrases = members
    return [
        ShownLabel(
            key=row.label_key,
            name=row["name"],
            language=row.language,
            band=row.band,
            images=row.images,
            kept=row.kept,
            parent=names.get(row.parent),
            repeat_factor=row.repeat_factor,
            class_weight=row.class_weight,
            phrases=phrases.get(row.label_id, 0),
            members=tuple(listed.get(row.label_id, ())),
            signals=tuple((name, row[f"signal_{i}"]) for i, name in enumerate(signals) if row[f"signal_{i}"]),
            examples=proofs.get(row.label_id, ()),
        )
        for row in rows
    ]


def _taught(learnt: DataFrame) -> tuple[Taught, ...]:
    """Labels that trusted images taught and of which something could be measured, most images first."""
    rows = learnt.where("precision is not null or recall is not null").orderBy(F.desc("images"), "label_id")
    return tuple(
        Taught(row.display, row.images, row.precision, row.recall) for row in rows.limit(_TAUGHT_SHOWN).collect()
    )


def _one(frame: DataFrame) -> Row:
    """The row of a total."""
    row = frame.first()
    assert row is not None
    return row
