"""Whatever a configuration holds, it becomes a Config or a ConfigError; what is printed reads back as itself."""

import dataclasses
import datetime
import math
import tempfile
import tomllib
import types
import typing
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.runtime.config import Config
from pipeline.runtime.errors import ConfigError
from pipeline.runtime.inputs import FORMATS, ImagesConfig, SourceConfig
from pipeline.runtime.load import SECTIONS, load_config, parse_config, render_config
from pipeline.runtime.settings import build, parse_toml, shown

EXAMPLES = 150
ICONS: dict[str, Any] = {"sources": [{"corpus": "icons"}]}
KEYS = {name: [field.name for field in dataclasses.fields(cls)] for name, cls in SECTIONS.items()}
KEYS |= {"paths": ["allowed_roots"]}
LISTS: dict[str, Any] = {"sources": SourceConfig, "images": ImagesConfig}


def config_or_error(make: Callable[[], Config]) -> Config | None:
    """What was made; a ConfigError says one thing, is short, and can be written to any console."""
    try:
        made = make()
    except ConfigError as error:
        said = str(error)
        assert said
        assert len(said) < 3_000
        said.encode("utf-8", "backslashreplace")
        return None
    assert isinstance(made, Config)
    made.digest(*(field.name for field in dataclasses.fields(made)))
    return made


def nest(depth: int) -> Any:
    value: Any = 1
    for turn in range(depth):
        value = [value] if turn % 2 else {"a": value}
    return value


# Any character, lone surrogates too: a command line brings them where it is no UTF-8.
WILD = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, -(2**63) - 1, 0, -1]),
    st.builds(pow, st.just(-10), st.integers(20, 6_000)),
    st.floats(),
    WILD,
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.just(datetime.UTC)),
    st.sampled_from(["\x00", "\ud800", "x" * 5_000, "${HOME}", "***"]),
    st.builds(nest, st.integers(1, 3_000)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WILD, inner, max_size=4)),
    max_leaves=8,
)
ANY_KEY = st.one_of(
    st.sampled_from(sorted({key for keys in KEYS.values() for key in keys})), WILD, st.just("a.b"), st.just('"')
)


@st.composite
def raw_configs(draw: st.DrawFn) -> dict[str, Any]:
    """Tables of known sections with some known keys, whose values are anything."""
    raw: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(sorted(KEYS)), max_size=3, unique=True)):
        keys = draw(st.lists(st.one_of(st.sampled_from(KEYS[name]), ANY_KEY), max_size=3, unique=True))
        raw[name] = draw(st.one_of(st.fixed_dictionaries({key: VALUES for key in keys}), VALUES))
    for name, cls in LISTS.items():
        known = [field.name for field in dataclasses.fields(cls)]
        table = st.dictionaries(st.one_of(st.sampled_from(known), WILD), VALUES, max_size=4)
        if draw(st.booleans()):
            raw[name] = draw(st.one_of(st.lists(table, max_size=3), VALUES))
    return {**ICONS, **raw} if draw(st.booleans()) else raw


def valid_value(field: "dataclasses.Field[Any]", hint: Any) -> st.SearchStrategy[Any]:
    """What TOML may give for a field, within its limits."""
    low, high, choices = (field.metadata.get(rule) for rule in ("low", "high", "choices"))
    if isinstance(hint, types.UnionType):
        hint = next(option for option in typing.get_args(hint) if option is not type(None))
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
    if typing.get_origin(hint) is tuple:
        return st.lists(st.sampled_from(choices) if choices else text, max_size=4)
    if typing.get_origin(hint) is not None:
        return st.dictionaries(text, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4)
    if choices:
        return st.sampled_from(choices)
    if hint is bool:
        return st.booleans()
    if hint is int:
        return st.integers(-(2**63) + 1 if low is None else math.ceil(low), 2**63 - 1 if high is None else int(high))
    if hint is float:
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    return text


