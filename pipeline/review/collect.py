"""What the report shows, read out of the tables of a run: the one place of the review that has Spark's actions.

All of it is bounded: counts are aggregated in Spark, and of members, images and texts only those of shown labels are
collected.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from pipeline.review import examples as proof
from pipeline.review.pictures import inline_pictures
from pipeline.review.report import Band, Example, Language, Member, ReportData, Said, ShownLabel
from pipeline.runtime.config import ReportConfig

_MEMBERS_SHOWN = 24
_EXAMPLES = 3  # images of a label at least, where pictures are off too: their texts are the proof
_TEXTS_SHOWN = 2  # of an image and label
_TEXT_LENGTH = 2_000  # characters of a text on the page; it is normalized text of up to normalize.max_chars
_DROPS_SHOWN = 3  # of each reason
_LANGUAGES_SHOWN = 20  # the others are one row
_BANDS = ("head", "torso", "tail")


def collect_report(tables: Callable[[str], DataFrame], record: Mapping[str, Any], cfg: ReportConfig) -> ReportData:
    """Read what the page shows.

    Args:
        tables: a published table of the run by its name: images, texts, mentions, rejects, candidates, members,
            assignments, labels and manifest are read.
        record: run.json of the run.
        cfg: how many labels and pictures, and the bytes of all pictures.

    Returns:
        Data for `render_report`; the same for the same tables, whatever their partitioning.
    """
    signals = list(record["signals"])
    labels = tables("labels").join(_label_counts(tables("manifest"), signals), "label_id", "left")
    labels = labels.fillna(0, ["kept", *_signal_columns(signals)]).persist()  # one pass over the manifest for all below
    largest = labels.orderBy(F.desc("images"), "label_id").limit(cfg.labels_shown).collect()
    others = labels.where((F.col("band") == "tail") & ~F.col("label_id").isin([row.label_id for row in largest]))
    tail = others.orderBy(F.xxhash64("label_key"), "label_key").limit(cfg.labels_shown).collect()
    roots = record["config"].get("paths", {}).get("allowed_roots", ())
    shown = _show(tables, [*largest, *tail], signals, cfg, roots)
    manifest = _one(
        tables("manifest").agg(
            F.count(F.lit(1)).alias("labelled"),
            F.count_if(F.col("sample_u") < F.col("keep_prob")).alias("kept"),
            F.count_if(F.col("split") == "validation").alias("validation"),
        )
    )
    # keep_prob = t / images where a label is above the cap: t is what all of them agree on.
    cap = _one(labels.where("keep_prob < 1").agg(F.max(F.round(F.col("keep_prob") * F.col("images"))).alias("t"))).t
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
        ways=_ways(tables("members")),
        drops=_drops(tables("rejects")),
        largest=tuple(shown[: len(largest)]),
        tail=tuple(shown[len(largest) :]),
    )
    labels.unpersist()
    return data


def _signal_columns(signals: Sequence[str]) -> list[str]:
    """Names of columns with images per signal; a signal's own name may not be fit for one."""
    return [f"signal_{i}" for i in range(len(signals))]


def _label_counts(manifest: DataFrame, signals: Sequence[str]) -> DataFrame:
    """(label_id, kept, a column a signal): images in the capped set, and images on which each signal says the label."""
    kept = (F.col("sample_u") < F.col("keep_prob")).alias("kept")
    pairs = manifest.select(kept, F.explode(F.arrays_zip("label_ids", "label_sources")).alias("pair"))
    bits = F.col("pair.label_sources")
    said = [F.count_if(bits.bitwiseAND(1 << i) != 0).alias(name) for i, name in enumerate(_signal_columns(signals))]
    return pairs.groupBy(F.col("pair.label_ids").alias("label_id")).agg(F.count_if("kept").alias("kept"), *said)


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
    tables: Callable[[str], DataFrame],
    rows: Sequence[Row],
    signals: Sequence[str],
    cfg: ReportConfig,
    roots: Sequence[str],
) -> list[ShownLabel]:
    """The labels with their members, signals, images and texts."""
    ids = [row.label_id for row in rows]
    listed = proof.frequent_members(tables("members"), tables("candidates"), ids, _MEMBERS_SHOWN)
    members: dict[int, list[Member]] = {}
    phrases: dict[int, int] = {}
    for row in listed.orderBy("label_id", "place").collect():
        members.setdefault(row.label_id, []).append(Member(row.phrase, row.how, row.similarity, row.images))
        phrases[row.label_id] = row.phrases
    examples = _examples(tables, ids, cfg, roots)
    parents = tables("labels").where(F.col("label_id").isin([row.parent for row in rows if row.parent is not None]))
    names = {row.label_id: row["name"] for row in parents.select("label_id", "name").collect()}
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
            members=tuple(members.get(row.label_id, ())),
            signals=tuple((name, row[f"signal_{i}"]) for i, name in enumerate(signals) if row[f"signal_{i}"]),
            examples=tuple(examples.get(row.label_id, ())),
        )
        for row in rows
    ]


def _examples(
    tables: Callable[[str], DataFrame], ids: Sequence[int], cfg: ReportConfig, roots: Sequence[str]
) -> dict[int, list[Example]]:
    """label_id -> its images, with texts and pictures; of these only such below the roots, where there are any."""
    count = max(cfg.pictures_per_label, _EXAMPLES)
    images = proof.example_images(tables("manifest"), tables("labels"), ids, count).persist()  # read twice
    rows = images.orderBy("label_id", "place").collect()
    texts = proof.example_texts(
        images, tables("assignments"), tables("mentions"), tables("texts"), _TEXTS_SHOWN, _TEXT_LENGTH
    )
    said: dict[tuple[int, str], list[Said]] = {}
    for row in texts.orderBy("label_id", "image_id", "place").collect():
        text = Said(row.signal, row.text, row.phrase, row["count"])
        said.setdefault((row.label_id, row.image_id), []).append(text)
    images.unpersist()
    uris: dict[int, list[str]] = {label_id: [] for label_id in ids}  # in the order of the page
    for row in rows:
        if row.image_uri is not None and row.place <= cfg.pictures_per_label:
            uris[row.label_id].append(row.image_uri)
    pictures = inline_pictures(list(uris.values()), cfg.picture_bytes, roots)
    found: dict[int, list[Example]] = {}
    for row in rows:
        texts_of = tuple(said.get((row.label_id, row.image_id), ()))
        picture = pictures.get(row.image_uri) if row.place <= cfg.pictures_per_label else None
        example = Example(row.image_id, row.image_uri, row.confidence, texts_of, picture)
        found.setdefault(row.label_id, []).append(example)
    return found


def _one(frame: DataFrame) -> Row:
    """The row of a total."""
    row = frame.first()
    assert row is not None
    return row
