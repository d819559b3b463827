"""Cleans random and mutated texts and says what breaks a promise.

    python tests/benchmarks/fuzz.py --strings 1000000 --seed 0 --processes 2

Promises, of each string: no exception; no longer than `SLOWEST` seconds of the processor; the clean text at most
`GROWTH` times as long as the raw one; cleaning the clean text changes neither it nor its words, unless a flag says what
was seen on the second look (signs between hid a number, say). Half of the strings are mutations of texts as people
write them; the rest are characters of all planes, stacks of marks, controls, lone surrogates, nested entities and
escapes, and one piece repeated up to 5,000 characters. One string in five states no language.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

from pipeline.runtime.config import NormalizeConfig
from pipeline.text.clean import Cleaner

SLOWEST = 0.5  # seconds; a pattern that backtracks takes minutes
GROWTH = 18  # characters of U+FDFA, which NFKC writes as four words
_CHUNK = 5_000
_LONGEST = 5_000

LANGUAGES = ("en", "en", "en", "en", "de", "tr", "ja", "th", None, None)
# One text a line, as people write them.
REALISTIC = tuple(
    """
Caf&eacute; chairs &amp; <b>tables</b>! jane@example.com #HomeDecor
Air Max 90
rock'n'roll t-shirt, 3.5 oz
IMG_1234.jpg
File:Red_shoe (2).JPG
hash(0x87a4bb4)
https://www.example.co.uk/a?b=1&c=2#d
u.s.a. h&m
+49 170 1234567
(555) 123-4567 or Tel: 030 1234567
4111 1111 1111 1111
DE89 3704 0044 0532 0130 00
123-45-6789
jane [at] example dot com, jane at gmail.com, @jane.doe
2004-08-25T23:29:46Z
Flat icons (Wed Aug 25 23:29:46 2004)
Plau017ca u9577u6c99
l'Am\\xe9rique\\nphoto \\u00e9
1920 x 1080, $1,299.99
Größe – Maße
cafÃ© itâ€™s
IŞIK İzmir
ΟΔΟΣ σοφία
Привет, мир!
مـــرحبا بالعالم می\u200cخواهم
שָׁלוֹם
हिन्दी क्\u200dष বাংলা தமிழ்
สวัสดีครับ น้ำตก
ພາສາລາວ ផ្កាក្រហម မြန်မာစာ
紅色連衣裙
結婚式のドレス 電話03-1234-5678
ｶﾞﾗｽ Ｔシャツ ＡＢＣ ﬁ ﷺ ½
한국어 \u1112\u1161\u11ab
👩\u200d👧\u200d👦 🇩🇪 ❤\ufe0f 1\ufe0f\u20e3
#livingroomdecor #ILoveMyDog
nude heels, sex and the city
dog—cat/bird
hot\u200bdog\u00a0house
a.b.c.d
""".strip().splitlines()
)
_PIECES = (
    *"aA1 \n.,-'&#@()[|_/<>:+=\\%\x00\u0301\u0307\u20dd\u200b\u200c\u200d\ufe0f\u00ad\u202e\ud800\udfff",
    *"éÃ©İıßΣς½ﬁﷺ１ｕｶﾞがの東ーสำຳक्각가ـمֹ👩🏽🇩™´٣๕〇Ⅻʼ·",
    *("ខ្", "မြ", "â€", "&amp;", "amp;", "&lt;", "&#x41;", "&#55357;", "\\u0041", "\\x41", "u00", "e9", "0x", "at "),
    *(" dot ", "com"),
)


class Finding(NamedTuple):
    """A promise that was broken."""

    promise: str
    text: str
    language: str | None
    detail: str


def strings(count: int, seed: int, part: int = 0) -> Iterator[tuple[str, str | None]]:
    """Texts and stated languages, the same for the same count, seed and part."""
    draw = np.random.default_rng([seed, part])
    for _ in range(count):
        language = LANGUAGES[draw.integers(len(LANGUAGES))]
        kind = draw.random()
        if kind < 0.5:
            text = _mutated(draw)
        elif kind < 0.7:
            text = _pieces(draw, int(draw.integers(1, 24)))
        elif kind < 0.85:
            codes = draw.integers(0, (0x250, 0x3100, 0x10000, 0x110000)[draw.integers(4)], draw.integers(0, 30))
            text = "".join(map(chr, codes))
        elif kind < 0.99:
            text = f"{_pieces(draw, 1)}{_pieces(draw, 1) * int(draw.integers(1, 40))}{_pieces(draw, 2)}"
        else:
            piece = _pieces(draw, int(draw.integers(1, 5)))
            text = (piece * (_LONGEST // len(piece) + 1))[:_LONGEST]
        yield text, language


def check(cleaner: Cleaner, text: str, language: str | None) -> tuple[float, Finding | None]:
    """Seconds of the processor that cleaning took, and the first promise that it broke."""
    started = time.process_time()  # of this process alone, whatever else the machine does
    try:
        once = cleaner.clean([text], [language])[0]
    except Exception as error:  # any at all is a finding
        return time.process_time() - started, Finding("no exception", text, language, repr(error))
    seconds = time.process_time() - started
    if seconds > SLOWEST:
        return seconds, Finding("quick", text, language, f"{seconds:.2f} s")
    if len(once.text) > GROWTH * len(text):
        return seconds, Finding("short", text, language, once.text)
    if once.reason in (None, "unsafe") and len(once.text) <= _LONGEST:  # a longer one is refused
        again = cleaner.clean([once.text], [once.language])[0]
        seen_late = set(again.flags) - {"language_detected", "unsafe"}
        if (again.text, again.tokens) != (once.text, once.tokens) and not seen_late:
            return seconds, Finding("idempotent", text, language, f"{once.text!r} -> {again.text!r}")
    return seconds, None


def _mutated(draw: np.random.Generator) -> str:
    text = REALISTIC[draw.integers(len(REALISTIC))]
    for _ in range(int(draw.integers(0, 6))):
        place, size = int(draw.integers(0, len(text) + 1)), int(draw.integers(0, 6))
        way = draw.integers(6)
        if way == 0:
            text = text[:place] + _pieces(draw, 1) + text[place:]
        elif way == 1:
            text = text[:place] + text[place + size :]
        elif way == 2:
            text = text[:place] + text[place : place + size] * 3 + text[place + size :]
        elif way == 3:
            text = text[:place] + text[place:].swapcase()
        elif way == 4:
            text = text[:place] + REALISTIC[draw.integers(len(REALISTIC))] + text[place:]
        else:
            text = text[place:] + text[:place]
    return text


def _pieces(draw: np.random.Generator, count: int) -> str:
    return "".join(_PIECES[place] for place in draw.integers(0, len(_PIECES), count))


def _part(job: tuple[int, int, int]) -> tuple[float, float, str, list[Finding]]:
    """Seconds in all, slowest string and its seconds, and findings of one part."""
    count, seed, part = job
    cleaner = Cleaner(NormalizeConfig())
    cleaner.clean(REALISTIC, [None] * len(REALISTIC))  # loads word lists and models
    total, slowest, slow_text, found = 0.0, 0.0, "", []
    for text, language in strings(count, seed, part):
        seconds, finding = check(cleaner, text, language)
        total += seconds
        if seconds > slowest:
            slowest, slow_text = seconds, text
        if finding is not None:
            found.append(finding)
    return total, slowest, slow_text, found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the strings and print a summary; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--strings", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--show", type=int, default=10, help="findings printed of each promise")
    args = parser.parse_args(argv)
    parts = range((args.strings + _CHUNK - 1) // _CHUNK)
    jobs = [(min(_CHUNK, args.strings - part * _CHUNK), args.seed, part) for part in parts]
    started = time.perf_counter()
    with get_context("spawn").Pool(args.processes) as pool:
        results = list(pool.imap(_part, jobs))
    elapsed = time.perf_counter() - started
    found = [finding for _, _, _, part in results for finding in part]
    _, slowest, slow_text, _ = max(results, key=lambda result: result[1])
    write = sys.stdout.write
    write(f"{args.strings:,} strings in {elapsed:.0f} s, {sum(result[0] for result in results):.0f} s of it cleaning\n")
    write(f"slowest: {slowest * 1000:.1f} ms, {len(slow_text):,} characters, {slow_text[:60]!r}\n")
    write(f"broken promises: {dict(Counter(finding.promise for finding in found))}\n")
    shown: Counter[str] = Counter()
    for finding in sorted(found, key=lambda finding: (len(finding.text), finding.text)):
        shown[finding.promise] += 1
        if shown[finding.promise] <= args.show:
            write(f"{finding.promise}: {finding.text!r:.100} ({finding.language}): {finding.detail:.150}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
