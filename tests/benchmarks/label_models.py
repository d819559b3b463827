"""Combines votes of unequal voters by the product's reliabilities and by Snorkel, where the truth is known.

    python tests/benchmarks/label_models.py compare --peer-python build/snorkel/bin/python
    python tests/benchmarks/label_models.py compare --ways majority ours --classes 2 10
    python tests/benchmarks/label_models.py draw 10 zipf build/votes
    python tests/benchmarks/label_models.py run ours build/votes

Snorkel needs an environment of its own, so that the product's stays as it is:

    python -m venv build/snorkel
    build/snorkel/bin/pip install snorkel

20,000 items with one true class, 5 to 10 voters, each silent on 30 to 60 % of the items and right on 40 to 90 % of the
others; all drawn anew for each seed. Settings:

    even    classes equally frequent, and a wrong vote is any other class
    zipf    class k is as frequent as 1 / k, for truth and wrong votes
    copies  as even, and the second voter says what the first does wherever both speak

Ways; each is a process of its own, for all seeds of a setting, and sees the votes alone:

    majority          the class with most votes
    ours              reliabilities by band from agreement, with the product's default settings, and its rule: doubts
                      multiply, the class with the least doubt wins
    ours-log-odds     reliabilities as fitted (weight 1), each vote weighs log p / (1 - p) - log b / (1 - b), b being
                      the share of its class by chance agreement, and a class starts at log b
    oracle            is told each voter's accuracy; the best that independent voters allow with classes equally
                      frequent
    snorkel-majority  MajorityLabelVoter
    snorkel           LabelModel, 500 epochs as in its tutorials, else by default: classes equally frequent
    snorkel-balance   the same, told each class's share of all votes

Ties fall by a seeded draw. Items without a vote are left out. `confidence` of ours is the product's: of one label, as
if an image could have several. Calibration error has 15 bins of equal width; log loss is that of the confidence in the
class said. Seconds are of fit and prediction of one seed, without imports; peak memory is of the whole process. In the
product Spark counts the votes; here numpy does.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ITEMS, BINS = 20_000, 15
KINDS = ("even", "zipf", "copies")


class Drawn(NamedTuple):
    """Votes int64 [items, voters], -1 = silent; truth int64 [items]; accuracies float64 [voters]; number of classes."""

    votes: np.ndarray
    truth: np.ndarray
    accuracy: np.ndarray
    classes: int
    seed: int


def draw(classes: int, kind: str, seed: int) -> Drawn:
    """Items and votes of one setting."""
    chance = np.random.default_rng([classes, KINDS.index(kind), seed])
    voters = int(chance.integers(5, 11))
    accuracy, silence = chance.uniform(0.4, 0.9, voters), chance.uniform(0.3, 0.6, voters)
    share = 1 / np.arange(1, classes + 1) if kind == "zipf" else np.ones(classes)
    truth = chance.choice(classes, ITEMS, p=share / share.sum())
    wrong = (truth[:, None] + chance.integers(1, classes, (ITEMS, voters))) % classes
    if kind == "zipf":
        frequent = chance.choice(classes, wrong.shape, p=share / share.sum())
        wrong = np.where(frequent == truth[:, None], wrong, frequent)
    votes = np.where(chance.random(wrong.shape) < accuracy, truth[:, None], wrong)
    votes[chance.random(wrong.shape) < silence] = -1
    if kind == "copies":
        both = (votes[:, 0] >= 0) & (votes[:, 1] >= 0)
        votes[both, 1] = votes[both, 0]
    spoken = (votes >= 0).any(axis=1)
    right = (votes == truth[:, None]).sum(axis=0) / np.maximum((votes >= 0).sum(axis=0), 1)
    return Drawn(votes[spoken], truth[spoken], right, classes, seed)


def by_majority(drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """Class with most votes, and its share of them."""
    said, most, _ = _strongest(drawn, np.ones(drawn.votes.shape))
    return said, most / (drawn.votes >= 0).sum(axis=1)


def by_ours(drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """The product's settings and rule."""
    from pipeline.runtime.config import AssignConfig

    trust, _ = _reliabilities(drawn, AssignConfig().agreement_weight)
    said, certainty, _ = _strongest(drawn, -np.log1p(-trust))
    return said, -np.expm1(-certainty)


