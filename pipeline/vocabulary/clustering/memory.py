"""What clustering will need, told before it starts."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be clustered, as far as memory hangs on it.

    Attributes:
        phrases: phrases to cluster.
        encoded: of these, phrases with a vector; those of a language that the encoder does not know have none.
        dimensions: of the vectors.
        neighbours: looked at for each phrase that has a vector.
        rare_images: image keys that a rare phrase carries at most.
        method: name of a method of clustering.
    """

    phrases: int
    encoded: int
    dimensions: int
    neighbours: int
    rare_images: int
    method: str = "anchored"

    @property
    def gigabytes(self) -> float:
        """Of memory, at most: vectors and their index, neighbours, graphs, strings, image keys."""
        copies, graph = _DEMANDS[self.method]
        of_each = _COPIES * 4 * self.dimensions + _BYTES + _CONTEXT_BYTES + 8 * self.rare_images
        of_encoded = copies * 4 * self.dimensions + self.neighbours * (_BYTES_A_NEIGHBOUR + graph)
        return (self.phrases * of_each + self.encoded * of_encoded) / 1e9

    def require(self, limit_gb: float) -> None:
        """Make sure that it fits.

        Args:
            limit_gb: what may be used.

        Raises:
            CapacityError: it is more than that.
        """
        if self.gigabytes > limit_gb:
            less = "cluster.neighbours, mine.max_phrases" if _DEMANDS[self.method][1] else "mine.max_phrases"
            raise CapacityError(
                f"clustering {self.phrases:,} phrases of {self.dimensions} dimensions by {self.method} needs about "
                f"{self.gigabytes:.1f} GB, cluster.max_memory_gb allows {limit_gb:.1f}. Lower {less} or "
                f"mine.rare_images, raise mine.min_images, or allow more."
            )
