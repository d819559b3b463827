"""Build the site: `python -m pipeline.docs.site OUT`. Sphinx makes HTML of pages by hand and pages made of the code.

Sphinx with the theme furo and the parser MyST, because it tells of every reference that leads nowhere, knows settings,
options and Python's objects as such, and searches in a page opened from disk. The group `docs` has it.
"""

import argparse
import importlib.metadata
import io
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.docs.api_pages import api_pages
from pipeline.docs.jobs_page import jobs_page
from pipeline.docs.links import faults
from pipeline.docs.road_picture import road_picture
from pipeline.docs.settings_page import settings_page
from pipeline.docs.tables_page import tables_page
from pipeline.runtime.cli import exit_code
from pipeline.runtime.errors import UserError
from pipeline.stages import ROAD

HOUSE = Path(__file__).parents[1]
PAGES = Path(__file__).with_name("pages")
_SHOWN_FAULTS = 30
_COLOURS = re.compile("\x1b\\[[0-9;]*m")
_SAYINGS = {
    "ingest": "every row that is unusable has a reason",
    "normalize": "each distinct text is cleaned once",
    "mine_candidates": "phrases of 1-6 words and their support",
    "embed": "each phrase is encoded once",
    "cluster": "the tail is merged upwards",
    "match": "who says what of which image",
    "assign": "confidence, from agreement",
    "publish": "balance as columns, nothing deleted",
    "report": "one page to look at",
}


def write_sources(folder: Path) -> None:
    """Write all pages as Markdown, with the style sheet: what Sphinx reads.

    Args:
        folder: which exists.
    """
    shutil.copytree(PAGES, folder, dirs_exist_ok=True)
    index = folder / "index.md"
    picture = f"```{{raw}} html\n{road_picture(ROAD, _SAYINGS)}\n```"
    index.write_text(index.read_text(encoding="utf-8").replace("<!-- the road -->", picture), encoding="utf-8")
    made = {"tables.md": tables_page(), "settings.md": settings_page(), "jobs.md": jobs_page(HOUSE.parent / "jobs")}
    made |= {f"api/{name}": text for name, text in api_pages(HOUSE).items()}
    for name, text in made.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def build_site(out: Path) -> None:
    """Build the site into a folder, in place of one that was built there before.

    Args:
        out: made where it is missing.

    Raises:
        UserError: Sphinx is not installed; the folder holds something else; or a page refers to what does not exist.
    """
    try:
        from sphinx.application import Sphinx
        from sphinx.util.docutils import docutils_namespace, patch_docutils
    except ImportError:
        raise UserError("Sphinx is not installed. Run: make docs, or pip install --group docs") from None
    if out.exists() and not (out / "objects.inv").is_file() and any(out.iterdir()):
        raise UserError(f"{out}: the folder holds something else than a site. Give another, or delete it.")
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as scratch:
        sources, built = Path(scratch, "sources"), Path(scratch, "site")
        sources.mkdir()
        write_sources(sources)
        with patch_docutils(), docutils_namespace():
            app = Sphinx(sources, None, built, Path(scratch, "trees"), "html", _settings(), None, said, freshenv=True)
            app.build()
        (built / ".buildinfo").unlink(missing_ok=True)
        lines = _COLOURS.sub("", said.getvalue()).replace(f"{sources.resolve()}/", "").splitlines()
        found = [*filter(str.strip, lines), *faults(built)]
        if found:
            more = f"\n... and {len(found) - _SHOWN_FAULTS} more" if len(found) > _SHOWN_FAULTS else ""
            raise UserError("the pages have faults:\n" + "\n".join(found[:_SHOWN_FAULTS]) + more)
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(built, out)


def main(argv: Sequence[str] | None = None) -> int:
    """Build the site; gives the exit code: 0 done, 2 a page has a fault or something is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "out", metavar="OUT", type=Path, help="folder of the site; a site built there before is replaced"
    )
    parsed = parser.parse_args(argv)

    def job() -> None:
        build_site(parsed.out)
        sys.stdout.write(f"{'site':<16} {parsed.out / 'index.html'}\n")

    return exit_code(job)


def _settings() -> dict[str, object]:
    """Of Sphinx: no date, no network, no copy of the sources."""
    return {
        "project": "longtail-labels",
        "version": importlib.metadata.version("longtail-labels"),
        "release": importlib.metadata.version("longtail-labels"),
        "extensions": ["myst_parser"],
        "source_suffix": {".md": "markdown"},
        "exclude_patterns": ["_static"],
        "nitpicky": False,
        "highlight_language": "text",
        "add_module_names": False,
        "toc_object_entries_show_parents": "hide",
        "suppress_warnings": ["ref.python"],  # the names of types are links where they are one thing alone
        "python_maximum_signature_line_length": 88,
        "myst_enable_extensions": ["fieldlist", "deflist"],
        "myst_heading_anchors": 3,
        "myst_links_external_new_tab": False,
        "html_theme": "furo",
        "html_title": "longtail-labels",
        "html_static_path": ["_static"],
        "html_css_files": ["site.css"],
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_copyright": False,
        "html_show_search_summary": False,  # it would be fetched, which a page opened from disk may not
        "html_last_updated_fmt": None,
    }


if __name__ == "__main__":
    sys.exit(main())
