"""What clustering will need, told before it starts."""

from pipeline.runtime.errors import CapacityError

# Bytes a phrase beside its vector and images: strings and bookkeeping, and what a method holds for each neighbour.
_BYTES, _BYTES_A_NEIGHBOUR = 900, 24
_CONTEXT_BYTES = 2 * 4 * 256  # what is said of its images: a vector of 256, held by the phrase and by its unit
# By method: copies of all vectors at one time (phrases, units, queries, base, index), and bytes a neighbour of a graph
# and its tree.
_DEMANDS = {
    "none": (1, 0),
    "anchored": (5, 0),
    "kmeans": (5, 0),
    "hierarchical": (5, 0),
    "agglomerative": (4, 600),
    "hdbscan": (4, 120),
}


def require_memory(
    phrases: int, dimensions: int, neighbours: int, rare_images: int, limit_gb: float, method: str = "anchored"
) -> float:
    """GB that clustering will need at most: vectors and their index, neighbours, graphs, strings, image keys.

    Args:
        phrases: phrases to cluster.
        dimensions: of their vectors.
        neighbours: looked at for each phrase.
        rare_images: image keys that a rare phrase carries at most.
        limit_gb: what may be used.
        method: name of a method of clustering.

    Raises:
        CapacityError: it is more than `limit_gb`.
    """
    copies, graph = _DEMANDS[method]
    per_phrase = copies * 4 * dimensions + neighbours * (_BYTES_A_NEIGHBOUR + graph) + _BYTES + _CONTEXT_BYTES
    per_phrase += 8 * rare_images
    needed = phrases * per_phrase / 1e9
    if needed > limit_gb:
        less = "cluster.neighbours, mine.max_phrases" if graph else "mine.max_phrases"
        raise CapacityError(
            f"clustering {phrases:,} phrases of {dimensions} dimensions by {method} needs about {needed:.1f} GB, "
            f"cluster.max_memory_gb allows {limit_gb:.1f}. Lower {less} or mine.rare_images, "
            f"raise mine.min_images, or allow more."
        )
    return needed
