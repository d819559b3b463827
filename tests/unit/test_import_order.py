"""The order of the house: every package imports only from itself and from packages below it.

text, sources and runtime are the ground floor and use none of each other, with two exceptions: text may know the
settings, the errors and the way into Spark's tasks (pipeline.runtime.config, errors and tasks), and sources may use
runtime.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline

HOUSE = Path(pipeline.__file__).parent
FLOORS = ("docs", "stages", "review", "manifest", "labeling", "vocabulary", "text", "sources", "runtime")
GROUND = {
    "text": ("pipeline.text", *(f"pipeline.runtime.{name}" for name in ("config", "errors", "tasks"))),
    "sources": ("pipeline.sources", "pipeline.runtime"),
    "runtime": ("pipeline.runtime",),
}
ROOMS = (
    "clustering",
    "merging",
    "encoding",
    "mining",
)  # of vocabulary, below its own modules; the upper first
MATHEMATICS = (
    *("vocabulary/mining/key_arrays.py", "vocabulary/mining/word_arrays.py", "vocabulary/mining/ngrams.py"),
    *("vocabulary/encoding/neighbours.py", "vocabulary/merging/canonical.py"),
    *(f"vocabulary/clustering/{name}.py" for name in ("anchored", "centroids", "linkage", "cluster")),
    *(f"vocabulary/clustering/{name}.py" for name in ("units", "evidence", "compounds", "contrast", "calibrate")),
    *(f"vocabulary/{name}.py" for name in ("names", "hierarchy", "labels", "versions")),
    "review/measures.py",
    *(f"labeling/{name}.py" for name in ("reliability", "classes", "judgements", "nested", "denial")),
    *(f"labeling/trusted/{name}.py" for name in ("features", "model", "teach", "lessons")),
    "review/precision.py",
    *(f"manifest/balance/{name}.py" for name in ("caps", "weights", "targets", "inverse", "plan")),
)


def imports(path: Path, house: Path) -> Iterator[str]:
    """Full names of all that a module imports, wherever in the file: inside functions and for types alone too."""
    here = ("pipeline", *path.relative_to(house).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def allowed(floor: str) -> tuple[str, ...]:
    return GROUND.get(floor) or tuple(f"pipeline.{below}" for below in FLOORS[FLOORS.index(floor) :])


def find_breaches(house: Path) -> list[str]:
    """`module imports name` for every import that goes upwards or sideways, also between the rooms of vocabulary."""
    breaches = []
    for path in sorted(house.rglob("*.py")):
        place = path.relative_to(house)
        floor = place.parts[0].removesuffix(".py")
        if floor == "vocabulary" and place.parts[1] in ROOMS:
            below = ROOMS[ROOMS.index(place.parts[1]) :]
            for name in imports(path, house):
                room = name.removeprefix("pipeline.vocabulary.").split(".")[0]
                if name.startswith("pipeline.vocabulary") and room not in below:
                    breaches.append(f"{place} imports {name}")
        if floor == "__init__":
            may: tuple[str, ...] = ()
        elif floor in FLOORS:
            may = allowed(floor)
        else:
            breaches.append(f"{place} is on no floor of the house")
            continue
        for name in imports(path, house):
            inside = name == "pipeline" or name.startswith("pipeline.")
            if inside and not any(name == below or name.startswith(f"{below}.") for below in may):
                breaches.append(f"{place} imports {name}")
    return breaches


def find_spark(path: Path, house: Path, seen: frozenset[Path] = frozenset()) -> str | None:
    """The first way from a module to pyspark, through whatever of the house it imports; None where there is none."""
    place = str(path.relative_to(house))
    for name in imports(path, house):
        if name.split(".")[0] == "pyspark":
            return f"{place} imports {name}"
        for module in modules(name, house) - seen:
            if onward := find_spark(module, house, seen | {path, module}):
                return f"{place} imports {name}; {onward}"
    return None


def modules(name: str, house: Path) -> frozenset[Path]:
    """Files of the house that run when this name is imported."""
    first, *rest = name.split(".")
    if first != "pipeline":
        return frozenset()
    steps = [house.joinpath(*rest[:end]) for end in range(len(rest) + 1)]
    files = [file for step in steps for file in (step / "__init__.py", step.with_suffix(".py"))]
    return frozenset(file for file in files if file.is_file() and file.is_relative_to(house))


def build(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "pipeline" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "pipeline"


def test_every_package_imports_only_from_below() -> None:
    assert find_breaches(HOUSE) == []


def test_every_folder_of_modules_is_packaged() -> None:
    listed = tomllib.loads((HOUSE.parent / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {".".join(path.parent.relative_to(HOUSE.parent).parts) for path in HOUSE.rglob("*.py")}
    assert folders | {"pipeline.review.templates", "schemas"} == set(listed)


LOOKS = "pipeline.review."  # of finished runs: no stage is run


def test_jobs_know_the_road_and_the_looks_at_finished_runs_alone() -> None:
    jobs = HOUSE.parent / "jobs"
    known = {name for path in jobs.glob("*.py") for name in imports(path, jobs) if name.startswith("pipeline")}
    assert known
    assert {name for name in known if not name.startswith(("pipeline.stages.", LOOKS))} == set()


@pytest.mark.parametrize("module", MATHEMATICS)
def test_mathematics_never_reaches_spark(module: str) -> None:
    assert find_spark(HOUSE / module, HOUSE) is None


def test_tables_are_looked_up_without_spark() -> None:
    assert find_spark(HOUSE / "runtime/stored_tables.py", HOUSE) is None


@pytest.mark.parametrize(
    ("module", "line", "name"),
    [
        ("vocabulary/x.py", "from pipeline.labeling import match", "pipeline.labeling.match"),
        ("vocabulary/x.py", "from pipeline import review", "pipeline.review"),
        ("vocabulary/x.py", "import pipeline.manifest.balance", "pipeline.manifest.balance"),
        ("vocabulary/x.py", "from ..labeling import match", "pipeline.labeling.match"),
        ("vocabulary/x.py", "def f():\n    from pipeline.labeling.match import g", "pipeline.labeling.match.g"),
        (
            "vocabulary/encoding/x.py",
            "from pipeline.vocabulary.merging import phrases",
            "pipeline.vocabulary.merging.phrases",
        ),
        ("vocabulary/mining/x.py", "from pipeline.vocabulary import names", "pipeline.vocabulary.names"),
        ("review/x.py", "from pipeline.stages import walk", "pipeline.stages.walk"),
        ("text/x.py", "from pipeline.runtime.tables import Tables", "pipeline.runtime.tables.Tables"),
        ("text/x.py", "from pipeline.runtime import session", "pipeline.runtime.session"),
        ("text/x.py", "from pipeline.sources import mapping", "pipeline.sources.mapping"),
        ("sources/x.py", "from pipeline.text import tokens", "pipeline.text.tokens"),
        ("runtime/x.py", "from pipeline.text import tokens", "pipeline.text.tokens"),
        ("runtime/x.py", "import pipeline", "pipeline"),
        ("__init__.py", "from pipeline.runtime import config", "pipeline.runtime.config"),
    ],
)
def test_an_import_upwards_or_sideways_is_found(tmp_path: Path, module: str, line: str, name: str) -> None:
    assert find_breaches(build(tmp_path, {module: line})) == [f"{module} imports {name}"]


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("vocabulary/x.py", "from pipeline.vocabulary import ngrams\nfrom . import ngrams\nfrom .ngrams import count"),
        ("vocabulary/x.py", "import numpy as np\nfrom pipeline.text.tokens import split\nimport pipelines"),
        ("vocabulary/labels.py", "from pipeline.vocabulary.clustering.units import Units"),
        ("vocabulary/clustering/x.py", "from pipeline.vocabulary.mining import ngrams\nfrom . import units"),
        ("text/x.py", "from pipeline.runtime.config import Config\nfrom pipeline.runtime.errors import UserError"),
        ("sources/x.py", "from pipeline.runtime import config"),
        ("stages.py", "from pipeline.review import report\nfrom pipeline.runtime.cli import run_job"),
    ],
)
def test_an_import_from_below_is_none_of_its_business(tmp_path: Path, module: str, line: str) -> None:
    assert find_breaches(build(tmp_path, {module: line})) == []


def test_a_package_on_no_floor_is_found(tmp_path: Path) -> None:
    assert find_breaches(build(tmp_path, {"utils/x.py": ""})) == ["utils/x.py is on no floor of the house"]


def test_spark_is_found_in_a_module_itself(tmp_path: Path) -> None:
    house = build(tmp_path, {"m/x.py": "def f():\n    import pyspark.sql"})
    assert find_spark(house / "m/x.py", house) == "m/x.py imports pyspark.sql"


def test_spark_is_found_behind_other_modules_and_circles_end(tmp_path: Path) -> None:
    house = build(
        tmp_path,
        {
            "m/x.py": "from pipeline.m.y import f",
            "m/y.py": "from pipeline.m import x\nfrom pipeline.n import g",
            "n/__init__.py": "from pyspark.sql import functions",
        },
    )
    found = find_spark(house / "m/x.py", house)
    assert found is not None
    assert found.endswith("m/y.py imports pipeline.n.g; n/__init__.py imports pyspark.sql.functions")
    (house / "n/__init__.py").write_text("")
    assert find_spark(house / "m/x.py", house) is None
