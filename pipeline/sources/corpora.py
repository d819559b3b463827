"""Ready-made public corpora out of installed packages, as signals: to try the road, and to test it on real texts.

`icons` comes with pip's fontawesomefree and py-phosphor-icons; `openclipart` with two Debian packages. Nothing is
downloaded and no code of those packages is run.
"""

import importlib.util
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import pyarrow as pa
import yaml

from pipeline.runtime.errors import InputError

OPENCLIPART_FOLDER = Path("/usr/share/openclipart")
_TEXTS = ("image_id", "signal", "text", "language", "contributor")
SIGNALS_SCHEMA = pa.schema([*((name, pa.string()) for name in _TEXTS), ("count", pa.int64())])
IMAGES_SCHEMA = pa.schema([("image_id", pa.string()), ("image_uri", pa.string())])

# The part of a picture that holds texts. No document type can be declared inside, so no entity can be expanded.
_OPENING, _CLOSING = re.compile(rb"<(\w+:)?metadata[\s>]"), re.compile(rb"</(\w+:)?metadata\s*>")
_ENCODING = re.compile(rb"""^[^<]{0,8}<\?xml[^>]*?encoding=["']([\w.-]+)["']""")
_NUMBERING = re.compile(r"(_\d*)+$")  # files of one name are numbered: full_moon_02.svg


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus in the long form of a user's table.

    Attributes:
        signals: one row per fact: image_id, signal, text, language, contributor (both null where unknown), count.
        images: one row per image: image_id, image_uri.
        broken: images whose file says nothing that can be read; they keep the texts of their name and folders.
    """

    signals: pa.Table
    images: pa.Table
    broken: int = 0


@dataclass(slots=True)
class _Facts:
    """Rows of both tables while they are collected."""

    signals: list[tuple[str, str, str, str | None, str | None, int]] = field(default_factory=list)
    images: list[tuple[str, str]] = field(default_factory=list)
    broken: int = 0

    def add(
        self, image: str, signal: str, texts: Iterable[object], *, language: str | None = None, by: str | None = None
    ) -> None:
        """Add the texts that say something, each once, whatever its case."""
        seen = {""}
        for text in map(_squeeze, map(str, texts)):
            if text.casefold() not in seen:
                seen.add(text.casefold())
                self.signals.append((image, signal, text, language, by, 1))

    def corpus(self) -> Corpus:
        signals = [dict(zip(SIGNALS_SCHEMA.names, row, strict=True)) for row in self.signals]
        images = [dict(zip(IMAGES_SCHEMA.names, row, strict=True)) for row in self.images]
        return Corpus(
            pa.Table.from_pylist(signals, schema=SIGNALS_SCHEMA),
            pa.Table.from_pylist(images, schema=IMAGES_SCHEMA),
            self.broken,
        )


def read_corpus(name: str) -> Corpus:
    """A ready-made corpus; always the same rows in the same order for the same packages.

    Args:
        name: `icons` (about 3,400 icons with titles, boards, queries and tags, in English) or `openclipart` (about
            8,100 drawings with titles, descriptions, tags, folders and authors, in whatever language).

    Raises:
        InputError: there is no such corpus, or its packages are not installed.
    """
    readers: dict[str, Callable[[_Facts], None]] = {"icons": _read_icons, "openclipart": _read_openclipart}
    if name not in readers:
        raise InputError(f"no ready-made corpus {name!r}; there are: {', '.join(readers)}.")
    facts = _Facts()
    readers[name](facts)
    return facts.corpus()


def _read_icons(facts: _Facts) -> None:
    _read_font_awesome(facts, _package("fontawesomefree") / "static" / "fontawesomefree")
    _read_phosphor(facts, _package("py_phosphor_icons"))


def _read_font_awesome(facts: _Facts, folder: Path) -> None:
    """One image an icon, in its first free style: all styles of an icon share its texts, and would only be reposts."""
    icons = json.loads((folder / "metadata" / "icons.json").read_text(encoding="utf-8"))
    categories = yaml.safe_load((folder / "metadata" / "categories.yml").read_text(encoding="utf-8"))
    boards: dict[str, list[str]] = {}
    for _, category in sorted(categories.items()):
        for icon in category["icons"]:
            boards.setdefault(icon, []).append(category["label"])
    for name, icon in sorted(icons.items()):
        image = f"fontawesome/{name}"
        facts.images.append((image, (folder / "svgs" / icon["free"][0] / f"{name}.svg").as_uri()))
        facts.add(image, "title", [icon["label"], name.replace("-", " ")], language="en")
        facts.add(image, "query", icon["search"]["terms"], language="en")
        facts.add(image, "board", boards.get(name, ()), language="en")


def _read_phosphor(facts: _Facts, folder: Path) -> None:
    icons = json.loads((folder / "search" / "metadata.json").read_text(encoding="utf-8"))
    for icon in sorted(icons, key=lambda icon: str(icon["name"])):
        name = icon["name"]
        image = f"phosphor/{name}"
        facts.images.append((image, (folder / "svgs" / "flat" / "regular" / f"{name}.svg").as_uri()))
        facts.add(image, "title", [name.replace("-", " ")], language="en")
        facts.add(image, "tag", icon["tags"], language="en")
        facts.add(image, "board", [*icon["categories"], icon["figma_category"] or ""], language="en")


def _read_openclipart(facts: _Facts) -> None:
    """The author is the voice of what the file says; who sorted it into folders is not known."""
    drawings, pictures = OPENCLIPART_FOLDER / "svg", OPENCLIPART_FOLDER / "png"
    if not (drawings.is_dir() and pictures.is_dir()):
        raise InputError(
            f"corpus 'openclipart': {OPENCLIPART_FOLDER} has no svg and png. The Debian packages openclipart-svg and "
            "openclipart-png bring them: sudo apt-get install openclipart-svg openclipart-png"
        )
    for path in sorted(drawings.rglob("*.svg")):
        place = path.relative_to(drawings).with_suffix("")
        image = f"openclipart/{place.as_posix()}"
        picture = pictures / place.with_name(f"{place.name}.png")
        facts.images.append((image, (picture if picture.exists() else path).as_uri()))
        try:
            said = read_metadata(path.read_bytes())
        except (OSError, ValueError):
            facts.broken += 1
            said = {}
        author = next((name for name in map(_squeeze, said.get("creator", ())) if name), None)
        for signal, key in (("title", "title"), ("description", "description")):
            facts.add(image, signal, said.get(key, ()), by=author)
        facts.add(image, "tag", (tag.replace("_", " ") for tag in said.get("subject", ())), by=author)
        facts.add(image, "alt", [_NUMBERING.sub("", place.name).replace("_", " ")], by=author)
        facts.add(image, "board", (folder.replace("_", " ") for folder in place.parts[:-1]))


def read_metadata(svg: bytes) -> dict[str, list[str]]:
    """What a drawing says of itself in RDF (Dublin Core): title, description, creator, subject (its tags).

    Only the element `metadata` is parsed, without namespaces, so prefixes may be declared anywhere.

    Args:
        svg: the whole file.

    Raises:
        ValueError: there is no such element, or it is not well-formed.
    """
    opening = _OPENING.search(svg)
    closing = _CLOSING.search(svg, opening.end()) if opening else None
    if opening is None or closing is None:
        raise ValueError("no metadata")
    declared = _ENCODING.match(svg)
    said: dict[str, list[str]] = {}
    path: list[str] = []
    text: list[str] = []

    def start(tag: str, _: object) -> None:
        path.append(tag.rpartition(":")[2])
        text.clear()

    def end(_: str) -> None:
        match path[path.index("Work") + 1 :] if "Work" in path else ():
            case ["title" | "description" as key]:
                said.setdefault(key, []).append("".join(text))
            case ["creator", "Agent", "title"]:
                said.setdefault("creator", []).append("".join(text))
            case ["subject", _, "li"]:
                said.setdefault("subject", []).append("".join(text))
        path.pop()
        text.clear()

    try:
        parser = expat.ParserCreate(declared.group(1).decode("ascii") if declared else "utf-8")
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = text.append
        parser.Parse(svg[opening.start() : closing.end()], True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(f"metadata is not well-formed: {error}") from None
    return said


def _package(name: str) -> Path:
    """Folder of an installed package, which is not imported.

    Raises:
        InputError: it is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"corpus 'icons': the package {name} is not installed. Run: pip install 'longtail-labels[embedded]'"
        )
    return Path(spec.submodule_search_locations[0])


def _squeeze(text: str) -> str:
    return " ".join(text.split())
