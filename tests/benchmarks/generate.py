"""Makes signals of any number, with the repetition of a visual-discovery site, as Parquet files.

    python tests/benchmarks/generate.py OUT --signals 10000000 --seed 0

Every value is a hash of (seed, what it is for, row or text or position): text 5 is the same in a table of ten rows and
of ten million, and memory is that of one file. Columns: image_id, signal, text, language, count, contributor.

Words, repeated texts, popular images and contributors follow one law (see `ranks`), that of words in natural languages:
Zipf's with an exponent of about 1, and 1.77 far out, so that the vocabulary grows without end, at last as N^0.56.

| signal | share | words | distinct of 1 M / 2 M / 10 M signals | in public data |
|---|---|---|---|---|
| title | .20 | 1-8, mean 3.5 | .79 / .77 / .72 | .88 icons, .93 web pictures, .38 clip art; mean 2.2-4.0 words |
| board | .25 | 1-4, mean 2.0 | .12 / .09 / .04 | .01-.05; 1.1-1.7 words |
| query | .25 | 1-6, mean 2.4 | .20 / .16 / .10 | .38 of 22,000 query-like rows; 1.2 words |
| description | .10 | 4-8, mean 6.3 | .93 / .92 / .91 | .51 clip art, .83 web pictures, .99 captions; 6.7-31 words |
| tag | .20 | 1-2, mean 1.2 | .08 / .06 / .03 | .08-.48; 1.0-1.3 words |
| all | 1 | mean 2.6 | .33 / .31 / .27 | |

Boards and queries repeat more than in the public data, since many people save and search the same things. An image has
eight texts on average (public: 7-8), the most popular ones a thousand times as many. One word in eight belongs to a
collocation, two or three words that are drawn together.

By default all texts are made-up words of one language, and none is dirty. Options add what real tables have beside:
real words of several languages, languages that are not stated, dirty rows, and a table of images with reposts. Their
shares, beside those of public data, are in `scale_mixture`.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from draws import VOCABULARY, Draw, Hashes, Ints, mix, ranks, spell
from scale_mixture import (
    Lexicon,
    Mixture,
    draw_languages,
    join_words,
    make_dirty,
    make_images,
    name_languages,
    read_lexicon,
)

FILE_ROWS = 500_000
_COLLOCATIONS = 1 << 20
_TEXTS_PER_IMAGE = 8
_SIGNALS_PER_CONTRIBUTOR = 20
_FREQUENT = 100  # most frequent words, which are in no collocation


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of text: its share of rows, weights of 1, 2, ... words, share written anew, law of the rest."""

    name: str
    share: float
    lengths: tuple[float, ...]
    fresh: float
    breadth: int
    first: int


