"""Passwords, keys and tokens in settings: where they come from, and that no record, page or message shows them.

A secret should not stand in a configuration at all: an option may say `${NAME}`, which is taken from the environment
when the source is read. What does stand there is recorded as `***`, without a digest: eight bytes of a weak password
are enough to find it by trying, and a rotated credential reads the same rows. So another secret is no other setting.
"""

import dataclasses
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote

from pipeline.runtime.errors import ConfigError

T = TypeVar("T")
MASK = "***"

# Parts of a name that make it one of a secret wherever they stand, as in spark.hadoop.fs.s3a.secret.key or authToken.
_TELLING = re.compile(
    r"passw|passphrase|passcode|secret|token(?!iz)|credential|apikey|accesskey|accountkey|privatekey|sharedkey|signature"
    r"|authorization|jaas"
)
# Whole words that do: author, compass, design and monkey are none.
_WORDS = frozenset(("pass", "pwd", "pw", "pin", "private", "sas", "sig", "sign", "auth", "bearer", "cookie", "otp"))
# And the word key where it comes last, or after one of these.
_KEYS = frozenset(("access", "account", "api", "encryption", "master", "private", "secret", "shared", "storage"))
_LEAST_KNOWN = 4  # characters of a known secret that is looked for in messages; fewer stand everywhere

_REFERENCE = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# user:password@ of a URL or JDBC string. An unescaped slash ends it, unless what stands before can be no port.
_USER_INFO = re.compile(
    r"""(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://
        (?P<user> [^\s/?#"'<>]*@                      # up to the last @ of the authority
        | [^\s/?#"'<>:@]*:(?!\d+[/?#])[^\s"'<>]*@)   # a password with a slash in it
    """,
    re.VERBOSE,
)
_NO_USER = re.compile(r"abfss?|wasbs?", re.IGNORECASE)  # here container@account is a place
_ORACLE = re.compile(r"(jdbc:oracle:\w+:)[^\s@/]+/\S+@", re.IGNORECASE)
_AUTHORIZED = re.compile(r"""(authorization\W{1,4}\w+|\bbearer(?=\s+[^\s"']*\d))\s+[^\s"']{8,}""", re.IGNORECASE)
# name=value and name: value, in URLs, connection strings, JSON, and what libraries print.
_PAIR = re.compile(
    r"""(?P<before>^|[^\w.%-])
        (?P<name>[\w%][\w.%-]*)
        (?P<equals>\\?["']?\s*[=:]\s*)
    """,
    re.VERBOSE,
)
# A value in quotes or, in ODBC and JDBC, in braces; the mark is doubled or escaped inside.
_ENCLOSED = re.compile(
    r"""\{(?:[^}]|\}\})*\} | \\?"(?:[^"\\]|\\.|"")*"? | \\?'(?:[^'\\]|\\.|'')*'?""", re.VERBOSE | re.DOTALL
)
# Where a bare value ends, by what stands before its name.
_ENDS = {"?": r"&", "&": r"&", "#": r"&", ";": r";", "": r";", "(": r"\)(?=[(/)\s]|$)"}


def is_secret(name: str) -> bool:
    """Whether an option of that name holds a secret: password, fs.s3a.secret.key, accountKey, X-Amz-Signature, sig."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", unquote(name))
    words = [word.lower() for word in words]
    if _TELLING.search("".join(words)) or _WORDS.intersection(words):
        return True
    places = [place for place, word in enumerate(words) if word in ("key", "keys")]
    return any(place == len(words) - 1 or words[place - 1] in _KEYS for place in places)


def mask(value: T) -> T:
    """A copy in which no secret stands, of the same shape: settings, a mapping, a list, a string.

    Values whose name tells a secret become `***`, at any depth; in all other strings what `mask_text` finds does.
    A value that is nothing but references to the environment stays: it says where the secret is, not what it is.

    Args:
        value: dataclasses, mappings, lists, tuples and scalars, nested.
    """
    masked: Any = value
    if isinstance(value, str):
        masked = _mask_all(value, r"(?!)")
    elif isinstance(value, Mapping):
        masked = {key: _hidden(item) if is_secret(str(key)) else mask(item) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        masked = type(value)(mask(item) for item in value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        masked = dataclasses.replace(value, **{name: mask(getattr(value, name)) for name in names})
    return masked  # type: ignore[no-any-return]


def mask_text(text: str, known: Iterable[str] = ()) -> str:
    """A message in which no secret stands.

    Hidden are the user and password of a URL, the values of `name=value` and `name: value` whose name tells a secret
    (so signed links too), and what follows Bearer or Basic. A value that is not in quotes ends at white space, or where
    its syntax ends it (`&`, `;`).

    Args:
        text: anything.
        known: secrets to hide wherever they stand, from `secret_values`; those of fewer than 4 characters are not
            looked for.
    """
    for secret in sorted({*known}, key=lambda item: (-len(item), item)):
        if len(secret) >= _LEAST_KNOWN:
            text = text.replace(secret, MASK)
    return _mask_all(text, r"\s")


def resolve(options: Mapping[str, str], where: str) -> dict[str, str]:
    """Options with every `${NAME}` taken from the environment; `$${NAME}` stands for the text `${NAME}`.

    Args:
        options: of a source, as the configuration has them.
        where: the source, for messages.

    Raises:
        ConfigError: a variable is not set or empty, or a value is the mask of a printed configuration.
    """
    return {name: _resolved(value, f"{where}: options.{name}") for name, value in options.items()}


def secret_values(options: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets among options and in their URLs and connection strings: what no message of a library may show.

    Args:
        options: from `resolve`, or as the configuration has them.

    Returns:
        The values, as they stand and percent-decoded, longest first.
    """
    found: set[str] = set()
    for name, value in options.items():
        if is_secret(name):
            found.add(value)
            continue
        found.update(value[start:end].strip("\"'{}") for start, end in _pairs(value, r"(?!)"))
        found.update(user["user"][:-1].partition(":")[2] or user["user"][:-1] for user in _USER_INFO.finditer(value))
    found |= {unquote(value) for value in found}
    return tuple(sorted(found - {"", MASK}, key=lambda item: (-len(item), item)))


