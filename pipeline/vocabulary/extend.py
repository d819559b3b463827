"""Further phrases into a vocabulary that stays: each joins a label that it has, or makes a new one with others.

New phrases are clustered with the members of labels that are near to them, by the rules that made the labels. Where a
cluster holds members, its new phrases join the label of the most frequent of these. What was decided of members is not
decided again: labels keep their keys, names, parents and members, and only gain some.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.vocabulary.encoding.neighbours import nearest
from pipeline.vocabulary.labels import MEMBERS, VOCABULARY
from pipeline.vocabulary.merging.phrases import Index, Phrases
from pipeline.vocabulary.names import unique_names
from pipeline.vocabulary.versions import distinct_keys


@dataclass(frozen=True, slots=True)
class Grown:
    """What a vocabulary gains.

    Attributes:
        vocabulary: the new labels, as in its schema; their ids follow those there are.
        members: the new phrases that have a label, as in its schema.
        unassigned: phrase_id, phrase and reason of those that have none.
    """

    vocabulary: pa.Table
    members: pa.Table
    unassigned: pa.Table


def neighbourhood(phrases: Phrases, fresh: Index, names: Index, k: int) -> Index:
    """What new phrases are clustered with: themselves, the members nearest to each, its kin, and names of their labels.

    Kin are the members of the same base forms in any order, which need not have near vectors.

    Args:
        phrases: new phrases and all members.
        fresh: places of the new phrases in `phrases`, int64.
        names: of each phrase, the place of the phrase that names its label; -1 of new ones; int64 [phrases].
        k: nearest members looked at.

    Returns:
        Places, ascending int64.
    """
    members = np.flatnonzero(names >= 0)
    with_vector = members[phrases.known[members]]
    asking = fresh[phrases.known[fresh]]
    _, near = nearest(phrases.vectors[asking], phrases.vectors[with_vector], k)
    kin: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for i in members.tolist():
        kin.setdefault((phrases.language[i], tuple(sorted(phrases.bases[i]))), []).append(i)
    akin = [i for j in fresh.tolist() for i in kin.get((phrases.language[j], tuple(sorted(phrases.bases[j]))), ())]
    place = {phrase: i for i, phrase in enumerate(phrases.ids.tolist())}
    akin += [place[word] for word in (phrases.synonym_of[j] for j in fresh.tolist()) if word in place]
    akin = [i for i in akin if names[i] >= 0]
    found = np.unique(np.concatenate([with_vector[near[near >= 0]], np.array(akin, dtype=np.int64)]))
    return np.unique(np.concatenate([fresh, found, names[found]]))


def extend(
    vocabulary: pa.Table, members: pa.Table, made: tuple[pa.Table, pa.Table, pa.Table], images: Mapping[int, int]
) -> Grown:
    """What a vocabulary gains from clusters of new phrases and its own members.

    Args:
        vocabulary: label_id, label_key and name of the labels there are.
        members: phrase_id and label_id of their phrases.
        made: what `labels.build_vocabulary` makes of a neighbourhood.
        images: phrase_id -> images.
    """
    label_of = dict(zip(members["phrase_id"].to_pylist(), members["label_id"].to_pylist(), strict=True))
    clusters, placed, lost = (table.to_pylist() for table in made)
    held: dict[int, list[dict[str, Any]]] = {row["label_id"]: [] for row in clusters}
    for row in placed:
        held[row["label_id"]].append(row)
    hosts = {cluster: _host([row["phrase_id"] for row in rows], label_of, images) for cluster, rows in held.items()}
    given = [row for row in clusters if hosts[row["label_id"]] is None]
    first = vocabulary.num_rows
    target = {**hosts, **{row["label_id"]: first + place for place, row in enumerate(given)}}
    keys = distinct_keys([row["label_key"] for row in given], vocabulary["label_key"].to_pylist())
    names = _free_names(given, vocabulary["name"].to_pylist())
    new = [
        {
            **row,
            "label_id": target[row["label_id"]],
            "label_key": key,
            "name": name,
            "parent": target.get(row["parent"]),
        }
        for row, key, name in zip(given, keys, names, strict=True)
    ]
    joined = [
        {**row, "label_id": target[cluster], "how": _way(row, hosts[cluster])}
        for cluster, rows in held.items()
        for row in rows
        if row["phrase_id"] not in label_of
    ]
    return Grown(
        pa.Table.from_pylist(new, schema=VOCABULARY),
        pa.Table.from_pylist(joined, schema=MEMBERS),
        pa.Table.from_pylist([row for row in lost if row["phrase_id"] not in label_of], schema=made[2].schema),
    )


def _host(phrases: Sequence[int], label_of: Mapping[int, int], images: Mapping[int, int]) -> int | None:
    """The label of the most frequent member among these phrases; of the lowest id where equal, None without any."""
    known = [(-images[phrase], label_of[phrase]) for phrase in phrases if phrase in label_of]
    return min(known)[1] if known else None


def _way(row: Mapping[str, object], host: int | None) -> object:
    """How a phrase is with its label: one that would have named the cluster does not name a label that has a name."""
    return "embedding" if host is not None and row["how"] == "self" else row["how"]


def _free_names(labels: Sequence[Mapping[str, str]], taken: Sequence[str]) -> list[str]:
    pairs = [(name, "") for name in taken] + [(row["name"], row["language"]) for row in labels]
    return unique_names(pairs)[len(taken) :]
