"""Whether the names of one picture in several languages become one label.

    python tests/benchmarks/languages_joined.py PATH --run RUN... [--languages CODE...]
    python tests/benchmarks/languages_joined.py PATH --encoders NAME... [--languages CODE...] [--images N...] [--hide]

PATH is a Parquet file as of `encoders.py`: titles and tags of the same pictures in many languages. Its distinct texts,
cleaned as a run cleans them, are the phrases; a phrase's support is its pictures. RUN is the folder of a finished run
over these pictures, whose labels are judged. Without one, the phrases are merged, encoded and clustered here as a run
does it, with each encoder and each number of images that a label needs, but without what else is said of the images.
Of the pictures with a title in each of the languages, the table says:

- whole: share of the pictures whose titles in all languages are in one label;
- pairs: share of the pairs of titles of one picture in two languages that are in one label (recall);
- right: share of the pairs of titles in two languages that share a label which are of one picture. Common images are
  evidence for a join, so that this is kinder than a reader: read some joins too (`merges.py --kind translation`);
- own: of a title and a phrase of another language in its label, the share in which that phrase is the title of one of
  its pictures in that language. Tags have the pictures in common with it as the title has, so that images alone do not
  make it right. A second right word, such as a synonym among the tags, counts as wrong: this is a lower bound;
- labels of several: share of the labels with phrases of more than one language.

With --hide, half of the pictures, drawn by a hash, count for the support of a phrase and are no evidence of what stands
together; they alone are judged. So it is told what a join on other pictures does to these.
"""

import argparse
import itertools
import sys
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from merges import read_table

from pipeline.runtime.config import ClusterConfig, NormalizeConfig
from pipeline.text.clean import Cleaner
from pipeline.vocabulary.encoding.encoders import load_encoder
from pipeline.vocabulary.labels import build_vocabulary
from pipeline.vocabulary.merging.phrases import Words, lemmas, rank_phrases

LANGUAGES = ("en", "de", "fr", "es", "ru", "ja")
_RARE = 50

Phrase = tuple[str, str]  # text and language


def read_phrases(path: str, languages: Sequence[str]) -> tuple[dict[Phrase, set[str]], dict[str, dict[str, Phrase]]]:
    """Pictures of each phrase, and the title of each picture by language."""
    kind = "signal" if "signal" in pq.read_schema(path).names else "signal_type"
    table = pq.read_table(path, columns=["image_id", "text", "language", kind]).to_pydict()
    rows = [row for row in zip(*table.values(), strict=True) if row[2] in languages and row[3] in ("title", "tag")]
    told = sorted({(text, language) for _, text, language, _ in rows})
    cleaned = Cleaner(NormalizeConfig()).clean([text for text, _ in told], [language for _, language in told])
    clean = {key: found.text for key, found in zip(told, cleaned, strict=True) if found.reason is None}
    pictures: dict[Phrase, set[str]] = defaultdict(set)
    titles: dict[str, dict[str, Phrase]] = defaultdict(dict)
    for picture, text, language, signal in rows:
        phrase = (clean.get((text, language), ""), language)
        if not phrase[0] or "|" in phrase[0] or phrase[0].count(" ") > 5:
            continue
        pictures[phrase].add(picture)
        if signal == "title":
            titles[picture][language] = phrase
    return pictures, titles


def is_hidden(picture: str) -> bool:
    """Whether a picture is of the half that is no evidence."""
    return zlib.crc32(f"hidden:{picture}".encode()) % 2 == 0


def image_keys(phrase: Phrase, pictures: set[str], hide: bool) -> list[int] | None:
    """Keys of the pictures of a rare phrase; a hidden picture has another key for each phrase."""
    if len(pictures) > _RARE:
        return None
    apart = f":{phrase[1]}:{phrase[0]}"
    return sorted(zlib.crc32((picture + apart * (hide and is_hidden(picture))).encode()) for picture in pictures)


def cluster_phrases(
    pictures: Mapping[Phrase, set[str]],
    name: str,
    store: str,
    languages: Sequence[str],
    needed: Sequence[int],
    hide: bool = False,
) -> dict[int, dict[Phrase, int]]:
    """Label of each phrase that has one, for each number of images that a label needs."""
    phrases = sorted(pictures)
    ids = np.arange(len(phrases), dtype=np.int64)
    keys = [image_keys(phrase, pictures[phrase], hide) for phrase in phrases]
    candidates = pa.table(
        {
            "phrase_id": ids,
            "phrase": [text for text, _ in phrases],
            "language": [language for _, language in phrases],
            "images": np.array([len(pictures[phrase]) for phrase in phrases], dtype=np.int64),
            "image_keys": pa.array(keys, pa.list_(pa.int64())),
            "pinned": np.zeros(len(phrases), dtype=bool),
            "synonym_of": pa.nulls(len(phrases), pa.int64()),
        }
    )
    texts = sorted({text for text, _ in phrases})
    vectors = load_encoder(name, "torch", store).encode(texts)
    place = {text: row for row, text in enumerate(texts)}
    rows = vectors[[place[text] for text, _ in phrases]]
    known = np.flatnonzero(rows.any(axis=1))
    embeddings = pa.table({"phrase_id": ids[known], "vector": list(rows[known])})
    found = {}
    for images in needed:
        ranked = rank_phrases(candidates, embeddings)
        _, members, _ = build_vocabulary(ranked, ClusterConfig(min_images=images), languages)
        labels = zip(members["phrase_id"].to_pylist(), members["label_id"].to_pylist(), strict=True)
        found[images] = {phrases[phrase]: label for phrase, label in labels}
    return found


