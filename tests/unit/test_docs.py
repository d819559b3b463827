"""The pages of documentation: what is made of the code is whole, and what pages claim holds."""

import argparse
import html
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline.docs import site
from pipeline.docs.api_pages import api_pages
from pipeline.docs.blocks import Block, commands, job_calls, read_blocks
from pipeline.docs.docstrings import docstring, entries
from pipeline.docs.jobs_page import jobs_page, option_help, option_name
from pipeline.docs.links import faults
from pipeline.docs.markdown import code, directive, plain, table
from pipeline.docs.parsers import misuse, options, read_job, read_jobs, subparsers
from pipeline.docs.road_picture import road_picture
from pipeline.docs.settings_page import bounds, setting_names, settings_page
from pipeline.docs.tables_page import read_schemas, tables_page, type_name
from pipeline.runtime.errors import UserError
from pipeline.runtime.load import SECTIONS, load_config
from pipeline.stages import ROAD

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # MyST asks Sphinx in an old way

HOME = Path(__file__).parents[2]
PAGES = sorted(site.PAGES.glob("*.md"))
SOURCE = '[[sources]]\ncorpus = "icons"\n'


@pytest.fixture(scope="module")
def parsers() -> dict[str, argparse.ArgumentParser]:
    return {job.name: job.parser for job in read_jobs(HOME / "jobs")}


def page_blocks() -> list[tuple[str, Block]]:
    return [(path.name, block) for path in PAGES for block in read_blocks(path.read_text(encoding="utf-8"))]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="`&"), min_size=1))
def test_a_plain_text_is_shown_as_it_is(text: str) -> None:
    shown = MarkdownIt().renderInline(plain(text))
    assert html.unescape(shown) == text


@pytest.mark.parametrize("text", ["a*b", "a`b", "`", "<i>", "a | b"])
def test_code_is_shown_as_it_is(text: str) -> None:
    assert MarkdownIt().renderInline(code(text)) == f"<code>{html.escape(text)}</code>"


def test_a_cell_with_a_bar_and_a_line_break_stays_one_cell() -> None:
    shown = MarkdownIt().enable("table").render(table(["a", "b"], [["x | y", "`p|q`\nz"]]))
    assert re.findall("<td>(.*)</td>", shown) == ["x | y", "<code>p|q</code> z"]


def test_a_directive_encloses_the_blocks_inside_it() -> None:
    made = directive("py:function", "f()", "text\n```````\nx\n```````", no_index="")
    first, option, *_, last = made.splitlines()
    assert (first, option) == ("````````{py:function} f()", ":no-index:")
    assert last == "````````"


def test_every_setting_stands_on_its_page_with_reason_default_and_bounds() -> None:
    page = settings_page()
    for name in setting_names():
        assert f"{{confval}} {name}\n" in page
    assert len(setting_names()) > 80
    assert {name.partition(".")[0] for name in setting_names()} == {*SECTIONS, "sources", "images"}
    cap = page[page.index("{confval} mine.max_words") :]
    assert cap.splitlines()[1:3] == [":type: whole number, from 1 to 8", ":default: `6`"]
    assert 'one of `"' not in page
    assert "one of `drop`, `flag`, `keep`" in page


def test_limits_are_said_in_words() -> None:
    assert [bounds(*pair) for pair in ((0, 1), (2, None), (None, 3), (None, None))] == [
        *("from 0 to 1", "at least 2", "at most 3", "")
    ]


def test_every_table_and_column_stands_on_its_page_with_its_meaning() -> None:
    page = tables_page()
    schemas = read_schemas()
    assert {schema["table"] for schema in schemas} >= {name for stage in ROAD for name in stage.writes} | {"rejects"}
    for schema in schemas:
        section = page[page.index(f"(table-{schema['table']})=") :]
        for field in schema["fields"]:
            assert f"| `{field['name']}` | " in section
            assert plain(field["metadata"]["comment"]).split("|")[0] in section
        for reference in schema["references"]:
            assert f"Every `{reference['column']}` is one of [{reference['table']}]" in section


def test_types_inside_types_are_named_in_full() -> None:
    field = {"name": "n", "type": "long", "nullable": False}
    kind = {"type": "array", "elementType": {"type": "struct", "fields": [field]}, "containsNull": False}
    assert type_name({"type": "map", "keyType": "string", "valueType": kind}) == "map<string, array<struct<n: bigint>>>"


def test_every_job_and_every_option_stands_on_its_page(parsers: dict[str, argparse.ArgumentParser]) -> None:
    page = jobs_page(HOME / "jobs")
    assert parsers.keys() == {path.name for path in (HOME / "jobs").glob("*.py")} - {"__init__.py"}
    for name, parser in parsers.items():
        assert f"(job-{name[:-3]})=" in page
        for below in (parser, *subparsers(parser).values()):
            for action in options(below):
                if action.help != argparse.SUPPRESS:
                    assert f"{{option}} {option_name(action)}\n" in page, (name, action)
    assert str(Path("/tmp")) not in page


