"""What clustering will need, told before it starts."""

from pipeline.runtime.errors import CapacityError

# Bytes a phrase beside its vector and images: strings and bookkeeping, and what a method holds for each neighbour.
_BYTES, _BYTES_A_NEIGHBOUR = 900, 24
_CONTEXT_BYTES = 2 * 4 * 256  # what is said of its images: a vector of 256, held by the phrase and by its unit
_COPIES = 3  # of the vectors of all phrases, zero where there is none: of phrases, of units, of labels
# By method: further copies of the vectors that there are (queries, base, index, in place of labels), and bytes a
# neighbour of a graph and its tree.
_DEMANDS = {
    "none": (0, 0),
    "anchored": (2, 0),
    "kmeans": (2, 0),
    "hierarchical": (2, 0),
    "agglomerative": (1, 600),
    "hdbscan": (1, 120),
}


def require_memory(
    phrases: int,
    encoded: int,
    dimensions: int,
    neighbours: int,
    rare_images: int,
    limit_gb: float,
    method: str = "anchored",
) -> float:
    """GB that clustering will need at most: vectors and their index, neighbours, graphs, strings, image keys.

    Args:
        phrases: phrases to cluster.
        encoded: of these, phrases with a vector; those of a language that the encoder does not know have none.
        dimensions: of the vectors.
        neighbours: looked at for each phrase that has a vector.
        rare_images: image keys that a rare phrase carries at most.
        limit_gb: what may be used.
        method: name of a method of clustering.

    Raises:
        CapacityError: it is more than `limit_gb`.
    """
    copies, graph = _DEMANDS[method]
    of_each = _COPIES * 4 * dimensions + _BYTES + _CONTEXT_BYTES + 8 * rare_images
    of_encoded = copies * 4 * dimensions + neighbours * (_BYTES_A_NEIGHBOUR + graph)
    needed = (phrases * of_each + encoded * of_encoded) / 1e9
    if needed > limit_gb:
        less = "cluster.neighbours, mine.max_phrases" if graph else "mine.max_phrases"
        raise CapacityError(
            f"clustering {phrases:,} phrases of {dimensions} dimensions by {method} needs about {needed:.1f} GB, "
            f"cluster.max_memory_gb allows {limit_gb:.1f}. Lower {less} or mine.rare_images, "
            f"raise mine.min_images, or allow more."
        )
    return needed
