"""How a job's options are read, and its help: what it does, examples to copy, then the options in groups.

`job_parser(doc)` is an `argparse` parser made of a job's own doc: paragraphs of prose, and perhaps an `Examples:` block
of one command a line with what it is for behind it.
"""

import argparse
import difflib
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from pipeline.runtime import completion
from pipeline.runtime.secrets import mask_text

# Groups of options, in the order of the help.
READ, WRITE, RUN, WORK, CONSOLE = "what to read", "where to write", "which run", "what to do", "console"
_WIDEST, _NARROWEST = 110, 40  # columns of a help that is easy to read, whatever the window has
_OPTION_COLUMN = 28
_HEAD = re.compile(r"^Examples:\n", re.MULTILINE)
_EXAMPLE = re.compile(r"(?P<command>\S.*?)(?: {2,}(?P<what>\S.*))?")
Check = Callable[[argparse.Namespace], str]
_CHOICE = re.compile(r"argument (?P<option>[^\s/:]+)[^:]*: invalid choice: '(?P<given>[^']*)'")


class JobParser(argparse.ArgumentParser):
    """An argument parser whose help begins with examples, and whose errors name the nearest option."""

    def __init__(self, check: Check | None = None, **kwargs: Any) -> None:
        """As `argparse.ArgumentParser`; options are grouped by `group`, and --help is among those of the console.

        Args:
            check: given what was parsed, what does not go together in it; empty where all does.
            **kwargs: as in argparse.
        """
        super().__init__(**{**kwargs, "formatter_class": _formatter, "add_help": False})
        self._check = check
        self._argv: Sequence[str] = ()
        self._named = {title: self.add_argument_group(title) for title in (READ, WRITE, RUN, WORK, CONSOLE)}
        self.group(CONSOLE).add_argument("-h", "--help", action="help", help="show this text")

    def group(self, title: str) -> "argparse._ArgumentGroup":
        """The group of options with this title: `READ`, `WRITE`, `RUN`, `WORK` or `CONSOLE`."""
        return self._named[title]

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in argparse. Where a shell asks for completions they are printed, and the process ends."""
        completion.offer(self)
        parsed = super().parse_args(args, namespace)
        if self._check is not None and (unfit := self._check(parsed)):
            self.error(unfit)
        return parsed

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in argparse; what was given is kept for messages."""
        self._argv = [str(item) for item in (sys.argv[1:] if args is None else args)]
        return super().parse_known_args(args, namespace)

    def format_help(self) -> str:
        """What the job does, examples, usage, and the options by groups."""
        prose, examples = split_doc(self.description or "")
        width = help_width()
        parts = [textwrap.fill(" ".join(each.split()), width) for each in prose]
        if examples:
            parts.append("\n".join(["examples:", *_render_examples(examples, width)]))
        parts.append(self.format_usage().rstrip())
        formatter = self._get_formatter()
        for group in self._action_groups:
            formatter.start_section(group.title)
            formatter.add_text(group.description)
            formatter.add_arguments(group._group_actions)
            formatter.end_section()
        parts.append(formatter.format_help().rstrip())
        if self.epilog:
            parts.append(textwrap.fill(self.epilog, width))
        return "\n\n".join(part for part in parts if part) + "\n"

    def format_usage(self) -> str:
        """What must be given, and [options]; broken between options where it is long."""
        groups = [group for group in self._mutually_exclusive_groups if group.required]
        chosen = {id(action) for group in groups for action in group._group_actions}
        single = [action for action in self._actions if id(action) not in chosen]
        parts = [self._given(action) for action in single if not action.option_strings]
        parts += [self._given(action) for action in single if action.option_strings and action.required]
        for group in groups:
            first, *others = map(self._given, group._group_actions)
            parts += [f"({first}", *(f"| {other}" for other in others)]
            parts[-1] += ")"
        parts += ["[options]"] if any(not action.required and action.option_strings for action in single) else []
        lines, width = [f"usage: {self.prog}"], help_width()
        for part in parts:
            if len(lines[-1]) + 1 + len(part) > width and lines[-1].strip():
                lines.append(" " * 6)
            lines[-1] += f" {part}"
        return "\n".join(lines) + "\n"

    def _given(self, action: argparse.Action) -> str:
        """An option with its value, as it is written."""
        formatter = self._get_formatter()
        if not action.option_strings:
            return formatter._format_args(action, formatter._get_default_metavar_for_positional(action))
        value = formatter._format_args(action, formatter._get_default_metavar_for_optional(action))
        return f"{action.option_strings[-1]} {value}".rstrip()

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and one line, which names what is nearest to a word that is none of ours."""
        self.exit(2, f"error: {mask_text(self._explained(message))} See {self.prog} --help.\n")

    def _explained(self, message: str) -> str:
        known = _options(self)
        for word in self._argv:  # a misspelt option goes before what is missing: it may be the one
            option = word.partition("=")[0]
            if option == "--":
                break
            if option.startswith("--") and not any(name.startswith(option) for name in known):
                return f"unknown option {option}.{_nearest(option, known)}"
        if found := _CHOICE.match(message):
            choices = next(
                (
                    action.choices
                    for action in self._actions
                    if found["option"] in (*action.option_strings, action.dest)
                ),
                None,
            )
            return f"{message}.{_nearest(found['given'], map(str, choices or ()))}"
        return f"{message}."


def _options(parser: argparse.ArgumentParser) -> list[str]:
    """All options of a parser, and those of its commands."""
    found = [name for action in parser._actions for name in action.option_strings]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found += [name for below in action.choices.values() for name in _options(below)]
    return found


def job_parser(doc: str, check: Check | None = None) -> JobParser:
    """A parser with the help of a job.

    Args:
        doc: of the job's script: paragraphs, then perhaps `Examples:` and one command a line, indented, with what it is
            for behind two spaces or more.
        check: given what was parsed, what does not go together in it; empty where all does.
    """
    return JobParser(check, description=doc)


def split_doc(doc: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The paragraphs of a job's doc, and its examples as (command, what it is for)."""
    head = _HEAD.search(doc)
    prose = doc[: head.start()] if head else doc
    lines = doc[head.end() :].splitlines() if head else []
    found = [_EXAMPLE.fullmatch(line.strip()) for line in lines if line.strip()]
    examples = [(item["command"], item["what"] or "") for item in found if item]
    return [part.strip() for part in prose.strip().split("\n\n") if part.strip()], examples


