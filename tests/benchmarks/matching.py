"""Finds member phrases in a million distinct texts, by the product and by other engines.

    python tests/benchmarks/matching.py make build/matching
    python tests/benchmarks/matching.py compare build/matching --peer-python build/matchers/bin/python
    python tests/benchmarks/matching.py grow build/matching

The peers need an environment of their own, so that the product's stays as it is:

    python -m venv build/matchers
    build/matchers/bin/pip install ahocorasick_rs flashtext pyarrow

`make` writes texts.parquet, distinct texts of `generate.py` (mean 4.4 words), and members.parquet, their most frequent
phrases of 1-4 words: 10,000 members are the first 10,000 of these. Every engine is a process of its own. `build` are
the seconds until the first text can be looked at, `match` those of all texts, and `CPU` the processor's share of the
latter, which other programs beside disturb less. Reading the file, and turning it into Python strings for the peers,
is in none of them. Engines:

    ours         what a Spark worker of the product runs, on Arrow batches of the same size: words, hashes, longest
                 matches, denials; one thread
    ahocorasick  ahocorasick_rs, leftmost longest; a space on either side of every word of texts and members makes it
                 keep to whole words
    flashtext    KeywordProcessor, case sensitive: leftmost longest on whole words
    substrings   `in` tests of every member in every text, with spaces around, as MetaCLIP matches its metadata; on a
                 sample of the texts, and its seconds multiplied

`compare` prints a table, and what each engine finds in the first 10,000 texts beside a plain loop of its own rule: ours
takes the longest phrase first, the leftmost of equal ones; the peers go from left to right and take the longest at each
place; the substrings are all phrases, also those inside others. Whether the rules give the same for a text depends on
overlaps alone ('a b' and 'b c d' in 'a b c d'), and their number is printed too. It ends with 1 where an engine differs
from its rule.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MOST_WORDS = 4
SIZES = (10_000, 100_000, 1_000_000)
TEXTS = 1_000_000
CHECKED = 10_000  # texts
BATCH = 10_000  # texts, as Spark hands them to a worker
_TESTS = 100_000_000  # substring tests of a sample

Found = Iterator[tuple[list[int], list[int]]]  # text and member of a batch


def match_with_ours(texts: pa.Table, members: pa.Table) -> tuple[float, Found]:
    """The product's worker; (seconds of building, matches)."""
    from pipeline.labeling.match import match_batch
    from pipeline.vocabulary.mining import word_arrays
    from pipeline.vocabulary.mining.key_arrays import KeySet

    ids = members["phrase_id"].to_numpy()
    start = time.monotonic()
    order = np.argsort(ids)
    wanted = KeySet(ids[order])
    built = time.monotonic() - start

    def found() -> Found:
        first = 0
        for batch in texts.to_batches(max_chunksize=BATCH):
            words = word_arrays.read_words(batch.column("text"), batch.column("language"))
            for _, text, key, _ in match_batch(words, wanted, MOST_WORDS):
                yield (text + first).tolist() if first < CHECKED else [], _members(ids, order, key, first)
            first += len(batch)

    return built, found()


def match_with_ahocorasick(texts: pa.Table, members: pa.Table) -> tuple[float, Found]:
    """One automaton over Unicode strings."""
    import ahocorasick_rs

    patterns = [_padded(phrase) for phrase in members["phrase"].to_pylist()]
    spoken = texts["text"].to_pylist()
    start = time.monotonic()
    automaton = ahocorasick_rs.AhoCorasick(patterns, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)
    built = time.monotonic() - start

    def found() -> Found:
        for place, text in enumerate(spoken):
            hits = {pattern for pattern, _, _ in automaton.find_matches_as_indexes(_padded(text))}
            yield [place] * len(hits), list(hits)

    return built, found()


def match_with_flashtext(texts: pa.Table, members: pa.Table) -> tuple[float, Found]:
    """Its own trie, words parted by its own rule."""
    from flashtext import KeywordProcessor

    phrases, spoken = members["phrase"].to_pylist(), texts["text"].to_pylist()
    start = time.monotonic()
    processor = KeywordProcessor(case_sensitive=True)
    for place, phrase in enumerate(phrases):
        processor.add_keyword(phrase, place + 1)  # 0 would be no name
    built = time.monotonic() - start

    def found() -> Found:
        for place, text in enumerate(spoken):
            hits = {name - 1 for name in processor.extract_keywords(text)}
            yield [place] * len(hits), list(hits)

    return built, found()


def match_with_substrings(texts: pa.Table, members: pa.Table) -> tuple[float, Found]:
    """A loop over the members for each text."""
    entries = [f" {phrase} " for phrase in members["phrase"].to_pylist()]
    spoken = texts["text"].to_pylist()

    def found() -> Found:
        for place, text in enumerate(spoken):
            spaced = f" {text} "
            hits = [member for member, entry in enumerate(entries) if entry in spaced]
            yield [place] * len(hits), hits

    return 0.0, found()


