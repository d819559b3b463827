"""The page of jobs, out of their files and their parsers."""

import argparse
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.docs.markdown import block, code, directive, plain, table
from pipeline.docs.parsers import Job, options, read_jobs, subparsers
from pipeline.stages import ROAD

_INTRODUCTION = """# Jobs

Each job is one file in `jobs/`. On one machine Python runs it, on a cluster `spark-submit` does:

```console
$ .venv/bin/python jobs/mine.py --corpus icons
$ spark-submit --master spark://HOST:7077 jobs/mine.py --config run.toml --run-root file:///shared/runs
```

Exit codes: 0 done; 2 an input, a setting or an argument cannot be used, and one line says what and where; 1 a defect,
or stopped by the user.
"""
_STAGES = """## One stage at a time

`mine.py` runs all of these. Each works alone too, on the tables of the run that its option `--run-id` names.
"""


def jobs_page(folder: Path) -> str:
    """The page: all jobs at a glance, then those for whole runs, then the single stages.

    Args:
        folder: where the jobs lie.
    """
    stages = {f"{stage.name}.py": stage for stage in ROAD}
    jobs = sorted(read_jobs(folder), key=lambda job: (job.name in stages, job.name != "mine.py", job.name))
    whole = [job for job in jobs if job.name not in stages]
    single = sorted((job for job in jobs if job.name in stages), key=lambda job: list(stages).index(job.name))
    overview = table(
        ["job", "what it does"], ([f"[{job.name}](#job-{job.name[:-3]})", plain(_sentence(job))] for job in whole)
    )
    road = table(
        ["job", "what it does", "reads", "writes"],
        (
            [
                f"[{job.name}](#job-{job.name[:-3]})",
                plain(_sentence(job)),
                _tables(stages[job.name].reads),
                _tables(stages[job.name].writes),
            ]
            for job in single
        ),
    )
    return "\n".join(
        [_INTRODUCTION, overview, *(_section(job, "##") for job in whole), _STAGES, road]
        + [_section(job, "###") for job in single]
    )


def option_help(action: argparse.Action, prog: str) -> str:
    """The help of an option with its default filled in; what depends on the machine is named, not shown.

    Args:
        action: of a parser.
        prog: name of the parser's program.
    """
    default = "the folder for temporary files" if action.default == tempfile.gettempdir() else action.default
    default = ", ".join(map(str, default)) if isinstance(default, list | tuple) else default
    choices = ", ".join(map(str, action.choices)) if action.choices is not None else ""
    said = (action.help or "") % {**vars(action), "prog": prog, "default": default, "choices": choices}
    more = []
    if choices and choices not in said and not isinstance(action, argparse._SubParsersAction):
        more.append(f"one of: {choices}")
    if default not in (None, False, "", argparse.SUPPRESS) and "default" not in said:
        more.append(f"default: {default}")
    return f"{said} ({'; '.join(more)})" if more else said


def option_name(action: argparse.Action) -> str:
    """How an option is written, with what follows it: `--methods WAY [WAY ...]`."""
    value = _placeholder(action)
    return ", ".join(f"{flag} {value}".rstrip() for flag in action.option_strings) or value


def _placeholder(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    name = action.metavar if isinstance(action.metavar, str) else None
    if name is None:
        listed = action.choices is not None and not isinstance(action, argparse._SubParsersAction)
        name = "|".join(map(str, action.choices or ())) if listed else action.dest.upper()
    return {"+": f"{name} [{name} ...]", "*": f"[{name} ...]", "?": f"[{name}]"}.get(str(action.nargs), name)


def _section(job: Job, heading: str) -> str:
    parts = [f"(job-{job.name[:-3]})=\n{heading} {job.name}\n", *_description(job.parser.description or job.doc)]
    if job.parser.epilog:
        parts += _description(job.parser.epilog)
    parts += _options(job.parser, job.name)
    for verb, parser in subparsers(job.parser).items():
        parts += [f"{heading}# {code(f'{job.name} {verb}')}\n", *_description(parser.description or "")]
        parts += _options(parser, f"{job.name} {verb}")
    return "\n".join(parts)


def _options(parser: argparse.ArgumentParser, program: str) -> list[str]:
    shown = [action for action in options(parser) if action.help != argparse.SUPPRESS]
    parts = [directive("program", program)]
    for action in shown:
        parts.append(directive("option", option_name(action), plain(option_help(action, program))))
    return parts


def _description(text: str) -> list[str]:
    """A docstring: its paragraphs as they are, and what is indented, under `Examples:`, as commands."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        lines = paragraph.splitlines()
        said = [line for line in lines if not line.startswith("  ")]
        examples = [line.strip() for line in lines if line.startswith("  ")]
        if said:
            parts.append(plain("\n".join(said)) + "\n")
        if examples:
            parts.append(block("bash", "\n".join(map(_example, examples))))
    return parts


def _example(line: str) -> str:
    """A command with what it is for on the line above, where that stands behind it."""
    command, _, what = line.partition("  ")
    return f"# {what.strip()}\n{command}" if what.strip() else command


def _sentence(job: Job) -> str:
    return re.split(r"(?<=\.)\s", " ".join(job.doc.split()), maxsplit=1)[0]


def _tables(names: Sequence[str]) -> str:
    return ", ".join(f"[{name}](tables.md#table-{name})" for name in names)