def test_a_job_of_another_form_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text('"""Odd."""\nprint("odd")\n')
    with pytest.raises(UserError, match=r"odd\.py: a job calls a function of pipeline"):
        read_job(tmp_path / "odd.py")
    with pytest.raises(UserError, match="no jobs"):
        read_jobs(tmp_path / "none")


def test_options_are_written_as_they_are_used() -> None:
    parser = argparse.ArgumentParser(prog="x.py")
    several = parser.add_argument(
        "--way", "-w", nargs="+", metavar="WAY", default=["a"], help="ways (default: %(default)s)"
    )
    switch = parser.add_argument("--dry", action="store_true", help="write nothing, by %(prog)s")
    chosen = parser.add_argument("--over", choices=("a", "b"), default="b", help="what")
    assert [option_name(action) for action in (several, switch, chosen)] == [
        *("--way WAY [WAY ...], -w WAY [WAY ...]", "--dry", "--over a|b")
    ]
    assert option_help(several, "x.py") == "ways (default: a)"
    assert option_help(switch, "x.py") == "write nothing, by x.py"
    assert option_help(chosen, "x.py") == "what (one of: a, b; default: b)"


def test_misuse_of_a_job_is_told_and_leaves_the_parser_as_it_was(parsers: dict[str, argparse.ArgumentParser]) -> None:
    assert "--no-such" in misuse(parsers["mine.py"], ["--no-such"])
    assert misuse(parsers["mine.py"], ["--corpus", "icons"]) == ""
    with pytest.raises(SystemExit):
        parsers["mine.py"].parse_args(["--no-such"])


def test_docstrings_become_fields() -> None:
    made = docstring(
        "Add <two>.\n\n    Args:\n        a: one\n            more\n        b: two\n\n"
        "    Returns:\n        The sum.\n\n    Raises:\n        ValueError: never.\n    "
    )
    assert made == "Add \\<two\\>.\n\n:param a: one more\n:param b: two\n:returns: The sum.\n:raises ValueError: never."
    assert list(entries("x, y: both")) == [("x, y", "both")]


def test_modules_show_what_is_public_and_nothing_else(tmp_path: Path) -> None:
    package = tmp_path / "pipeline" / "text"
    package.mkdir(parents=True)
    (tmp_path / "pipeline/__init__.py").touch()
    (package / "__init__.py").write_text('"""Texts. And more."""')
    (package / "cut.py").write_text(
        '"""Cut."""\n\n\ndef cut(text: str, *, at: int = 3) -> list[str]:\n    """Cut it."""\n\n\n'
        'def _not_this() -> None: ...\n\n\nclass Knife:\n    """Cuts."""\n\n'
        "    def __init__(self, edge: int) -> None: ...\n\n"
        '    @property\n    def edge(self) -> int:\n        """Its edge."""\n\n    def use(self, hard: bool) -> None:\n'
        '        """Use it."""\n'
    )
    pages = api_pages(tmp_path / "pipeline")
    assert pages.keys() == {"index.md", "pipeline.text.md"}
    page = pages["pipeline.text.md"]
    for line in (
        "{py:function} cut(text: str, *, at: int=3) -> list[str]",
        "{py:class} Knife(edge: int)",
        "{py:property} edge",
        "{py:method} use(hard: bool) -> None",
    ):
        assert line in page
    assert "_not_this" not in page
    assert "| [pipeline.text](pipeline.text.md) | Texts. |" in pages["index.md"]


def test_the_picture_has_every_stage_and_every_table_that_it_makes() -> None:
    picture = road_picture(ROAD, {"ingest": "a < b"})
    for stage in ROAD:
        for name in (stage.name.replace("_", " "), *stage.writes):
            assert f">{name}</text>" in picture
    assert "a &lt; b" in picture
    assert set(site._SAYINGS) == {stage.name for stage in ROAD}


def test_commands_go_on_after_a_backslash_and_end_where_output_begins() -> None:
    (block,) = read_blocks("text\n\n```console file=x\n$ one \\\n    --two\nsaid\n\n$ three\n```\n")
    assert (block.language, block.marks, block.line) == ("console", {"file": "x"}, 3)
    assert [(item.text, item.output) for item in commands(block)] == [("one --two", ["said", ""]), ("three", [])]


def test_calls_of_jobs_are_found_behind_launchers() -> None:
    line = "JAVA_HOME=x spark-submit --master local[2] jobs/ingest.py --run-id a && python jobs/mine.py --corpus icons"
    assert list(job_calls(line)) == [("ingest.py", ["--run-id", "a"]), ("mine.py", ["--corpus", "icons"])]


@pytest.mark.parametrize(("page", "block"), [item for item in page_blocks() if item[1].language == "toml"])
def test_settings_on_pages_are_settings(page: str, block: Block, tmp_path: Path) -> None:
    text = block.text if "append" not in block.marks else SOURCE + block.text
    (tmp_path / "run.toml").write_text(text, encoding="utf-8")
    assert load_config(tmp_path / "run.toml").sources, page


