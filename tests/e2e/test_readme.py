"""What commands of the README and of the pages name must be there; the README's quick ones are run here.

The README's runs and jobs are run by `test_readme_followed.py`, the tutorial by `test_tutorial.py`; blocks of commands
on other pages are read by `tests/unit/test_docs.py`.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from readme import README, command_lines, settings_block, without_comment

from pipeline.docs.blocks import job_calls
from pipeline.docs.parsers import misuse, options, read_jobs, subparsers
from pipeline.docs.site import PAGES
from pipeline.runtime.load import load_config

ROOT = Path(__file__).parents[2]
TEXTS = {"README.md": README, **{path.name: path.read_text(encoding="utf-8") for path in sorted(PAGES.glob("*.md"))}}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PARSERS = {job.name: job.parser for job in read_jobs(ROOT / "jobs")}
QUICK = ("--print-config", "-m pipeline.runtime.java")


def outside_of_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def spans(texts: dict[str, str] = TEXTS) -> list[str]:
    """Code inside lines of the README and of all pages."""
    found = [re.findall(r"(`+)([^`]+)\1", outside_of_blocks(text)) for text in texts.values()]
    return [" ".join(span.split()) for each in found for _, span in each]


def headings(text: str) -> set[str]:
    """Anchors of the headings of a text, as readers of Markdown make them."""
    titles = re.findall(r"^#+ (.*)$", outside_of_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_there_is_much_to_check() -> None:
    assert sum(len(list(job_calls(line))) for line in command_lines()) >= 5
    assert len([span for span in spans() if "jobs/" in span]) > 15
    assert len([span for span in spans() if span.startswith("make ")]) > 10


@pytest.mark.parametrize("line", sorted({line for line in command_lines() if "jobs/" in line}))
def test_jobs_take_what_the_readme_gives_them(line: str) -> None:
    calls = list(job_calls(without_comment(line)))
    assert calls, line
    for job, arguments in calls:
        assert misuse(PARSERS[job], arguments) == ""


@pytest.mark.parametrize("span", sorted({span for span in spans() if "jobs/" in span and not span.endswith("jobs/")}))
def test_jobs_and_options_inside_sentences_exist(span: str) -> None:
    for path in re.findall(r"jobs/[\w<>]+\.py", span):
        assert (ROOT / path).is_file()
    words = span.split()
    for job in re.findall(r"jobs/(\w+\.py)", span):
        every = [PARSERS[job], *subparsers(PARSERS[job]).values()]
        known = {flag for parser in every for action in options(parser) for flag in action.option_strings}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize(
    "call", sorted({*re.findall(r"\bmake [a-z][a-z-]*(?: [A-Z_]+=\S+)*", "\n".join([*command_lines(), *spans()]))})
)
def test_targets_of_make_exist(call: str) -> None:
    target, *given = shlex.split(call.replace('"', ""))[1:]
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    for name in given:
        assert re.search(rf"^{name.partition('=')[0]} :=", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize(
    "path", sorted({span.split()[0] for span in spans() if re.match(r"(tests|pipeline|schemas)/[\w/]+", span)})
)
def test_files_that_are_named_exist(path: str) -> None:
    path = path.rstrip(",")
    if "<" not in path and "*" not in path:
        assert (ROOT / path).exists()


@pytest.mark.parametrize("address", sorted(set(re.findall(r"\]\((?!http)([^)\s]+)\)", outside_of_blocks(README)))))
def test_links_of_the_readme_lead_to_what_is_there(address: str) -> None:
    path, _, anchor = address.partition("#")
    assert (ROOT / path).is_file()
    assert not anchor or anchor in headings((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", sorted(set(re.findall(r"-m (pipeline\.[\w.]+)", "".join(TEXTS.values())))))
def test_modules_that_commands_start_exist(module: str) -> None:
    assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_make_alone_lists_every_target() -> None:
    done = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, timeout=30, check=True)
    for target in re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, re.MULTILINE):
        assert f"  {target} " in done.stdout


def test_the_readmes_settings_are_settings(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(settings_block(), encoding="utf-8")
    assert len(load_config(tmp_path / "run.toml").sources) == 2


def quick_lines() -> list[str]:
    inline = [span for span in spans({"README.md": README}) if span.startswith(".venv/bin/python -m ")]
    lines = [without_comment(line) for line in command_lines()] + inline
    return sorted({line for line in lines if any(mark in line for mark in QUICK)})


@pytest.mark.parametrize("line", quick_lines())
def test_quick_commands_do_what_they_say(line: str, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(settings_block(), encoding="utf-8")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "jobs").symlink_to(ROOT / "jobs")
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=tmp_path,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_at_least_the_printed_settings_are_run() -> None:
    assert any("--print-config" in line for line in quick_lines())
