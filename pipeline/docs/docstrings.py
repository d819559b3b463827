"""Docstrings of our style (Google's sections) as Markdown with Sphinx's fields."""

import inspect
import re
from collections.abc import Iterator, Mapping

from pipeline.docs.markdown import block, plain

_SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|Examples?|References?|Notes?):\s*$", re.MULTILINE)
_NAMED = {"Args": "param", "Attributes": "ivar", "Raises": "raises"}
_WHOLE = {"Returns": "returns", "Yields": "yields"}
_ENTRY = re.compile(r"^(?P<name>[\w*., ]+?)\s*(?:\([^)]*\))?:\s+(?P<text>.*)$", re.DOTALL)


def docstring(text: str | None) -> str:
    """A docstring as Markdown: its text, then its sections as fields, in Sphinx's way.

    Args:
        text: as it stands in the code; None gives nothing.
    """
    sections = split_sections(inspect.cleandoc(text or ""))
    parts = [paragraphs(sections.pop("", ""))]
    fields: list[str] = []
    for name, body in sections.items():
        if name in _NAMED:
            fields += [f":{_NAMED[name]} {key}: {plain(said)}" for key, said in entries(body)]
        elif name in _WHOLE:
            fields.append(f":{_WHOLE[name]}: {plain(' '.join(body.split()))}")
        else:
            parts.append(f"{plain(name)}:\n\n{paragraphs(inspect.cleandoc(body))}")
    return "\n\n".join(filter(None, [*parts, "\n".join(fields)]))


def split_sections(text: str) -> dict[str, str]:
    r"""Section -> its body, still indented; what stands before the first one under the empty name.

    Example:
        >>> split_sections("Add.\n\nReturns:\n    The sum.")
        {'': 'Add.', 'Returns': 'The sum.'}
    """
    found = list(_SECTION.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    bodies = {match[1]: text[match.end() : end] for match, end in zip(found, ends, strict=True)} if found else {}
    before = text[: found[0].start()] if found else text
    return {"": before.strip(), **{name: inspect.cleandoc(body).strip() for name, body in bodies.items()}}


def entries(body: str) -> Iterator[tuple[str, str]]:
    r"""The entries `name: text` of a section; lines that are indented more go on with the entry above them.

    Example:
        >>> list(entries("a: one\n    line\nb, c: two"))
        [('a', 'one line'), ('b, c', 'two')]
    """
    for entry in re.split(r"\n(?=\S)", body):
        found = _ENTRY.match(entry)
        yield (found["name"], " ".join(found["text"].split())) if found else ("", " ".join(entry.split()))


def paragraphs(text: str) -> str:
    """Paragraphs, lists and indented blocks; the last are code, as are examples with `>>>`."""
    parts: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        if not paragraph.strip():
            continue
        if paragraph.startswith(">>>"):
            parts.append(block("pycon", paragraph).rstrip())
        elif all(line.startswith("  ") for line in paragraph.splitlines()):
            shown = inspect.cleandoc("\n" + paragraph)
            if parts and parts[-1].startswith("``````text"):  # one block with an empty line in it
                parts[-1] = block("text", f"{_inside(parts[-1])}\n\n{shown}").rstrip()
            else:
                parts.append(block("text", shown).rstrip())
        else:
            parts.append(plain(paragraph))
    return "\n\n".join(parts)


def _inside(fenced: str) -> str:
    return fenced.split("\n", 1)[1].rsplit("\n", 1)[0]


def summary(text: str | None) -> str:
    """The first sentence of a docstring, as Markdown.

    Example:
        >>> summary("Adds. And more.")
        'Adds.'
    """
    return plain(re.split(r"(?<=\.)\s", " ".join((text or "").split()), maxsplit=1)[0])


def fields_of(attributes: Mapping[str, str]) -> str:
    """Attributes of a class that its docstring does not tell of, with their types."""
    return "\n".join(f":ivar {name}: `{kind}`" for name, kind in attributes.items())