def read_labels(run: Path) -> dict[Phrase, int]:
    """Label of each phrase of a run that has one."""
    language = {row["phrase_id"]: row["language"] for row in read_table(run, "candidates", ["phrase_id", "language"])}
    members = read_table(run, "members", ["phrase_id", "phrase", "label_id"])
    return {(str(row["phrase"]), str(language[row["phrase_id"]])): int(str(row["label_id"])) for row in members}


def own_titles(titles: Mapping[str, Mapping[str, Phrase]], label_of: Mapping[Phrase, int]) -> float:
    """Share of the words beside a title, in another language and its label, that are the title of one of its pictures.

    Words in other languages alone count in which these pictures have a title; inflections of a word are one.
    """
    told = {phrase for names in titles.values() for phrase in names.values()} | set(label_of)
    base = {phrase: lemmas(*phrase) for phrase in sorted(told, key=lambda phrase: phrase[1])}  # a dictionary at a time
    beside: dict[tuple[int, str], set[Words]] = defaultdict(set)
    for phrase, label in label_of.items():
        beside[label, phrase[1]].add(base[phrase])
    wanted: dict[tuple[Phrase, str], set[Words]] = defaultdict(set)
    for names in titles.values():
        for one, other in itertools.permutations(names.values(), 2):
            wanted[one, other[1]].add(base[other])
    seen = right = 0
    for (title, language), expected in wanted.items():
        found = beside.get((label_of.get(title, -1), language), set())
        seen += len(found)
        right += len(found & expected)
    return right / max(1, seen)


def judge(titles: Mapping[str, Mapping[str, Phrase]], label_of: Mapping[Phrase, int], languages: Sequence[str]) -> str:
    """The figures of one line."""
    whole = there = together = pairs = 0
    said: dict[int, dict[str, dict[Phrase, set[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    for picture, names in titles.items():
        if not all(language in names for language in languages):
            continue
        there += 1
        labels = [label_of.get(names[language], -1) for language in languages]
        whole += len(set(labels)) == 1 and labels[0] >= 0
        for one, other in itertools.combinations(labels, 2):
            pairs += 1
            together += one == other >= 0
        for language, label in zip(languages, labels, strict=True):
            if label >= 0:
                said[label][language][names[language]].add(picture)
    right = seen = 0
    for by_language in said.values():
        for first, second in itertools.combinations(by_language.values(), 2):
            for ours, theirs in itertools.product(first.values(), second.values()):
                seen += 1
                right += bool(ours & theirs)
    spoken: dict[int, set[str]] = defaultdict(set)
    for (_, language), label in label_of.items():
        spoken[label].add(language)
    several = sum(len(found) > 1 for found in spoken.values()) / max(1, len(spoken))
    shares = (whole / max(1, there), together / max(1, pairs), right / max(1, seen), own_titles(titles, label_of))
    return f"{there:,} | {' | '.join(f'{share:.3f}' for share in shares)} | {len(spoken):,} | {several:.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", metavar="PATH")
    parser.add_argument("--run", nargs="+", default=[], type=Path, metavar="RUN")
    parser.add_argument("--encoders", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--store", default="build/cache", metavar="DIR", help="of static models (default: %(default)s)")
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, metavar="CODE")
    parser.add_argument("--images", nargs="+", type=int, default=[1, 3], metavar="N")
    parser.add_argument("--hide", action="store_true", help="judge pictures that were no evidence; not for --run")
    arguments = parser.parse_args()
    if arguments.hide and arguments.run:
        parser.error("--hide: a finished run has seen all pictures. Give --encoders instead.")
    pictures, titles = read_phrases(arguments.path, arguments.languages)
    if arguments.hide:
        titles = {picture: names for picture, names in titles.items() if is_hidden(picture)}
    sys.stdout.write(f"{len(pictures):,} phrases in {', '.join(arguments.languages)}\n\n")
    head = "| labels of | min_images | pictures | whole | pairs | right | own | labels | labels of several |\n"
    sys.stdout.write(f"{head}|---|{'---:|' * 8}\n")
    for run in arguments.run:
        sys.stdout.write(f"| {run.name} | | {judge(titles, read_labels(run), arguments.languages)} |\n")
    for name in arguments.encoders:
        found = cluster_phrases(pictures, name, arguments.store, arguments.languages, arguments.images, arguments.hide)
        for images, label_of in found.items():
            sys.stdout.write(f"| {name} | {images} | {judge(titles, label_of, arguments.languages)} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