def tables_of(cls: Any) -> st.SearchStrategy[dict[str, Any]]:
    hints = typing.get_type_hints(cls)
    fields = {field.name: valid_value(field, hints[field.name]) for field in dataclasses.fields(cls)}
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def whole_configs(draw: st.DrawFn) -> dict[str, Any]:
    """Raw configurations that are mostly valid: rules between settings may still refuse one."""
    raw: dict[str, Any] = {name: draw(tables_of(cls)) for name, cls in SECTIONS.items() if draw(st.booleans())}
    sources = []
    for place in range(draw(st.integers(1, 2))):
        table = draw(tables_of(SourceConfig))
        for key in ("corpus", "signal_column"):
            table.pop(key, None)
        kind = {"signal": table.get("signal", "title"), "path": table.get("path", "a.csv"), "name": f"s{place}"}
        sources.append({**table, **kind, "format": draw(st.sampled_from(FORMATS))})
    raw["sources"] = sources
    if draw(st.booleans()):
        raw["images"] = [{**draw(tables_of(ImagesConfig)), "path": "i.csv", "name": "i", "perceptual_hash": "h"}]
    return raw


@given(raw=raw_configs())
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_parsed_toml_is_a_config_or_a_config_error(raw: dict[str, Any]) -> None:
    config_or_error(lambda: parse_config(raw, "x.toml"))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"min_images": 10**5000}, "min_images = a number of 16,610 bits must be a number of 64 bits"),
        ({"min_cohesion": 10**400}, "min_cohesion = a number of 1,329 bits must be"),
        ({"min_specificity": math.inf}, "min_specificity = inf must be a finite number"),
        ({"dictionary": "\ud800"}, "dictionary holds bytes that are no UTF-8"),
        ({"x" * 100_000: 1}, "unknown setting 'xxx"),
        ({5: 1}, "unknown setting '5'"),
        ({"min_images": nest(5_000)}, "min_images = "),
        ({"min_images": datetime.date(2020, 1, 1)}, "min_images = datetime.date(2020, 1, 1) must be a whole number"),
    ],
    ids=["digits", "float", "inf", "surrogate", "long key", "number as key", "deep", "date"],
)
def test_what_is_too_large_too_deep_or_no_text_names_its_setting(table: Any, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        build(SECTIONS["mine"], table, "x.toml [mine]")
    assert str(error.value).startswith("x.toml [mine]: ")
    assert said in str(error.value)
    assert len(str(error.value)) < 3_000


@given(raw=whole_configs())
@example(raw={"sources": [{"path": "a\x7f\u202e\x85.csv", "signal": "t", "options": {'"\\.\u2028': "\x00\x1b[31m"}}]})
@example(raw={"sources": [{"path": "\U000e0041\U0001f600.csv", "signal": "t"}]})
@example(raw={**ICONS, "publish": {"cap": 1e300, "seed": 2**63 - 1, "effective_beta": 5e-324}})
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_valid_configuration_reads_back_as_itself_and_holds_no_control_character(raw: dict[str, Any]) -> None:
    config = config_or_error(lambda: parse_config(raw, "x.toml"))
    if config is None:
        return
    printed = render_config(config)
    assert parse_config(tomllib.loads(printed), "printed") == config
    assert not {mark for mark in printed if unicodedata.category(mark) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """Random bytes, or a valid file with a piece cut out and another put in."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    raw = render_config(parse_config(ICONS, "x")).encode()
    start, length = draw(st.integers(0, len(raw))), draw(st.integers(0, 40))
    piece = draw(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"[", b"a.a.a=", b'"', b"\xff", b"\r", b"\n[[mine]]\n"]))
    )
    return raw[:start] + piece * draw(st.integers(1, 3)) + raw[start + length :]


@given(content=damaged_files())
@example(content=b"a = " + b"[" * 5_000)
@example(content=b"a = " + b"{a=" * 5_000)
@example(content=b"sources = " + b"1" * 5_000)
@example(content=b"[mine]\nmin_images = 0x" + b"f" * 9_000)
@example(content=b"[mine]\nmin_images = 2020-13-45T99:99:99Z")
@example(content=b"[mine]\nmin_images = nan")
@example(content=b".".join([b"a"] * 1_000) + b" = 1")
@example(content=b"\xff\xfe[\x00m\x00")
@example(content=b'[mine]\ndictionary = "\\ud800"')
@example(content=b'["mine"."min_images"]\n"a.b" = 1')
@example(content=b"")
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_file_is_a_config_or_a_config_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.toml"
        file.write_bytes(content)
        config_or_error(lambda: load_config(file))


OVERRIDES = st.one_of(
    WILD,
    st.builds("{}.{}={}".format, st.sampled_from(sorted(KEYS)), ANY_KEY, WILD),
    st.builds(
        lambda section, key, text: f"{section}.{key}={text}",
        st.sampled_from(sorted(KEYS)),
        ANY_KEY,
        st.sampled_from(
            ["[" * 3_000, "1" * 5_000, "nan", "1\nx=2", "{}", "1979-05-27", '"\\u0000"', "\x00", "\udcff", ""]
        ),
    ),
)


@given(roots=st.lists(st.one_of(WILD, st.sampled_from(["/", ".", "..", "s3a://b/", "file:///", "~"])), min_size=1))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_allowed_root_is_a_config_or_a_config_error(roots: list[str]) -> None:
    raw = {"sources": [{"path": "/data/%2e%2e/a.csv", "signal": "title"}], "paths": {"allowed_roots": roots}}
    config_or_error(lambda: parse_config(raw, "x.toml"))


@given(overrides=st.lists(OVERRIDES, max_size=3), mine=st.sampled_from([None, 3, "x", [1], {}, {"min_images": 4}]))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_override_is_a_config_or_a_config_error(overrides: list[str], mine: Any) -> None:
    raw = ICONS if mine is None else {**ICONS, "mine": mine}
    config_or_error(lambda: parse_config(raw, "x.toml", overrides))


def test_a_byte_order_mark_is_no_part_of_a_file() -> None:
    assert parse_toml(b"\xef\xbb\xbf[mine]\n", "x.toml") == {"mine": {}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a = " + b"[" * 5_000, "x.toml: no valid TOML: lists or tables are nested too deeply"),
        (b"a = " + b"1" * 5_000, "x.toml: no valid TOML: Exceeds the limit"),
        (b"\xff\xfe", "x.toml: no valid TOML: 'utf-8' codec"),
        (b"a = 1\na = 2", "x.toml: no valid TOML: Cannot overwrite a value"),
    ],
)
def test_what_is_no_toml_is_said_with_its_file(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_toml(text, "x.toml")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"options": {"password": 12345}}, "options.'password' must be a string, and is of type int"),
        ({"options": "password=hunter2"}, "options must be a table of strings"),
        ({"options": {"a": {"password": "hunter2"}}}, "options.'a' must be a string, and is of type dict"),
        ({"path": "a\x00b"}, "holds the character NUL"),
        ({"path": "a\udcff"}, "no UTF-8"),
        ({"options": {"sep": "\udcff"}}, "options.'sep' holds bytes that are no UTF-8"),
    ],
)
def test_a_message_names_the_setting_and_no_value_of_an_option(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        build(SourceConfig, table, "x.toml [[sources]] 1")
    assert said in str(error.value)
    assert "hunter2" not in str(error.value)
    assert "12345" not in str(error.value)


def test_an_option_may_be_nul_which_turns_quotes_off() -> None:
    assert (
        build(SourceConfig, {"path": "a", "signal": "t", "options": {"quote": "\x00"}}, "x").options["quote"] == "\x00"
    )


@given(value=VALUES)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_shown_value_is_short_and_on_one_line(value: Any) -> None:
    said = shown(value)
    assert len(said) < 4_000
    assert "\n" not in said
