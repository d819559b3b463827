"""The README's commands: the quick ones are run; of the others targets, jobs, options and files must be there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.docs.blocks import job_calls, read_blocks
from pipeline.docs.parsers import misuse, options, read_jobs, subparsers
from pipeline.runtime.load import load_config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PARSERS = {job.name: job.parser for job in read_jobs(ROOT / "jobs")}
QUICK = ("--print-config", "-m pipeline.runtime.java")


def command_lines() -> list[str]:
    """Indented lines of the README that start a program, those that go on with a backslash as one."""
    text = re.sub(r"\\\n\s*", "", README)
    lines = [line.strip() for line in re.findall(r"^    (\S.*)$", text, re.MULTILINE)]
    return [line for line in lines if re.match(r"(make|\.venv/bin/python|spark-submit|[A-Z_]+=\S+ )", line)]


def spans() -> list[str]:
    """Code inside lines, outside of blocks."""
    outside = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(found[1].split()) for found in re.findall(r"(`+)([^`]+)\1", outside)]


def without_comment(line: str) -> str:
    return re.sub(r"\s+#\s.*$", "", line)


def made_settings() -> str:
    return next(block.text for block in read_blocks(README) if block.language == "toml" and "[[sources]]" in block.text)


def test_there_is_much_to_check() -> None:
    assert len(command_lines()) > 10
    assert sum(len(list(job_calls(line))) for line in command_lines()) > 5


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
def test_files_that_the_readme_names_exist(path: str) -> None:
    path = path.rstrip(",")
    if "<" not in path and "*" not in path:
        assert (ROOT / path).exists()


def test_make_alone_lists_every_target() -> None:
    done = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, timeout=30, check=True)
    for target in re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, re.MULTILINE):
        assert f"  {target} " in done.stdout


def test_the_readmes_settings_are_settings(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(made_settings(), encoding="utf-8")
    assert len(load_config(tmp_path / "run.toml").sources) == 2


def quick_lines() -> list[str]:
    inline = [span for span in spans() if span.startswith(".venv/bin/python -m ")]
    lines = [without_comment(line) for line in command_lines()] + inline
    return sorted({line for line in lines if any(mark in line for mark in QUICK)})


@pytest.mark.parametrize("line", quick_lines())
def test_quick_commands_do_what_they_say(line: str, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(made_settings(), encoding="utf-8")
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
