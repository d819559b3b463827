"""What clustering will need, told before it starts."""

from dataclasses import dataclass

from pipeline.runtime.errors import CapacityError

_LEXICONS = 0.8e9  # bytes of the dictionaries that words are looked up in, however few the phrases
# Bytes a phrase beside its vector, context and images: its words as they stand and in their base forms, as sets, as
# keys of groups, heads and members, and what is counted for parents. Measured on 610,516 phrases.
_BYTES = 4_800
_BYTES_A_NEIGHBOUR = 24  # of each phrase with a vector, what every method holds
_CONTEXT_BYTES = 4 * 256  # what is said of its images
# By method: copies of the vectors (queries, base, index) beside the one that phrases, units and labels share, and bytes
# a neighbour of a graph and its tree.
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
        """At most: vectors and their index, contexts, neighbours, graphs, words, image keys, dictionaries."""
        copies, graph = _DEMANDS[self.method]
        of_each = _BYTES + _CONTEXT_BYTES + 8 * self.rare_images
        of_encoded = (1 + copies) * 4 * self.dimensions + self.neighbours * (_BYTES_A_NEIGHBOUR + graph)
        return (_LEXICONS + self.phrases * of_each + self.encoded * (of_encoded + _CONTEXT_BYTES)) / 1e9

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
