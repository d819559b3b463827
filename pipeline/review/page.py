"""What all pages have in common: templates in which whatever a source says is shown as text."""

import base64
import hashlib
import re
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

# Controls, direction marks and overrides, line separators, surrogates, tags. Joiners stay: Indic scripts, Persian and
# emoji need them.
_DISGUISE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)


def make_environment() -> Environment:
    """Templates of this package: all values are escaped and made visible, an unknown name is an error."""
    return Environment(
        loader=PackageLoader("pipeline.review", "templates"),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def visible(value: Any) -> Any:
    """The value with each control and direction mark of a string written out, as <U+202E>; other types as they are."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _DISGUISE.sub(lambda found: f"<U+{ord(found[0]):04X}>", value)


def is_link(uri: str | None) -> bool:
    """Whether the URI is a web address, the only kind that becomes a link."""
    try:
        return uri is not None and urlsplit(uri).scheme in ("http", "https")
    except ValueError:  # such as an unclosed [ of an IPv6 address
        return False


def read_scripts(*names: str) -> Markup:
    """Scripts of the templates' folder as one, as they are: no template language touches them."""
    folder = resources.files("pipeline.review.templates")
    return Markup("\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names))


def script_hash(script: str) -> str:
    """The source expression that allows one inline script, as Content Security Policy Level 2 defines it."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
