"""From labels on images to the rows that training reads: one a label, one an image."""

import functools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema

from pipeline.manifest.balance import caps, plan, targets, weights
from pipeline.manifest.split import held_out_units, uniform
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.errors import ConfigError, SchemaError
from pipeline.runtime.schema import load_schema

KEPT = (  # columns of a label that publishing takes over as they are
    *("label_id", "label_key", "name", "display", "name_languages", "names", "language", "parent", "parent_how"),
)
MAX_SIGNALS = 31  # bits of an integer that never make it negative


def count_labels(assignments: DataFrame) -> DataFrame:
    """(label_id, images): how many images carry each label; labels without images are not in it."""
    return assignments.groupBy("label_id").agg(F.count(F.lit(1)).alias("images"))


def with_learnt(vocabulary: pa.Table, learnt: pa.Table) -> pa.Table:
    """The labels of a run: its vocabulary, and after it those that only trusted images name.

    Args:
        vocabulary: the table `vocabulary` with the column display.
        learnt: the table `learnt`.
    """
    new = learnt.filter(learnt["new"]).sort_by("label_id")
    rows = [
        {
            **{name: row[name] for name in ("label_id", "label_key", "name", "display", "language")},
            **{"name_languages": [row["language"]], "names": [row["name"]], "parent": None, "parent_how": None},
        }
        for row in new.to_pylist()
    ]
    known = vocabulary.select(KEPT)
    return pa.concat_tables([known, pa.Table.from_pylist(rows, schema=known.schema)])


def label_table(vocabulary: pa.Table, counts: pa.Table, config: PublishConfig, total: int | None = None) -> pa.Table:
    """The table `labels`: the vocabulary with what training needs of each label, and `expected_images` still 0.

    Args:
        vocabulary: what `with_learnt` gives; its label_ids are 0 to n - 1, in any order.
        counts: (label_id, images) of the labels with images.
        config: section [publish]: cap, repeat threshold, beta and bands.
        total: all labelled images; where None each is taken to have one label.

    Returns:
        Sorted by label_id, so that places are ids.

    Raises:
        SchemaError: the label_ids have gaps.
        ConfigError: no label has images, and no cap is set.
    """
    ranked = vocabulary.sort_by("label_id")
    ids = ranked["label_id"].to_numpy()
    if not np.array_equal(ids, np.arange(len(ids))):
        raise SchemaError("vocabulary: label_id must run from 0 without gaps. Run the stage cluster again.")
    images = np.zeros(len(ids), dtype=np.int64)
    images[counts["label_id"].to_numpy()] = counts["images"].to_numpy()
    labels = plan.Labels(images, tuple(ranked["parent"].to_pylist()))
    keep, repeat = plan.weigh(labels, config)
    pairs = float(np.minimum(images, plan.choose_cap(images, config)).sum())
    columns = {
        **{name: ranked[name] for name in KEPT},
        "band": caps.bands(images, config.head_share, config.tail_band_share),
        "images": images,
        "keep_prob": keep,
        "repeat_factor": repeat,
        "target_images": targets.whole(targets.hierarchy_targets(images, labels.parents, pairs), config.seed),
        "class_weight": weights.effective_weights(images, config.effective_beta),
        "class_weight_sqrt": weights.sqrt_weights(images),
        "class_weight_log": weights.log_weights(images, int(images.sum()) if total is None else total),
        "expected_images": np.zeros(len(ids)),
    }
    struct = load_schema("labels").struct
    return pa.table({name: columns[name] for name in struct.names}, schema=to_arrow_schema(struct))


def with_expected(labels: pa.Table, outcome: plan.Outcome) -> pa.Table:
    """The table `labels` with how often each label is shown in an epoch.

    Args:
        labels: from `label_table`.
        outcome: of its plan, over the images of the split train.
    """
    place = labels.schema.get_field_index("expected_images")
    return labels.set_column(place, labels.schema.field(place), pa.array(outcome.by_label))


