"""Parents of labels: a forest out of three kinds of evidence, each parent with its reason.

head: the name ends in another label's name ('kitchen table' is a 'table'), in languages whose compounds end in their
kind, unless WordNet knows the whole name as something else (a 'sea horse' is no 'horse') or the end as no noun.
hypernym: WordNet has another label among the broader terms of the name or of its head noun ('spaniel', 'dog'), and the
    two names are nearer to each other than most are: WordNet knows senses that nobody means ('preferences' are
    'knowledge', a 'burger' was a 'person').
containment: most images of a label carry another, larger one, and not the other way round (Sanderson and Croft,
"Deriving concept hierarchies from text", SIGIR 1999).
Beside that, vectors decide ties.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.vocabulary.clustering.compounds import HEAD_LAST, heads
from pipeline.vocabulary.encoding.matrix import Rows
from pipeline.vocabulary.hypernyms import broader_terms, core, is_kind_of, names_a_kind
from pipeline.vocabulary.merging.phrases import Index, Words

HOW = ("head", "hypernym", "containment")  # the surest first
CONTAINED = 0.8  # share of the child's images: Sanderson and Croft's threshold
LARGER = 1.5  # times the child's images, which a parent has at least; nearly equal sets say no direction
NEARER = 0.95  # share of random pairs of names that a hypernym has to be nearer than; by eye most below are wrong
ENOUGH = 30  # names with a vector that such pairs are drawn from; fewer tell nothing
_PRODUCTS = 1 << 23  # of pairs of labels on one image that are counted at a time: 0.3 GB
TOGETHER = 5  # images that carry both at least: fewer meet by chance


@dataclass(frozen=True, slots=True)
class Nodes:
    """Labels as the hierarchy sees them, n of them.

    Attributes:
        words: base forms of each name's words.
        language: primary subtag of each.
        images: of each, int64 [n].
        keys: hashes of its images where all its phrases are rare, else None; n of them.
        vectors: unit vectors of the names, n rows; zero where unknown.
        also: base forms of further phrases -> label, by (language, words).
    """

    words: Sequence[Words]
    language: Sequence[str]
    images: Index
    keys: Sequence[Index | None]
    vectors: Rows
    also: Mapping[tuple[str, Words], int]


@dataclass(frozen=True, slots=True)
class Edge:
    """One piece of evidence that a label is a kind of another.

    Attributes:
        child: label.
        parent: label.
        how: of HOW.
        strength: in (0, 1]; of one kind of evidence the larger one goes first.
    """

    child: int
    parent: int
    how: str
    strength: float


def find_parents(
    nodes: Nodes, together: Mapping[tuple[int, int], int] | None = None
) -> tuple[list[int | None], list[str | None]]:
    """The parent of each label and its kind of evidence; None for the roots.

    Args:
        nodes: the labels.
        together: images that carry both of two labels (the lower one first), where they were counted; labels whose
            images are known by their keys are compared without.
    """
    least = usual_cosine(nodes.vectors[nodes.vectors.there], NEARER)
    edges = [*_heads(nodes), *_hypernyms(nodes, least), *_containments(nodes, together or {})]
    return grow_forest(edges, nodes)


def grow_forest(edges: Sequence[Edge], nodes: Nodes) -> tuple[list[int | None], list[str | None]]:
    """Give every label its best parent that closes no circle.

    The surest evidence is taken first over all labels: by kind, strength (in steps of 0.1), similarity of the names'
    vectors, child and parent; what would close a circle then is left out.
    """

    def rank(edge: Edge) -> tuple[int, float, float, int, int]:
        similarity = float(nodes.vectors[edge.child].astype(np.float64) @ nodes.vectors[edge.parent])
        return HOW.index(edge.how), -round(edge.strength, 1), -round(similarity, 4), edge.child, edge.parent

    parent: list[int | None] = [None] * len(nodes.words)
    how: list[str | None] = [None] * len(nodes.words)
    for edge in sorted(edges, key=rank):
        if parent[edge.child] is None and not _reaches(parent, edge.parent, edge.child):
            parent[edge.child], how[edge.child] = edge.parent, edge.how
    return parent, how


def usual_cosine(vectors: npt.NDArray[np.float32], share: float) -> float:
    """The cosine that this share of pairs of names stays below, in pairs drawn at random but always the same ones.

    Args:
        vectors: unit vectors, float32 [n, d].
        share: in (0, 1).

    Returns:
        A cosine; -1 where there are fewer than `ENOUGH`.
    """
    if len(vectors) < ENOUGH:
        return -1.0
    ones, others = np.random.default_rng(0).integers(0, len(vectors), (2, 20_000))
    different = ones != others
    cosines = np.einsum("pd,pd->p", vectors[ones[different]], vectors[others[different]])
    return float(np.round(np.quantile(cosines, share), 3))


def ancestors(vocabulary: pa.Table, levels: int, kinds: Collection[str] = HOW) -> pa.Table:
    """(label_id int32, ancestor int32, distance int32): every ancestor of each label, up to so many levels above it.

    Args:
        vocabulary: label_id, parent and parent_how; parents form a forest, as `find_parents` makes them.
        levels: 1 = parents alone.
        kinds: of evidence that count, of HOW; another parent ends the way up.
    """
    listed = zip(*(vocabulary[name].to_pylist() for name in ("label_id", "parent", "parent_how")), strict=True)
    parent = {label: above if how in kinds else None for label, above, how in listed}
    rows: list[tuple[int, int, int]] = []
    for label in sorted(parent):
        above, distance = parent[label], 1
        while above is not None and distance <= levels:
            rows.append((label, above, distance))
            above, distance = parent[above], distance + 1
    columns = [[row[i] for row in rows] for i in range(3)]
    return pa.table(
        {name: pa.array(column, pa.int32()) for name, column in zip(_CLOSURE, columns, strict=True)},
    )


_CLOSURE = ("label_id", "ancestor", "distance")


def _reaches(parent: Sequence[int | None], start: int, goal: int) -> bool:
    """Whether `goal` is `start` or above it."""
    place: int | None = start
    while place is not None and place != goal:
        place = parent[place]
    return place == goal


def _places(nodes: Nodes) -> dict[tuple[str, Words], int]:
    """Where each name leads; the more important label where two have one name."""
    found: dict[tuple[str, Words], int] = {}
    for label, key in enumerate(zip(nodes.language, nodes.words, strict=True)):
        found.setdefault(key, label)
    return found


def _heads(nodes: Nodes) -> list[Edge]:
    """The label of the longest proper end of a name that is one."""
    names = _places(nodes)
    edges = []
    for child, (language, words) in enumerate(zip(nodes.language, nodes.words, strict=True)):
        main = core(words) if language == "en" else words
        whole = [main] if main != words and language in HEAD_LAST else []  # what stands behind 'of' has gone
        for head in (*whole, *heads(main, language)):
            parent = names.get((language, head), nodes.also.get((language, head)))
            if parent is not None and parent != child:
                if language != "en" or (is_kind_of(words, head) is not False and names_a_kind(head[-1])):
                    edges.append(Edge(child, parent, "head", 1.0))
                break
    return edges


def _hypernyms(nodes: Nodes, least: float) -> list[Edge]:
    """The nearest label among the broader terms of each sense of an English name; both with a cosine of `least`."""

    def near(child: int, parent: int) -> bool:
        ours, theirs = nodes.vectors[child], nodes.vectors[parent]
        return not (ours.any() and theirs.any()) or float(ours @ theirs) >= least

    names = {words: label for (language, words), label in _places(nodes).items() if language == "en"}
    edges = []
    for child, (language, words) in enumerate(zip(nodes.language, nodes.words, strict=True)):
        if language == "en":
            found = broader_terms(words, names.keys())
            parents = ((names[term], strength) for term, strength in found)
            edges += [
                Edge(child, parent, "hypernym", strength)
                for parent, strength in parents
                if parent != child and near(child, parent)
            ]
    return edges


def _containments(nodes: Nodes, together: Mapping[tuple[int, int], int]) -> list[Edge]:
    """Labels of one language whose images lie in another's."""
    counts = dict(together)
    listed = [label for label, keys in enumerate(nodes.keys) if keys is not None]
    counts.update(_shared_images([(label, nodes.keys[label]) for label in listed]))  # type: ignore[misc]
    edges = []
    for pair, both in counts.items():
        for child, parent in (pair, pair[::-1]):
            share = both / max(1, int(nodes.images[child]))
            enough = both >= TOGETHER and share >= CONTAINED
            if enough and nodes.images[parent] >= LARGER * nodes.images[child] and _can_contain(nodes, child, parent):
                edges.append(Edge(child, parent, "containment", min(1.0, share)))
    return edges


