import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipeline.runtime.errors import ConfigError
from pipeline.runtime.lineage import differences
from pipeline.runtime.load import SECTIONS, load_config, parse_config, render_config
from pipeline.stages import ROAD

ICONS: dict[str, Any] = {"sources": [{"corpus": "icons"}]}
TABLE = {"path": "pins.csv", "format": "csv", "signal": "title"}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({**ICONS, "mine": {"min_imges": 2}}, "x.toml [mine]: unknown setting 'min_imges'. Did you mean min_images?"),
        ({**ICONS, "mine": {"min_images": "2"}}, "x.toml [mine]: min_images = '2' must be a whole number"),
        ({**ICONS, "mine": {"min_images": True}}, "min_images = True must be a whole number"),
        ({**ICONS, "mine": {"min_images": 0}}, "min_images = 0 must be at least 1"),
        ({**ICONS, "mine": {"min_cohesion": float("nan")}}, "min_cohesion = nan must be in [-1, 1]"),
        ({**ICONS, "mine": {"max_image_share": 1.5}}, "max_image_share = 1.5 must be in [0, 1]"),
        ({**ICONS, "mines": {}}, "x.toml: unknown section [mines]. Allowed: sources, images, spark"),
        ({**ICONS, "mine": 3}, "mine = 3 must be a section: [mine]"),
        ({**ICONS, "assign": {"closure_by": ["head", "hed"]}}, "'hed' is none of head, hypernym, containment"),
        ({**ICONS, "cluster": {"method": "dbscan"}}, "method = 'dbscan' must be one of anchored, hierarchical, kmeans"),
        ({**ICONS, "embed": {"languages": "en"}}, "languages = 'en' must be a list of strings"),
        ({"sources": [{"path": "a.csv"}]}, "x.toml [[sources]] 1: give either signal"),
        ({"sources": [{"path": "a.csv", "signal": "x", "signal_column": "y"}]}, "give either signal"),
        ({"sources": [{"signal": "title"}]}, "give either path or corpus"),
        ({"sources": []}, "no [[sources]]"),
        ({}, "no [[sources]]"),
        ({"sources": [TABLE, TABLE]}, "name 'pins.csv' is used twice"),
        ({**ICONS, "publish": {"head_share": 0.8, "tail_band_share": 0.4}}, "exceed 1 together"),
    ],
)
def test_an_impossible_setting_names_its_place_and_what_is_allowed(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(raw, "x.toml")
    assert said in str(error.value)


def test_the_printed_configuration_reads_back_as_itself() -> None:
    config = parse_config({"sources": [TABLE], "images": [{"path": "i.parquet"}], "mine": {"min_images": 7}}, "x.toml")
    assert parse_config(tomllib.loads(render_config(config)), "printed") == config


def test_every_setting_says_why() -> None:
    for section in SECTIONS.values():
        for field in dataclasses.fields(section):
            assert len(field.metadata["why"]) > 10, field.name


def test_an_override_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('[[sources]]\ncorpus = "icons"\n[mine]\nmin_images = 9\n')
    config = load_config(file, ["mine.min_images=4", "cluster.method=none", "embed.languages=['*']"])
    assert (config.mine.min_images, config.cluster.method, config.embed.languages) == (4, "none", ("*",))


@pytest.mark.parametrize("override", ["mine.min_images", "min_images=4", "mind.x=1", "mine.=2"])
def test_an_override_of_the_wrong_form_is_an_error(tmp_path: Path, override: str) -> None:
    with pytest.raises(ConfigError, match="--set"):
        parse_config(ICONS, "x.toml", [override])


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent.toml: cannot be read"):
        load_config(tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[mine\n")
    with pytest.raises(ConfigError, match=r"broken.toml: no valid TOML"):
        load_config(broken)


def test_differing_settings_are_named_and_the_engine_and_the_roots_are_left_out() -> None:
    roots = {"paths": {"allowed_roots": ["/"]}}
    one = dataclasses.asdict(parse_config(ICONS, "a"))
    other = dataclasses.asdict(
        parse_config({**ICONS, "mine": {"min_images": 5}, "spark": {"master": "local[1]"}, **roots}, "b")
    )
    assert differences(one, other) == ["mine.min_images: 3 -> 5"]


def test_every_stage_of_the_road_has_a_job_of_its_name() -> None:
    jobs = {path.stem for path in (Path(__file__).parents[2] / "jobs").glob("*.py")}
    assert {stage.name for stage in ROAD} <= jobs
