"""Completion: what a shell is offered for stages, corpora, runs and settings, by argcomplete as a shell asks it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runtime.cli import road_parser
from pipeline.runtime.completion import STAGES, add_completers, run_ids, setting_names, shell_code
from pipeline.runtime.config import Config
from pipeline.runtime.load import SECTIONS
from pipeline.stages import ROAD

HOME = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("20261126-010203", "first"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "run.json").write_text("{}")
    (tmp_path / "runs" / "manifest").mkdir()
    return tmp_path


def ask(line: str, folder: Path) -> list[str]:
    """What a shell gets for a line, as its function asks for it: on file 8, without Spark."""
    code = (
        "import os, sys; os.dup2(1, 8); os.execv(sys.executable, [sys.executable, '-m', 'pipeline.runtime.completion'])"
    )
    asked = {"_ARGCOMPLETE": "2", "_ARGCOMPLETE_SHELL": "bash", "COMP_LINE": line, "COMP_POINT": str(len(line))}
    asked |= {"_ARGCOMPLETE_SUPPRESS_SPACE": "1", "_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n\"'><=;|&(:", "IFS": "\013"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **asked, "PYTHONPATH": str(HOME)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [word.strip() for word in done.stdout.split("\013") if word.strip()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("python jobs/mine.py --corpus ", ["icons", "openclipart"]),
        ("python jobs/mine.py --until m", ["match", "mine_candidates"]),
        ("python jobs/mine.py --resume ", ["20261126-010203", "first"]),
        ("python jobs/mine.py --resume f", ["first"]),
        ("python jobs/ingest.py --run-root elsewhere --run-id ", []),
        ("python jobs/mine.py --qui", ["--quiet"]),
        ("python jobs/mine.py --set public", []),
        ("python jobs/mine.py --set publ", ["publish."]),
        ("python jobs/mine.py --set mine.min_im", ["mine.min_images="]),
        ("python jobs/assign.py --reu", ["--reuse-evidence"]),
        ("python jobs/ingest.py --unt", []),
    ],
)
def test_a_shell_is_offered(line: str, offered: list[str], root: Path) -> None:
    assert sorted(ask(line, root)) == offered


def test_values_of_a_setting_are_offered_where_they_are_known(root: Path) -> None:
    assert "cluster.method=anchored" in setting_names("cluster.method=")
    assert set(setting_names("publish.held_out_images=")) == {
        "publish.held_out_images=true",
        "publish.held_out_images=false",
    }
    assert "kmeans" in ask("python jobs/mine.py --set cluster.method=k", root)


def test_settings_come_section_by_section() -> None:
    assert setting_names() == [f"{name}." for name in SECTIONS]
    assert setting_names("nothing.") == setting_names()
    assert all(name.startswith("mine.") and name.endswith("=") for name in setting_names("mine."))


def test_every_setting_that_is_offered_exists() -> None:
    fields = Config.__dataclass_fields__
    for section in SECTIONS:
        assert section in fields
        assert len(setting_names(f"{section}.")) == len(SECTIONS[section].__dataclass_fields__)


def test_the_stages_are_those_of_the_road() -> None:
    assert tuple(stage.name for stage in ROAD) == STAGES


def test_the_jobs_that_are_completed_without_spark_are_those_that_walk_stages() -> None:
    for name in ("mine", *STAGES):
        assert f"{name}.py" in shell_code("bash")
        assert "run_stage(" in (text := (HOME / "jobs" / f"{name}.py").read_text()) or "run_road(" in text


def test_runs_are_looked_for_where_there_may_be_none(root: Path) -> None:
    assert run_ids(str(root / "runs")) == ["20261126-010203", "first"]
    assert run_ids(str(root / "nowhere")) == []
    assert run_ids("s3://bucket/runs") == []


def test_completers_go_to_options_with_values_alone() -> None:
    parser = road_parser("", STAGES)
    add_completers(parser)
    known = {action.dest for action in parser._actions if hasattr(action, "completer")}
    assert known == {"run_id", "resume", "base", "corpus", "set"}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_offers_what_the_job_says_and_files_for_anything_else(root: Path) -> None:
    """The function itself, in a bash that is asked as by the tab key."""
    script = f"""
        cd {HOME}
        {shell_code("bash")}
        try() {{
            COMP_LINE="$*" COMP_POINT=${{#COMP_LINE}} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9 COMPREPLY=()
            COMP_POINT=${{#COMP_LINE}}
            compopt() {{ :; }}
            _longtail_labels
            echo "[${{COMPREPLY[*]}}]"
        }}
        try {sys.executable} jobs/mine.py --run-root {root}/runs --resume fi
        try {sys.executable} -m ab
        try {sys.executable} setup.py --ab
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120, check=False)
    first, second, third = done.stdout.splitlines()
    assert first.strip("[] ") == "first", done.stderr
    assert (second, third) == ("[]", "[]")
