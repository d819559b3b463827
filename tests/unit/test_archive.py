import subprocess
from pathlib import Path

import pytest

from pipeline.runtime import archive
from pipeline.runtime.errors import RunError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Java of which an archive can be made, and an empty environment."""
    monkeypatch.setattr("sys.prefix", str(tmp_path / "environment"))
    (tmp_path / "java" / "lib" / "server").mkdir(parents=True)
    (tmp_path / "java" / "lib" / "server" / "classes.jsa").touch()
    (tmp_path / "java" / "release").write_text('JAVA_VERSION="17.0.15"\n')
    monkeypatch.setattr(archive, "find_java", lambda: tmp_path / "java")
    return tmp_path / "java"


def records(monkeypatch: pytest.MonkeyPatch, works: bool) -> list[list[str]]:
    """Let the recording process write its file, or die first; gives the commands that were run."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> None:
        commands.append(command)
        if works:
            Path(command[-1]).write_text("classes")

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_a_java_without_an_archive_starts_without_arguments(home: Path) -> None:
    assert archive.archive_options(home) == []


def test_a_made_archive_is_used_and_not_made_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = records(monkeypatch, works=True)
    made = archive.make_archive()
    assert made is not None
    assert archive.archive_options(home)[0] == f"-XX:SharedArchiveFile={made}"
    assert archive.make_archive() == made
    assert len(commands) == 1


def test_a_recording_that_dies_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records(monkeypatch, works=False)
    assert archive.make_archive() is None
    assert archive.archive_options(home) == []
    assert list(archive.archive_path(home).parent.iterdir()) == []


def test_another_java_and_another_spark_have_archives_of_their_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = archive.archive_path(home)
    (home / "release").write_text('JAVA_VERSION="21.0.8"\n')
    second = archive.archive_path(home)
    monkeypatch.setattr("pyspark.__version__", "5.0.0")
    assert len({first, second, archive.archive_path(home)}) == 3


def test_a_slim_java_is_not_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = records(monkeypatch, works=True)
    (home / "lib" / "server" / "classes.jsa").unlink()
    assert archive.make_archive() is None
    assert commands == []


def test_no_java_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def find() -> Path:
        raise RunError("Spark needs Java.")

    monkeypatch.setattr(archive, "find_java", find)
    assert archive.main([]) == 2
    assert capsys.readouterr().err == "error: Spark needs Java.\n"
