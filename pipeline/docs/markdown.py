"""Small pieces of Markdown, as MyST reads it, out of plain texts of the code."""

import re
from collections.abc import Iterable, Sequence

_CODE = re.compile(r"(`+)(?:(?!`).)+?\1(?!`)", re.DOTALL)
_MARKS = re.compile(r"([\\*_<>\[\]{}$~^|#])")
_FENCE = "`" * 6  # longer than any in a text that it encloses


def plain(text: str) -> str:
    r"""A text in which nothing but `code` is Markdown: marks that Markdown would obey stand for themselves.

    Example:
        >>> print(plain("2*n of `a*b` <i>"))
        2\*n of `a*b` \<i\>
    """
    parts: list[str] = []
    end = 0
    for found in _CODE.finditer(text):
        parts += [_MARKS.sub(r"\\\1", text[end : found.start()]), found.group()]
        end = found.end()
    return "".join([*parts, _MARKS.sub(r"\\\1", text[end:])])


def code(text: str) -> str:
    """A text as code inside a line.

    Example:
        >>> code("a`b")
        '``a`b``'
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; line breaks become spaces.

    Args:
        head: names of the columns.
        rows: as many cells each.
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"


def block(language: str, text: str) -> str:
    """A block of code."""
    return f"{_FENCE}{language}\n{text.rstrip()}\n{_FENCE}\n"


def directive(name: str, argument: str = "", body: str = "", **options: str) -> str:
    """A directive of Sphinx.

    Args:
        name: such as `py:function`.
        argument: what stands in its first line.
        body: Markdown; of directives that hold no others.
        options: each on a line of its own; a `_` in a name stands for `-`, and one at its end for nothing.
    """
    lines = [f":{key.rstrip('_').replace('_', '-')}: {value}".rstrip() for key, value in options.items()]
    inner = "\n".join([*lines, *(["", body] if body and lines else [body] if body else [])])
    fence = "`" * max(len(_FENCE) + 1, *(len(run) + 1 for run in re.findall("`{3,}", body)), 3)
    return f"{fence}{{{name}}} {argument}".rstrip() + f"\n{inner}\n{fence}\n"


def _cell(text: str) -> str:
    """A cell on one line; a `|` that is not escaped yet would end it."""
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))
