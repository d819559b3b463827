"""From clusters to the tables vocabulary and members: names, keys, parents."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.runtime.config import ClusterConfig
from pipeline.text.tokens import join_words
from pipeline.vocabulary.clustering.calibrate import calibrate
from pipeline.vocabulary.clustering.cluster import cluster
from pipeline.vocabulary.clustering.compounds import Heads
from pipeline.vocabulary.clustering.contrast import Contrast
from pipeline.vocabulary.clustering.units import Clusters, Units
from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.hierarchy import Nodes, find_parents
from pipeline.vocabulary.merging.canonical import HOW, Merged, merge
from pipeline.vocabulary.merging.phrases import Index, Phrases, lemmas
from pipeline.vocabulary.merging.translations import join_translations
from pipeline.vocabulary.names import choose_names, unique_names
from pipeline.vocabulary.versions import distinct_keys, hash_key

VOCABULARY = pa.schema(
    [
        ("label_id", pa.int32()),
        ("label_key", pa.string()),
        ("name", pa.string()),
        ("name_languages", pa.list_(pa.string())),
        ("names", pa.list_(pa.string())),
        ("language", pa.string()),
        ("support", pa.int64()),
        ("phrases", pa.int32()),
        ("parent", pa.int32()),
        ("parent_how", pa.string()),
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


def build_vocabulary(
    phrases: Phrases, config: ClusterConfig, joined: Sequence[str] = ()
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Merge, cluster and name.

    Returns:
        vocabulary and members as in their schemas, and the unassigned (phrase_id, phrase, reason).
    """
    config = calibrate(phrases, config)
    merged = merge(phrases, config.attach_similarity)
    merged = join_translations(phrases, merged, joined, config.translation_similarity)
    firsts = np.flatnonzero(merged.first == np.arange(len(phrases)))
    groups = _grouped(merged.first, firsts)
    unions = [phrases.union(group) for group in groups]
    support = np.array([count for count, _ in unions], dtype=np.int64)
    rank = np.argsort(-support, kind="stable")  # a group may have outgrown the one before it
    spoken = _language_groups([phrases.language[i] for i in firsts], joined)
    units = Units(
        support[rank],
        [unions[i][1] for i in rank],
        phrases.vectors.choose(firsts[rank]),
        phrases.known[firsts[rank]],
        spoken[rank],
        np.array([any(phrases.pinned[i] for i in groups[unit]) for unit in rank], dtype=bool),
        Contrast(phrases, firsts[rank], config.attach_similarity),
        *_contexts(phrases, [groups[i] for i in rank], np.flatnonzero(phrases.known[firsts[rank]])),
        Heads(phrases, firsts[rank]),
    )
    clusters = cluster(units, config)
    return _tables(phrases, merged, [groups[i] for i in rank], clusters)


def _contexts(phrases: Phrases, groups: list[list[int]], asked: Index) -> tuple[Rows | None, Index | None]:
    """The context of each group asked for and the images it was told from: those of its members together."""
    if phrases.context is None or phrases.looked is None:
        return None, None
    matrix = np.zeros((len(asked) + 1, phrases.context.width), dtype=np.float32)
    looked = np.zeros(len(groups), dtype=np.int64)
    for row, unit in enumerate(asked.tolist()):
        weight = phrases.looked[groups[unit]]
        whole = weight.astype(np.float32) @ phrases.context[groups[unit]]
        looked[unit] = weight.sum()
        matrix[row] = whole / max(float(np.linalg.norm(whole)), 1e-9)
    return Rows.among(len(groups), asked, matrix), looked


