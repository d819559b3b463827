"""Clusters generated vectors by the product's methods and by others.

    python tests/benchmarks/clustering.py generate build/vectors --phrases 100000
    python tests/benchmarks/clustering.py compare build/vectors --peer-python build/peers/bin/python
    python tests/benchmarks/clustering.py compare build/vectors --engines anchored faiss --iterations 10

The peers need an environment of their own, so that the product's stays as it is:

    python -m venv build/peers
    build/peers/bin/pip install faiss-cpu scikit-learn umap-learn hdbscan

The vectors (float32, 384 dimensions) are a mixture of mixtures: concepts around topics, both of Zipf sizes, phrases
around concepts at distances that vary, as near each other as phrases of a sentence encoder are (the cosine to the
nearest neighbour has a median of about 0.75). Support is Zipf too; most phrases are rare. Engines, two threads each:

    anchored, kmeans, hierarchical, agglomerative, hdbscan   the product's methods, with fixed thresholds
    faiss        flat k-means of faiss, spherical, without subsampling
    minibatch    MiniBatchKMeans of scikit-learn
    bertopic     what BERTopic does to vectors: UMAP to 5 dimensions, then HDBSCAN of at least 10, with its defaults

`compare` prints seconds of the work without start and reading, those of all its threads together, memory of the whole
process, labels that have at least 10 images, the share of all phrases and of those with fewer than 10 images in such
labels, and the mean cosine of phrases to the centre of their label.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Groups = npt.NDArray[np.int64]
MIN_IMAGES, THREADS, DIMENSIONS = 10, 2, 384
OURS = ("anchored", "kmeans", "hierarchical", "agglomerative", "hdbscan")


def generate(folder: Path, phrases: int, seed: int = 0) -> None:
    """Write vectors.npy, float32 [n, 384], and support.npy, int64 [n], descending."""
    draw = np.random.default_rng(seed)
    topics, concepts = max(50, phrases // 2_000), max(100, phrases // 8)
    topic = _unit(draw.standard_normal((topics, DIMENSIONS), dtype=np.float32))
    concept = _near(draw, topic[draw.choice(topics, concepts, p=_zipf(topics, 0.8))], np.full(concepts, 0.9))
    of = draw.choice(concepts, phrases, p=_zipf(concepts, 0.7))
    spread = draw.uniform(0.3, 1.1, phrases)
    folder.mkdir(parents=True, exist_ok=True)
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (phrases, DIMENSIONS))
    for begin in range(0, phrases, 50_000):
        rows = slice(begin, begin + 50_000)
        vectors[rows] = _near(draw, concept[of[rows]], spread[rows])
    vectors.flush()
    support = np.sort(np.minimum(draw.zipf(1.7, phrases), 1_000_000))[::-1]
    np.save(folder / "support.npy", support.astype(np.int64))


def _near(draw: np.random.Generator, centres: Vectors, spread: npt.NDArray[np.float64]) -> Vectors:
    noise = draw.standard_normal(centres.shape, dtype=np.float32) / np.sqrt(np.float32(DIMENSIONS))
    return _unit(centres + spread[:, None].astype(np.float32) * noise)


def _unit(vectors: Vectors) -> Vectors:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _zipf(n: int, exponent: float) -> npt.NDArray[np.float64]:
    weights = np.arange(1, n + 1) ** -exponent
    return weights / weights.sum()


def by_ours(method: str, vectors: Vectors, support: Groups, k: int, iterations: int) -> Groups:
    """The product's function, on units that carry image keys where they are rare."""
    from pipeline.runtime.config import ClusterConfig
    from pipeline.vocabulary.clustering.cluster import cluster
    from pipeline.vocabulary.clustering.units import Units
    from pipeline.vocabulary.encoding.matrix import Rows

    n = len(support)
    config = ClusterConfig(
        method=method,
        min_images=MIN_IMAGES,
        clusters=k,
        iterations=iterations,
        duplicate_similarity=0.92,
        attach_similarity=0.80,
        tail_similarity=0.75,
    )
    rare = np.searchsorted(-support, -50)
    ends = np.cumsum(support[rare:])
    keys = [None] * rare + np.split(np.random.default_rng(0).integers(0, 1 << 62, ends[-1]), ends[:-1])
    every, rows = np.ones(n, dtype=bool), Rows.of(vectors)
    units = Units(support, keys, rows, every, np.zeros(n, dtype=np.int64), ~every, contrast=lambda one, other: False)
    return cluster(units, config).leader


def by_faiss(vectors: Vectors, support: Groups, k: int, iterations: int) -> Groups:
    """Flat k-means as its documentation shows it, on all vectors."""
    import faiss

    faiss.omp_set_num_threads(THREADS)
    trainer = faiss.Kmeans(DIMENSIONS, k, niter=iterations, spherical=True, seed=0, max_points_per_centroid=10**9)
    trainer.train(vectors, weights=np.sqrt(support).astype(np.float32))
    return trainer.index.search(vectors, 1)[1][:, 0]


def by_minibatch(vectors: Vectors, support: Groups, k: int, iterations: int) -> Groups:
    """MiniBatchKMeans with batches of 4,096; k-means++ would take most of the time."""
    from sklearn.cluster import MiniBatchKMeans

    method = MiniBatchKMeans(k, init="random", n_init=1, batch_size=4_096, max_iter=iterations, random_state=0)
    return method.fit_predict(vectors, sample_weight=np.sqrt(support)).astype(np.int64)


