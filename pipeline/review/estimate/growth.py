"""How counts and costs grow with size, told from a few measured sizes: power laws, and fixed beside growing costs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_APART = 1.2  # sizes nearer than this factor tell noise, not growth
_MOST_FIXED = 0.9  # share of the seconds of a single run


@dataclass(frozen=True, slots=True)
class Power:
    """y = scale * x ** exponent, for x > 0."""

    scale: float
    exponent: float

    def at(self, x: float) -> float:
        """Its value; 0 at 0."""
        return float(self.scale * x**self.exponent) if x > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """seconds = fixed + each * x ** exponent.

    Attributes:
        fixed: seconds whatever the size.
        each: seconds a unit, or a unit to the exponent.
        exponent: 1 = each unit costs the same.
    """

    fixed: float
    each: float
    exponent: float = 1.0

    def growing(self, x: float) -> float:
        """Seconds that come with the size."""
        return float(self.each * x**self.exponent) if x > 0 else 0.0

    def at(self, x: float) -> float:
        """All seconds."""
        return self.fixed + self.growing(x)


def slope(x: Floats, y: Floats) -> float | None:
    """Exponent between the two largest sizes: d log y / d log x; None where it cannot be told.

    Args:
        x: sizes ascending, float64 [runs].
        y: what grows, float64 [runs].
    """
    usable = np.flatnonzero((x > 0) & (y > 0))
    if not len(usable):
        return None
    last = usable[-1]
    lower = usable[x[usable] * _APART <= x[last]]
    if not len(lower):
        return None
    first = lower[-1]
    return float(np.log(y[last] / y[first]) / np.log(x[last] / x[first]))


def slope_over_all(x: Floats, y: Floats) -> float | None:
    """The same by least squares in logarithms over all sizes; None where there are fewer than two."""
    usable = (x > 0) & (y > 0)
    if len(np.unique(x[usable])) < 2:
        return None
    return float(np.polyfit(np.log(x[usable]), np.log(y[usable]), 1)[0])


def fit_power(x: Floats, y: Floats, assumed: float) -> Power:
    """Heaps' law through the largest size, with the exponent between the two largest.

    Distinct texts, phrases and labels grow ever more slowly: the last exponent is the nearest to those that follow, and
    still an upper bound of them. It is held in [0, 1]: in small runs few phrases reach the thresholds, and their number
    may grow faster for a while, but nothing distinct does so for long.
    H. S. Heaps, Information Retrieval (1978), section 7.5.

    Args:
        x: sizes ascending, float64 [runs].
        y: counts at them, float64 [runs].
        assumed: exponent where one size was measured.
    """
    if not len(y) or y[-1] <= 0:
        return Power(0.0, assumed)
    found = slope(x, y)
    exponent = min(1.0, max(0.0, assumed if found is None else found))
    return Power(float(y[-1] / x[-1] ** exponent), exponent)


def fit_cost(x: Floats, seconds: Floats, fixed: float, highest: float = 1.0) -> Cost:
    """Fixed and growing seconds of a stage, neither negative.

    With several sizes, least squares of relative errors, so that the small sizes, which tell the fixed cost, count as
    much as the large ones. With one, the fixed cost is what a tiny run costs, and at most nine tenths of what
    was measured: the rest must be left to grow.

    Args:
        x: units at each size, ascending, float64 [runs].
        seconds: measured, float64 [runs].
        fixed: of a tiny run, used where one size was measured.
        highest: most exponent; above 1, the one between the two largest sizes is taken, the fixed cost taken off.
    """
    if len(x) == 0 or x[-1] <= 0:
        return Cost(float(seconds[-1]) if len(seconds) else fixed, 0.0)
    if x[-1] < _APART * x[0]:
        base = min(fixed, _MOST_FIXED * float(seconds[-1]))
        return Cost(base, (float(seconds[-1]) - base) / float(x[-1]))
    weight = 1 / np.maximum(seconds, 1e-9)
    sides = np.stack([np.ones_like(x), x], axis=1) * weight[:, None]
    base, each = (float(value) for value in np.linalg.lstsq(sides, seconds * weight, rcond=None)[0])
    if base < 0:
        base, each = 0.0, float((x * weight).sum() / ((x * weight) ** 2).sum())
    if each <= 0:
        base, each = float(seconds.min()), 0.0
    if highest > 1 and each > 0 and base < seconds.min():
        steep = slope(x, seconds - base)
        exponent = min(highest, max(1.0, steep if steep is not None else 1.0))
        return Cost(base, (float(seconds[-1]) - base) / float(x[-1]) ** exponent, exponent)
    return Cost(base, each)


def bound_cost(x: Floats, seconds: Floats, highest: float = 2.0) -> Cost:
    """A cost that is hardly exceeded: all that was measured at the largest size grows, at least as fast as the size.

    Args:
        x: units at each size, ascending, float64 [runs].
        seconds: measured, float64 [runs].
        highest: most exponent.
    """
    if len(x) == 0 or x[-1] <= 0:
        return Cost(float(seconds[-1]) if len(seconds) else 0.0, 0.0)
    steep = slope(x, seconds)
    exponent = min(highest, max(1.0, steep if steep is not None else 1.0))
    return Cost(0.0, float(seconds[-1]) / float(x[-1]) ** exponent, exponent)
