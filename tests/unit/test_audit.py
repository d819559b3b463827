"""The sheet that people judge on, and what is read back from it."""

import base64
import csv
import hashlib
import io
import json
import math
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import binomtest

from pipeline.labeling.judgements import JUDGEMENTS, read_judgements
from pipeline.review.audit.job import run_audit
from pipeline.review.audit.sheet import COLUMNS, Pair, no_formula, render_csv, render_sheet, write_sheet
from pipeline.review.precision import describe, precision, wilson
from pipeline.runtime.errors import InputError

HOSTILE = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>' onmouseover='alert(1)",
    "</style><style>body{background:url(http://evil.example/)}",
    "{{ 7 * 7 }}{% raw %}",
    "photo\u202egpj.exe \u2067right\u2069",
    "line\nbreak\r\nand \x00\x1b[31m & < > ' \" \u2028",
]
VOID = {"meta", "link", "img", "input"}


class Page(HTMLParser):
    """Tags with their attributes, the scripts, and whether each element is closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.script = ""
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.script += data
        elif not self.open or self.open[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


def pair(text: str = "fern", **other: Any) -> Pair:
    values: dict[str, Any] = {
        "audit_id": "a0011223344556677",
        "image_id": text,
        "label": text,
        "display": text,
        "label_key": "00112233aabbccdd",
        "band": "tail",
        "confidence": 0.75,
        "decile": 8,
        "weight": 12.5,
        "evidence": ((text, text, 3), ("tag", "green fern", 1)),
        "texts": ((text, text, 2),),
        "image_uri": None,
    }
    return Pair(**{**values, **other})


def judged(rows: list[tuple[bool, str | None, float | None]]) -> pa.Table:
    full = [(f"i{n}", "fern", *row) for n, row in enumerate(rows)]
    return pa.table([pa.array(c, f.type) for c, f in zip(zip(*full, strict=True), JUDGEMENTS, strict=True)], JUDGEMENTS)


def saved(folder: Path, text: str) -> str:
    path = folder / "result.csv"
    path.write_bytes(text.encode("utf-8"))
    return str(path)


def rows_of(folder: Path, text: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in read_judgements(saved(folder, text)).to_pylist()]


# The CSV file.


def test_csv_has_the_columns_and_leaves_correct_empty() -> None:
    header, line = csv.reader(io.StringIO(render_csv([pair()]), newline=""))
    assert tuple(header) == COLUMNS
    assert dict(zip(header, line, strict=True)) == {
        **{"audit_id": "a0011223344556677", "image_id": "fern", "label": "fern", "label_key": "00112233aabbccdd"},
        **{"band": "tail", "confidence": "0.7500", "decile": "8", "weight": "12.5"},
        **{"evidence": "fern: fern (x3); tag: green fern", "texts": "fern: fern (x2)", "image_uri": "", "correct": ""},
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "\t", "\r", "\n"])
def test_formulas_are_disarmed_where_cells_are_read_by_people_alone(start: str) -> None:
    cell = f"{start}HYPERLINK(1)"
    (row,) = csv.DictReader(io.StringIO(render_csv([pair(cell, image_uri=cell)]), newline=""))
    assert row["evidence"].startswith(f"'{cell}: ")
    assert row["texts"].startswith(f"'{cell}: ")
    assert row["image_uri"] == f"'{cell}"
    assert (row["image_id"], row["label"]) == (cell, cell)


def test_harmless_cells_get_no_apostrophe() -> None:
    assert [no_formula(cell) for cell in ("", "a=b", "'a", " =1")] == ["", "a=b", "'a", " =1"]


@settings(deadline=None)  # the first reading loads what reads
@given(st.lists(st.text(alphabet='a,"\n\r;\t=é', min_size=1), min_size=1, max_size=4, unique=True), st.floats(0.1, 1e9))
def test_a_sheet_filled_in_is_read_back_to_the_letter(ids: list[str], weight: float) -> None:
    lines = list(csv.reader(io.StringIO(render_csv([pair(name, weight=weight) for name in ids]), newline="")))
    out = io.StringIO(newline="")
    csv.writer(out).writerows([lines[0], *([*line[:-1], "1"] for line in lines[1:])])
    with tempfile.TemporaryDirectory() as folder:  # a fixture would be shared by all examples
        found = rows_of(Path(folder), out.getvalue())
    assert found == [(name, name, True, "tail", weight) for name in sorted(ids)]


# The page.


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_a_source_says_becomes_a_tag_or_an_attribute(text: str) -> None:
    hostile = Page(render_sheet([pair(text, band=text, image_uri=text)], {}, text))
    plain = Page(render_sheet([pair(image_uri="fern")], {}, "fern"))
    assert [(tag, sorted(attrs)) for tag, attrs in hostile.tags] == [(tag, sorted(attrs)) for tag, attrs in plain.tags]
    assert hostile.script == plain.script
    assert not set("\u202e\u2067\x1b\x00") & set(hostile.text)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_script_gets_the_pair_to_the_letter(text: str) -> None:
    (article,) = Page(render_sheet([pair(text, band="head")], {}, "t")).all("article")
    assert json.loads(article["data-pair"]) == [text, text, "head", "12.5"]


def test_only_the_script_of_the_page_may_run_and_nothing_loads() -> None:
    page = Page(render_sheet([pair()], {}, "t"))
    (policy,) = [attrs["content"] for attrs in page.all("meta") if "http-equiv" in attrs]
    digest = base64.b64encode(hashlib.sha256(page.script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("script-src") == f"'sha256-{digest}'"
    assert rules.pop("style-src") == "'unsafe-inline'"
    assert rules == {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
    assert len(page.all("script")) == 1


@pytest.mark.parametrize(("uri", "links"), [("https://x.example/a.png", 1), ("javascript:alert(1)", 0), ("/a.png", 0)])
def test_only_web_addresses_become_links(uri: str, links: int) -> None:
    assert len(Page(render_sheet([pair(image_uri=uri)], {}, "t")).all("a")) == links


def test_each_pair_can_be_right_wrong_or_open() -> None:
    page = Page(render_sheet([pair(), pair(audit_id="a1", weight=None)], {}, "t"))
    assert [(i["name"], i["value"]) for i in page.all("input")] == [
        (name, value) for name in ("a0011223344556677", "a1") for value in ("1", "0", "?")
    ]
    assert json.loads(page.all("article")[1]["data-pair"])[3] == ""


def test_answers_of_another_draw_are_kept_under_another_key() -> None:
    one, same, other = (
        Page(render_sheet([pair(weight=weight)], {}, "t")).all("body")[0]["data-sheet"] for weight in (1.0, 1.0, 2.0)
    )
    assert one == same
    assert one != other


def test_written_sheet_shows_local_pictures_and_starts_with_a_byte_order_mark(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    pairs = [pair(image_uri=str(tmp_path / "a.png")), pair(audit_id="a1", image_uri="https://x.example/a.png")]
    assert write_sheet(str(tmp_path / "out"), pairs, "t") == 1
    (picture,) = Page((tmp_path / "out" / "audit.html").read_text("utf-8")).all("img")
    assert picture["src"].startswith("data:image/")
    assert (tmp_path / "out" / "audit.csv").read_bytes().startswith(b"\xef\xbb\xbfaudit_id,")


# Reading judgements.


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        *((word, True) for word in ("1", "1.0", "yes", "Y", " Right ", "TRUE")),
        *((word, False) for word in ("0", "0.0", "no", "N", "wrong", "False")),
    ],
)
def test_answers_are_understood_in_any_case(tmp_path: Path, answer: str, correct: bool) -> None:
    assert rows_of(tmp_path, f"image_id,label,correct\ni,fern,{answer}\n") == [("i", "fern", correct, None, None)]


def test_rows_without_an_answer_are_left_out_and_columns_may_come_in_any_order(tmp_path: Path) -> None:
    text = "correct,weight,more,label,image_id,band\n?,1,,a,i1,head\n,,,a,i2,\n\n0,2.5,x,a,i4,tail\n1,,,a,i3\n"
    assert rows_of(tmp_path, text) == [("i3", "a", True, None, None), ("i4", "a", False, "tail", 2.5)]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_spreadsheets_may_save_other_separators_a_mark_and_windows_line_ends(tmp_path: Path, separator: str) -> None:
    lines = ["image_id,label,correct", '"a ""b""",fern,1', ""]
    text = "\ufeff" + "\r\n".join(line.replace(",", separator) for line in lines)
    assert rows_of(tmp_path, text) == [('a "b"', "fern", True, None, None)]


