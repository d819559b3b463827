"""What is doubtful in a run, read out of its tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from pipeline.review.report import doubts
from pipeline.review.report.collect_labels import rows_of
from pipeline.review.report.contents import Doubt, Example, Merge
from pipeline.vocabulary.encoding.matrix import as_matrix

Tables = Callable[[str], DataFrame]

_FORMED = 5_000  # members that joined by form and are compared with their label's name, the most frequent ones


def find_far(tables: Tables, count: int) -> tuple[Merge, ...]:
    """Members that joined by meaning, the least similar first."""
    found = doubts.far_members(tables("members"), tables("candidates"), tables("labels"), count)
    rows = found.toArrow().sort_by([("similarity", "ascending"), ("phrase_id", "ascending")]).to_pylist()
    return tuple(_merge(row, row["similarity"], row["phrase_images"]) for row in rows)


def find_odd(members: DataFrame, found: pa.Table, tables: Tables, count: int) -> tuple[Merge, ...]:
    """Members that joined by form and whose vectors are far from those of their label's name, the farthest first."""
    formed = doubts.formed_members(members, tables("candidates"), tables("embeddings"), _FORMED).toArrow()
    own, names = as_matrix(formed["own"]), as_matrix(formed["name"])
    order, cosines = doubts.least_similar(own, names, formed["phrase_id"].to_numpy(), count)
    rows = formed.drop_columns(["own", "name"]).take(order).to_pylist()
    places = rows_of(found, pa.chunked_array([pa.array([row["label_id"] for row in rows], pa.int64())]))
    known = found.select(["key", "display", "images"])
    merges = []
    for row, place, cosine in zip(rows, places.tolist(), cosines.tolist(), strict=True):
        if place >= 0:
            label = known.slice(place, 1).to_pylist()[0]
            named = {"label_key": label["key"], "display": label["display"], "images": label["images"]}
            merges.append(_merge({**row, **named}, cosine, row["images"]))
    return tuple(merges)


def _merge(row: Mapping[str, Any], similarity: float, images: int) -> Merge:
    return Merge(row["phrase"], images, row["how"], similarity, row["label_key"], row["display"], row["images"])


def labels_of(merges: Sequence[Merge], found: pa.Table, but: Sequence[int]) -> list[int]:
    """label_ids of the labels of doubtful phrases, in their order: they are judged by pictures too."""
    wanted = found.filter(pc.is_in(found["key"], pa.array([merge.key for merge in merges], pa.string())))
    ids = dict(zip(wanted["key"].to_pylist(), wanted["label_id"].to_pylist(), strict=True))
    return [i for i in dict.fromkeys(ids[merge.key] for merge in merges if merge.key in ids) if i not in but]


def name_doubts(found: pa.Table, weak: Sequence[tuple[int, Example]]) -> tuple[Doubt, ...]:
    """Weak image labels with the names of their labels; labels that are not listed are left out."""
    wanted = found.filter(pc.is_in(found["label_id"], pa.array([label for label, _ in weak], pa.int32())))
    known = {row["label_id"]: row for row in wanted.select(["label_id", "key", "display", "band"]).to_pylist()}
    rows = [(known[label], example) for label, example in weak if label in known]
    return tuple(Doubt(row["key"], row["display"], row["band"], example) for row, example in rows)