def weighed_labels(labels: pa.Table) -> plan.Labels:
    """What balance needs of the table `labels`, sorted by label_id."""
    return plan.Labels(labels["images"].to_numpy(), tuple(labels["parent"].to_pylist()))


def kept_evidence(evidence: DataFrame, assignments: DataFrame) -> DataFrame:
    """The rows of the table `evidence` whose label stayed on the image."""
    pair = ["image_id", "label_id"]
    return evidence.join(assignments.select(*pair), pair, "left_semi").select(*evidence.columns)


def manifest_rows(
    assignments: DataFrame,
    images: DataFrame,
    labels: DataFrame,
    signals: Sequence[str],
    config: PublishConfig,
    owners: DataFrame | None = None,
) -> DataFrame:
    """The table `manifest`: one row per image that has a label.

    Args:
        assignments: the table `assignments`, of images that repost no other: reposts would leak into both splits.
        images: the table `images`.
        labels: label_id, images, keep_prob and repeat_factor of each label, small enough to be sent to every worker.
        signals: kinds of text; the place of each is its bit in `label_sources`.
        config: section [publish]: seed and share of the split.
        owners: (image_id, unit) of images that are held out together; each image alone where None or not in it.

    Raises:
        ConfigError: there are more kinds of text than an integer has bits.
    """
    if len(signals) > MAX_SIGNALS:
        raise ConfigError(
            f"{len(signals)} kinds of text, but label_sources has {MAX_SIGNALS} bits: {', '.join(signals[:5])}, … "
            f"Give several of them one name in the sources' signal or signal_column."
        )
    known = F.broadcast(labels.select("label_id", "images", "keep_prob", "repeat_factor"))
    # A struct sorts by its fields in order: most confident first, then the rarer label, whose label_id is higher.
    entry = F.struct(
        (-F.col("confidence")).alias("doubt"),
        (-F.col("label_id")).alias("rank"),
        "label_id",
        "confidence",
        _source_bits(signals).alias("sources"),
        "keep_prob",
        "repeat_factor",
    )
    listed = (
        assignments.join(known, "label_id")
        .groupBy("image_id")
        .agg(
            F.array_sort(F.collect_list(entry)).alias("entries"),
            F.min(F.struct("images", (-F.col("label_id")).alias("rank"))).alias("rarest"),
        )
    )
    lines = listed.join(images.select("image_id", "image_uri"), "image_id", "left")
    unit = F.col("image_id")
    if owners is not None:
        lines, unit = lines.join(owners, "image_id", "left"), F.coalesce("unit", "image_id")
    lines = lines.withColumns({"unit": unit})
    held = held_out_units(lines.select("unit", "rarest"), config.validation_share, config.seed, config.stratify)
    return lines.join(held.withColumns({"held": F.lit(True)}), "unit", "left").select(
        "image_id",
        "image_uri",
        F.col("entries.label_id").alias("label_ids"),
        F.col("entries.confidence").alias("label_confidences"),
        F.col("entries.sources").alias("label_sources"),
        F.col("entries")[0]["label_id"].alias("primary_label"),
        _kept(F.col("entries.keep_prob")).alias("keep_prob"),
        F.array_max("entries.repeat_factor").alias("repeat_factor"),
        uniform("image_id", seed=config.seed).alias("sample_u"),
        F.when(F.col("held"), "validation").otherwise("train").alias("split"),
    )


def _source_bits(signals: Sequence[str]) -> Column:
    """The kinds of text in `evidence` as bits."""
    said = F.col("evidence.signal")
    bits = [F.when(F.array_contains(said, name), 1 << place).otherwise(0) for place, name in enumerate(signals)]
    return functools.reduce(Column.bitwiseOR, bits, F.lit(0))


def _kept(p: Column) -> Column:
    """1 - prod(1 - p); sorted before it is multiplied, so that no bit of it depends on the order of the labels."""
    return 1 - F.aggregate(F.array_sort(p), F.lit(1.0), lambda total, each: total * (1 - each))
