"""The jobs, as their own files describe them: what each does, and the parser of its arguments."""

import argparse
import ast
import pkgutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pipeline.runtime.errors import UserError

_ENTRIES = "pipeline"  # what jobs call lies there; nothing else is imported


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes:
        name: of its file, such as mine.py.
        doc: what it does, with examples perhaps.
        parser: of its arguments, the one that it runs with.
    """

    name: str
    doc: str
    parser: argparse.ArgumentParser


class _Parsing(Exception):
    """A parser on its way out."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


def read_jobs(folder: Path) -> list[Job]:
    """All jobs of a folder, those that others start from first, the single stages after them.

    Args:
        folder: with one Python file a job.

    Raises:
        UserError: there are none, or one is not of the form that jobs have.
    """
    paths = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    if not paths:
        raise UserError(f"{folder}: no jobs. Build the site in a checkout, where jobs/ lies beside pipeline/.")
    return [read_job(path) for path in paths]


def read_job(path: Path) -> Job:
    """One job: its function is called as the file calls it, and stopped where it parses its arguments.

    Raises:
        UserError: the file calls no function of ours.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    doc = ast.get_docstring(tree) or ""
    found = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{_ENTRIES}.")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in found:
            function = pkgutil.resolve_name(found[node.func.id])
            arguments = [_value(argument, doc) for argument in node.args]
            named = {str(word.arg): _value(word.value, doc) for word in node.keywords}
            with _stopped_at_parsing():
                try:
                    function(*arguments, **{"argv": ["--help"], **named})
                except _Parsing as parsing:
                    return Job(path.name, doc, _named(parsing.parser, path.name))
    raise UserError(f"{path}: a job calls a function of {_ENTRIES} that parses its arguments, and this one does not.")


def options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """What a parser takes, without --help, in the order of its help."""
    every = (action for group in parser._action_groups for action in group._group_actions)
    return (action for action in every if not isinstance(action, argparse._HelpAction))


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Verb -> parser of what follows it; none for most jobs."""
    return {
        verb: below
        for action in options(parser)
        if isinstance(action, argparse._SubParsersAction)
        for verb, below in action.choices.items()
    }


def misuse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> str:
    """What a parser has against these arguments; empty where nothing.

    Example:
        >>> misuse(argparse.ArgumentParser(prog="x"), ["--no"])
        'unrecognized arguments: --no'
    """

    def refuse(message: str) -> NoReturn:
        raise UserError(message)

    every = [parser, *subparsers(parser).values()]
    before = [each.error for each in every]
    for each in every:
        each.error = refuse  # type: ignore[method-assign]
    try:
        parser.parse_args(list(arguments))
    except UserError as error:
        return str(error)
    finally:
        for each, own in zip(every, before, strict=True):
            each.error = own  # type: ignore[method-assign]
    return ""


def _named(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    """Named after its job in place of the program that is running."""
    for verb, below in subparsers(parser).items():
        below.prog = f"{name} {verb}"
    parser.prog = name
    return parser


def _value(node: ast.expr, doc: str) -> Any:
    return doc if isinstance(node, ast.Name) and node.id == "__doc__" else ast.literal_eval(node)


@contextmanager
def _stopped_at_parsing() -> Iterator[None]:
    """While it lasts, a parser that should parse comes out as `_Parsing`."""

    def stop(self: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        raise _Parsing(self)

    own = argparse.ArgumentParser.parse_known_args
    argparse.ArgumentParser.parse_known_args = stop  # type: ignore[method-assign]
    try:
        yield
    finally:
        argparse.ArgumentParser.parse_known_args = own  # type: ignore[method-assign]
