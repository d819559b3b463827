"""One run on a slice of the icons, for all tests that look at a run as a user has it."""

import subprocess
from pathlib import Path

import pytest
from small_run import make_slice, mine


@pytest.fixture(scope="session")
def slice_of_icons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 400 icons as two user tables and a table of images, one of them a repost."""
    return make_slice(tmp_path_factory.mktemp("slice"))


@pytest.fixture(scope="session")
def finished(slice_of_icons: Path) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The slice with the run `whole`, walked without interruption."""
    done = mine(slice_of_icons, "whole")
    assert done.returncode == 0, done.stdout + done.stderr
    return slice_of_icons, done
