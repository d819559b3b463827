"""The pages of modules: public functions and classes with their docstrings, read from the source and never imported."""

import ast
from collections.abc import Iterator
from pathlib import Path

from pipeline.docs.docstrings import docstring, fields_of, split_sections, summary
from pipeline.docs.markdown import directive, plain, table

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_INTRODUCTION = """# Modules

What is public in `pipeline/`, package by package, from the upper floor of the house to the ground: each imports only
from those below it. Names that begin with `_` are not shown.
"""
FLOORS = ("docs", "stages", "review", "manifest", "labeling", "vocabulary", "text", "sources", "runtime")


def api_pages(house: Path) -> dict[str, str]:
    """File name -> page: one a package, and `index.md` that leads to them.

    Args:
        house: the folder `pipeline`.
    """
    packages = sorted((path.parent for path in house.rglob("__init__.py")), key=lambda folder: _floor(house, folder))
    pages = {}
    rows = []
    for folder in packages[1:]:  # the house itself holds nothing
        name = ".".join(("pipeline", *folder.relative_to(house).parts))
        pages[f"{name}.md"] = _package(folder, name)
        rows.append([f"[{name}]({name}.md)", summary(_doc(folder / "__init__.py"))])
    listed = "\n".join(name.removesuffix(".md") for name in pages)
    tree = directive("toctree", body=listed, hidden="", maxdepth="1")
    pages["index.md"] = "\n".join([_INTRODUCTION, table(["package", "what is in it"], rows), tree])
    return pages


def _floor(house: Path, folder: Path) -> tuple[int, str]:
    parts = folder.relative_to(house).parts
    return (FLOORS.index(parts[0]) if parts else -1, ".".join(parts))


def _package(folder: Path, name: str) -> str:
    own = folder / "__init__.py"
    parts = [f"# {plain(name)}\n", directive("py:module", name), docstring(_doc(own)) + "\n", *_members(own)]
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("_"):
            module = f"{name}.{path.stem}"
            parts += [f"## {plain(path.stem)}\n", directive("py:module", module), docstring(_doc(path)) + "\n"]
            parts += _members(path)
    return "\n".join(parts)


def _doc(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def _members(path: Path) -> Iterator[str]:
    """Directives of the public functions and classes of a module, in its own order."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, _FUNCTIONS) and not node.name.startswith("_"):
            yield _function(node, "py:function")
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield _class(node)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, kind: str) -> str:
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    signature = f"{node.name}({_arguments(node.args, kind == 'py:method')}){returned}"
    return directive(kind, signature, docstring(ast.get_docstring(node)))


def _arguments(arguments: ast.arguments, bound: bool) -> str:
    """As they are written, without self or cls."""
    text = ast.unparse(arguments)
    first = [*arguments.posonlyargs, *arguments.args][:1]
    if bound and first and first[0].arg in ("self", "cls"):
        text = text.removeprefix(ast.unparse(first[0])).removeprefix(", ")
    return text


def _class(node: ast.ClassDef) -> str:
    """A class with the fields that its docstring does not explain, its properties and its public methods."""
    doc = ast.get_docstring(node) or ""
    told = split_sections(doc).get("Attributes", "")
    fields = {
        item.target.id: ast.unparse(item.annotation)
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and not item.target.id.startswith("_")
    }
    parts = [docstring(doc)]
    if _is_settings(node):
        parts.append("Its fields are explained under [Settings](../settings.md).")
    elif fields and not told:
        parts.append(fields_of(fields))
    for item in node.body:
        setter = isinstance(item, _FUNCTIONS) and any(".setter" in ast.unparse(mark) for mark in item.decorator_list)
        if isinstance(item, _FUNCTIONS) and not item.name.startswith("_") and not setter:
            parts.append(_method(item))
    begun = next((item for item in node.body if isinstance(item, _FUNCTIONS) and item.name == "__init__"), None)
    signature = f"{node.name}({_arguments(begun.args, True)})" if begun else node.name
    return directive("py:class", signature, "\n\n".join(filter(None, parts)))


def _method(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    if marks & {"property", "functools.cached_property", "cached_property"}:
        typed = {"type": ast.unparse(node.returns)} if node.returns else {}
        return directive("py:property", node.name, docstring(ast.get_docstring(node)), **typed)
    return _function(node, "py:method")


def _is_settings(node: ast.ClassDef) -> bool:
    """Whether its fields are made by `setting`, which says what they mean."""
    values = [item.value for item in node.body if isinstance(item, ast.AnnAssign)]
    return any(isinstance(value, ast.Call) and ast.unparse(value.func) == "setting" for value in values)