def by_bertopic(vectors: Vectors, support: Groups, k: int, iterations: int) -> Groups:
    """UMAP and HDBSCAN with the settings that BERTopic has by default."""
    from hdbscan import HDBSCAN
    from umap import UMAP

    flat = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", low_memory=False, n_jobs=THREADS)
    return HDBSCAN(min_cluster_size=10, metric="euclidean").fit_predict(flat.fit_transform(vectors)).astype(np.int64)


PEERS: dict[str, Callable[[Vectors, Groups, int, int], Groups]] = {
    "faiss": by_faiss,
    "minibatch": by_minibatch,
    "bertopic": by_bertopic,
}


def judge(vectors: Vectors, support: Groups, group: Groups) -> dict[str, float]:
    """Labels with enough images, share of phrases in them, mean cosine of these to the centre of their label."""
    _, label = np.unique(group, return_inverse=True)
    images = np.bincount(label, support)
    kept = (group >= 0) & (images[label] >= MIN_IMAGES)
    if not kept.any():
        return {"labels": 0, "covered": 0.0, "rare": 0.0, "similarity": 0.0}
    _, label = np.unique(group[kept], return_inverse=True)
    order = np.argsort(label, kind="stable")
    starts = np.searchsorted(label[order], np.arange(label.max() + 1))
    inside = vectors[np.flatnonzero(kept)[order]]
    centres = _unit(np.add.reduceat(inside, starts, axis=0))
    cosine = np.einsum("nd,nd->n", inside, centres[label[order]])
    return {
        "labels": len(starts),
        "covered": round(float(kept.mean()), 3),
        "rare": round(float(kept[support < MIN_IMAGES].mean()), 3),
        "similarity": round(float(cosine.mean()), 3),
    }


def run(engine: str, folder: Path, k: int, iterations: int) -> int:
    """Cluster by one engine, here; says what came out as its last line, in JSON."""
    vectors, support = np.load(folder / "vectors.npy"), np.load(folder / "support.npy")
    start, busy = time.monotonic(), time.process_time()
    found = PEERS[engine] if engine in PEERS else lambda *given: by_ours(engine, *given)
    group = found(vectors, support, k, iterations)
    seconds = round(time.monotonic() - start, 1)
    np.save(folder / f"{engine}.npy", group)
    busy_seconds = round(time.process_time() - busy, 1)
    sys.stdout.write(json.dumps({"engine": engine, "seconds": seconds, "cpu": busy_seconds}) + "\n")
    return 0


def compare(folder: Path, engines: Sequence[str], peer_python: str, k: int, iterations: int, limit: float) -> int:
    """Run every engine as a process of its own, at most `limit` seconds each, and print a table."""
    from watch import watch

    vectors, support = np.load(folder / "vectors.npy", mmap_mode="r"), np.load(folder / "support.npy")
    k = k or len(support) // 50
    failed = 0
    sys.stdout.write(f"{len(support):,} phrases, k = {k:,}, {iterations} iterations\n\n")
    columns = ("engine", "seconds", "cpu s", "peak MB", "labels", "covered", "rare covered", "similarity")
    sys.stdout.write(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|\n")
    os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = str(THREADS)
    for engine in engines:
        python = sys.executable if engine in OURS else peer_python
        command = [python, __file__, "run", engine, str(folder), "--clusters", str(k), "--iterations", str(iterations)]
        seen = watch(command, limit)
        if seen.stopped:
            sys.stdout.write(f"| {engine} | stopped after {seen.seconds:.0f} | | {seen.peak_mb:,} | | | | |\n")
            sys.stdout.flush()
            continue
        if seen.code:
            failed = 1
            sys.stdout.write(f"| {engine} | failed: {seen.output.strip().splitlines()[-1:]} |\n")
            continue
        figures = judge(vectors, support, np.load(folder / f"{engine}.npy"))
        result = seen.result()
        values = (result["seconds"], result["cpu"], f"{seen.peak_mb:,}", *figures.values())
        sys.stdout.write(f"| {engine} | {' | '.join(str(value) for value in values)} |\n")
        sys.stdout.flush()
    return failed


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    made = verbs.add_parser("generate")
    made.add_argument("folder", type=Path)
    made.add_argument("--phrases", type=int, default=100_000)
    one = verbs.add_parser("run")
    one.add_argument("engine", choices=[*OURS, *PEERS])
    all_of_them = verbs.add_parser("compare")
    for each in (one, all_of_them):
        each.add_argument("folder", type=Path)
        each.add_argument("--clusters", type=int, default=0, help="of k-means; 0 = one for 50 phrases")
        each.add_argument("--iterations", type=int, default=10)
    all_of_them.add_argument("--engines", nargs="+", choices=[*OURS, *PEERS], default=[*OURS, *PEERS])
    all_of_them.add_argument("--peer-python", default=sys.executable)
    all_of_them.add_argument(
        "--limit", type=float, default=float("inf"), metavar="S", help="seconds an engine may take"
    )
    given = parser.parse_args(argv)
    if given.verb == "generate":
        generate(given.folder, given.phrases)
        return 0
    if given.verb == "run":
        return run(given.engine, given.folder, given.clusters, given.iterations)
    return compare(given.folder, given.engines, given.peer_python, given.clusters, given.iterations, given.limit)


if __name__ == "__main__":
    sys.exit(main())
