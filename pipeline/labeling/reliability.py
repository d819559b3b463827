"""How far each kind of signal can be trusted, learnt from where independent signals agree; no trusted labels needed.

Where signals s and t both say something of an image, a label that s gives is confirmed by t at the rate p(s) * c(t): s
must be right, and t must happen to say it. Over all ordered pairs of signals this is a table of rank one, whose
logarithm is fitted by weighted least squares. It fixes the p up to one common factor; the most reliable signal is put
at `best`.

Signals that complement each other agree little and are no worse for it: tags often leave out what the title says. So
agreement counts with a `weight` only: best * (p / largest p)^weight.

The counts by (signals of the image, signals of the label) are all that is needed: one pass, and a table of at most
4^signals rows, however many images and labels there are.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def confirmations(image_bits: Counts, label_bits: Counts, counts: Counts, signals: int) -> tuple[Counts, Counts]:
    """Chances to be confirmed and confirmations, both int64 [signals, signals].

    Args:
        image_bits: which signals gave any label to the image, one bit each, int64 [k].
        label_bits: which of them gave this label, int64 [k].
        counts: image-label pairs with these bits, int64 [k].
        signals: number of signals.

    Returns:
        chances[s, t]: labels by s on images where t gave labels too; confirmed[s, t]: those that t gave too.
    """
    bits = np.arange(signals)
    present = (image_bits[:, None] >> bits & 1).astype(np.int64)
    votes = (label_bits[:, None] >> bits & 1).astype(np.int64)
    chances = (votes * counts[:, None]).T @ present
    confirmed = (votes * counts[:, None]).T @ votes
    np.fill_diagonal(chances, 0)
    np.fill_diagonal(confirmed, 0)
    return chances, confirmed


def estimate(
    chances: Counts, confirmed: Counts, *, best: float, weight: float, prior: float, strength: float
) -> Floats:
    """Reliability of each signal in (0, 1], float64 [signals].

    Args:
        chances: int64 [signals, signals], as `confirmations` gives them.
        confirmed: likewise.
        best: reliability of the most reliable signal.
        weight: how far agreement is trusted, in [0, 1]; 0 = all signals alike, 1 = as fitted.
        prior: reliability of a signal that never meets another.
        strength: chances that the prior is worth.
    """
    signals = len(chances)
    rows, columns = np.nonzero(chances)
    if not len(rows):
        return np.full(signals, prior)
    seen = chances[rows, columns].astype(float)
    rate = (confirmed[rows, columns] + 0.5) / (seen + 1.0)
    design = np.zeros((len(rows), 2 * signals))
    design[np.arange(len(rows)), rows] = 1.0
    design[np.arange(len(rows)), signals + columns] = 1.0
    certainty = np.sqrt(seen)
    # The least norm among equal fits: with two signals only, each takes half of what cannot be told apart.
    solution, *_ = np.linalg.lstsq(design * certainty[:, None], np.log(rate) * certainty, rcond=None)
    raw = np.exp(solution[:signals])
    met = chances.sum(axis=1)
    raw = np.where(met > 0, best * (raw / raw[met > 0].max()) ** weight, prior)
    return np.asarray((met * raw + strength * prior) / (met + strength))