def _resolved(value: str, where: str) -> str:
    if value == MASK:
        raise ConfigError(
            f"{where} is {MASK}, which stands for a secret in printed settings. Write the secret, or ${{NAME}}."
        )

    def read(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        given = os.environ.get(found[2])
        if not given:
            raise ConfigError(f"{where} names the environment variable {found[2]}, which is not set. Set it.")
        return given

    return _REFERENCE.sub(read, value)


def _hidden(value: Any) -> Any:
    """The value of a secret name, hidden; its references to the environment are none."""
    if isinstance(value, Mapping):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_hidden(item) for item in value)
    if value is None or isinstance(value, bool) or value == "":
        return value
    return value if isinstance(value, str) and _is_reference(value) else MASK


def _is_reference(value: str) -> bool:
    return bool(value) and all(not found[1] for found in _REFERENCE.finditer(value)) and not _REFERENCE.sub("", value)


def _mask_all(text: str, ends: str) -> str:
    """The text without what looks secret; `ends` is what ends a bare value beside its own syntax."""
    text = _USER_INFO.sub(_without_user, text)
    text = _ORACLE.sub(rf"\1{MASK}@", text)
    text = _AUTHORIZED.sub(rf"\1 {MASK}", text)
    parts, place = [], 0
    for start, end in _pairs(text, ends):
        parts += [text[place:start], _masked_as(text[start:end])]
        place = end
    return "".join([*parts, text[place:]])


def _without_user(found: re.Match[str]) -> str:
    user = found["user"][:-1]
    if not user or _is_reference(user) or (":" not in user and _NO_USER.fullmatch(found["scheme"])):
        return found[0]
    return f"{found['scheme']}://{MASK}@"


def _pairs(text: str, ends: str) -> Iterator[tuple[int, int]]:
    """Where the values of secret names stand; what follows one is looked at on its own."""
    place = 0
    while found := _PAIR.search(text, place):
        place = found.end()
        if not _names_secret(found["name"], found["equals"]):
            place = found.start("equals")  # which may be what stands before the next name
            continue
        enclosed = _ENCLOSED.match(text, place)
        end = enclosed or re.compile(f"{_ENDS.get(found['before'], '(?!)')}|{ends}|$").search(text, place)
        until = len(text) if end is None else end.end() if enclosed else end.start()
        if until > place and not _is_reference(text[place:until]):
            yield place, until
        place = until


def _names_secret(name: str, equals: str) -> bool:
    """In prose a colon follows many a word: keys: 3, pass: 2. There only what can mean nothing else counts."""
    if ":" in equals and not re.match(r"\\?[\"']", equals):
        plain = re.sub(r"[^a-z]", "", unquote(name).lower())
        return plain != "tokens" and _TELLING.search(plain) is not None
    return is_secret(name)


def _masked_as(value: str) -> str:
    """The mask, in the quotes that the value stands in."""
    quote = re.match(r"\\?[\"']", value)
    if not quote:
        return MASK
    closed = len(value) >= 2 * len(quote[0]) and value.endswith(quote[0])
    return f"{quote[0]}{MASK}{quote[0] if closed else ''}"
