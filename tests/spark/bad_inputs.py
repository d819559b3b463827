# ruff: noqa: E501 - one input a line
"""The table of malformed inputs: what lies on the disk, what the source says, and what must come of it."""

import bz2
import datetime
import gzip
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq

Build = Callable[[Path], None]
Content = str | bytes | pa.Table | Build


@dataclass(frozen=True)
class Counted:
    """An input whose rows are kept or rejected, each with its reason.

    Attributes:
        edge: its name.
        files: name -> content, below a folder of its own; a function builds what is no plain file.
        read: the file or glob in that folder that is read; the folder where empty.
        kept: usable rows.
        rejects: reason -> rows.
        alone: whether it is ingested alone: thousands of columns in the plan of all others would slow them too.
    """

    edge: str
    files: Mapping[str, Content]
    read: str = ""
    kept: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False


@dataclass(frozen=True)
class Refused:
    """An input that ends in one message, which must say all of `said` (in any case)."""

    edge: str
    files: Mapping[str, Content]
    read: str
    said: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


def lay(folder: Path, files: Mapping[str, Content]) -> None:
    """Write the files of one input."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pa.Table):
            (orc if name.endswith(".orc") else pq).write_table(content, place)
        elif isinstance(content, bytes | str):
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        else:
            content(place)


def table(texts: list[Any], ids: list[Any] | None = None, **more: Any) -> pa.Table:
    """(image_id, text, …) for a Parquet or ORC file."""
    return pa.table({"image_id": ids or [str(i) for i in range(len(texts))], "text": texts, **more})


def as_parquet(content: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(content, sink)
    return bytes(sink.getvalue().to_pybytes())


def as_orc(content: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    orc.write_table(content, sink)
    return bytes(sink.getvalue().to_pybytes())


def link(target: str) -> Build:
    return lambda place: place.symlink_to(target)


def twice_named(place: Path) -> None:
    """A Parquet file with two columns of the same name."""
    pq.write_table(pa.Table.from_arrays([pa.array(["1"])] * 3, ["image_id", "text", "text"]), place)


def many(rows: Mapping[str, Any] | None = None, count: int = 1) -> str:
    return "".join(json.dumps(rows) + "\n" for _ in range(count))


HEAD = "image_id,text\n"
WIDE = "".join(f",c{number}" for number in range(3000))
GOOD = HEAD + "1,dog\n2,cat\n"
LINES = '{"image_id":1,"text":"dog"}\n{"image_id":2,"text":"cat"}\n'
TWO = table(["dog", "cat"])
CSV, TSV, JSON, ORC = ({"format": name} for name in ("csv", "tsv", "json", "orc"))
FILE = {"csv": "a.csv", "tsv": "a.tsv", "json": "a.json", "orc": "a.orc", "parquet": "a.parquet"}


def csv(edge: str, content: Content, kept: int, options: Mapping[str, str] | None = None, **rejects: int) -> Counted:
    return Counted(f"csv: {edge}", {"a.csv": content}, "a.csv", kept, rejects, {**CSV, "options": options or {}})


def lines(edge: str, content: Content, kept: int, options: Mapping[str, str] | None = None, **rejects: int) -> Counted:
    return Counted(f"json: {edge}", {"a.json": content}, "a.json", kept, rejects, {**JSON, "options": options or {}})


def parquet(
    edge: str, content: Content, kept: int, settings: Mapping[str, Any] | None = None, **rejects: int
) -> Counted:
    return Counted(f"parquet: {edge}", {"a.parquet": content}, "a.parquet", kept, rejects, settings or {})


def count(edge: str, stated: list[Any], kept: int, **rejects: int) -> Counted:
    content = table(["dog"] * len(stated), n=stated)
    return Counted(f"count: {edge}", {"a.parquet": content}, "a.parquet", kept, rejects, {"count": "n"})


COUNTED = (
    # Encodings.
    csv("bytes of latin-1 in UTF-8", HEAD.encode() + "1,café\n2,dog\n".encode("latin-1"), 1, bad_encoding=1),
    csv("latin-1 that is declared", HEAD.encode() + "1,café\n2,dog\n".encode("latin-1"), 2, {"encoding": "ISO-8859-1"}),
    csv("UTF-16 that is declared", GOOD.encode("utf-16"), 2, {"encoding": "UTF-16"}),
    csv("mark of byte order", b"\xef\xbb\xbf" + GOOD.encode(), 2),
    csv("NUL bytes in a text", HEAD + "1,a\0b\n2,dog\n", 2),
    csv("bytes that are no text in an id", HEAD.encode() + b"\xff\xfe,dog\n2,cat\n", 1, bad_encoding=1),
    lines("bytes of latin-1", '{"image_id":1,"text":"café"}\n{"image_id":2,"text":"dog"}'.encode("latin-1"), 1, bad_encoding=1),
    lines("lone surrogates", '{"image_id":1,"text":"a\\ud800b"}\n{"image_id":2,"text":"dog"}\n', 1, broken_row=1),
    lines("mark of byte order", b"\xef\xbb\xbf" + LINES.encode(), 2),
    lines("NUL bytes", '{"image_id":1,"text":"a\0b"}\n{"image_id":2,"text":"a\\u0000b"}\n', 1, broken_row=1),
    parquet("strings that are no UTF-8", pa.table({"image_id": ["1", "2"], "text": pa.array([b"caf\xe9", b"dog"]).view(pa.string())}), 1, bad_encoding=1),
    parquet("U+FFFD that the data holds", table(["caf\ufffd", "dog"]), 2),
    Counted("csv: gzip", {"a.csv.gz": gzip.compress(GOOD.encode())}, "a.csv.gz", 2, {}, CSV),
    Counted("csv: bzip2", {"a.csv.bz2": bz2.compress(GOOD.encode())}, "a.csv.bz2", 2, {}, CSV),
    Counted("json: gzip", {"a.json.gz": gzip.compress(LINES.encode())}, "a.json.gz", 2, {}, JSON),
    # Delimiters.
    csv("ragged rows", HEAD + "1,dog\n2\n3,a,b\n4,cat,\n", 1, broken_row=3),
    csv("quote that never closes", HEAD + '1,"red\n2,dog\n3,cat\n', 2, broken_row=1),
    csv("line break in quotes", HEAD + '1,"red\nshoe"\n2,dog\n', 1, broken_row=2),
    csv("line break in quotes, declared", HEAD + '1,"red\nshoe"\n2,dog\n', 2, {"multiLine": "true"}),
    csv("line break in quotes that looks like a row", HEAD + '1,"red\n9,shoe"\n2,dog\n', 2, broken_row=1),
    csv("quotes in the middle of a text", HEAD + '1,a 15" screen\n2,"x" y\n3,"say ""hi"""\n', 2, broken_row=1),
    csv("quote first in the row", HEAD + '"1,dog\n2,cat\n', 1, broken_row=1),
    csv("quoted separators", HEAD + '1,"a, b"\n"2",""\n3,"""a"", b"\n', 2, null_text=1),
    csv("no quotes, declared", HEAD + '1,"red\n2,dog\n', 2, {"quote": ""}),
    csv("backslash escapes, declared", HEAD + '1,"a \\"b\\" c"\n2,dog\n', 2, {"escape": "\\"}),
    csv("header alone", HEAD, 0),
    csv("header again among the rows", GOOD + HEAD + "3,cow\n", 4),
    csv("columns without a name", "image_id,,text,\n1,x,dog,y\n", 1),
    csv("unused columns of one name", "image_id,text,x,x\n1,dog,a,b\n", 1),
    csv("blank lines", HEAD + "\n1,dog\n\n  \n2,cat\n\n", 2),
    csv("line ends of Windows", GOOD.replace("\n", "\r\n"), 2),
    csv("line ends of old Macs", GOOD.replace("\n", "\r"), 2),
    csv("the mark that holds lines together", HEAD + "1,a\x01b\n2,dog\n", 1, broken_row=1),
    csv("text of 5 MB", HEAD + f"1,{'x' * 5_000_000}\n2,dog\n", 2),
    csv("id of 1 MB", HEAD + f"{'x' * 1_000_000},dog\n2,cat\n", 1, long_image_id=1),
    Counted("csv: 3,000 columns", {"a.csv": f"image_id,text{WIDE}\n1,dog{',' * 3000}\n2,cat\n"}, "a.csv", 1, {"broken_row": 1}, CSV, alone=True),
    csv("100,000 quotes", HEAD + f'1,"{chr(34) * 100_000}"\n2,dog\n', 2),
    csv("all rows bad", HEAD + "1\n,dog\n3,\n", 0, broken_row=1, no_image_id=1, null_text=1),
    Counted("tsv: commas and quotes", {"a.tsv": 'image_id\ttext\n1\ta, "b"\n2\t"c\td"\n3\te\tf\n'}, "a.tsv", 2, {"broken_row": 1}, TSV),
    Counted("tsv: open quote", {"a.tsv": 'image_id\ttext\n1\t"a\n2\tb\n'}, "a.tsv", 1, {"broken_row": 1}, TSV),
    # Nesting.
    lines("lists where some rows have a string", '{"image_id":1,"text":["a","b"]}\n{"image_id":2,"text":"c"}\n', 3),
    lines("an object as text in one row", '{"image_id":1,"text":{"a":"b"}}\n{"image_id":2,"text":"c"}\n', 1, null_text=1),
    lines("list of lists and of objects", '{"image_id":1,"text":["a",["b"],{"c":1}]}\n', 1, null_text=2),
    lines("null and empty lists", '{"image_id":1,"text":null}\n{"image_id":2,"text":[]}\n{"image_id":3,"text":["a",null]}\n', 1, null_text=3),
    lines("900 levels deep", '{"image_id":1,"text":"dog","x":' + "[" * 900 + "]" * 900 + "}\n" + LINES, 3),
    lines("100,000 levels deep", '{"image_id":1,"text":"dog","x":' + "[" * 100_000 + "]" * 100_000 + "}\n" + LINES, 2, broken_row=1),
    lines("concatenated objects", '{"image_id":1,"text":"a"}{"image_id":2,"text":"b"}\n' + LINES, 2, broken_row=1),
    lines("something after an object", '{"image_id":1,"text":"a"} x\n{"image_id":1,"text":"a"}],[1\n{"image_id":1,"text":"a"}},{"b":1\n' + LINES, 2, broken_row=3),
    lines("commas at the end", '{"image_id":1,"text":"a"},\n{"image_id":2,"text":"b",}\n' + LINES, 2, broken_row=2),
    lines("one list over many lines", "[\n" + LINES.replace("}\n", "},\n") + '{"image_id":3,"text":"cow"}\n]\n', 1, broken_row=4),
    lines("one list over many lines, declared", "[\n" + LINES.replace("}\n", "},\n") + '{"image_id":3,"text":"cow"}\n]\n', 3, {"multiLine": "true"}),
    lines("a list on one line", "[" + ",".join(LINES.splitlines()) + "]\n", 2),
    lines("scalars at the top", '"dog"\n5\nnull\ntrue\n[1,2]\n' + LINES, 2, broken_row=6),
    lines("NaN", '{"image_id":1,"text":"dog","x":NaN}\n' + LINES, 3),
    lines("a key twice", '{"image_id":1,"text":"a","text":"b"}\n' + LINES, 2, broken_row=1),
    lines("types that differ by line", '{"image_id":1,"text":5}\n{"image_id":"b","text":true}\n{"image_id":3,"text":2.50}\n', 3),
    lines("cut in the middle", LINES + '{"image_id":3,"te', 2, broken_row=1),
    lines("blank lines", "\n" + LINES + "\n  \n", 2),
    lines("a key that few rows have", '{"image_id":1}\n{"text":"dog"}\n' + LINES, 2, null_text=1, no_image_id=1),
    lines("ids of 23 digits", '{"image_id":12345678901234567890123,"text":"a"}\n{"image_id":12345678901234567890124,"text":"b"}\n', 2),
    lines("text of 5 MB", many({"image_id": 1, "text": "x" * 5_000_000}), 1),
    parquet("lists", table([["a", "b"], [], None, [None], [" "]]), 2, null_text=3, empty_text=1),
    parquet("lists of numbers", table([[1, 2], []]), 2, null_text=1),
    # Types.
    parquet("dates as texts", table([datetime.date(2020, 1, 1)] * 2), 2),
    parquet("booleans as texts", table([True, None]), 1, null_text=1),
    parquet("decimals as ids", table(["a", "b"], [Decimal("1.50"), Decimal("2.50")]), 2),
    parquet("whole numbers as ids", table(["a", "b"], [2**63 - 1, -1]), 2),
    parquet("timestamps as ids", table(["a", "b"], [datetime.datetime(2020, 1, 1), None]), 1, no_image_id=1),
    parquet("no rows", TWO.slice(0, 0), 0),
    parquet("unsigned numbers as ids", table(["a"], pa.array([2**63 + 1], pa.uint64())), 1),
    # Counts.
    count("NaN and infinite", [float("nan"), float("inf"), float("-inf"), 1.0], 1, bad_count=3),
    count("negative and zero", [-1, 0, 1, None], 2, bad_count=2),
    count("fractions and 1e30", [2.5, 1e30, 2.0], 1, bad_count=2),
    count("words and empty", ["many", "", " 3 ", "1e3", "3"], 3, bad_count=2),
    count("sums past 64 bits", [2**62, 2**63 - 1, 10**12], 1, bad_count=2),
    # Names of columns.
    Counted("columns: dots, backticks, spaces", {"a.parquet": pa.table({"a.b": ["1"], "the `text`": ["dog"], "n n": [2]})}, "a.parquet", 1, {}, {"image_id": "a.b", "text": "the `text`", "count": "n n"}),
    Counted("columns: the same for two settings", {"a.parquet": TWO}, "a.parquet", 2, {}, {"image_id": "text"}),
    Counted("json: keys with dots and quotes", {"a.json": '{"a.b":1,"it\'s \\"x\\"":"dog"}\n'}, "a.json", 1, {}, {**JSON, "image_id": "a.b", "text": 'it\'s "x"'}),
    # Ids.
    csv("white space around ids and texts", HEAD + " 1 , dog\n1,dog\n  ,cat\n2,  \n", 2, no_image_id=1, empty_text=1),
    csv("ids that differ in case", HEAD + "a,dog\nA,dog\n", 2),
    # Parts.
    Counted("parts: a column is missing in some", {"a.parquet": TWO, "b.parquet": TWO.select(["image_id"])}, "", 2, {"null_text": 2}),
    Counted("parts: a column is missing in the first", {"a.parquet": TWO.select(["image_id"]), "b.parquet": TWO}, "", 2, {"null_text": 2}),
    Counted("parts: order of columns differs", {"a.parquet": TWO, "b.parquet": TWO.select(["text", "image_id"])}, "", 4),
    Counted("parts: orc, a column is missing in the first", {"a.orc": TWO.select(["image_id"]), "b.orc": TWO}, "", 2, {"null_text": 2}, ORC),
    Counted("parts: json, types differ by file", {"a.json": '{"image_id":1,"text":"a"}\n', "b.json": '{"image_id":"x","text":["b","c"]}\n'}, "", 3, {}, JSON),
    Counted("parts: csv beside an empty file", {"a.csv": "", "b.csv": GOOD}, "", 2, {}, CSV),
    Counted("parts: hidden files beside data", {"a.csv": GOOD, "_SUCCESS": "x", ".a.crc": "x"}, "", 2, {}, CSV),
    Counted("parts: folders by value", {"day=1/a.csv": GOOD, "day=2/b.csv": GOOD}, "", 4, {}, CSV),
    Counted("parts: folders below, declared", {"a.csv": GOOD, "x/b.csv": GOOD}, "", 4, {}, {**CSV, "options": {"recursiveFileLookup": "true"}}),
    Counted("parts: a file that is linked", {"x/.keep": "", "b.csv": GOOD, "a.csv": link("b.csv")}, "a.csv", 2, {}, CSV),
    # Names of files.
    *(Counted(f"file: {name}", {name: GOOD}, name, 2, {}, CSV) for name in ("a b.csv", "a%20b.csv", "a[1].csv", "a{1,2}.csv", "é ü 犬.csv", "a#b?.csv", "a+b=c.csv", "a,b.csv", "a\\b.csv")),
    Counted("file: glob", {"a1.csv": GOOD, "a2.csv": GOOD, "b.csv": "broken"}, "a[12].csv", 4, {}, CSV),
    Counted("file: glob of braces", {"a.csv": GOOD, "b.csv": GOOD, "c.csv": "broken"}, "{a,b}.csv", 4, {}, CSV),
    Counted("file: folder with a name like a file", {"a.csv/part.csv": GOOD}, "a.csv", 2, {}, CSV),
    Counted("file: orc", {"a.orc": TWO}, "a.orc", 2, {}, ORC),
)  # fmt: skip


