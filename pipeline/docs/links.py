"""Whether a built site holds together: every link and anchor leads somewhere, and nothing is fetched from elsewhere."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Element -> attributes whose address a browser fetches by itself.
_FETCHED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "input": ("src",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
}
_RELATIONS = {"stylesheet", "icon", "shortcut", "preload", "prefetch", "modulepreload", "preconnect", "dns-prefetch"}
_IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""", re.IGNORECASE)


class _Page(HTMLParser):
    """What a page offers and asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.styles: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.inside = tag
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag in ("a", "area") and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and "href" in given:
            fetched = _RELATIONS & set(given.get("rel", "").lower().split())
            (self.fetched if fetched else self.links).append(given["href"])
        for name in _FETCHED.get(tag, ()):
            if name in given:
                parts = given[name].split(",") if name == "srcset" else [given[name]]
                self.fetched += [part.split()[0] for part in parts if part.strip()]
        if "style" in given:
            self.styles.append(given["style"])

    def handle_data(self, data: str) -> None:
        if self.inside == "style":
            self.styles.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""


def faults(site: Path) -> list[str]:
    """What is wrong with a built site, a line each: dead links, dead anchors, addresses fetched from the network.

    Args:
        site: folder of HTML pages.

    Returns:
        `page: what`, sorted; empty where all is well. Links that a reader may click may lead anywhere.
    """
    site = site.resolve()
    pages = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    found = set()
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        for link in page.links:
            if not _is_remote(link) and (fault := _dead(link, path, pages)):
                found.add(f"{name}: {fault}")
        styled = [address for style in page.styles for address in _IN_STYLE.findall(style)]
        found |= {f"{name}: {fault}" for address in [*page.fetched, *styled] for fault in _wrong(address, path)}
    for path in sorted(site.rglob("*.css")):
        for address in _IN_STYLE.findall(path.read_text(encoding="utf-8")):
            found |= {f"{path.relative_to(site).as_posix()}: {fault}" for fault in _wrong(address, path)}
    return sorted(found)


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def _is_remote(address: str) -> bool:
    return address.startswith("//") or urlsplit(address).scheme in ("http", "https", "mailto")


def _wrong(address: str, page: Path) -> Iterator[str]:
    """What a fetched address must not be: remote, or a file that is not there."""
    if address.startswith(("data:", "#")):
        return
    if _is_remote(address):
        yield f"fetches {address}"
    elif not (page.parent / unquote(urlsplit(address).path)).is_file():
        yield f"no file {address}"


def _dead(link: str, page: Path, pages: dict[Path, _Page]) -> str:
    """Why a link inside the site leads nowhere; empty where it leads somewhere."""
    parts = urlsplit(link)
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file():
        return f"no page {link}"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return f"no anchor {link}"
    return ""