def test_commands_on_pages_are_commands(parsers: dict[str, argparse.ArgumentParser]) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (HOME / "Makefile").read_text(), re.MULTILINE))
    variables = set(re.findall(r"^([A-Z_]+) :=", (HOME / "Makefile").read_text(), re.MULTILINE))
    found = 0
    for page, block in page_blocks():
        for command in commands(block) if block.language == "console" else ():
            for job, arguments in job_calls(command.text):
                assert misuse(parsers[job], arguments) == "", (page, command.text)
                found += 1
            if command.text.startswith("make "):
                target, *given = shlex.split(command.text)[1:]
                assert target in targets, (page, command.text)
                assert {item.partition("=")[0] for item in given} <= variables, (page, command.text)
    assert found > 15


@pytest.mark.parametrize(("page", "block"), [item for item in page_blocks() if item[1].language == "python"])
def test_programs_on_pages_compile(page: str, block: Block) -> None:
    compile(block.text, f"{page}:{block.line}", "exec")


PAGE = '<html><body><a id="here"></a>{}</body></html>'


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="other.html">x</a>', "no page other.html"),
        ('<a href="#there">x</a>', "no anchor #there"),
        ('<a href="sub/b.html#no">x</a>', "no anchor sub/b.html#no"),
        ('<img src="https://x.example/a.png">', "fetches https://x.example/a.png"),
        ('<img src="a.png">', "no file a.png"),
        ('<img srcset="//x.example/a.png 2x">', "fetches //x.example/a.png"),
        ('<script src="http://x.example/a.js"></script>', "fetches http://x.example/a.js"),
        ('<link rel="stylesheet" href="https://x.example/a.css">', "fetches https://x.example/a.css"),
        ('<link rel="preconnect" href="https://x.example">', "fetches https://x.example"),
        ("<style>@import 'https://x.example/a.css';</style>", "fetches https://x.example/a.css"),
        ('<p style="background: url(https://x.example/a)">x</p>', "fetches https://x.example/a"),
    ],
)
def test_what_is_dead_or_from_elsewhere_is_found(tmp_path: Path, body: str, fault: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.html").write_text('<a href="../a.html#here">back</a>')
    (tmp_path / "a.html").write_text(PAGE.format(body))
    assert faults(tmp_path) == [f"a.html: {fault}"]


def test_a_style_sheet_that_fetches_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text(
        "p { background: url('data:image/png;base64,xx') } i { src: url(https://x.example/f) }"
    )
    assert faults(tmp_path) == ["a.css: fetches https://x.example/f"]


def test_links_for_readers_and_whole_sites_are_well(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        PAGE.format('<a href="https://x.example">x</a><a href="#here">x</a><a href="#">x</a>')
    )
    assert faults(tmp_path) == []


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sphinx", reason="the group docs is not installed")
    (tmp_path / "thesis.txt").touch()
    assert site.main([str(tmp_path)]) == 2
    assert "holds something else than a site" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_site_is_built_in_place_of_an_older_one_without_a_fault(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="the group docs is not installed")
    (tmp_path / "objects.inv").touch()
    (tmp_path / "old.html").touch()
    site.build_site(tmp_path)
    assert faults(tmp_path) == []
    assert not (tmp_path / "old.html").exists()
    settings, jobs = ((tmp_path / f"{page}.html").read_text() for page in ("settings", "jobs"))
    for name in setting_names():
        assert f'id="confval-{name.replace("_", "-")}"' in settings or f'id="confval-{name}"' in settings, name
    assert 'id="cmdoption-mine.py-resume"' in jobs
    assert all((tmp_path / f"{page.stem}.html").is_file() for page in PAGES)
    assert (tmp_path / "searchindex.js").stat().st_size > 10_000
    scripts = [
        text for path in tmp_path.rglob("*.html") for text in re.findall(r"<script src=[^>]+>", path.read_text())
    ]
    assert scripts
    assert not any("//" in script for script in scripts)


def test_a_page_that_refers_to_what_is_not_there_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sphinx", reason="the group docs is not installed")

    def write(folder: Path) -> None:
        (folder / "_static").mkdir()
        (folder / "_static/site.css").touch()
        (folder / "index.md").write_text("# Title\n\n{confval}`mine.no_such`, [gone](gone.md), [off](#off)\n")

    monkeypatch.setattr(site, "write_sources", write)
    with pytest.raises(UserError, match=r"(?s)mine\.no_such.*gone\.md") as told:
        site.build_site(tmp_path / "site")
    assert "\x1b" not in str(told.value)
    assert not (tmp_path / "site").exists()


def test_what_sphinx_reads_is_the_same_every_time(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        site.write_sources(folder)
        made.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert made[0] == made[1]
    assert b"<svg" in made[0][Path("index.md")]


def test_pages_are_packaged() -> None:
    listed = tomllib.loads((HOME / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["pipeline.docs"]
    kept = {path for pattern in listed for path in site.PAGES.parent.glob(pattern)}
    assert kept == {path for path in site.PAGES.rglob("*") if path.is_file()}


def test_every_kind_of_default_is_written_as_toml() -> None:
    page = settings_page()
    for default in (
        "`{}`",
        "`[]`",
        '`""`',
        "`true`",
        "none",
        "`0.12`",
        '`["reliability", "saturation", "specificity"]`',
    ):
        assert f":default: {default}\n" in page, default
