"""What to train on: from a budget to the settings that meet it, and what they do to head, torso and tail. No Spark.

A plan is a section [publish]: cap t, repeat threshold and what shares evenly. What it gives is expected over draws:
an image is shown `keep * repeat` times an epoch.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.manifest.balance import caps
from pipeline.manifest.balance.caps import Counts, Floats
from pipeline.manifest.balance.inverse import cap_for_tail_share, smallest
from pipeline.manifest.balance.targets import hierarchy_targets
from pipeline.runtime.config import PublishConfig
from pipeline.runtime.errors import ConfigError

BANDS = ("head", "torso", "tail")
NO_REPEAT = 1.0  # a threshold below which no label has images
MOST_SHOWN = 10  # times that an image is shown an epoch, on average; beyond, an epoch is the wrong word
_UNITS = 1 << 30  # expectations are summed as whole units of an image: equal in any order, unlike doubles


@dataclass(frozen=True, slots=True)
class Labels:
    """What balance needs of the labels.

    Attributes:
        images: images of each label, int64, label_id = place.
        parents: label_id of a broader label, or None.
    """

    images: Counts
    parents: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan shows in an epoch, expected over draws.

    Attributes:
        images: different images.
        showings: images as often as they are shown.
        capped: pairs if each label drew its images alone, sum of min(images, t): more than `images` where images have
            several labels, and no number of images at all.
        by_label: showings with each label, float64, label_id = place.
    """

    images: float
    showings: float
    capped: float
    by_label: Floats

    @property
    def classes(self) -> float:
        """Effective number of labels: as many evenly shown ones would have the same entropy (Hill, 1973)."""
        total = self.by_label.sum()
        share = self.by_label[self.by_label > 0] / total if total else np.zeros(0)
        return float(np.exp(-(share * np.log(share)).sum()))


Evaluate = Callable[[Sequence[PublishConfig]], list[Outcome]]
Showings = Callable[[Sequence[PublishConfig]], list[int]]


def weigh(labels: Labels, config: PublishConfig) -> tuple[Floats, Floats]:
    """Keep probability and repeat factor of each label under a plan.

    Args:
        labels: of the run.
        config: section [publish].

    Returns:
        Two float64 arrays, label_id = place.

    Raises:
        ConfigError: no label has images, and no cap is set.
    """
    cap = choose_cap(labels.images, config)
    keep = caps.keep_probability(labels.images, cap)
    if config.over == "hierarchy":
        total = float(np.minimum(labels.images, cap).sum())
        keep = np.where(labels.images > 0, hierarchy_targets(labels.images, labels.parents, total), 1.0)
        keep = np.minimum(keep / np.maximum(labels.images, 1), 1.0)
    return keep, caps.repeat_factors(labels.images, config.repeat_threshold or cap)


def choose_cap(images: Counts, config: PublishConfig) -> float:
    """The cap t of a run: the one that is set, else the one that leaves `tail_share` of all pairs below it.

    Args:
        images: images of each label, shape (labels,).
        config: section [publish].
    """
    return config.cap or float(cap_for_tail_share(images, config.tail_share))


def image_rates(lengths: Counts, label_ids: Counts, keep: Floats, repeat: Floats) -> tuple[Floats, Floats]:
    """Keep probability and repeat factor of images: 1 - prod(1 - keep), and the largest repeat, over its labels.

    Args:
        lengths: number of labels of each image, at least 1, shape (images,).
        label_ids: of all images, one after the other.
        keep: of each label.
        repeat: of each label.
    """
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    if not len(lengths):
        return np.zeros(0), np.zeros(0)
    kept = 1.0 - np.multiply.reduceat(1.0 - keep[label_ids], starts)
    return kept, np.maximum.reduceat(repeat[label_ids], starts)


def to_units(images: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Numbers of images in whole units, which add up to the same sum in any order."""
    return np.rint(np.asarray(images, dtype=np.float64) * _UNITS).astype(np.int64)


def from_units(units: npt.ArrayLike) -> Floats:
    """The inverse of `to_units`."""
    return np.asarray(units, dtype=np.float64) / _UNITS


def plan_images(wanted: float, labels: Labels, base: PublishConfig, showings: Showings) -> PublishConfig:
    """The plan that shows so many images an epoch: a cap where there are more, else repeats of the rare.

    Args:
        wanted: showings an epoch, above 0.
        labels: of the run.
        base: what else is set; its cap is not looked at.
        showings: expected showings of plans, in units.

    Returns:
        The smallest cap (or repeat threshold), in steps of a thousandth of an image, that gives as many.

    Raises:
        ConfigError: it would take more than ten showings an image.
    """
    caps.require_cap("a budget", wanted)
    most = float(labels.images.max(initial=1))
    units = int(to_units(wanted))

    def by_cap(values: Sequence[float]) -> list[int]:
        return showings([dataclasses.replace(base, cap=t) for t in values])

    def by_repeats(values: Sequence[float]) -> list[int]:
        return showings([dataclasses.replace(base, cap=most, repeat_threshold=r) for r in values])

    if by_cap([most])[0] >= units:
        return dataclasses.replace(base, cap=smallest(by_cap, units, most))
    highest = most * MOST_SHOWN**2
    if by_repeats([highest])[0] >= units:
        return dataclasses.replace(base, cap=most, repeat_threshold=smallest(by_repeats, units, highest))
    raise ConfigError(
        f"{wanted:,.0f} showings an epoch are more than {MOST_SHOWN} of each image. Ask for fewer, and more epochs."
    )


def plan_minimum(wanted: float, labels: Labels, base: PublishConfig, evaluate: Evaluate) -> PublishConfig:
    """The smallest cap under which every label is shown so often, or as often as it can be.

    Args:
        wanted: showings of each label, above 0.
        labels: of the run.
        base: what else is set; its cap is not looked at.
        evaluate: outcomes of plans.
    """
    caps.require_cap("a minimum", wanted)
    most = float(labels.images.max(initial=1))
    possible = np.minimum(evaluate([dataclasses.replace(base, cap=most)])[0].by_label, wanted)

    def reached(caps: Sequence[float]) -> list[int]:
        found = evaluate([dataclasses.replace(base, cap=cap) for cap in caps])
        return [int((outcome.by_label >= possible - 1e-6).sum()) for outcome in found]

    return dataclasses.replace(base, cap=smallest(reached, len(possible), most))
