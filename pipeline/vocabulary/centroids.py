"""Clustering around centroids."""

import faiss
import numpy as np

from pipeline.runtime.config import ClusterConfig
from pipeline.vocabulary.neighbours import use_all_cores
from pipeline.vocabulary.phrases import Index
from pipeline.vocabulary.units import Clusters, Units, settle


def kmeans(units: Units, chosen: Index, config: ClusterConfig, result: Clusters) -> None:
    """Spherical k-means, weighted by the square root of support so that the head does not eat the centroids."""
    seeds = int((units.support[chosen] >= config.min_images).sum())
    k = min(config.clusters or max(seeds, 1), len(chosen))
    vectors = np.ascontiguousarray(units.vectors[chosen])
    use_all_cores()
    trainer = faiss.Kmeans(
        vectors.shape[1],
        k,
        niter=config.iterations,
        spherical=True,
        seed=config.seed,
        min_points_per_centroid=1,
        max_points_per_centroid=max(256, -(-len(chosen) // k)),  # no subsampling: all phrases count
    )
    trainer.train(vectors, weights=np.sqrt(units.support[chosen]).astype(np.float32))
    _, centroid = trainer.index.search(vectors, 1)
    settle(units, chosen, centroid[:, 0], config, result)
