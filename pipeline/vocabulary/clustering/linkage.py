"""Clustering by linkage along the graph of nearest neighbours: agglomerative and HDBSCAN, both of scikit-learn.

Neither sees all pairs: that would take memory by the square of the phrases. Edges run between near neighbours alone.
"""

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.clustering.units import Clusters, Units, settle
from pipeline.vocabulary.encoding.fixed_shapes import Vectors
from pipeline.vocabulary.encoding.neighbours import nearest
from pipeline.vocabulary.merging.phrases import Index

_FARTHEST = 2.0  # between two unit vectors
_NEAREST = 1e-6  # an edge of length 0 would be no edge


def agglomerative(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Average linkage between near neighbours, cut where clusters are less alike than `tail_similarity`.

    Linkage runs inside each connected part of the graph of neighbours, so that no edge is made up between parts.
    """
    from sklearn.cluster import AgglomerativeClustering

    vectors = units.vectors[chosen]
    graph = neighbour_graph(vectors, config.neighbours)
    _, part = csgraph.connected_components(graph, directed=False)
    group = np.full(len(chosen), -1)
    found = 0
    order = np.argsort(part, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        if len(rows) == 1:
            group[rows] = found
            found += 1
            continue
        linkage = AgglomerativeClustering(
            n_clusters=None,
            metric="cosine",
            linkage="average",
            connectivity=graph[rows][:, rows],
            distance_threshold=1 - config.tail_similarity,
        )
        group[rows] = linkage.fit_predict(vectors[rows]) + found
        found = int(group[rows].max()) + 1
    settle(units, chosen, group, config, result)


def hdbscan(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """HDBSCAN (Campello, Moulavi and Sander 2013) on distances between near neighbours.

    Clusters of at least `min_phrases` units; a unit in no dense place is unassigned, as `noise`, whatever its support.
    """
    from sklearn.cluster import HDBSCAN

    dense = config.min_phrases
    if len(chosen) <= dense:  # too few to tell what is dense
        settle(units, chosen, np.arange(len(chosen)), config, result)
        return
    distances = _joined(neighbour_graph(units.vectors[chosen], max(config.neighbours, dense)))
    method = HDBSCAN(min_cluster_size=dense, min_samples=dense, metric="precomputed", copy=False)
    group = method.fit_predict(distances)
    inside = group >= 0
    if inside.any():
        settle(units, chosen[inside], group[inside], config, result)
    result.reasons.update(dict.fromkeys(chosen[~inside].tolist(), "noise"))


def neighbour_graph(vectors: Vectors, neighbours: int) -> sparse.csr_matrix:
    """Euclidean distances to the nearest neighbours of each unit vector, made symmetric; CSR [n, n], no loops."""
    similarity, near = nearest(vectors, vectors, neighbours + 1)
    n, width = near.shape
    rows = np.repeat(np.arange(n), width)
    cosines, columns = similarity.ravel().astype(np.float64), near.ravel()
    kept = (columns >= 0) & (columns != rows)
    length = np.sqrt(np.maximum(2 - 2 * cosines[kept], _NEAREST**2))
    graph = sparse.csr_matrix((length, (rows[kept], columns[kept])), shape=(n, n))
    return graph.maximum(graph.T).tocsr()


def _joined(graph: sparse.csr_matrix) -> sparse.csr_matrix:
    """The graph with its connected parts joined by edges of the greatest length, from the first node of each part."""
    _, part = csgraph.connected_components(graph, directed=False)
    _, first = np.unique(part, return_index=True)
    if len(first) == 1:
        return graph
    head = np.full(len(first) - 1, first[0])
    bridges = sparse.csr_matrix((np.full(len(head), _FARTHEST), (head, first[1:])), shape=graph.shape)
    return (graph + bridges + bridges.T).tocsr()
