"""How sure a label of an image is, from who says it: a product of terms, each of which can be switched off.

    confidence = 1 - prod over signals of (1 - w)^n,  w = product of these terms of a signal's best phrase:

    reliability   of the signal for labels of this band, from its agreement with other signals; prior without it
    saturation    n = log2(1 + voices): independent signals add up, repetition of one counts by its logarithm; n = 1
    specificity   (1 + s) / 2, s = log(images / images of the label) / log(images): what is said of all says little
    coverage      (1 + c) / 2, c = largest share of a text that the phrase is: a word among many says less
    completeness  (1 + c) / 2, c = share of the phrase's occurrences, anywhere, that are a whole text
    agreement     (1 + a) / 2, a = cosine of the phrase with the rest of the image's phrases, 0 at least

What is off counts as 1.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipeline.runtime.config import AssignConfig

_FACTS = pa.schema([("label_id", pa.int32()), ("specificity", pa.float64()), ("trust", pa.list_(pa.float64()))])


def label_facts(
    labels: npt.NDArray[np.int32],
    images: npt.NDArray[np.int64],
    bands: npt.NDArray[np.int64],
    trust: npt.NDArray[np.float64],
    all_images: int,
) -> pa.Table:
    """(label_id, specificity, trust): what the terms need to know of each label.

    Args:
        labels: label_id, int32 [labels].
        images: images of each, int64 [labels].
        bands: band of each, int64 [labels].
        trust: reliability of each signal for each band, float64 [bands, signals].
        all_images: images with a label.
    """
    share = np.log(max(all_images, 1) / np.maximum(images, 1)) / max(np.log(max(all_images, 1)), 1e-9)
    specificity = np.round(np.clip(share, 0.0, 1.0), 6)
    return pa.table(
        [
            pa.array(labels, pa.int32()),
            pa.array(specificity),
            pa.array(list(np.round(trust[bands], 6)), _FACTS[2].type),
        ],
        schema=_FACTS,
    )


def weigh(
    evidence: DataFrame,
    signals: Sequence[str],
    facts: DataFrame,
    config: AssignConfig,
    completeness: DataFrame | None = None,
    agreement: DataFrame | None = None,
) -> DataFrame:
    """(image_id, label_id, confidence, evidence, place): every label of every image, most confident first.

    Of two labels of equal confidence the rarer one comes first: it says more, and needs the image more.

    Args:
        evidence: the table evidence.
        signals: kinds of text; the place of each is that of its reliability in `facts`.
        facts: from `label_facts`; small enough to be sent to every worker.
        config: section [assign].
        completeness: phrase_id, completeness; needed for the term of that name.
        agreement: image_id, phrase_id, agreement, from `agreement`; needed for the term of that name.
    """
    said = evidence
    if "completeness" in config.terms and completeness is not None:
        said = said.join(F.broadcast(completeness), "phrase_id", "left")
    if "agreement" in config.terms and agreement is not None:
        said = said.join(agreement, ["image_id", "phrase_id"], "left")
    place = F.create_map(*(F.lit(item) for i, signal in enumerate(signals) for item in (signal, i)))
    weighed = said.join(F.broadcast(facts), "label_id").select(
        *("image_id", "label_id", "signal", "phrase", "count", "voices"),
        _weight(place[F.col("signal")], config).alias("weight"),
    )
    # The strongest first; structs sort by their fields in order.
    voice = F.struct("weight", "count", "phrase")
    by_signal = weighed.groupBy("image_id", "label_id", "signal").agg(
        F.sum("voices").alias("voices"),
        F.max("weight").alias("weight"),
        F.array_sort(F.collect_list(voice)).alias("said"),
    )
    times = F.log2(F.col("voices") + 1) if "saturation" in config.terms else F.lit(1.0)
    doubt = F.pow(1 - F.col("weight"), times)
    entry = F.struct(doubt.alias("doubt"), "signal", F.slice(F.reverse("said"), 1, config.max_evidence).alias("said"))
    pairs = by_signal.groupBy("image_id", "label_id").agg(F.array_sort(F.collect_list(entry)).alias("votes"))
    # Sorted before it is multiplied: the product does not depend on the order in which rows arrive.
    product = F.aggregate("votes", F.lit(1.0), lambda total, vote: total * vote["doubt"])
    confidence = F.round(1 - product, 4).cast("float")
    return rank(
        pairs.select("image_id", "label_id", confidence.alias("confidence"), _kept_evidence(config).alias("evidence"))
    )


def rank(pairs: DataFrame, first: Column | None = None) -> DataFrame:
    """The labels of each image with their `place`; of equal confidences the rarer label first.

    Args:
        pairs: image_id, label_id, confidence, evidence.
        first: where true, a label goes before all others; none where not given.
    """
    order = [F.desc("confidence"), F.desc("label_id")]
    best = Window.partitionBy("image_id").orderBy(*([] if first is None else [first.desc()]), *order)
    return pairs.withColumns({"place": F.row_number().over(best)})


def _weight(place: Column, config: AssignConfig) -> Column:
    """The product of the terms that are on, below 1."""
    weight = F.get("trust", place) if "reliability" in config.terms else F.lit(config.prior_reliability)
    for term in ("specificity", "coverage", "completeness"):
        if term in config.terms:
            weight = weight * (1 + F.coalesce(F.col(term), F.lit(1.0))) / 2
    if "agreement" in config.terms:
        weight = weight * (1 + F.greatest(F.coalesce("agreement", F.lit(1.0)), F.lit(0.0))) / 2
    return F.least(weight, F.lit(1.0))


def _kept_evidence(config: AssignConfig) -> Column:
    """The strongest voices of a label on an image: the first of every signal before the second of any.

    Signals come least doubtful first, and the phrases of a signal heaviest, then most frequent first.
    """
    ranked = F.transform(
        "votes",
        lambda vote, place: F.transform(
            vote["said"],
            lambda said, rank: F.struct(
                rank.alias("rank"),
                place.alias("place"),
                vote["signal"].alias("signal"),
                said["phrase"].alias("phrase"),
                said["count"].alias("count"),
            ),
        ),
    )
    strongest = F.slice(F.array_sort(F.flatten(ranked)), 1, config.max_evidence)
    names = ("signal", "phrase", "count")
    return F.transform(strongest, lambda entry: F.struct(*(entry[name].alias(name) for name in names)))