def _language_groups(languages: Sequence[str], joined: Sequence[str]) -> Index:
    """Number of the group of each language: joined ones are one group, every other is a group of its own."""
    names = ["*" if language in joined or "*" in joined else language for language in languages]
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)


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
    union = {leader: phrases.union(members) for leader, members in members_of.items()}
    leaders = sorted(members_of, key=lambda leader: (-union[leader][0], groups[leader][0]))
    members = [members_of[leader] for leader in leaders]
    named = choose_names(phrases, members, merged)
    labels = [(phrases.phrase[i], phrases.language[i]) for i, *_ in named]
    nodes = _nodes(phrases, merged, members, [first for first, *_ in named], [union[leader] for leader in leaders])
    parents, ways = find_parents(nodes, _together(phrases, [groups[leader][0] for leader in leaders], members, nodes))
    names = [join_words(phrase.split(" ")) for phrase, _ in labels]
    vocabulary = pa.table(
        [
            range(len(leaders)),
            distinct_keys([label_key(*label) for label in labels]),
            unique_names([(name, language) for name, (_, language) in zip(names, labels, strict=True)]),
            [[phrases.language[i] for i in several] for several in named],
            [[join_words(phrases.phrase[i].split(" ")) for i in several] for several in named],
            [language for _, language in labels],
            [union[leader][0] for leader in leaders],
            [len(members_of[leader]) for leader in leaders],
            parents,
            ways,
        ],
        schema=VOCABULARY,
    )
    rows: list[tuple[int, int, str, str, float]] = []
    for label_id, leader in enumerate(leaders):
        rows += _member_rows(phrases, merged, clusters, groups, units_of[leader], named[label_id][0], label_id)
    table = pa.table([[row[i] for row in rows] for i in range(len(MEMBERS))], schema=MEMBERS)
    alone = np.flatnonzero(clusters.leader < 0).tolist()
    lost = [i for unit in alone for i in groups[unit]]
    few = {i: "few_images" if phrases.known[i] else "few_images_no_vector" for i in lost}
    reasons = [clusters.reasons.get(unit, few[i]) for unit in alone for i in groups[unit]]
    unassigned = pa.table(
        {
            "phrase_id": pa.array([int(phrases.ids[i]) for i in lost], pa.int64()),
            "phrase": pa.array([phrases.phrase[i] for i in lost], pa.string()),
            "reason": pa.array(reasons, pa.string()),
        }
    )
    return vocabulary, table, unassigned


def _together(
    phrases: Phrases, chiefs: Sequence[int], members: Sequence[Sequence[int]], nodes: Nodes
) -> dict[tuple[int, int], int]:
    """Images that carry both of two labels, told from the companions of the phrase that most images of a label say."""
    label_of = {i: label for label, group in enumerate(members) for i in group}
    found: dict[tuple[int, int], int] = {}
    for label, chief in enumerate(chiefs):
        for word, images in phrases.companions.get(chief, ()):
            other = label_of.get(word, label)
            if other != label and phrases.looked is not None:
                both = int(images * nodes.images[label] // phrases.looked[chief])
                pair = (min(label, other), max(label, other))
                found[pair] = max(both, found.get(pair, 0))
    return found


def label_key(name: str, language: str) -> str:
    """Key of a label that continues no older one: of its language and the base forms of its name's words."""
    return hash_key(f"{language}:{' '.join(lemmas(name, language))}")


def _member_rows(
    phrases: Phrases,
    merged: Merged,
    clusters: Clusters,
    groups: list[list[int]],
    units: list[int],
    name: int,
    label_id: int,
) -> list[tuple[int, int, str, str, float]]:
    """The members of one label, each with its way to the phrase that names the label."""
    home = next(unit for unit in units if name in groups[unit])
    first = int(merged.first[name])
    rows = []
    for unit in units:
        # A phrase that is merged exactly into a unit which joined by its vector came by the vector.
        exact = unit == home
        similarity = 1.0 if exact else float(clusters.similarity[unit])
        if not exact and clusters.leader[home] != home:  # it is known to the leader, which does not name the label
            similarity = float(phrases.vectors[groups[unit][0]] @ phrases.vectors[first])
        for i in groups[unit]:
            way = HOW[merged.how[i]] if exact else "embedding"
            if exact and name != first and i in (name, first):  # the two trade places
                way = "self" if i == name else HOW[merged.how[name]]
            rows.append((int(phrases.ids[i]), label_id, phrases.phrase[i], way, similarity))
    return rows


def _nodes(
    phrases: Phrases,
    merged: Merged,
    members: Sequence[Sequence[int]],
    named: Sequence[int],
    images: Sequence[tuple[int, Index | None]],
) -> Nodes:
    """Labels for the hierarchy; of exact members the words count as the name's, of others as further phrases."""
    words = [phrases.bases[i] for i in named]
    also: dict[tuple[str, tuple[str, ...]], int] = {}
    for label, group in enumerate(members):
        for i in group:
            also.setdefault((phrases.language[i], phrases.bases[i]), label)
    return Nodes(
        words,
        [phrases.language[i] for i in named],
        np.array([count for count, _ in images], dtype=np.int64),
        [keys for _, keys in images],
        phrases.vectors.choose(merged.first[np.array(named, dtype=np.int64)]),
        also,
    )