KINDS = (
    Kind("title", 0.20, (0.10, 0.20, 0.24, 0.20, 0.12, 0.08, 0.04, 0.02), 0.85, 10_000, 5),
    Kind("board", 0.25, (0.40, 0.38, 0.15, 0.07), 0.0, 20_000, 3),
    Kind("query", 0.25, (0.25, 0.38, 0.22, 0.10, 0.04, 0.01), 0.08, 20_000, 10),
    Kind("description", 0.10, (0.0, 0.0, 0.0, 0.10, 0.20, 0.25, 0.20, 0.25), 0.9, 1_000, 5),
    Kind("tag", 0.20, (0.85, 0.15), 0.05, 20_000, 3),
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of the table, and what its summary needs.

    Attributes:
        table: the rows.
        kind: index of each row's kind, int64 [rows].
        words: ranks of all words, flat, int64 [words].
        offsets: where each text starts in `words`, int64 [rows + 1].
    """

    table: pa.Table
    kind: Ints
    words: Ints
    offsets: Ints


def make_batch(
    draw: Draw,
    start: int,
    rows: int,
    signals: int,
    vocabulary: pa.Array,
    mixture: Mixture | None = None,
    lexicon: Lexicon | None = None,
) -> Batch:
    """Rows start .. start + rows - 1 of a table of `signals` rows.

    Args:
        draw: of the table.
        start: first row.
        rows: how many.
        signals: rows of the table; decides how many images and people there are, and nothing else.
        vocabulary: spelling of made-up words by rank.
        mixture: shares of other languages and dirt; none by default.
        lexicon: real words, where the mixture has them.
    """
    mixture = mixture or Mixture()
    row = np.arange(start, start + rows, dtype=np.int64)
    kind = np.searchsorted(np.cumsum([k.share for k in KINDS])[:-1], draw.uniform("kind", row), side="right")
    key, length = _texts(draw, row, kind)
    offsets = np.concatenate([[0], np.cumsum(length)])
    words = _words(draw, key, length, offsets)
    # One save in five is of a popular image; the others are spread evenly.
    images = images_of(signals)
    popular = ranks(draw.uniform("popular", row), images, 1_000, 10)
    even = (draw.uniform("image", row) * images).astype(np.int64)
    image = np.where(draw.uniform("pick", row) < 0.2, popular, even)
    if lexicon is None:
        spelled = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), vocabulary.take(pa.array(words)))
        texts, languages = pc.binary_join(spelled, " "), pa.array(np.full(rows, "en"))
    else:
        tongue = draw_languages(draw, row, image, mixture.foreign)
        texts = join_words(lexicon, tongue, words, offsets)
        languages = name_languages(draw, row, tongue, mixture.unstated)
    people = max(signals // _SIGNALS_PER_CONTRIBUTOR, 1)
    asked = np.array([k.name == "query" for k in KINDS])[kind]
    times = np.where(asked, 1 + ranks(draw.uniform("clicks", row), 1_000, 10), 1)  # a query is asked again
    columns = {
        "image_id": _names("i", image),
        "signal": pa.array([k.name for k in KINDS]).take(pa.array(kind)),
        "text": texts,
        "language": languages,
        "count": pa.array(times, pa.int64()),
        "contributor": _names("u", ranks(draw.uniform("person", row), people, 1_000, 20)),
    }
    if mixture.dirty:
        columns = make_dirty(draw, row, columns, mixture.dirty)
    return Batch(pa.table(columns), kind, words, offsets)


def images_of(signals: int) -> int:
    """How many images a table of so many signals is about."""
    return max(signals // _TEXTS_PER_IMAGE, 1)


def write_images(folder: Path, draw: Draw, signals: int, reposts: float) -> None:
    """Write the table of images as Parquet files."""
    folder.mkdir(parents=True)
    images = images_of(signals)
    for start in range(0, images, FILE_ROWS):
        table = make_images(draw, start, min(FILE_ROWS, images - start), reposts)
        pq.write_table(table, folder / f"part-{start // FILE_ROWS:05d}.parquet", compression="zstd")


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files and say what is in them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder; replaced where it holds an older table")
    parser.add_argument("--signals", type=int, default=1_000_000, help="rows (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another table (default: 0)")
    for name, what in (
        ("foreign", "rows in ten other languages, of real words"),
        ("unstated", "rows without a stated language, of real words"),
        ("dirty", "rows with file names, addresses, empty texts or no image_id"),
        ("reposts", "images that repost another; needs --images"),
    ):
        parser.add_argument(f"--{name}", type=float, default=0.0, metavar="SHARE", help=f"{what} (default: none)")
    parser.add_argument("--images", type=Path, metavar="DIR", help="write a table of images too; replaced")
    arguments = parser.parse_args(argv)
    if arguments.signals < 1:
        parser.error(f"--signals must be >= 1, got {arguments.signals}")
    mixture = Mixture(arguments.foreign, arguments.unstated, arguments.dirty, arguments.reposts)
    if arguments.reposts and not arguments.images:
        parser.error("--reposts needs --images, the table that states them")
    begin = time.monotonic()
    for folder in filter(None, (arguments.out, arguments.images)):
        if folder.exists():
            shutil.rmtree(folder)
    arguments.out.mkdir(parents=True)
    vocabulary, draw, summary = spell(), Draw(arguments.seed), Summary()
    lexicon = read_lexicon(vocabulary) if mixture.real_words else None
    if arguments.images:
        write_images(arguments.images, draw, arguments.signals, arguments.reposts)
    for start in range(0, arguments.signals, FILE_ROWS):
        rows = min(FILE_ROWS, arguments.signals - start)
        batch = make_batch(draw, start, rows, arguments.signals, vocabulary, mixture, lexicon)
        pq.write_table(batch.table, arguments.out / f"part-{start // FILE_ROWS:05d}.parquet", compression="zstd")
        summary.add(batch)
    sys.stdout.write(f"{summary}\n{time.monotonic() - begin:.1f} s\n")
    return 0


class Summary:
    """What the table is like, gathered file by file: hashes of the texts, counts of the words."""

    def __init__(self) -> None:
        self._counts = np.zeros(VOCABULARY, dtype=np.int64)
        self._texts: list[Hashes] = []
        self._kinds: list[Ints] = []
        self._lengths = np.zeros(len(KINDS), dtype=np.int64)
        self._pairs = ""

    def add(self, batch: Batch) -> None:
        """Take in the next file."""
        self._counts += np.bincount(batch.words, minlength=VOCABULARY)
        lengths = np.diff(batch.offsets)
        place = np.arange(len(batch.words)) - np.repeat(batch.offsets[:-1], lengths)
        mixed = mix(batch.words.astype(np.uint64) + (place.astype(np.uint64) << np.uint64(32)))
        self._texts.append(np.add.reduceat(mixed, batch.offsets[:-1]))
        self._kinds.append(batch.kind)
        self._lengths += np.bincount(batch.kind, lengths, len(KINDS)).astype(np.int64)
        if not self._pairs:
            self._pairs = _describe_pairs(batch, place)

    def __str__(self) -> str:
        texts, kinds = np.concatenate(self._texts), np.concatenate(self._kinds)
        lines = [f"{len(texts):,} signals, {len(np.unique(texts)) / len(texts):.3f} distinct texts"]
        for place, kind in enumerate(KINDS):
            own = texts[kinds == place]
            mean = self._lengths[place] / max(len(own), 1)
            share = len(np.unique(own)) / max(len(own), 1)
            lines.append(f"  {kind.name:12} {len(own):>10,} signals, {share:.3f} distinct, {mean:.1f} words")
        ordered = np.sort(self._counts[self._counts > 0])[::-1]
        used = slice(9, min(3_000, len(ordered)))
        slope = -np.polyfit(np.log(np.arange(1, len(ordered) + 1)[used]), np.log(ordered[used]), 1)[0]
        lines.append(
            f"  words: {ordered.sum():,}, {len(ordered):,} distinct, Zipf exponent {slope:.2f} (rank 10-3,000)"
        )
        return "\n".join([*lines, self._pairs])


def _describe_pairs(batch: Batch, place: Ints) -> str:
    """How many word pairs stand together far more often than chance has it."""
    left = np.flatnonzero(place[1:] > 0)
    codes, seen = np.unique(batch.words[left] * VOCABULARY + batch.words[left + 1], return_counts=True)
    counts = np.bincount(batch.words, minlength=VOCABULARY) / len(batch.words)
    chance = counts[codes // VOCABULARY] * counts[codes % VOCABULARY] * len(left)
    often = seen >= 20
    strong = often & (seen > 10 * chance)
    return (
        f"  pairs in the first file: {often.sum():,} seen 20 times or more, "
        f"{strong.sum():,} of them over 10 times as often as by chance"
    )


def _texts(draw: Draw, row: Ints, kind: Ints) -> tuple[Hashes, Ints]:
    """Identity of each row's text, and its number of words: equal identities are equal texts."""
    key = draw.bits("fresh", row)
    length = np.zeros(len(row), dtype=np.int64)
    for place, own in enumerate(KINDS):
        mine = kind == place
        again = mine & (draw.uniform("again", row) >= own.fresh)
        pooled = ranks(draw.uniform("pooled", row[again]), 1 << 40, own.breadth, own.first)
        key[again] = draw.bits(own.name, pooled)
        edges = np.cumsum(own.lengths)[:-1]
        length[mine] = 1 + np.searchsorted(edges, draw.uniform("length", key[mine]), side="right")
    return key, length


def _words(draw: Draw, key: Hashes, length: Ints, offsets: Ints) -> Ints:
    """Ranks of the words of all texts, flat; each from its text's identity and its place there."""
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], length)
    spot = np.repeat(key, length) + place.astype(np.uint64)
    words = ranks(draw.uniform("word", spot), VOCABULARY)
    group = ranks(draw.uniform("group", spot), _COLLOCATIONS, 3_000)
    size = 2 + (draw.uniform("size", group) < 0.3)
    begins = (draw.uniform("begins", spot) < 0.12) & (place + size <= np.repeat(length, length))
    begins[1:] &= ~begins[:-1]  # none inside the one before
    begins[2:] &= ~begins[:-2]
    first = np.flatnonzero(begins)
    for step in range(3):
        long = first[size[first] > step]
        drawn = ranks(draw.uniform(f"part{step}", group[long]), VOCABULARY - _FREQUENT)
        words[long + step] = drawn + _FREQUENT
    return words


def _names(letter: str, numbers: Ints) -> pa.Array:
    return pc.binary_join_element_wise(letter, pa.array(numbers).cast(pa.string()), "")


if __name__ == "__main__":
    sys.exit(main())