ENGINES: dict[str, Callable[[pa.Table, pa.Table], tuple[float, Found]]] = {
    "ours": match_with_ours,
    "ahocorasick": match_with_ahocorasick,
    "flashtext": match_with_flashtext,
    "substrings": match_with_substrings,
}


def make(folder: Path, texts: int) -> int:
    """Write the texts and their most frequent phrases."""
    from draws import Draw
    from generate import make_batch
    from generate import spell as spell_words

    from pipeline.vocabulary.mining import ngrams, word_arrays
    from pipeline.vocabulary.mining.key_arrays import total_by_key

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, draw, seen, rows = spell_words(), Draw(0), {}, 500_000
    for start in range(0, 100 * texts, rows):
        seen |= dict.fromkeys(make_batch(draw, start, rows, 100 * texts, vocabulary).table["text"].to_pylist())
        if len(seen) >= texts:
            break
    spoken = pa.array(list(seen)[:texts])
    language = pa.array(["en"] * texts)
    pq.write_table(pa.table({"text": spoken, "language": language}), folder / "texts.parquet")
    words = word_arrays.read_words(spoken, language)
    grams = list(ngrams.grams(words, MOST_WORDS))
    keys, starts = np.concatenate([g.key for g in grams]), np.concatenate([g.start for g in grams])
    lengths = np.concatenate([np.full(len(g.key), g.n) for g in grams])
    distinct, counts, first = total_by_key(keys, np.ones(len(keys), dtype=np.int64))
    chosen = np.lexsort([distinct, -counts])[: max(SIZES)]
    phrases = [ngrams.spell(words, int(starts[i]), int(lengths[i])) for i in first[chosen]]
    pq.write_table(pa.table({"phrase_id": distinct[chosen], "phrase": phrases}), folder / "members.parquet")
    mean = np.mean([phrase.count(" ") + 1 for phrase in phrases[: SIZES[1]]])
    sys.stdout.write(
        f"{texts:,} texts of {words.lengths.mean():.1f} words, {len(phrases):,} members, "
        f"{mean:.1f} words in the first {SIZES[1]:,}\n"
    )
    return 0


def run(engine: str, folder: Path, members: int, texts: int, out: Path | None) -> int:
    """Match by one engine, here; says the seconds as its last line, in JSON."""
    spoken = pq.read_table(folder / "texts.parquet").slice(0, texts)
    listed = pq.read_table(folder / "members.parquet").slice(0, members)
    built, found = ENGINES[engine](spoken, listed)
    start, cpu = time.monotonic(), time.process_time()
    pairs: list[tuple[int, int]] = []
    for text, member in found:
        if text and text[0] < CHECKED:
            pairs += zip(text, member, strict=True)
    seconds, cpu = time.monotonic() - start, time.process_time() - cpu
    if out is not None:
        kept = sorted({pair for pair in pairs if pair[0] < CHECKED})
        pq.write_table(pa.table({"text": [t for t, _ in kept], "member": [m for _, m in kept]}), out)
    sys.stdout.write(json.dumps({"build": round(built, 3), "match": round(seconds, 3), "cpu": round(cpu, 3)}) + "\n")
    return 0


