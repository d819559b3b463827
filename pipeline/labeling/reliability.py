"""How far each kind of signal can be trusted, learnt from where independent signals agree; no trusted labels needed.

Where signals s and t both say something of an image, a label that s gives is confirmed by t at some rate A. By chance
alone it would be E: the share of images that t gives this label, averaged over the labels that s gives. The corrected
rate (A - E) / (1 - E), Cohen's kappa, is p(s) * c(t) where the two err independently: p is the precision of s and c
the completeness of t, both corrected for chance in the same way. With K equally frequent classes and one label an image
it is the known (K A - 1) / (K - 1) of the one-coin model of Dawid and Skene.

Over all ordered pairs of signals this is a table of rank one. Its logarithm is fitted by a robust regression, which
fixes the p up to one common factor; the most reliable signal is put at `best`. Signals that complement each other agree
little and are no worse for it: tags often leave out what the title says. So agreement counts with a `weight` only.
With b for the labels' own base rate (E, averaged over the other signals), reliability = b + (best - b) * (p / largest
p)^weight: with many labels b is near 0, with two classes a signal that agrees by chance only has 1/2.

Labels come in bands (head, torso, tail), since a signal may know common labels well and rare ones badly. A band is
fitted as a deviation from all bands together. A level of agreement that differs can be due to p or c; each takes half.

The counts by (band, signals of the image, signals of the label) and those of each label by signal are all that is
needed: both fit in memory, however many images there are.

Sources: A. P. Dawid, A. M. Skene, Maximum likelihood estimation of observer error-rates, 1979. J. Cohen, A coefficient
of agreement for nominal scales, 1960. Rank one: A. Ratner et al., Training complex models with multi-task weak
supervision, 2019.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

LEAST = 1e-6  # a reliability is never 0: what a signal says is some evidence
ROUNDS = 100  # of reweighting; most fits have settled by 40
MISFIT = 0.05  # of log agreement, beside its standard error; what is further off counts by distance, not its square
COPIED = 0.3  # weight of more agreement than the others explain: signals that copy each other agree for no merit


class BandVotes(NamedTuple):
    """How many image-label pairs each set of signals gives; one row for each combination, in any order.

    Attributes:
        band: band of the label, from 0, int64 [k].
        image_bits: which signals gave any label, of any band, to the image, one bit each, int64 [k].
        label_bits: which of them gave this label, int64 [k].
        pairs: image-label pairs with these bits, int64 [k].
    """

    band: Counts
    image_bits: Counts
    label_bits: Counts
    pairs: Counts


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


def expected_agreement(label: Counts, signal: Counts, images: Counts, said: Counts, band: Counts, bands: int) -> Floats:
    """Rate at which t would confirm a label of s by chance, float64 [bands, signals, signals].

    The labels that s gives where t speaks too are taken to be distributed as those that s gives anywhere, and so are
    those of t: the counts by label then serve every pair of signals. Where s and t meet on images of one kind only, the
    true rate is higher.

    Args:
        label: any number that names a label, int64 [k].
        signal: from 0, int64 [k].
        images: images that the signal gives the label, int64 [k]; rows of the same label and signal add up.
        said: images that each signal gives any label, int64 [signals].
        band: band of the row's label, from 0, int64 [k]; the same in all rows of a label.
        bands: number of bands.

    Returns:
        expected[b, s, t] = sum over the labels l of band b of share_s(l) * share_t(l), share_s(l) = part that l has of
        all that s gives in the band, share_t(l) = part of the images of t that t gives l. 0 where s gives nothing.
    """
    names, place = np.unique(label, return_inverse=True)
    given = np.zeros((len(names), len(said)))
    np.add.at(given, (place, signal), images)
    of_label = np.zeros(len(names), dtype=np.int64)
    of_label[place] = band
    share = np.minimum(given / np.maximum(said, 1), 1.0)
    expected = np.zeros((bands, len(said), len(said)))
    for one in range(bands):
        inside = of_label == one
        total = given[inside].sum(axis=0)
        expected[one] = (given[inside].T @ share[inside]) / np.maximum(total, 1.0)[:, None]
    return expected


def estimate(
    chances: Counts,
    confirmed: Counts,
    expected: Floats | None = None,
    *,
    best: float,
    weight: float,
    prior: float,
    strength: float,
) -> Floats:
    """Reliability of each signal over all labels, in (0, 1], float64 [signals].

    Args:
        chances: int64 [signals, signals], as `confirmations` gives them.
        confirmed: likewise.
        expected: rate of agreement by chance, float64 [signals, signals]; none where not given.
        best: reliability of the most reliable signal.
        weight: how far agreement is trusted, in [0, 1]; 0 = all signals alike, 1 = as fitted.
        prior: reliability of a signal that never meets another.
        strength: chances that the prior is worth.
    """
    by_chance = np.zeros(chances.shape) if expected is None else expected
    fitted = _fit(chances, confirmed, by_chance, np.zeros(chances.shape))[0]
    met = chances.sum(axis=1)
    highest = fitted[met > 0].max(initial=-np.inf)
    raw = _place(fitted - highest, _base_rate(chances, by_chance), best, weight)
    return _shrink(raw, met, np.full(len(met), prior), strength)


def estimate_bands(
    votes: BandVotes,
    expected: Floats,
    *,
    best: float,
    weight: float,
    prior: float,
    strength: float,
    band_strength: float,
) -> Floats:
    """Reliability of each signal for the labels of each band, in (0, 1], float64 [bands, signals].

    A band's value is drawn towards the signal's value over all bands, and that towards the prior. No band's value
    exceeds `best`, unless the prior does.

    Args:
        votes: counts of all bands; its numpy integers may be of any width.
        expected: rate of agreement by chance, float64 [bands, signals, signals], as `expected_agreement` gives it.
        best: reliability of the signal that is most reliable over all bands.
        weight: how far agreement is trusted, in [0, 1]; 0 = all signals alike, 1 = as fitted.
        prior: reliability of a signal that never meets another.
        strength: chances that the prior is worth.
        band_strength: chances that a signal's value over all bands is worth in each band.
    """
    bands, signals = expected.shape[:2]
    tables = []
    for one in range(bands):
        image_bits, label_bits, pairs = (column[votes.band == one] for column in votes[1:])
        tables.append(confirmations(image_bits, label_bits, pairs, signals))
    chances = np.array([seen for seen, _ in tables]).reshape(bands, signals, signals)
    confirmed = np.array([agreed for _, agreed in tables]).reshape(bands, signals, signals)
    seen = chances.sum(axis=0)
    by_chance = (chances * expected).sum(axis=0) / np.maximum(seen, 1)
    overall = estimate(seen, confirmed.sum(axis=0), by_chance, best=best, weight=weight, prior=prior, strength=strength)
    met = seen.sum(axis=1)
    precision, completeness = _fit(seen, confirmed.sum(axis=0), by_chance, np.zeros(seen.shape))
    relative = precision - precision[met > 0].max(initial=-np.inf)
    found = np.empty((bands, signals))
    for one in range(bands):
        deviation = _fit(chances[one], confirmed[one], expected[one], precision[:, None] + completeness)[0]
        raw = _place(relative + deviation, _base_rate(chances[one], expected[one]), best, weight)
        found[one] = _shrink(raw, chances[one].sum(axis=1), overall, band_strength)
    return found


def _fit(chances: Counts, confirmed: Counts, expected: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Log p and log c of each signal, beyond a known log p(s) + log c(t), float64 [signals] each; 0 where none meet.

    The excess over chance is taken as one standard error at least: less cannot be told from none, and has no logarithm.
    An equation counts by the inverse of its standard error, a count's being its root (Poisson). Huber's loss, by
    reweighting: two signals that copy each other then stand out, where squares would spread their excess over all.
    """
    signals = len(chances)
    rows, columns = np.nonzero(chances)
    if not len(rows):
        return np.zeros(signals), np.zeros(signals)
    seen = chances[rows, columns].astype(float)
    agreed = confirmed[rows, columns].astype(float)
    by_chance = np.minimum(expected[rows, columns], 1.0) * seen
    error = np.sqrt(agreed + 0.25)
    excess = np.maximum(agreed - by_chance, error)
    rate = np.minimum(excess / np.maximum(seen - by_chance, excess), 1.0)
    design = np.zeros((len(rows), 2 * signals))
    design[np.arange(len(rows)), rows] = 1.0
    design[np.arange(len(rows)), signals + columns] = 1.0
    target = np.log(rate) - known[rows, columns]
    certainty = excess / error
    near = MISFIT + error / excess
    solution, trust = np.zeros(2 * signals), np.ones(len(rows))
    for _ in range(ROUNDS):
        root = np.sqrt(certainty * trust)
        # The least norm among equal fits: with two signals only, each takes half of what cannot be told apart.
        solution, *_ = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)
        beyond = target - design @ solution
        # An exact fit is off by rounding alone, whose sign must decide nothing.
        trust = near / np.maximum(np.abs(beyond), near) * np.where(beyond > 1e-9, COPIED, 1.0)
    return solution[:signals], solution[signals:]


def _base_rate(chances: Counts, expected: Floats) -> Floats:
    """Rate at which what a signal says would be right by chance, float64 [signals]."""
    return np.asarray((chances * expected).sum(axis=1) / np.maximum(chances.sum(axis=1), 1))


def _place(relative: Floats, base: Floats, best: float, weight: float) -> Floats:
    """Reliabilities from log(p / largest p), at most `best`."""
    low = np.minimum(base, best)
    return np.asarray(low + (best - low) * np.exp(weight * np.minimum(relative, 0.0)))


def _shrink(raw: Floats, met: Counts, towards: Floats, strength: float) -> Floats:
    """Draw what few chances back to another value; that value itself where there are none."""
    total = met + strength
    mixed = np.where(met > 0, met * raw + strength * towards, towards) / np.where(met > 0, total, 1.0)
    return np.clip(mixed, LEAST, 1.0)
