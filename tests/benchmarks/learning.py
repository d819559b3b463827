"""How much a few trusted images teach: the learning curve on a finished run, beside a simple rule on the same splits.

    python tests/benchmarks/learning.py --run runs/RUN_ID --truth trusted.parquet [--sizes 200 1000 3000] [--seeds 3]

The images with truth are halved by each seed. From one half so many are trusted, the other half is judged, by the same
functions that the stage assign calls; the run itself stays as it is, and must have been made without trusted labels.
All names of the truth are known as names from the start.

The simple rule: a phrase implies a class where the class stands on at least 45 % of the trusted images that have the
phrase (two pseudo-counts, at least three images); what texts say of a class goes where under 15 % of at least five
trusted images agree.
"""

import argparse
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from pipeline.labeling.trusted import apply, features, lessons, model, teach
from pipeline.review import measures
from pipeline.review.ablation import overlaid, read_record, recorded_config
from pipeline.review.scoreboard import render_table
from pipeline.runtime import files
from pipeline.runtime.road import Run
from pipeline.runtime.session import start_session
from pipeline.stages import learning

Flags = npt.NDArray[np.bool_]
BANDS = ("all", "head", "torso", "tail")


class Corpus:
    """All images with truth of a run, described as the lesson describes them."""

    def __init__(self, run: Run, truth: str) -> None:
        rows = learning.read_trusted(run.spark, truth, run.read("images")).rows
        space = learning.read_space(run)
        vocabulary = run.read("vocabulary").count()
        language = run.config.normalize.default_language
        self.classes = lessons.find_classes(rows, learning.find_label(run), vocabulary, language)
        self.names = learning.encode_names(run, self.classes, space.vectors.shape[1])
        described = learning.describe_images(run, run.read("assignments"), space)
        images = learning.sample_images(described, rows, 50_000)
        near = features.near_names(space, self.names)
        self.images = apply.describe(images["phrases"], images["labels"], space, near, self.classes.spoken_by())
        ids = images["image_id"].to_pylist()
        self.true, _ = lessons.targets(rows, self.classes, ids, True)
        self.having = sparse.csr_matrix(self.images.words > 0).astype(np.float32)
        # Images without any phrase cannot be labelled; their pairs are missed.
        wanted = rows.filter(pc.field("image_id") != "")
        missed = wanted.filter(pc.invert(pc.is_in(wanted["image_id"], pa.array(ids))))
        self.missed, _ = lessons.targets(rows, self.classes, sorted(set(missed["image_id"].to_pylist())), True)


def simple_rule(corpus: Corpus, some: npt.NDArray[np.int64], judged: npt.NDArray[np.int64]) -> Flags:
    """What the simple rule says of the judged images, bool [judged, classes]."""
    phrases, true, said = corpus.having[some], corpus.true[some], corpus.images.said
    images = np.asarray(phrases.sum(axis=0)).ravel()
    share = np.asarray(phrases.T @ true) / (images + 2)[:, None]
    rules = sparse.csr_matrix(((share >= 0.45) & (images >= 3)[:, None]).astype(np.float32))
    implied = (corpus.having[judged] @ rules).toarray() > 0
    times, hits = said[some].sum(axis=0), (said[some] * true).sum(axis=0)
    veto = (times >= 5) & (hits < 0.15 * times)
    return np.asarray(implied | ((said[judged] > 0) & ~veto))


def learnt(corpus: Corpus, some: npt.NDArray[np.int64], judged: npt.NDArray[np.int64]) -> tuple[Flags, bool]:
    """What the product says after the lesson, and whether the lesson passed its examination."""
    true = corpus.true[some]
    taught = teach.teach(corpus.images[some], corpus.names, true, np.full(true.shape, True))
    if not taught.pays:
        return corpus.images.said[judged] > 0, False
    chance = model.probability(corpus.images[judged], taught.parts, corpus.names, taught.combiner)
    return chance >= taught.thresholds[taught.parts.level].astype(np.float32), True


def judge(corpus: Corpus, said: Flags, judged: npt.NDArray[np.int64], share: float) -> list[float]:
    """P, R and F1 over all pairs, then of head, torso and tail."""
    true = corpus.true[judged] > 0
    hits, count = (said & true).sum(axis=0), said.sum(axis=0)
    lost = np.round(corpus.missed.sum(axis=0) * share).astype(np.int64)
    found = measures.by_band(hits, count, true.sum(axis=0) + lost)
    return [value for band in BANDS for value in _trio(found[band].micro)]


def curve(corpus: Corpus, sizes: Sequence[int], seeds: int) -> Iterator[list[str]]:
    """Rows of the table."""
    total = len(corpus.true)
    for size in (0, *sizes):
        if size > total - total // 2:
            continue
        scores: dict[str, list[list[float]]] = {"simple rule": [], "learnt": []}
        passed, seconds = 0, 0.0
        for seed in range(seeds):
            order = np.random.default_rng(seed).permutation(total)
            judged, some = np.sort(order[: total // 2]), np.sort(order[total // 2 :][:size])
            if not size:
                scores["learnt"].append(judge(corpus, corpus.images.said[judged] > 0, judged, 0.5))
                continue
            scores["simple rule"].append(judge(corpus, simple_rule(corpus, some, judged), judged, 0.5))
            begin = time.perf_counter()
            said, pays = learnt(corpus, some, judged)
            seconds += time.perf_counter() - begin
            passed += pays
            scores["learnt"].append(judge(corpus, said, judged, 0.5))
        for way, found in scores.items():
            if found:
                mean, spread = np.mean(found, axis=0), np.std(found, axis=0)
                shown = [f"{value:.3f}" for value in mean]
                shown[2] += f" ±{spread[2]:.3f}"
                name = way if size else "texts alone"
                tail = [f"{passed} of {seeds}", f"{seconds / seeds:.1f}"] if size and way == "learnt" else ["", ""]
                yield [f"{size:,}", name, *shown, *tail]


def main() -> None:
    """Parse the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--truth", required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1_000, 3_000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scratch", default=f"{tempfile.gettempdir()}/{uuid.uuid4().hex[:12]}")
    parsed = parser.parse_args()
    folder = files.absolute(parsed.run)
    config = recorded_config(read_record(folder))
    spark = start_session(config.spark, "learning")
    try:
        with overlaid(spark, folder, parsed.scratch, config) as run:
            corpus = Corpus(run, parsed.truth)
    finally:
        spark.stop()
    columns = ["trusted", "way", *(f"{band} {score}" for band in BANDS for score in ("P", "R", "F1")), "passed", "s"]
    print(f"{len(corpus.true):,} images with truth, {len(corpus.classes.named)} classes")  # noqa: T201
    print(render_table(columns, list(curve(corpus, parsed.sizes, parsed.seeds))))  # noqa: T201


def _trio(scores: measures.Scores) -> tuple[float, float, float]:
    return scores.precision, scores.recall, scores.f1


if __name__ == "__main__":
    main()