def refused(format: str, edge: str, content: Content, *said: str, **settings: Any) -> Refused:
    name = FILE[format]
    return Refused(f"{format}: {edge}", {name: content}, name, said, {"format": format, **settings})


def cut(content: bytes, keep: float) -> bytes:
    return content[: int(len(content) * keep)]


PARQUET, ORC_FILE = as_parquet(table(["dog"] * 999)), as_orc(table(["dog"] * 999))
REFUSED = (
    *(refused(name, "0 bytes", b"", FILE[name], "empty|infer") for name in FILE),
    *(Refused(f"{name}: folder without files", {".keep": "x"}, "", ("no data file",), {"format": name}) for name in FILE),
    Refused("folder with hidden files alone", {"_SUCCESS": "x", ".a.csv": GOOD}, "", ("no data file",), CSV),
    Refused("glob that matches nothing", {"a.csv": GOOD}, "*.tsv", ("no such file",), CSV),
    Refused("no such file", {}, "absent.csv", ("absent.csv", "no such file"), CSV),
    Refused("dangling link", {"a.csv": link("absent")}, "a.csv", ("a.csv", "no such file"), CSV),
    Refused("link to itself", {"a.csv": link("a.csv")}, "a.csv", ("a.csv",), CSV),
    Refused("a name with a colon", {"a:b.csv": GOOD}, "a:b.csv", ("a:b.csv", "rename it"), CSV),
    Refused("link to the folder above", {"a.csv": GOOD, "x/up": link("..")}, "", ("a.csv|loop|link|level",), CSV),
    Refused("folders below", {"a.csv": GOOD, "x/b.csv": GOOD}, "", ("b.csv", "folders below", "recursiveFileLookup"), CSV),
    Refused("folders below alone", {"x/b.csv": GOOD}, "", ("folders below|infer|no column",), CSV),
    Refused("mixed formats", {"a.csv": GOOD, "b.json": LINES}, "", ("a.csv", "b.json", "glob"), CSV),
    Refused("mixed formats, packed", {"a.parquet": TWO, "b.csv.gz": gzip.compress(GOOD.encode())}, "", ("b.csv.gz",)),
    Refused("options.path", {"a.csv": GOOD}, "a.csv", ("options.path",), {**CSV, "options": {"path": "/etc/hostname"}}),
    refused("csv", "UTF-16", GOOD.encode("utf-16"), "a.csv", "UTF-16", "options.encoding"),
    refused("csv", "UTF-16 without a mark", GOOD.encode("utf-16-le"), "no column 'image_id'"),
    refused("json", "UTF-16", LINES.encode("utf-16"), "a.json", "UTF-16"),
    refused("json", "another encoding", LINES, "UTF-8 alone", options={"encoding": "UTF-16"}),
    refused("csv", "latin-1 by a name that Spark does not know", GOOD, "latin1", "iso-8859-1", options={"encoding": "latin1"}),
    refused("csv", "an encoding that nobody knows", GOOD, "utf-99", options={"encoding": "utf-99"}),
    Refused("csv: gzip without the ending", {"a.csv": gzip.compress(GOOD.encode())}, "a.csv", ("a.csv", "gzip", ".gz"), CSV),
    Refused("csv: no gzip under the ending", {"a.csv.gz": GOOD}, "a.csv.gz", ("a.csv.gz", "gzip"), CSV),
    Refused("csv: gzip cut short", {"a.csv.gz": cut(gzip.compress(random.Random(0).randbytes(9999).hex().encode()), 0.5)}, "a.csv.gz", ("a.csv.gz",), CSV),
    Refused("json: gzip cut short", {"a.json.gz": cut(gzip.compress(LINES.encode() * 99), 0.5)}, "a.json.gz", ("a.json.gz",), JSON),
    refused("csv", "a zip archive", b"PK\x03\x04rest", "a.csv", "zip"),
    refused("csv", "Parquet inside", PARQUET, "a.csv", "Parquet", "format"),
    refused("json", "Parquet inside", PARQUET, "a.json", "Parquet", "format"),
    refused("parquet", "a text", GOOD, "a.parquet"),
    refused("parquet", "cut in half", cut(PARQUET, 0.5), "a.parquet"),
    refused("parquet", "cut by its last bytes", PARQUET[:-3], "a.parquet"),
    refused("parquet", "its last bytes are garbage", PARQUET[:-40] + b"x" * 32 + PARQUET[-8:], "a.parquet"),
    refused("parquet", "encrypted", b"PARE" + b"x" * 50 + b"\x20\0\0\0PARE", "a.parquet"),
    refused("parquet", "an endless footer", PARQUET[:-8] + b"\xff\xff\xff\x7fPAR1", "a.parquet"),
    Refused("parquet: one of the parts is empty", {"a.parquet": TWO, "b.parquet": b""}, "", ("b.parquet", "0 bytes")),
    Refused("parquet: one of the parts is a text", {"a.parquet": TWO, "b.parquet": GOOD}, "", ("b.parquet",)),
    refused("orc", "garbage", b"x" * 500, "a.orc"),
    refused("orc", "cut in half", cut(ORC_FILE, 0.5), "a.orc"),
    refused("orc", "its last bytes are garbage", ORC_FILE[:-20] + b"x" * 20, "a.orc"),
    refused("csv", "another separator", "image_id;text\n1;dog\n", "no column 'image_id', 'text'", "image_id;text"),
    refused("csv", "no header", "1,dog\n2,cat\n", "no column 'image_id', 'text'", "1, dog"),
    refused("csv", "a header of commas", ",,,\n1,2,3,4\n", "no column 'image_id', 'text'", "_c0"),
    refused("csv", "a mapped column twice", "image_id,text,text\n1,a,b\n", "no column 'text'", "text1, text2"),
    refused("csv", "a mapped column in two cases", "image_id,text,Text\n1,a,b\n", "text"),
    refused("csv", "names in another case", "Image_ID,Text\n1,a\n", "no column 'image_id', 'text'", "Image_ID, Text"),
    refused("csv", "one text in place of a table", "just some words\n", "no column"),
    Refused("csv: headers differ", {"a.csv": GOOD, "b.csv": "text,image_id\ndog,3\n"}, "", ("header", ".csv"), CSV),
    Refused("csv: parts with other columns", {"a.csv": GOOD, "b.csv": "image_id\n3\n"}, "", ("header", ".csv"), CSV),
    refused("parquet", "columns of one name", twice_named, "text", "already exists"),
    refused("parquet", "columns that differ in case", TWO.append_column("Text", TWO["text"]), "text", "already exists"),
    refused("json", "keys that differ in case", '{"image_id":1,"text":"a","Text":"b"}\n', "text", "already exists"),
    refused("json", "no object anywhere", "dog\ncat\n", "no column 'image_id', 'text'"),
    refused("json", "all rows lack the text", '{"image_id":1}\n', "no column 'text'", "image_id"),
    refused("json", "text is an object", '{"image_id":1,"text":{"a":1}}\n', "column 'text' is variant", "list of strings"),
    refused("json", "ids are lists", '{"image_id":[1],"text":"a"}\n', "column 'image_id' is array<string>"),
    refused("json", "keyed by id", json.dumps({str(i): "dog" for i in range(20_001)}), "20,000 keys"),
    refused("parquet", "text is bytes", table([b"dog"]), "column 'text' is binary", "expected a string"),
    refused("parquet", "text is a struct", table([{"a": 1}]), "column 'text' is struct<a:bigint>"),
    refused("parquet", "text is a map", pa.table({"image_id": ["1"], "text": pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string()))}), "column 'text' is map"),
    refused("parquet", "text is a list of lists", table([[["a"]]]), "column 'text' is array<array<string>>"),
    refused("parquet", "text is a list of structs", table([[{"a": 1}]]), "column 'text' is array<struct"),
    refused("parquet", "text is of no type", pa.table({"image_id": ["1"], "text": pa.nulls(1)}), "no usable row|void"),
    refused("parquet", "ids are numbers with a point", table(["a"], [1.5]), "column 'image_id' is double", "whole numbers"),
    refused("parquet", "ids are booleans", table(["a"], [True]), "column 'image_id' is boolean"),
    refused("parquet", "ids are bytes", table(["a"], [b"\xff"]), "column 'image_id' is binary"),
    refused("parquet", "counts are lists", table(["a"], n=[[1]]), "column 'n' is array<bigint>", count="n"),
    refused("parquet", "a contributor is a struct", table(["a"], n=[{"a": 1}]), "column 'n' is struct", contributor="n"),
    refused("parquet", "no such column", TWO, "no column 'who'", "image_id, text", contributor="who"),
    refused("parquet", "no columns at all", pa.table({"x": [1]}).select([]), "no column|infer|empty"),
    Refused("parts: a number here, a string there", {"a.parquet": table(["a"], [1]), "b.parquet": TWO}, "", ("image_id", "merge")),
    Refused("parts: orc, a number here, a string there", {"a.orc": table(["a"], [1]), "b.orc": TWO}, "", ("image_id|merge",), ORC),
    Refused("a format that nobody knows", {"a": b"x"}, "a", ("lance",), {"format": "lance"}),
    refused("csv", "a separator that is none", GOOD, "delimiter", options={"sep": ""}),
    refused("csv", "no rows at all", HEAD, "no usable row"),
    refused("csv", "every row is bad", HEAD + "1\n2\n", "no usable row"),
)  # fmt: skip
