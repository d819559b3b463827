"""A finished run to compare with, and a table of what was done to others."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger import ROWS, as_table
from small_run import digests, make_slice, mine


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slice of the icons with the run `whole`, which nothing has disturbed."""
    folder = make_slice(tmp_path_factory.mktemp("slice"))
    done = mine(folder, "whole")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def expected(finished: Path) -> dict[str, str]:
    """Digest of each of its tables."""
    return digests(finished, "whole")


@pytest.fixture
def copy_of_whole(finished: Path, tmp_path: Path) -> Callable[[int], Path]:
    """Gives a folder with the same inputs and a run `copy` that has done so many stages of `whole`."""

    def copy(stages: int) -> Path:
        for name in ("signals.parquet", "boards.csv", "images.parquet"):
            shutil.copy2(finished / name, tmp_path / name)
        toml = (finished / "run.toml").read_text()
        (tmp_path / "run.toml").write_text(toml.replace(str(finished), str(tmp_path)))
        shutil.copytree(finished / "runs/cache", tmp_path / "runs/cache")
        run = tmp_path / "runs/copy"
        shutil.copytree(finished / "runs/whole", run)
        record = json.loads((run / "run.json").read_text().replace(str(finished), str(tmp_path)))
        gone = record["stages"][stages:]
        record["stages"] = record["stages"][:stages]
        record["run_id"] = "copy"
        (run / "run.json").write_text(json.dumps(record))
        seen = json.loads((run / "inputs.json").read_text().replace(str(finished), str(tmp_path)))
        (run / "inputs.json").write_text(
            json.dumps({k: v for k, v in seen.items() if k not in {s["stage"] for s in gone}})
        )
        return tmp_path

    return copy


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and write it where it can be looked at."""
    if ROWS:
        table = as_table()
        target = Path(__file__).parents[2] / "build" / "faults.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(table)
        terminalreporter.write_line(table)
