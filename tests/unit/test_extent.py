"""Whether a run is small is told from its files, and never said of what cannot be looked at."""

from pathlib import Path

import pytest

from pipeline.runtime import extent
from pipeline.runtime.config import Config
from pipeline.runtime.load import parse_config

FEW = 100


def reads(*paths: object, **more: object) -> Config:
    sources = [{"path": str(path), "signal": "title"} for path in paths]
    return parse_config({"sources": sources or [{"corpus": "icons"}], **more}, "a test", ())


def write(path: Path, signals: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 15 * signals)
    return path


@pytest.mark.parametrize(("signals", "small"), [(FEW - 1, True), (FEW, False)])
def test_files_folders_and_globs_count_together(tmp_path: Path, signals: int, small: bool) -> None:
    write(tmp_path / "one.parquet", 10)
    write(tmp_path / "below/deep/two.parquet", 20)
    write(tmp_path / "three.0.parquet", 30)
    write(tmp_path / "three.1.parquet", signals - 60)
    config = reads(tmp_path / "one.parquet", (tmp_path / "below").as_uri(), tmp_path / "three.*.parquet")
    assert extent.is_small(config, FEW) is small


def test_the_table_of_images_counts_too(tmp_path: Path) -> None:
    source = write(tmp_path / "signals.parquet", 1)
    images = write(tmp_path / "images.parquet", FEW)
    assert extent.is_small(reads(source), FEW)
    assert not extent.is_small(reads(source, images=[{"path": str(images)}]), FEW)


def test_a_ready_made_corpus_is_small_and_a_run_that_grows_is_not() -> None:
    assert extent.is_small(reads(), FEW)
    assert not extent.is_small(reads(growth={"base": "yesterday"}), FEW)


@pytest.mark.parametrize("path", ["s3a://bucket/pins", "hdfs:///pins", "nothing_there", "none_*.parquet", "http://["])
def test_what_is_elsewhere_or_not_there_is_not_small(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not extent.is_small(reads(path), FEW)


def test_many_files_are_not_small_and_links_in_a_circle_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extent, "_FILES", 3)
    for name in "abc":
        write(tmp_path / f"pins/{name}.parquet", 1)
    (tmp_path / "pins/again").symlink_to(tmp_path / "pins")
    assert extent.is_small(reads(tmp_path / "pins"), FEW)
    write(tmp_path / "pins/d.parquet", 1)
    assert not extent.is_small(reads(tmp_path / "pins"), FEW)
