"""How good frozen features are: nearest neighbours and a linear probe, on classes held out of mining."""

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import average_precision_score

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

NEIGHBOURS = 20


def nearest(fit: Floats, known: Flags, asked: Floats) -> Floats:
    """Scores of classes by the 20 nearest images, weighed by cosine: float32 [asked, classes].

    Args:
        fit: features of images whose classes are known, [fit, d].
        known: their classes, [fit, classes].
        asked: features of the others, [asked, d].
    """
    one, other = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9) for x in (fit, asked))
    cosines = other @ one.T
    places = np.argpartition(-cosines, min(NEIGHBOURS, cosines.shape[1] - 1), axis=1)[:, :NEIGHBOURS]
    weights = np.take_along_axis(cosines, places, axis=1)
    found: Floats = np.einsum("ik,ikc->ic", weights, known[places].astype(np.float32))
    return found


def linear(fit: Floats, known: Flags, asked: Floats, rounds: int = 60) -> Floats:
    """Scores of classes by a logistic regression a class, on standardized features: float32 [asked, classes].

    All regressions are fitted at once by L-BFGS with a ridge of 1e-3.
    """
    mean, scale = fit.mean(axis=0), fit.std(axis=0) + 1e-6
    x, y = torch.from_numpy((fit - mean) / scale), torch.from_numpy(known.astype(np.float32))
    weight = torch.zeros(x.shape[1], y.shape[1], requires_grad=True)
    bias = torch.zeros(y.shape[1], requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=rounds, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        wrong = torch.nn.functional.binary_cross_entropy_with_logits(x @ weight + bias, y)
        found = wrong + 1e-3 * weight.square().sum() / y.shape[1]
        found.backward()  # type: ignore[no-untyped-call]
        return found

    solver.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        return (torch.from_numpy((asked - mean) / scale) @ weight + bias).numpy()


def mean_average_precision(scores: Floats, true: Flags, bands: npt.NDArray[np.str_]) -> dict[str, float]:
    """Average precision of each class, averaged over classes of a band and over all of them.

    Args:
        scores: [images, classes].
        true: [images, classes]; every class has an image.
        bands: head, torso or tail of each class; a band without classes has the mean nan.
    """
    each = np.array([average_precision_score(true[:, k], scores[:, k]) for k in range(true.shape[1])])
    of_band = {band: each[bands == band] for band in ("head", "torso", "tail")}
    by_band = {band: float(found.mean()) if len(found) else float("nan") for band, found in of_band.items()}
    return {"all": float(each.mean()), **by_band}