def test_a_sheet_without_answers_gives_an_empty_table_of_the_same_columns(tmp_path: Path) -> None:
    assert read_judgements(saved(tmp_path, "image_id,label,correct\ni,fern,\n")).schema == JUDGEMENTS


def test_equal_judgements_of_a_pair_count_once(tmp_path: Path) -> None:
    assert len(rows_of(tmp_path, "image_id,label,correct\ni,fern,1\ni,fern,yes\n")) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("image_id,correct\n", "no column label; it has image_id, correct"),
        ("image_id,label,correct,label\n", "column label stands there twice"),
        ("image_id,label,correct\ni,fern,1\ni,moss,maybe\n", r"line 3: correct is 'maybe'"),
        ('image_id,label,correct\n"i\nj",fern,1\ni,moss,maybe\n', r"line 4: correct is 'maybe'"),
        ("image_id,label,correct\ni,fern,1\ni,fern,0\n", "lines 2 and 3: image 'i' with label 'fern'.*both ways"),
        ("image_id,label,correct,weight\ni,fern,1,2\ni,fern,1,3\n", "lines 2 and 3: .*two bands or weights"),
        ("image_id,label,correct,weight\ni,fern,1,0\n", "line 2: weight is '0'"),
        ("image_id,label,correct,weight\ni,fern,1,nan\n", "line 2: weight is 'nan'"),
        ("image_id,label,correct\n,fern,1\n", "line 2: a judged row needs an image_id"),
        ("image_id,label,correct\ni,fern,1,,surplus\n", "line 2: 5 cells, the header has 3"),
        ('image_id,label,correct\n"i"x,fern,1\n', "line 2: not readable as CSV"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_judgements(saved(tmp_path, text))


def test_a_missing_file_and_one_of_another_encoding_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_judgements(str(tmp_path / "none.csv"))
    (tmp_path / "old.csv").write_bytes("image_id,label,correct\nfougère,fern,1\n".encode("cp1252"))
    with pytest.raises(InputError, match=r"no UTF-8"):
        read_judgements(str(tmp_path / "old.csv"))


# Precision.


@given(st.integers(1, 500), st.data())
def test_equal_weights_give_the_share_with_wilsons_interval(judged_: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, judged_))
    (band, whole) = precision(judged([(n < right, "head", 3.0) for n in range(judged_)]))
    known = binomtest(right, judged_).proportion_ci(method="wilson")
    for found in (band, whole):
        assert (found.judged, found.right, found.effective) == (judged_, right, judged_)
        assert found.precision == right / judged_
        assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-12)


