"""From clusters to the tables vocabulary and members: names, stable keys, parents."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.runtime.config import ClusterConfig
from pipeline.text.tokens import join_words
from pipeline.vocabulary.canonical import HOW, Contrast, Merged, lemmas, merge
from pipeline.vocabulary.cluster import cluster
from pipeline.vocabulary.phrases import Phrases
from pipeline.vocabulary.units import Clusters, Units

# Where the last word of a compound says what kind of thing it is: a 'kitchen table' is a table.
HEAD_LAST = frozenset({"en", "de", "nl", "sv", "da", "nb", "no", "fi", "hu", "tr"})

VOCABULARY = pa.schema(
    [
        ("label_id", pa.int32()),
        ("label_key", pa.string()),
        ("name", pa.string()),
        ("language", pa.string()),
        ("support", pa.int64()),
        ("phrases", pa.int32()),
        ("parent", pa.int32()),
    ]
)
MEMBERS = pa.schema(
    [
        ("phrase_id", pa.int64()),
        ("label_id", pa.int32()),
        ("phrase", pa.string()),
        ("how", pa.string()),
        ("similarity", pa.float32()),
    ]
)


def build_vocabulary(phrases: Phrases, config: ClusterConfig) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Merge, cluster and name.

    Returns:
        vocabulary and members as in their schemas, and the unassigned (phrase, reason).
    """
    merged = merge(phrases, config.attach_similarity)
    firsts = np.flatnonzero(merged.first == np.arange(len(phrases)))
    groups = _grouped(merged.first, firsts)
    unions = [phrases.union(group) for group in groups]
    support = np.array([count for count, _ in unions], dtype=np.int64)
    rank = np.argsort(-support, kind="stable")  # a group may have outgrown the one before it
    languages = sorted(set(phrases.language))
    spoken = np.array([languages.index(phrases.language[i]) for i in firsts], dtype=np.int64)
    units = Units(
        support[rank],
        [unions[i][1] for i in rank],
        phrases.vectors[firsts[rank]],
        phrases.known[firsts[rank]],
        spoken[rank],
        np.array([any(phrases.pinned[i] for i in groups[unit]) for unit in rank], dtype=bool),
        Contrast(phrases, firsts[rank], config.attach_similarity),
    )
    clusters = cluster(units, config)
    return _tables(phrases, merged, [groups[i] for i in rank], clusters)


def _grouped(first: np.ndarray, firsts: np.ndarray) -> list[list[int]]:
    """Members of each group, leader first."""
    place = {leader: i for i, leader in enumerate(firsts.tolist())}
    groups = [[leader] for leader in firsts.tolist()]
    for i, leader in enumerate(first.tolist()):
        if i != leader:
            groups[place[leader]].append(i)
    return groups


def _tables(
    phrases: Phrases, merged: Merged, groups: list[list[int]], clusters: Clusters
) -> tuple[pa.Table, pa.Table, pa.Table]:
    units_of: dict[int, list[int]] = {}
    for unit, leader in enumerate(clusters.leader.tolist()):
        if leader >= 0:
            units_of.setdefault(leader, []).append(unit)
    members_of = {leader: [i for unit in units for i in groups[unit]] for leader, units in units_of.items()}
    support = {leader: phrases.union(members)[0] for leader, members in members_of.items()}
    leaders = sorted(members_of, key=lambda leader: (-support[leader], groups[leader][0]))
    head = [groups[leader][0] for leader in leaders]  # the phrase that names each label
    labels = [(phrases.phrase[i], phrases.language[i]) for i in head]
    parents = find_parents(phrases, [members_of[leader] for leader in leaders], head)
    vocabulary = pa.table(
        [
            range(len(leaders)),
            [label_key(name, language) for name, language in labels],
            unique_names([(join_words(name.split(" ")), language) for name, language in labels]),
            [language for _, language in labels],
            [support[leader] for leader in leaders],
            [len(members_of[leader]) for leader in leaders],
            parents,
        ],
        schema=VOCABULARY,
    )
    rows: list[tuple[int, int, str, str, float]] = []
    for label_id, leader in enumerate(leaders):
        for unit in units_of[leader]:
            for i in groups[unit]:
                # A phrase that is merged exactly into a unit which joined by its vector came by the vector.
                how = HOW[merged.how[i]] if unit == leader else "embedding"
                similarity = 1.0 if unit == leader else float(clusters.similarity[unit])
                rows.append((int(phrases.ids[i]), label_id, phrases.phrase[i], how, similarity))
    members = pa.table([[row[i] for row in rows] for i in range(len(MEMBERS))], schema=MEMBERS)
    lost = [i for unit, leader in enumerate(clusters.leader.tolist()) if leader < 0 for i in groups[unit]]
    reasons = ["few_images" if phrases.known[i] else "few_images_no_vector" for i in lost]
    unassigned = pa.table(
        {"phrase": pa.array([phrases.phrase[i] for i in lost], pa.string()), "reason": pa.array(reasons, pa.string())}
    )
    return vocabulary, members, unassigned


def label_key(name: str, language: str) -> str:
    """Stable key of a label: 16 hexadecimal digits of its language and the base forms of its name's words."""
    base = f"{language}:{' '.join(lemmas(name, language))}"
    return hashlib.blake2b(base.encode(), digest_size=8).hexdigest()


def unique_names(labels: Sequence[tuple[str, str]]) -> list[str]:
    """Names that differ: where a word is a label in several languages, all but the first add theirs: 'gift (de)'."""
    seen: set[str] = set()
    names = []
    for name, language in labels:
        names.append(f"{name} ({language})" if name in seen else name)
        seen.add(name)
    return names


def find_parents(phrases: Phrases, members: Sequence[Sequence[int]], head: Sequence[int]) -> list[int | None]:
    """For each label, the label of the longest proper end of its name: a 'kitchen table' is a 'table'.

    Only in languages whose compounds end in their kind, and only a label of more support, so that no circle can arise.
    """
    label_of = {
        (phrases.language[i], lemmas(phrases.phrase[i], phrases.language[i])): label
        for label, group in reversed(list(enumerate(members)))
        for i in group
    }
    parents: list[int | None] = []
    for label, i in enumerate(head):
        words, language = lemmas(phrases.phrase[i], phrases.language[i]), phrases.language[i]
        ends = (words[cut:] for cut in range(1, len(words))) if language in HEAD_LAST else iter(())
        found = (label_of.get((language, end)) for end in ends)
        parents.append(next((parent for parent in found if parent is not None and parent < label), None))
    return parents
