"""From phrases to clusters, by method: mathematics on vectors and image sets, no Spark.

`anchored` is the default and the reason of this project; the others are there to be compared with.
"""

from collections.abc import Callable, Mapping

import numpy as np

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.clustering.anchored import anchored
from pipeline.vocabulary.clustering.centroids import hierarchical, kmeans
from pipeline.vocabulary.clustering.linkage import agglomerative, hdbscan
from pipeline.vocabulary.clustering.units import Clusters, Units, enough, lead
from pipeline.vocabulary.merging.phrases import Index


def cluster(units: Units, config: ClusterConfig) -> Clusters:
    """Cluster the units by the configured method, one language at a time; the same input gives the same clusters.

    Args:
        units: by falling support.
        config: with all similarities given or calibrated.
    """
    if not (config.duplicate_similarity and config.attach_similarity and config.tail_similarity):
        raise ValueError("similarities that are 0 join everything: calibrate the settings first")
    result = Clusters(np.full(len(units.support), -1), np.zeros(len(units.support), dtype=np.float32))
    # A unit without a vector can be a label of its own, and nothing else.
    alone = np.flatnonzero(~units.known & enough(units, config))
    lead(result, alone)
    for language in np.unique(units.language[units.known]):
        chosen = np.flatnonzero(units.known & (units.language == language))
        METHODS[config.method](units, chosen, config, result)
    lead(result, np.flatnonzero(units.pinned))  # where the method gave it to another, it leaves that one
    for unit in np.flatnonzero(units.pinned).tolist():
        result.reasons.pop(unit, None)
    return result


def none(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Every unit with enough images is its own label; the rest is unassigned. What the others must beat."""
    lead(result, chosen[enough(units, config)[chosen]])


METHODS: Mapping[str, Callable[[Units, Index, ClusterConfig, Clusters], None]] = {
    "anchored": anchored,
    "hierarchical": hierarchical,
    "kmeans": kmeans,
    "agglomerative": agglomerative,
    "hdbscan": hdbscan,
    "none": none,
}