def test_weights_give_the_ratio_estimate_on_kishs_effective_size() -> None:
    # Weights 6, 2, 2, of which the first and last are right: 8 of 10. Kish: 10^2 / (36 + 4 + 4).
    (found, _) = precision(judged([(True, "tail", 6.0), (False, "tail", 2.0), (True, "tail", 2.0)]))
    assert found.precision == pytest.approx(0.8)
    assert found.effective == pytest.approx(100 / 44)
    z, n = 1.959963984540054, 100 / 44
    middle, half = 0.8 + z * z / 2 / n, z * math.sqrt(0.8 * 0.2 / n + z * z / 4 / n / n)
    assert (found.low, found.high) == pytest.approx(
        ((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))
    )


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 1e4)), min_size=1, max_size=30), st.sampled_from([0.25, 8.0]))
def test_estimates_stay_in_bounds_and_do_not_depend_on_scale_or_order(
    rows: list[tuple[bool, float]], scale: float
) -> None:
    found = precision(judged([(right, None, weight) for right, weight in rows]))[-1]
    again = precision(judged([(right, None, weight * scale) for right, weight in rows[::-1]]))[-1]
    assert 0 <= found.low <= found.precision <= found.high <= 1
    assert 1 - 1e-9 <= found.effective <= len(rows) + 1e-9
    assert (found.low, found.precision, found.high) == pytest.approx((again.low, again.precision, again.high))


def test_bands_come_in_order_and_pairs_without_one_are_in_all_alone() -> None:
    rows = [(True, band, None) for band in ("tail", "rare", None, "head")]
    assert [(found.band, found.judged) for found in precision(judged(rows))] == [
        *(("head", 1), ("tail", 1), ("rare", 1), ("all", 4)),
    ]


def test_draws_with_and_without_weights_are_not_mixed() -> None:
    with pytest.raises(InputError, match="1 of 2 judgements have no weight"):
        precision(judged([(True, "head", 1.0), (True, "head", None)]))


def test_no_judgement_gives_no_precision() -> None:
    (found,) = precision(JUDGEMENTS.empty_table())
    assert (found.band, found.judged) == ("all", 0)
    assert math.isnan(found.precision)
    assert "| all  |      0 |     0 |         - |" in describe([found], weighted=True)


def test_weighted_precision_of_a_stratified_draw_is_unbiased_where_the_plain_share_is_not() -> None:
    # Two cells, of 900 pairs (90 % right) and 100 pairs (10 % right), ten drawn of each: the truth is .82.
    random = np.random.default_rng(0)
    weighted, plain = [], []
    for _ in range(200):
        rows = [(bool(random.random() < 0.9), None, 90.0) for _ in range(10)]
        rows += [(bool(random.random() < 0.1), None, 10.0) for _ in range(10)]
        weighted.append(precision(judged(rows))[-1].precision)
        plain.append(sum(right for right, _, _ in rows) / len(rows))
    assert np.mean(weighted) == pytest.approx(0.82, abs=0.02)
    assert np.mean(plain) == pytest.approx(0.5, abs=0.02)


def test_wilson_of_all_or_none_right_ends_at_the_edge() -> None:
    assert wilson(1.0, 5)[1] == 1.0
    assert wilson(0.0, 5)[0] == 0.0


# The job.


def test_the_job_prints_precision_by_band(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path, "image_id,label,correct,band\na,x,1,head\nb,x,0,head\nc,x,1,tail\n")
    assert run_audit("audit", ["--result", path]) == 0
    told = capsys.readouterr().out
    assert "| head |      2 |     1 |     0.500 |     0.095 | 0.905 |" in told
    assert "not that of the run" in told


def test_the_job_tells_unusable_input_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_audit("audit", ["--result", str(tmp_path / "none.csv")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    (tmp_path / "audit.csv").write_text("somebody's work")
    assert run_audit("audit", ["--run", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "the file exists" in capsys.readouterr().err
    assert run_audit("audit", ["--run", str(tmp_path), "--out", str(tmp_path / "new")]) == 2
    assert "no run.json" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--run", "r"], ["--run", "r", "--result", "f"], ["--per-cell", "0"]])
def test_the_job_refuses_arguments_that_do_not_go_together(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        run_audit("audit", arguments)