def help_width() -> int:
    """Columns of the help: those of the window, unless it is very narrow or wide."""
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns - 2))


def _render_examples(examples: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Commands with what they are for behind them; where one does not fit, all have it on a line above."""
    longest = max(len(command) for command, _ in examples)
    if all(2 + longest + 3 + len(what) <= width for _, what in examples):
        return [f"  {command:<{longest}}   {what}".rstrip() for command, what in examples]
    lines: list[str] = []
    for command, what in examples:
        lines += textwrap.wrap(what, width, initial_indent="  # ", subsequent_indent="  # ")
        lines += _broken(command, width)
    return lines


def _broken(command: str, width: int) -> list[str]:
    """A command on as few lines as fit, each but the last with the backslash by which a shell goes on."""
    lines, line = [], "  "
    # An option stays on the line of its value, where there is one.
    for part in re.findall(r"--?\w\S*(?: (?!-)\S+)*|\S+", command):
        if len(line) + len(part) + 3 > width and line.strip():
            lines.append(f"{line.rstrip()} \\")
            line = "      "
        line += f"{part} "
    return [*lines, line.rstrip()]


def _nearest(given: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(given, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _formatter(prog: str) -> argparse.HelpFormatter:
    return _Help(prog, max_help_position=_OPTION_COLUMN, width=help_width())


class _Help(argparse.HelpFormatter):
    """Shows every default that there is, unless its help tells it, and breaks no option at its hyphens."""

    def _get_help_string(self, action: argparse.Action) -> str:
        told = action.help or ""
        unset = action.default is None or action.default in (argparse.SUPPRESS, False, [], ())
        return told if unset or "(default" in told else f"{told} (default: %(default)s)"

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)
