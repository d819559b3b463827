import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.errors import ConfigError
from pipeline.runtime.inputs import ImagesConfig, SourceConfig
from pipeline.runtime.lineage import open_record
from pipeline.runtime.load import named_paths, parse_config, render_config, stored_paths
from pipeline.runtime.places import absolute_roots, check_places, is_below, may_open, refuse_plain


def run_of(path: str, *roots: str, **more: Any) -> dict[str, Any]:
    source = {"path": path, "signal": "title", **more.pop("source", {})}
    return {"sources": [source], "paths": {"allowed_roots": list(roots)}, **more}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "sub" / "a.csv").write_text("image_id,text\n")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "b.csv").write_text("image_id,text\n")
    return tmp_path / "root"


@pytest.mark.parametrize(
    "below",
    [".", "sub/a.csv", "sub/../sub", "sub/*.csv", "absent.csv", "{sub,other}/[ab].csv", "sub/a%20b.csv", "é ü/x.csv"],
)
def test_what_lies_below_a_root_may_be_read(root: Path, below: str) -> None:
    assert parse_config(run_of(f"{root}/{below}", str(root)), "x.toml").sources


@pytest.mark.parametrize(
    "outside",
    [
        "/../beside/b.csv",
        "/sub/../../beside",
        "-and-more/a.csv",
        "/{sub,../beside}/*.csv",
        "/{sub,{other,..}}/beside/b.csv",
        "/%2e%2e/beside/b.csv",
        "/%252e%252e/beside/b.csv",
        "/\\.\\./beside/b.csv",
        "/*/../../beside/*.csv",
    ],
)
def test_a_path_that_leaves_the_root_is_named_with_its_setting(root: Path, outside: str) -> None:
    with pytest.raises(ConfigError, match=r"x\.toml: sources '.*' path = .*lies outside paths\.allowed_roots") as error:
        parse_config(run_of(f"{root}{outside}", str(root)), "x.toml")
    assert str(root) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("path", ["{}", "{}/*.csv", "{}/sub/link.csv", "{}/sub", "{}/[s]ub"])
def test_a_link_inside_a_folder_that_leaves_the_root_is_named(root: Path, path: str) -> None:
    (root / "sub" / "link.csv").symlink_to(root.parent / "beside" / "b.csv")
    (root / "c.csv").symlink_to(root.parent / "beside" / "b.csv")
    with pytest.raises(ConfigError, match=r"(link|c)\.csv"):
        parse_config(run_of(path.format(root), str(root)), "x.toml")


def test_links_that_stay_or_go_in_circles_may_be_read(root: Path) -> None:
    (root / "sub" / "again").symlink_to(root)
    (root / "same.csv").symlink_to(root / "sub" / "a.csv")
    assert parse_config(run_of(str(root), str(root)), "x.toml").sources


def test_a_link_to_a_folder_whose_links_leave_is_named(root: Path) -> None:
    (root / "inner").mkdir()
    (root / "inner" / "out.csv").symlink_to(root.parent / "beside" / "b.csv")
    (root / "sub" / "way").symlink_to(root / "inner")
    with pytest.raises(ConfigError, match=r"out\.csv"):
        parse_config(run_of(f"{root}/sub", str(root)), "x.toml")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("s3a://b/data/x", True),
        ("s3a://b/data", True),
        ("s3a://b/data/{x,y}/*.parquet", True),
        ("S3A://b/data/x", True),
        ("s3a://b/database", False),
        ("s3a://b/data/../x", False),
        ("s3a://b/data/%2e%2e/x", False),
        ("s3a://b/data/%2E./x", False),
        ("s3a://b/data/{x,../../c}/y", False),
        ("s3a://other/data/x", False),
        ("gs://b/data/x", False),
        ("s3a://b@evil/data/x", False),
        ("file:///etc/passwd", False),
        ("file:/etc/passwd", False),
        ("file://localhost/etc/passwd", False),
        ("file:etc/passwd", False),
        ("//etc/passwd", False),
    ],
)
def test_a_remote_path_must_start_with_a_root_on_a_path_boundary(path: str, allowed: bool) -> None:
    roots = ["s3a://b/data"]
    if allowed:
        check_places({"sources 'x' path": path}, roots)
    else:
        with pytest.raises(ConfigError, match=r"sources 'x' path = .*allowed_roots"):
            check_places({"sources 'x' path": path}, roots)


@pytest.mark.parametrize(
    "named",
    [
        {"mine": {"dictionary": "/etc/hostname"}},
        {"labeling": {"trusted": "/etc/hostname"}},
        {"publish": {"held_out": "/etc/hostname"}},
        {"publish": {"audit": "/etc/hostname"}},
        {"cluster": {"base": "/etc"}},
        {"embed": {"cache": "/etc"}},
        {"embed": {"encoder": "static:/etc"}},
        {"images": [{"path": "/etc/hostname"}]},
    ],
)
def test_every_setting_that_names_a_path_is_checked(root: Path, named: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"'/etc.*' .*lies outside paths\.allowed_roots"):
        parse_config(run_of(f"{root}/sub", str(root), **named), "x.toml")


def test_without_roots_every_path_may_be_read() -> None:
    assert parse_config(run_of("/etc/../anywhere"), "x.toml").sources


def test_the_operators_override_goes_before_the_file(root: Path) -> None:
    with pytest.raises(ConfigError, match="lies outside"):
        parse_config(run_of("/etc/passwd", "/"), "x.toml", [f"paths.allowed_roots=['{root}']"])


