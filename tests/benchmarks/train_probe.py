"""Does a manifest train, and what do clustering and balance buy? Small models, real pictures, frozen features.

    python tests/benchmarks/train_probe.py build/probe [--openclipart /usr/share/openclipart]

Boards (folders) of the corpora `icons` and `openclipart` are held out of mining, and are the classes that features are
judged by. It is the signal that is held out, not the word: many boards are named like a label that comes of tags or
titles, and how many is printed. Three manifests: (a) raw phrases, (b) clustered labels, (c) these, kept and repeated
under a plan whose epoch shows as many images as it has. For each a small vision Transformer and a small CNN are trained
from scratch through the product's reader, on the split train, for the same number of steps of the same size; so all
arms see as many images. Then features are frozen: 20 nearest neighbours and a linear probe are fitted on one half of
the validation images, and judged on the other, by average precision of each board (an image may have several), averaged
over boards, in all and by band. (Fitted on images that it has seen, a probe trusts what the network remembers of them.)
Validation images that look like one of training, or like each other, are left out: the corpora file one drawing under
several names. Beside them, networks that were not trained, but for the statistics of their batch normalization. A seed
decides weights, order and halves; means over seeds, smallest to largest in brackets.

Needs beside the product: resvg-py (`make bench-train` installs it), and for the second corpus the Debian packages
openclipart-svg and openclipart-png. Uses a GPU where there is one.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt
import torch
from probe_data import apart, balance, boards_of, draw_pictures, hold_out_boards, mine, read_corpora
from probe_judge import linear, mean_average_precision, nearest
from probe_models import MODELS, jitter, soft_cross_entropy
from torch import nn

from pipeline.manifest.balance.caps import bands
from pipeline.manifest.reader import ManifestReader, targets
from pipeline.runtime.errors import InputError

_BATCH = 32
_RATE, _WARM, _DECAY = 1e-3, 0.1, 0.05
_DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
_SETTLING = 50  # batches for the statistics of a network that is not trained
# Manifest, and how it is sampled.
ARMS = {
    "raw phrases": ("none", "all"),
    "clustered": ("anchored", "all"),
    "clustered, balanced": ("anchored.balanced", "both"),
}

Pictures = npt.NDArray[np.uint8]


def say(text: str, stream: TextIO = sys.stdout) -> None:
    """One line, at once."""
    stream.write(f"{text}\n")
    stream.flush()


def as_tensor(pictures: Pictures) -> torch.Tensor:
    """Ink, float32 [n, 3, 64, 64]: 0 where the paper is white, or all patches would look alike to a network."""
    return 1 - torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


def batches(
    tree: Path, sampling: str, place: dict[str, int], seed: int, steps: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
    """Places of pictures and their targets, epoch after epoch; a last batch that is smaller is left out.

    Raises:
        InputError: an epoch has no full batch.
    """
    labels = len(names_of(tree))
    reader = ManifestReader(str(tree), sampling=sampling, columns=["image_id", "label_ids"], seed=seed)
    done = epoch = 0
    while done < steps:
        reader.set_epoch(epoch)
        for batch in reader.batches(_BATCH):
            known = np.array([image in place for image in batch["image_id"].to_pylist()])
            if done == steps:
                return
            if batch.num_rows < _BATCH or not known.any():
                continue
            rows = batch.filter(known)
            yield np.array([place[image] for image in rows["image_id"].to_pylist()]), targets(rows["label_ids"], labels)
            done += 1
        if not done:
            raise InputError(f"{tree}: fewer than {_BATCH} images to train on.")
        epoch += 1


def train(
    model: nn.Module, tree: Path, sampling: str, pictures: Pictures, place: dict[str, int], seed: int, steps: int
) -> float:
    """Train a model in place; gives its mean loss over the last tenth of the steps."""
    draw = torch.Generator().manual_seed(seed)
    head, losses = None, []
    for rows, wanted in batches(tree, sampling, place, seed, steps):
        if head is None:
            head = nn.Linear(int(model.width), wanted.shape[1]).to(_DEVICE)  # type: ignore[arg-type]
            solver = torch.optim.AdamW([*model.parameters(), *head.parameters()], lr=_RATE, weight_decay=_DECAY)
            rate = torch.optim.lr_scheduler.OneCycleLR(solver, _RATE, total_steps=steps, pct_start=_WARM)
            model.train()
        seen = jitter(as_tensor(pictures[rows]), draw).to(_DEVICE)
        loss = soft_cross_entropy(head(model(seen)), torch.from_numpy(wanted).to(_DEVICE))
        solver.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        solver.step()
        rate.step()
        losses.append(loss.item())
    return float(np.mean(losses[-max(1, steps // 10) :]))


@torch.no_grad()
def settle(model: nn.Module, tree: Path, pictures: Pictures, place: dict[str, int], seed: int) -> None:
    """Let batch normalization see some training images, as it would have in training; no weight changes."""
    model.train()
    for rows, _ in batches(tree, "all", place, seed, _SETTLING):
        model(as_tensor(pictures[rows]).to(_DEVICE))


@torch.no_grad()
def features(model: nn.Module, pictures: Pictures) -> npt.NDArray[np.float32]:
    """float32 [n, width]."""
    model.eval()
    parts = [model(as_tensor(pictures[at : at + 512]).to(_DEVICE)).cpu() for at in range(0, len(pictures), 512)]
    return torch.cat(parts).numpy()


def images_of(tree: Path, split: str) -> set[str]:
    """Image ids of one split."""
    return {row["image_id"] for row in ManifestReader(str(tree), split=split, sampling="all", columns=["image_id"])}


def names_of(tree: Path) -> list[str]:
    """Names of the labels, label_id = place."""
    return (tree / "class_map.txt").read_text(encoding="utf-8").split("\n")[:-1]


def render(scores: dict[tuple[str, str, str], list[dict[str, float]]]) -> str:
    """Markdown: one row an arm, model and judge."""
    lines = ["| model | judge | trained on | all boards | head | torso | tail |", "|---|---|---|---|---|---|---|"]
    for (model, judge, arm), found in scores.items():
        cells = [np.array([item[band] for item in found]) for band in ("all", "head", "torso", "tail")]
        texts = [f"{c.mean():.3f} ({c.min():.3f}-{c.max():.3f})" for c in cells]
        lines.append(f"| {model} | {judge} | {arm} | {' | '.join(texts)} |")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Mine, draw, train, judge; prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for runs and pictures, which are kept")
    parser.add_argument("--openclipart", type=Path, help="folder of svg and png, in place of /usr/share/openclipart")
    parser.add_argument("--steps", type=int, default=1000, help="of each training (default: 1,000 of 32 images)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, help="all figures as JSON")
    parsed = parser.parse_args(argv)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_num_threads(2)  # sums depend on it
    started = time.monotonic()
    try:
        signals, images = read_corpora(parsed.openclipart)
        hold_out_boards(parsed.folder, signals, images)
    except InputError as error:
        say(str(error), sys.stderr)
        return 2
    pictures, place = draw_pictures(parsed.folder, images)
    trees = {method: mine(parsed.folder, method) for method in ("none", "anchored")}
    trees["anchored.balanced"] = balance(parsed.folder, "anchored")
    seen = set[str]().union(*(images_of(tree, "train") for tree in trees.values())) & set(place)
    held = sorted(set.intersection(*(images_of(tree, "validation") for tree in trees.values())) & set(place) - seen)
    unseen = apart(held, sorted(seen), pictures, place)
    names, boards = boards_of(signals, unseen)
    of_names = bands(boards.sum(axis=0), 0.5, 0.1)
    say(
        f"{len(pictures):,} pictures; judged by {len(names)} boards on {len(unseen):,} of {len(held):,} held-out images"
    )
    runs: list[dict[str, Any]] = []
    for arm, (method, sampling) in ARMS.items():
        reader, labels = ManifestReader(str(trees[method]), sampling=sampling), names_of(trees[method])
        same = len(set(names) & {name.casefold() for name in labels})
        figures = {"images": reader.num_rows, "showings": round(reader.expected_rows(), 1), "labels": len(labels)}
        runs.append({"arm": arm, **figures, "boards_named_like_a_label": same})
        say(
            f"{arm}: {figures['images']:,} images, {figures['showings']:,.0f} showings an epoch, "
            f"{len(labels):,} labels, {same} boards named like one"
        )
    shown = pictures[[place[image] for image in unseen]]
    scores: dict[tuple[str, str, str], list[dict[str, float]]] = {
        (model, judge, arm): []
        for model in MODELS
        for judge in ("20 neighbours", "linear probe")
        for arm in ("nothing", *ARMS)
    }
    record: list[dict[str, Any]] = []
    for seed in parsed.seeds:
        for name, made in MODELS.items():
            for arm, (method, sampling) in {"nothing": ("", ""), **ARMS}.items():
                torch.manual_seed(seed)
                model, start = made().to(_DEVICE), time.monotonic()
                loss = None
                if method:
                    loss = train(model, trees[method], sampling, pictures, place, seed, parsed.steps)
                else:
                    settle(model, trees["none"], pictures, place, seed)
                seconds = time.monotonic() - start
                found_in = features(model, shown)
                halves = np.array_split(np.random.default_rng(seed).permutation(len(unseen)), 2)
                fit, asked = (np.sort(half) for half in halves)
                there = boards[fit].any(axis=0) & boards[asked].any(axis=0)
                known, true = boards[fit][:, there], boards[asked][:, there]
                for judge, way in (("20 neighbours", nearest), ("linear probe", linear)):
                    found = mean_average_precision(way(found_in[fit], known, found_in[asked]), true, of_names[there])
                    scores[name, judge, arm].append(found)
                    of = {"model": name, "judge": judge, "arm": arm, "seed": seed, "seconds": round(seconds, 1)}
                    record.append({**of, "loss": loss, **found})
                say(f"seed {seed}, {name}, {arm}: {seconds:.0f} s, loss {loss}", sys.stderr)
    say(render(scores))
    say(f"{time.monotonic() - started:.0f} s on {_DEVICE}")
    if parsed.out:
        judged = {"judged_images": len(unseen), "boards": len(names), "steps": parsed.steps}
        parsed.out.write_text(json.dumps({**judged, "arms": runs, "scores": record}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