def compare(folder: Path, engines: Sequence[str], sizes: Sequence[int], peer_python: str) -> int:
    """Run each engine with each number of members and print a table; 1 where one fails or breaks its rule."""
    from watch import watch

    spoken = pq.read_table(folder / "texts.parquet")["text"]
    phrases = pq.read_table(folder / "members.parquet")["phrase"].to_pylist()
    checked = spoken.slice(0, CHECKED).to_pylist()
    sys.stdout.write("| members | engine | build s | match s | CPU s | texts/s | peak MB | against its rule |\n")
    sys.stdout.write("|---|---|---|---|---|---|---|---|\n")
    wrong, notes = 0, []
    for size in sizes:
        known = {phrase: place for place, phrase in enumerate(phrases[:size])}
        rules = {rule: {(t, m) for t, text in enumerate(checked) for m in RULES[rule](text, known)} for rule in RULES}
        for engine in engines:
            texts = len(spoken) if engine != "substrings" else max(20, _TESTS // size)
            out = folder / "found.parquet"
            python = sys.executable if engine == "ours" else peer_python
            command = [python, __file__, "run", engine, str(folder), "--members", str(size), "--texts", str(texts)]
            seen = watch([*command, "--out", str(out)])
            if seen.code:
                sys.stdout.write(f"{engine} failed with exit code {seen.code}:\n{seen.output[-2_000:]}\n")
                wrong += 1
                continue
            took = seen.result()
            got = set(zip(*(pq.read_table(out)[name].to_pylist() for name in ("text", "member")), strict=True))
            rule = {pair for pair in rules[_RULE[engine]] if pair[0] < texts}
            differ = len({text for text, _ in got ^ rule})
            wrong += differ
            whole = took["match"] * len(spoken) / texts
            sample = "" if texts == len(spoken) else f" (of {texts:,} texts, multiplied)"
            sys.stdout.write(
                f"| {size:,} | {engine} | {took['build']:.1f} | {whole:,.1f}{sample} "
                f"| {took['cpu'] * len(spoken) / texts:,.1f} | {len(spoken) / whole:,.0f} "
                f"| {seen.peak_mb:,} | {differ or 'equal'} |\n"
            )
            sys.stdout.flush()
        apart = {text for text, _ in rules["longest"] ^ rules["leftmost"]}
        notes.append(f"{size:,} members: longest first and from the left differ in {len(apart):,} of {CHECKED:,} texts")
    sys.stdout.write("\n" + "\n".join(notes) + "\n")
    return 1 if wrong else 0


def grow(folder: Path, members: int) -> int:
    """Seconds of ours for a quarter, a half and all of the texts."""
    from watch import watch

    total = pq.read_metadata(folder / "texts.parquet").num_rows
    sys.stdout.write("| texts | build s | match s | CPU s | texts/s | peak MB |\n|---|---|---|---|---|---|\n")
    for texts in (total // 4, total // 2, total):
        command = [sys.executable, __file__, "run", "ours", str(folder), "--members", str(members)]
        seen = watch([*command, "--texts", str(texts)])
        if seen.code:
            sys.stdout.write(f"failed with exit code {seen.code}:\n{seen.output[-2_000:]}\n")
            return 1
        took = seen.result()
        rate, cells = texts / took["match"], f"{took['build']:.1f} | {took['match']:.2f} | {took['cpu']:.2f}"
        sys.stdout.write(f"| {texts:,} | {cells} | {rate:,.0f} | {seen.peak_mb:,} |\n")
    return 0


def find_longest(text: str, known: dict[str, int]) -> set[int]:
    """Longest phrase first, the leftmost of equal ones; no word twice."""
    words = text.split(" ")
    free, found = [True] * len(words), set()
    for n in range(MOST_WORDS, 0, -1):
        for start in range(len(words) - n + 1):
            member = known.get(" ".join(words[start : start + n]))
            if member is not None and all(free[start : start + n]):
                found.add(member)
                free[start : start + n] = [False] * n
    return found


def find_leftmost(text: str, known: dict[str, int]) -> set[int]:
    """From left to right, at each place the longest phrase that begins there."""
    words, start = text.split(" "), 0
    found = set()
    while start < len(words):
        for n in range(MOST_WORDS, 0, -1):
            member = known.get(" ".join(words[start : start + n])) if start + n <= len(words) else None
            if member is not None:
                found.add(member)
                start += n
                break
        else:
            start += 1
    return found


def find_all(text: str, known: dict[str, int]) -> set[int]:
    """Every phrase, also inside others."""
    words = text.split(" ")
    spans = [" ".join(words[i : i + n]) for n in range(1, MOST_WORDS + 1) for i in range(len(words) - n + 1)]
    return {known[span] for span in spans if span in known}


RULES = {"longest": find_longest, "leftmost": find_leftmost, "all": find_all}
_RULE = {"ours": "longest", "ahocorasick": "leftmost", "flashtext": "leftmost", "substrings": "all"}


def main(argv: Sequence[str] | None = None) -> int:
    """Make the texts, run one engine, or compare several."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("make", help="write texts and members")
    made.add_argument("--texts", type=int, default=TEXTS)
    one = commands.add_parser("run", help="match by one engine")
    one.add_argument("engine", choices=ENGINES)
    one.add_argument("--members", type=int, default=SIZES[0])
    one.add_argument("--texts", type=int, default=TEXTS)
    one.add_argument("--out", type=Path, help="Parquet file of what was found in the first texts")
    several = commands.add_parser("compare", help="match by several engines, each in a process of its own")
    several.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    several.add_argument("--members", nargs="+", type=int, default=list(SIZES))
    several.add_argument("--peer-python", default=sys.executable, help="interpreter of the others (default: this one)")
    growth = commands.add_parser("grow", help="ours with more and more texts")
    growth.add_argument("--members", type=int, default=SIZES[1])
    for command in (made, one, several, growth):
        command.add_argument("folder", type=Path)
    arguments = parser.parse_args(argv)
    if arguments.command == "make":
        return make(arguments.folder, arguments.texts)
    if arguments.command == "run":
        return run(arguments.engine, arguments.folder, arguments.members, arguments.texts, arguments.out)
    if arguments.command == "grow":
        return grow(arguments.folder, arguments.members)
    return compare(arguments.folder, arguments.engines, arguments.members, arguments.peer_python)


def _padded(text: str) -> str:
    """A space on either side of each word, so that neighbours share none."""
    return f" {text.replace(' ', '  ')} "


def _members(ids: np.ndarray, order: np.ndarray, key: np.ndarray, first: int) -> list[int]:
    """Rows of the members with these ids; only where they are looked at."""
    return order[np.searchsorted(ids, key, sorter=order)].tolist() if first < CHECKED else []


if __name__ == "__main__":
    sys.exit(main())
