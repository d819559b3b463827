"""What there is to learn: the classes that a trusted file names, their labels, and which images have them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from pipeline.labeling.classes import Lookup, NamedClass, map_classes, name_classes
from pipeline.labeling.trusted.features import Floats


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a trusted file.

    Attributes:
        named: by place.
        place: name -> place of its class.
        labels: label_id of each, int32 [classes], distinct; from `first_new` on where the vocabulary has no such label.
        spoken: labels of the vocabulary that each name stands for, in whole or in parts.
        first_new: labels of the vocabulary.
    """

    named: Sequence[NamedClass]
    place: dict[str, int]
    labels: npt.NDArray[np.int32]
    spoken: Sequence[frozenset[int]]
    first_new: int

    def spoken_by(self) -> sparse.csr_matrix:
        """Which labels stand for which classes, 0 or 1, float32 CSR [labels, classes]."""
        pairs = [(label, i) for i, labels in enumerate(self.spoken) for label in sorted(labels)]
        rows, columns = ([pair[side] for pair in pairs] for side in range(2))
        shape = (self.first_new, len(self.named))
        return sparse.csr_matrix((np.ones(len(pairs), dtype=np.float32), (rows, columns)), shape=shape)


def find_classes(rows: pa.Table, lookup: Lookup, labels: int, language: str) -> Classes:
    """The classes of trusted rows, and their labels.

    A class whose whole name is a member of a label is that label, the largest where several have it; classes of one
    label are one class. Any other is a new label, after those of the vocabulary, in the order of base forms.

    Args:
        rows: label of each trusted row.
        lookup: finds labels of the vocabulary by words.
        labels: number of labels of the vocabulary.
        language: of the names.
    """
    counts = Counter(rows["label"].to_pylist())
    found, place = name_classes(sorted(counts.items()), language)
    spoken = map_classes(found, lookup)
    own = [min(lookup(item.words), default=-1) for item in found]
    chief: dict[int, int] = {}  # label -> its most frequent class
    weight = Counter[int]()
    for name, i in place.items():
        weight[i] += counts[name]
    for i in sorted(range(len(found)), key=lambda i: (-weight[i], i)):
        if own[i] >= 0:
            chief.setdefault(own[i], i)
    kept = [i for i in range(len(found)) if own[i] < 0 or chief[own[i]] == i]
    new_place = {i: at for at, i in enumerate(kept)}
    merged = {name: new_place[i if own[i] < 0 else chief[own[i]]] for name, i in place.items()}
    spoken_of = [frozenset(spoken[i]) for i in kept]
    ids, following = [], labels
    for i in kept:
        ids.append(own[i] if own[i] >= 0 else following)
        following += own[i] < 0
    return Classes([found[i] for i in kept], merged, np.array(ids, dtype=np.int32), spoken_of, labels)


def targets(
    rows: pa.Table, classes: Classes, images: Sequence[str], whole: bool
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """What is true of each image, float32 [images, classes], and what is known, bool [images, classes].

    Args:
        rows: image_id, label, correct.
        classes: from `find_classes`.
        images: image_ids, sorted.
        whole: whether what is not said of an image is false; else it is unknown.
    """
    at = {image: i for i, image in enumerate(images)}
    true = np.zeros((len(images), len(classes.named)), dtype=np.float32)
    known = np.full(true.shape, whole)
    denied = np.zeros(true.shape, dtype=bool)
    for image, label, correct in zip(
        *(rows[name].to_pylist() for name in ("image_id", "label", "correct")), strict=True
    ):
        if image in at:
            pair = (at[image], classes.place[label])
            true[pair] = max(true[pair], float(correct))
            denied[pair] |= not correct
            known[pair] = True
    # Two names of one class, judged differently, leave it open.
    open_pairs = denied & (true > 0)
    return np.where(open_pairs, 0.0, true).astype(np.float32), known & ~open_pairs