def by_log_odds(drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """The product's reliabilities as fitted; a vote weighs what it changes of its class's odds."""
    trust, base = _reliabilities(drawn, 1.0)
    odds = np.log(trust / (1 - trust)) - np.log(base / (1 - base))
    return _posterior(drawn, odds, np.log(base))


def by_oracle(drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """Bayes' rule for voters of known accuracy."""
    odds = drawn.accuracy / (1 - drawn.accuracy) * (drawn.classes - 1)
    even = np.full(drawn.votes.shape, -np.log(drawn.classes))
    return _posterior(drawn, np.broadcast_to(np.log(odds), drawn.votes.shape), even)


def by_snorkel_majority(drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """MajorityLabelVoter."""
    from snorkel.labeling.model import MajorityLabelVoter

    voter = MajorityLabelVoter(cardinality=drawn.classes)
    said, beliefs = voter.predict(drawn.votes, return_probs=True, tie_break_policy="random")
    return said, beliefs.max(axis=1)


def by_snorkel(drawn: Drawn, balance: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """LabelModel; it takes classes to be equally frequent if it is not told better."""
    from snorkel.labeling.model import LabelModel

    model = LabelModel(cardinality=drawn.classes, verbose=False)
    model.fit(drawn.votes, class_balance=balance, n_epochs=500, seed=drawn.seed, progress_bar=False)
    said, beliefs = model.predict(drawn.votes, return_probs=True, tie_break_policy="random")
    return said, beliefs.max(axis=1)


def by_snorkel_with_balance(drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """LabelModel, told how the votes are shared between the classes; a class without votes counts as one vote."""
    counts = np.maximum(np.bincount(drawn.votes[drawn.votes >= 0], minlength=drawn.classes), 1)
    return by_snorkel(drawn, counts / counts.sum())


WAYS: dict[str, Callable[[Drawn], tuple[np.ndarray, np.ndarray]]] = {
    "majority": by_majority,
    "ours": by_ours,
    "ours-log-odds": by_log_odds,
    "oracle": by_oracle,
    "snorkel-majority": by_snorkel_majority,
    "snorkel": by_snorkel,
    "snorkel-balance": by_snorkel_with_balance,
}


def run(way: str, folder: Path, max_memory_gb: float) -> int:
    """Combine the votes of each seed by one way; says its measures a line each, in JSON."""
    most = int(max_memory_gb * (1 << 30))
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    if way.startswith("snorkel"):
        import snorkel.labeling.model  # noqa: F401  # its import takes longer than its work
    else:
        import pipeline.labeling.reliability  # noqa: F401
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            drawn = Drawn(*(file[name] for name in Drawn._fields[:3]), int(file["classes"]), int(file["seed"]))
        start = time.perf_counter()
        said, confidence = WAYS[way](drawn)
        seconds = time.perf_counter() - start
        sys.stdout.write(json.dumps({"seconds": seconds, **measures(said == drawn.truth, confidence)}) + "\n")
        sys.stdout.flush()
    return 0


def measures(right: np.ndarray, confidence: np.ndarray) -> dict[str, float]:
    """Accuracy, expected calibration error and log loss."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(place, right - confidence, minlength=BINS)
    certain = np.clip(confidence, 1e-6, 1 - 1e-6)
    loss = -np.where(right, np.log(certain), np.log(1 - certain)).mean()
    return {
        "accuracy": float(right.mean()),
        "calibration": float(np.abs(gaps).sum() / len(right)),
        "loss": float(loss),
    }


def compare(arguments: argparse.Namespace) -> int:
    """Every way on every setting, as one table; 1 where ours does worse than the majority."""
    from watch import watch

    header = (
        "classes | setting | way | accuracy | over majority | least | calibration error | log loss | seconds | peak MB"
    )
    sys.stdout.write(f"| {header} |\n|{'---|' * len(header.split('|'))}\n")
    worse, failures = [], []
    for classes, kind in ((classes, kind) for classes in arguments.classes for kind in arguments.kinds):
        with tempfile.TemporaryDirectory() as folder:
            write_votes(classes, kind, Path(folder), arguments.seeds)
            majority: list[float] = []
            for way in arguments.ways:
                python = arguments.peer_python if way.startswith("snorkel") else sys.executable
                command = [python, __file__, "run", way, folder, "--max-memory-gb", str(arguments.max_memory_gb)]
                seen = watch(command, arguments.limit)
                rows = [json.loads(line) for line in seen.output.splitlines() if line.startswith("{")]
                if seen.code and not seen.stopped:
                    failures.append(f"{way}, {classes} {kind}: exit code {seen.code}\n{seen.output[-600:]}")
                found = [row["accuracy"] for row in rows]
                majority = majority or found
                end = "stopped" if seen.stopped else "failed" if seen.code else ""
                sys.stdout.write(line(f"{classes:,} | {kind} | {way}", rows, majority, seen.peak_mb, end))
                sys.stdout.flush()
                if way == "ours" and np.mean(found) < np.mean(majority):
                    worse.append(f"ours is worse than the majority: {classes} {kind}")
    sys.stdout.write("\n".join([*worse, *failures]) + "\n")
    return 1 if worse else 0


def line(name: str, rows: list[dict[str, Any]], majority: list[float], peak_mb: int, end: str) -> str:
    """One row of the table."""
    if not rows:
        return f"| {name} | {end or 'nothing'} | | | | | | {peak_mb:,} |\n"
    found = np.array([row["accuracy"] for row in rows])
    gain = found - majority[: len(found)]
    calibration, loss, seconds = (np.mean([row[key] for row in rows]) for key in ("calibration", "loss", "seconds"))
    accuracy = f"{found.mean():.4f} ± {found.std():.4f}" + (f" ({len(rows)} seeds, {end})" if end else "")
    return (
        f"| {name} | {accuracy} | {gain.mean():+.4f} | {gain.min():+.4f} | {calibration:.3f} | {loss:.3f} "
        f"| {seconds:.2f} | {peak_mb:,} |\n"
    )


def write_votes(classes: int, kind: str, folder: Path, seeds: int) -> None:
    """One file a seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(seeds):
        np.savez(folder / f"{seed:03}.npz", **draw(classes, kind, seed)._asdict())


def _reliabilities(drawn: Drawn, weight: float) -> tuple[np.ndarray, np.ndarray]:
    """Of each vote: how far its voter is trusted with labels of this band, and its agreement by chance."""
    from pipeline.labeling.reliability import BandVotes, estimate_bands, expected_agreement
    from pipeline.manifest.balance.caps import bands
    from pipeline.runtime.config import AssignConfig, PublishConfig

    votes, voters = drawn.votes, drawn.votes.shape[1]
    assign, publish = AssignConfig(), PublishConfig()
    item, voter = np.nonzero(votes >= 0)
    label = votes[item, voter]
    names = bands(np.bincount(label, minlength=drawn.classes), publish.head_share, publish.tail_band_share)
    band = np.searchsorted(["head", "tail", "torso"], names)
    bits = 1 << np.arange(voters)
    image_bits = (votes >= 0) @ bits
    label_bits = np.stack([(votes == votes[:, [one]]) @ bits for one in range(voters)], axis=1)[item, voter]
    first = label_bits & (bits[voter] - 1) == 0
    table = np.column_stack([band[label], image_bits[item], label_bits])[first]
    keys, pairs = np.unique(table, axis=0, return_counts=True)
    pair, images = np.unique(label * voters + voter, return_counts=True)
    by_label, by_voter = pair // voters, pair % voters
    said = (votes >= 0).sum(axis=0)
    expected = expected_agreement(by_label, by_voter, images, said, band[by_label], 3)
    trust = estimate_bands(
        BandVotes(*keys.T, pairs),
        expected,
        best=assign.best_reliability,
        weight=weight,
        prior=assign.prior_reliability,
        strength=assign.prior_strength,
        band_strength=assign.band_strength,
    )
    others = ~np.eye(voters, dtype=bool)
    base = np.array([[row[one][others[one]].mean() for one in range(voters)] for row in expected])
    of_vote = band[np.maximum(votes, 0)]
    return trust[of_vote, np.arange(voters)], np.clip(base, 1e-6, 0.99)[of_vote, np.arange(voters)]


def _strongest(drawn: Drawn, weights: np.ndarray, start: float | np.ndarray = 0.0) -> tuple[np.ndarray, ...]:
    """The class with most weight, its weight, and weights of all that a voter said [items, voters], each class once."""
    votes = drawn.votes
    sums = np.stack([((votes == votes[:, [one]]) * weights).sum(axis=1) for one in range(votes.shape[1])], axis=1)
    earlier = np.stack([(votes[:, :one] == votes[:, [one]]).any(axis=1) for one in range(votes.shape[1])], axis=1)
    sums = np.where((votes < 0) | earlier, -np.inf, sums + start)
    ties = np.random.default_rng(drawn.seed).random(sums.shape)
    near = sums > sums.max(axis=1, keepdims=True) - 1e-9
    place = np.argmax(np.where(near, ties, -1.0), axis=1)
    row = np.arange(len(votes))
    return votes[row, place], sums[row, place], sums


def _posterior(drawn: Drawn, weights: np.ndarray, prior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most probable class and its probability, from log odds and log prior, the latter by class said."""
    said, most, sums = _strongest(drawn, weights, prior)
    unsaid = 1 - np.where(np.isfinite(sums), np.exp(prior), 0).sum(axis=1)
    return said, np.exp(most) / (np.exp(sums).sum(axis=1) + np.clip(unsaid, 1e-9, 1))


def main(argv: Sequence[str] | None = None) -> int:
    """Draw votes, combine them by one way, or compare several."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    votes = commands.add_parser("draw", help="write the votes of a setting")
    votes.add_argument("classes", type=int)
    votes.add_argument("kind", choices=KINDS)
    votes.add_argument("folder", type=Path)
    one = commands.add_parser("run", help="combine by one way")
    one.add_argument("way", choices=WAYS)
    one.add_argument("folder", type=Path, help="where `draw` wrote")
    several = commands.add_parser("compare", help="combine by several ways, each in a process of its own")
    several.add_argument(
        "--ways", nargs="+", choices=WAYS, default=list(WAYS), help="the first is what others are held to"
    )
    several.add_argument("--classes", nargs="+", type=int, default=[2, 10, 1000])
    several.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    several.add_argument("--peer-python", default=sys.executable, help="interpreter with Snorkel (default: this one)")
    several.add_argument("--limit", type=float, default=1200.0, help="seconds after which a process is stopped")
    for command in (votes, several):
        command.add_argument("--seeds", type=int, default=5)
    for command in (one, several):
        command.add_argument("--max-memory-gb", type=float, default=10.0, help="more memory of its own is refused")
    arguments = parser.parse_args(argv)
    if arguments.command == "draw":
        write_votes(arguments.classes, arguments.kind, arguments.folder, arguments.seeds)
        return 0
    if arguments.command == "run":
        return run(arguments.way, arguments.folder, arguments.max_memory_gb)
    return compare(arguments)


if __name__ == "__main__":
    sys.exit(main())