def test_a_format_that_may_lead_anywhere_is_refused_with_roots(root: Path) -> None:
    with pytest.raises(ConfigError, match="has format 'jdbc'"):
        parse_config(run_of(f"{root}/sub", str(root), source={"format": "jdbc"}), "x.toml")


@pytest.mark.parametrize("wrong", ["", " ", "/data/*", "/data/{a,b}"])
def test_a_root_is_one_folder(wrong: str) -> None:
    with pytest.raises(ConfigError, match="must be one folder"):
        parse_config(run_of("/data/x", wrong), "x.toml")


def test_a_glob_of_endless_alternatives_is_refused() -> None:
    with pytest.raises(ConfigError, match="stands for more than"):
        check_places({"sources 'x' path": "/r/" + "{a,b}" * 40}, ["/r"])


@given(st.lists(st.sampled_from(["..", ".", "a", "%2e%2e", "{..,a}", "{a,b}", "\\.\\.", "", "b c"]), max_size=7))
def test_no_spelling_of_the_way_out_passes(parts: list[str]) -> None:
    path = "/r/" + "/".join(parts)
    depth = 0
    lowest = 0
    for part in parts:  # the spelling that climbs most
        climbs = part in ("..", "%2e%2e", "{..,a}", "\\.\\.")
        depth += -1 if climbs else 0 if part in ("", ".") else 1
        lowest = min(lowest, depth)
    if lowest < 0 and depth < 0:
        with pytest.raises(ConfigError, match="allowed_roots"):
            check_places({"p": path}, ["/r"])
    elif not any(part in ("..", "%2e%2e", "{..,a}", "\\.\\.") for part in parts):
        check_places({"p": path}, ["/r"])


def test_a_place_is_judged_for_one_picture_too(root: Path) -> None:
    assert is_below(f"file://{root}/sub/a.png", [str(root)])
    assert not is_below("file:///etc/passwd", [str(root)])
    assert not is_below(f"file://{root}/%2e%2e/x.png", [str(root)])


def test_a_file_may_be_opened_where_its_links_lead_below_a_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "out.png").symlink_to(root.parent / "beside" / "b.csv")
    (root / "in.png").symlink_to(root / "sub" / "a.csv")
    assert may_open(root / "in.png", [str(root)])
    assert not may_open(root / "out.png", [str(root)])
    assert may_open(root / "out.png", [])
    monkeypatch.chdir(root)
    assert may_open(Path("in.png"), ["."])
    assert not may_open(Path("../beside/b.csv"), ["."])
    assert not may_open(Path("s3:/bucket/a.png"), ["s3://bucket", "s3:/bucket"])  # a file of that name, no place of S3


def test_roots_mean_the_same_to_a_process_that_works_elsewhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    found = absolute_roots(["sub", "s3a://b/data", "file:/x"])
    monkeypatch.chdir(root.parent)
    assert found == (str(root / "sub"), "s3a://b/data", "file:/x")
    assert may_open(root / "sub" / "a.csv", found)


def test_the_roots_are_a_setting_that_is_printed_and_read_back(root: Path) -> None:
    config = parse_config(run_of(f"{root}/sub", str(root)), "x.toml")
    assert config.paths.allowed_roots == (str(root),)
    assert parse_config(tomllib.loads(render_config(config)), "printed") == config


def test_a_run_may_go_on_with_other_roots_which_go_on_record(root: Path, tmp_path: Path) -> None:
    folder = str(tmp_path / "r1")
    free, held = (parse_config(run_of(f"{root}/sub", *roots), "x.toml") for roots in ((), (str(root),)))
    first = open_record(folder, "r1", free)
    del first.content["config"]["paths"]  # as older versions wrote it
    first.save()
    again = open_record(folder, "r1", held)
    assert again.content["config"]["paths"] == {"allowed_roots": (str(root),)}


@pytest.mark.parametrize("plain", ["/data/x", "runs", "a b/*.csv", "file:/x", "s3a:/b"])
def test_a_path_without_a_scheme_is_refused_where_sparks_default_is_elsewhere(plain: str) -> None:
    with pytest.raises(
        ConfigError,
        match=r"^--run-root = .* is hdfs://name:8020/, .* Write file:///[^:]* for .*, or hdfs://name:8020/[^/][^:]*\.$",
    ):
        refuse_plain("hdfs://name:8020/", {"sources 'x' path": "hdfs:///a", "embed.cache": "", "--run-root": plain})
    refuse_plain("file:///", {"--run-root": plain})


def test_paths_with_a_scheme_pass_wherever_sparks_default_is() -> None:
    refuse_plain("s3a://b", {"a": "file:///data", "b": "s3a://b/x", "c": "hdfs://n/x"})


def test_the_folder_of_a_model_is_no_path_of_spark(root: Path) -> None:
    config = parse_config(run_of(f"{root}/sub", embed={"encoder": f"static:{root}", "cache": "/c"}), "x.toml")
    assert named_paths(config).keys() - stored_paths(config).keys() == {"embed.encoder"}
    assert stored_paths(config)["embed.cache"] == "/c"


@pytest.mark.parametrize("setting", ["path", "image_id", "text", "signal", "count", "contributor"])
@pytest.mark.parametrize("empty", ["", "  ", "a\0b"])
def test_a_setting_that_names_nothing_is_an_error(setting: str, empty: str) -> None:
    with pytest.raises(ConfigError, match="names nothing"):
        SourceConfig(**{"path": "a.csv", "signal": "title", setting: empty})


def test_an_images_table_without_a_path_is_an_error() -> None:
    with pytest.raises(ConfigError, match="path is missing"):
        ImagesConfig()
