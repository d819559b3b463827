"""The labels of the browser and the map, read out of the tables of a run as columns."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.review.report import companions
from pipeline.review.report.contents import Listed, Member
from pipeline.review.report.vocabulary_map import place_labels
from pipeline.vocabulary.encoding.matrix import as_matrix

MEMBERS_SHOWN = 24  # of a label
_MEMBERS = 600_000  # of all labels of the browser: a page of more is slow to open
_COMPANIONS = 8  # of a label
_IMAGES_COUNTED = 1_000_000  # for companions: shares of so many are as good as those of all


def list_labels(labels: DataFrame, signals: Sequence[str], count: int) -> pa.Table:
    """The labels with the most images, as `Listed.labels` without what other tables tell.

    Args:
        labels: the table `labels` with kept, sure (sum of confidences, in millionths) and a column a signal.
        signals: names of these columns.
        count: rows at most.

    Returns:
        By falling images, equal ones by label_id. `draw` is a hash of the key.
    """
    mean = F.round(F.col("sure") / F.greatest("images", F.lit(1)) / 1000).cast("int")
    columns: list[Column | str] = [
        *("label_id", F.col("label_key").alias("key"), "name", "display", "language", "band", "images", "kept"),
        *(mean.alias("confidence"), F.col("parent").alias("parent_id"), "parent_how", "repeat_factor", "class_weight"),
        F.xxhash64("label_key").alias("draw"),
        *signals,
    ]
    found = labels.orderBy(F.desc("images"), "label_id").limit(count).select(*columns).toArrow()
    return found.sort_by([("images", "descending"), ("label_id", "ascending")])


def choose_pictured(found: pa.Table, count: int, but: Sequence[int]) -> list[int]:
    """label_ids of labels that get pictures in the browser: half those with the most images, half by a hash of the key.

    Args:
        found: from `list_labels`.
        count: how many.
        but: label_ids that have pictures already.
    """
    have = np.isin(found["label_id"].to_numpy(), np.array(but, dtype=np.int64))
    open_rows = np.flatnonzero(~have & (found["images"].to_numpy() > 0))
    largest = open_rows[: count // 2]
    rest = open_rows[count // 2 :]
    drawn = rest[np.lexsort((found["label_id"].to_numpy()[rest], found["draw"].to_numpy()[rest]))]
    chosen = np.concatenate([largest, drawn[: count - len(largest)]])
    ids: list[int] = found["label_id"].to_numpy()[chosen].tolist()
    return ids


def read_members(members: DataFrame, total: int, shown: Sequence[int]) -> pa.Table:
    """The most frequent members of all labels, and more of them of shown labels.

    Args:
        members: from `frequent_members`, of all labels.
        total: members in all.
        shown: label_ids of labels that have a card.

    Returns:
        Its columns, sorted by label_id and place. As many of each label as all labels together may have.
    """
    most = MEMBERS_SHOWN
    if total > _MEMBERS:
        places = members.groupBy("place").count().toArrow().sort_by("place")
        most = max(1, int((np.cumsum(places["count"].to_numpy()) <= _MEMBERS).sum()))
    few = (F.col("place") <= most) | F.col("label_id").isin(list(shown))
    return members.where(few).toArrow().sort_by([("label_id", "ascending"), ("place", "ascending")])


def members_of(found: pa.Table, label_ids: Sequence[int]) -> tuple[dict[int, list[Member]], dict[int, int]]:
    """Members of some labels, and how many each has in all."""
    rows = found.filter(pc.is_in(found["label_id"], pa.array(label_ids, found["label_id"].type))).to_pylist()
    members: dict[int, list[Member]] = {}
    for row in rows:
        members.setdefault(row["label_id"], []).append(
            Member(row["phrase"], row["how"], row["similarity"], row["images"])
        )
    return members, {row["label_id"]: row["phrases"] for row in rows}


def map_labels(found: pa.Table, members: DataFrame, embeddings: DataFrame, count: int) -> tuple[list[int], list[int]]:
    """Places of the labels with the most images on the map, by the vectors of the phrases that name them.

    Args:
        found: from `list_labels`.
        members: from `frequent_members`; place 1 names the label.
        embeddings: phrase_id and vector.
        count: labels on the map.

    Returns:
        x and y of each row; -1 where a label has no vector, or is beyond the count.
    """
    ids = found["label_id"].to_numpy()
    places = np.full((len(ids), 2), -1, dtype=np.int64)
    wanted = members.sparkSession.createDataFrame(found.slice(0, count).select(["label_id"]))
    names = members.where("place = 1").select("label_id", "phrase_id").join(F.broadcast(wanted), "label_id")
    vectors = names.join(embeddings.select("phrase_id", "vector"), "phrase_id").select("label_id", "vector").toArrow()
    rows = rows_of(found, vectors["label_id"])
    order = np.argsort(rows, kind="stable")
    places[rows[order]] = place_labels(as_matrix(vectors["vector"])[order])
    return places[:, 0].tolist(), places[:, 1].tolist()


def finish(
    found: pa.Table, members: pa.Table, near: pa.Table, places: tuple[list[int], list[int]], total: int, counted: int
) -> Listed:
    """The columns of the browser; label_ids have become rows.

    Args:
        found: from `list_labels`.
        members: from `read_members`.
        near: from `find_companions`.
        places: from `map_labels`.
        total: labels of the run.
        counted: images that companions were counted on.
    """
    ids = found["label_id"]
    phrases = dict(zip(members["label_id"].to_pylist(), members["phrases"].to_pylist(), strict=True))
    parents = rows_of(found, found["parent_id"].fill_null(-1))
    labels = found.drop_columns(["parent_id", "draw"]).append_column("parent", pa.array(parents))
    labels = labels.append_column("phrases", pa.array([phrases.get(i, 0) for i in ids.to_pylist()], pa.int64()))
    labels = labels.append_column("x", pa.array(places[0], pa.int64())).append_column(
        "y", pa.array(places[1], pa.int64())
    )
    listed = _by_row(members, found, {"label": "label_id"}, ["phrase", "how", "similarity", "images"], "place")
    pairs = _by_row(near, found, {"label": "label_id", "other": "other_id"}, ["images"], "place")
    return Listed(labels, listed, pairs, {}, counted, total)


def find_near(manifest: DataFrame, labels: DataFrame, labelled: int) -> tuple[pa.Table, int]:
    """What each label is seen with, and the images that were looked at, about."""
    near = companions.find_companions(manifest, labels, labelled, _IMAGES_COUNTED, _COMPANIONS).toArrow()
    return near, min(labelled, _IMAGES_COUNTED)


def rows_of(found: pa.Table, ids: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Row of each label_id, int64; -1 for those that are not listed."""
    places = pc.index_in(ids.cast(pa.int64()), value_set=found["label_id"].cast(pa.int64()).combine_chunks())
    rows: npt.NDArray[np.int64] = places.fill_null(-1).to_numpy().astype(np.int64)
    return rows


def _by_row(table: pa.Table, found: pa.Table, rows: Mapping[str, str], kept: Sequence[str], order: str) -> pa.Table:
    """The table with rows of labels in place of label_ids; what points to a label that is not listed is left out."""
    columns = {name: pa.array(rows_of(found, table[column])) for name, column in rows.items()}
    made = pa.table({**columns, **{name: table[name] for name in kept}, order: table[order]})
    for name in rows:
        made = made.filter(pc.greater_equal(made[name], 0))
    return made.sort_by([("label", "ascending"), (order, "ascending")]).drop_columns([order])