def _can_contain(nodes: Nodes, child: int, parent: int) -> bool:
    """Not in another language, and not a word that only modifies: a 'kitchen table' is no 'kitchen'."""
    language, words, ours = nodes.language[child], nodes.words[parent], nodes.words[child]
    if language != nodes.language[parent]:
        return False
    inside = set(words) < set(ours)
    return not (inside and language in HEAD_LAST and ours[-len(words) :] != words)


def _shared_images(keyed: Sequence[tuple[int, Index]]) -> dict[tuple[int, int], int]:
    """Images that carry both, of every pair of labels that share `TOGETHER` at least.

    Some labels at a time, since the pairs that share any image are the square of the labels on a popular one.
    """
    if not keyed:
        return {}
    from scipy import sparse  # here alone: to load it takes longer than to walk up a forest that is made

    labels = np.array([label for label, _ in keyed])
    images, image = np.unique(np.concatenate([keys for _, keys in keyed]), return_inverse=True)
    row = np.repeat(np.arange(len(keyed)), [len(keys) for _, keys in keyed])
    shape = (len(keyed), max(1, len(images)))
    carries = sparse.csr_array((np.ones(len(row), dtype=np.int32), (row, image)), shape=shape)
    del images, image, row
    carried = carries.T.tocsr()
    work = np.cumsum(carries @ np.diff(carried.indptr).astype(np.int64))  # products that the labels up to each one take
    found: dict[tuple[int, int], int] = {}
    for block in np.split(np.arange(len(keyed)), np.flatnonzero(np.diff(work // _PRODUCTS)) + 1):
        both = (carries[block] @ carried).tocoo()
        often = (both.data >= TOGETHER) & (both.col > block[both.row])
        ones, others = labels[block[both.row[often]]], labels[both.col[often]]
        found.update(zip(zip(ones.tolist(), others.tolist(), strict=True), both.data[often].tolist(), strict=True))
    return found
